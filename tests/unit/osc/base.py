# SPDX-License-Identifier: Apache-2.0

"""Run ``openstack edge`` in this process, against an API of the test's own."""

import contextlib
import io
import logging
import os
from typing import Any

import fixtures
import testtools
from openstackclient import shell
from osc_lib import clientmanager

from edge_sched_osc import plugin
from tests.unit.cmd.base import Result
from tests.unit.osc.service import Service


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class ServiceTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.service = self.useFixture(Service())


class CommandTestCase(ServiceTestCase):
    """Nothing of the user who runs the tests is read."""

    def setUp(self) -> None:
        super().setUp()
        home = self.useFixture(fixtures.TempHomeDir()).path
        for name in os.environ:
            if name.startswith(('OS_', 'XDG_')) and not name.startswith(
                'OS_NOVA'
            ):
                self.useFixture(fixtures.EnvironmentVariable(name))
        self.useFixture(fixtures.EnvironmentVariable('XDG_CONFIG_HOME', home))
        self._keep_logging()
        # It keeps its clients for as long as the process lasts.
        kept = vars(clientmanager.ClientManager)[plugin.API_NAME]
        self.patch(kept, '_handle', None)

    def run_bare(
        self, *argv: str, stderr: io.StringIO | None = None
    ) -> Result:
        """Run ``openstack`` with these arguments."""
        out, err = io.StringIO(), stderr or io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = shell.OpenStackShell().run(list(argv))
            except SystemExit as leaving:
                status = leaving.code
        return Result(status, out.getvalue(), err.getvalue())

    def run_command(self, *argv: str, **streams: Any) -> Result:
        """Run ``openstack edge ...`` without Keystone."""
        return self.run_bare(*self.cloud(), 'edge', *argv, **streams)

    def cloud(self) -> list[str]:
        return f'--os-auth-type none --os-endpoint {self.service.url}'.split()

    def succeed(self, *argv: str) -> Result:
        result = self.run_command(*argv)
        self.assertEqual((0, ''), (result.status, result.err))
        return result

    def shown(self, *argv: str) -> Any:
        """What a command prints, as JSON has it."""
        return self.succeed(*argv, '-f', 'json').json

    def assertFails(self, message: str, *argv: str, status: int = 1) -> None:
        """It ends with one line on stderr and nothing on stdout."""
        result = self.run_command(*argv)
        self.assertEqual(
            (status, '', f'{message}\n'),
            (result.status, result.out, result.err),
        )

    def _keep_logging(self) -> None:
        """The command configures the log of the process, which is ours."""
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level

        def restore() -> None:
            root.handlers[:] = handlers
            root.setLevel(level)

        root.handlers[:] = []
        self.addCleanup(restore)
