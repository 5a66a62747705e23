# SPDX-License-Identifier: Apache-2.0

"""``edge-sched`` commands that need Nova, run beside a real one."""

import contextlib
import io
from unittest import mock

from edge_sched.cmd import shell
from tests.functional.measured import MeasuredCloudTestCase
from tests.unit.cmd.base import Result
from tests.unit.cmd.base import commands


class CommandCloudTestCase(MeasuredCloudTestCase):
    """A cloud, and the configuration of our commands."""

    def setUp(self) -> None:
        super().setUp()
        # This process has Nova's configuration; another test is about that.
        for module in 'audit', 'coverage', 'explain', 'hint', 'report':
            patcher = mock.patch(
                f'edge_sched.cmd.{module}.read_nova_configuration'
            )
            patcher.start()
            self.addCleanup(patcher.stop)
        self.edge_sched_conf = f'{self.folder}/edge_sched.conf'
        with open(self.edge_sched_conf, 'w') as conf_file:
            conf_file.write(
                f'[edge_sched_database]\nconnection = {self.store_url}\n'
                '[edge_sched]\ncache_ttl = 0\n'
            )

    def run_command(self, *argv: str) -> Result:
        """Run a command; what it logs is on stderr."""
        out, err = io.StringIO(), io.StringIO()
        arguments = ['--config-file', self.edge_sched_conf, *argv]
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            # It would take over the log of the cloud.
            mock.patch.object(shell.Shell, 'configure_logging'),
            mock.patch.object(shell.Shell, 'LOG') as log,
        ):
            status = shell.main(arguments, commands())
        said = ''.join(str(call.args[0]) for call in log.error.mock_calls)
        return Result(status, out.getvalue(), said + err.getvalue())
