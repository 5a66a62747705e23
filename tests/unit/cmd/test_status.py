# SPDX-License-Identifier: Apache-2.0

"""Exit status and reasons, where nothing is checked."""

import contextlib
import io
import warnings
from unittest import mock

from oslo_config import cfg
from oslotest import base

from edge_sched.cmd import configuration
from edge_sched.cmd import status
from edge_sched.cmd.nova import checks


class MainTest(base.BaseTestCase):
    def run_main(self, outcome: object) -> tuple[int, str]:
        """The exit status and what is on stderr.

        :param outcome: what the checks return, or raise
        """
        err = io.StringIO()
        with (
            warnings.catch_warnings(),
            mock.patch.object(checks, 'run', side_effect=[outcome]) as run,
            contextlib.redirect_stderr(err),
        ):
            code = status.main(['upgrade', 'check'])
        run.assert_called_once_with(['upgrade', 'check'], 'edge-sched-status')
        return code, err.getvalue()

    def test_version_is_ours(self) -> None:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.assertEqual(0, status.main(['--version']))
        self.assertEqual(
            f'edge-sched-status {configuration.version()}\n', out.getvalue()
        )

    def test_that_of_the_checks(self) -> None:
        for code in (0, 1, 2, 255):
            self.assertEqual((code, ''), self.run_main(code))

    def test_usage_error_is_no_failed_check(self) -> None:
        self.assertEqual((255, ''), self.run_main(SystemExit(2)))
        self.assertEqual((0, ''), self.run_main(SystemExit(0)))

    def test_configuration_that_cannot_be_read(self) -> None:
        error = cfg.ConfigFilesNotFoundError(['/nil/nova.conf'])
        self.assertEqual(
            (
                255,
                'edge-sched-status: Failed to find some config files: '
                '/nil/nova.conf\n',
            ),
            self.run_main(error),
        )
