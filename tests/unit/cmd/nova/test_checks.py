# SPDX-License-Identifier: Apache-2.0

import logging
from unittest import mock

import fixtures
import nova.conf
from oslo_upgradecheck import upgradecheck
from oslotest import base

from edge_sched.cmd.nova import checks
from edge_sched.status.checks import Checks

ARGUMENTS = ['--config-file', 'nova.conf', 'upgrade', 'check']


class RunTest(base.BaseTestCase):
    def test_arguments_are_read_as_those_of_nova(self) -> None:
        steps = mock.Mock()
        for owner, name in (
            (upgradecheck, 'register_cli_options'),
            (checks, 'parse_nova_arguments'),
            (upgradecheck, 'run'),
        ):
            self.useFixture(
                fixtures.MockPatchObject(owner, name, getattr(steps, name))
            )
        self.useFixture(fixtures.MockPatchObject(upgradecheck, 'CONF', None))
        root = logging.getLogger()
        self.useFixture(fixtures.MockPatchObject(root, 'handlers', []))

        status = checks.run(ARGUMENTS, 'edge-sched-status')

        self.assertIs(steps.run.return_value, status)
        conf = nova.conf.CONF
        self.assertEqual(
            [
                mock.call.register_cli_options(conf, mock.ANY),
                mock.call.parse_nova_arguments(ARGUMENTS, 'edge-sched-status'),
                mock.call.run(conf),
            ],
            steps.mock_calls,
        )
        self.assertIsInstance(
            steps.register_cli_options.call_args.args[1], Checks
        )
        self.assertIs(conf, upgradecheck.CONF)
        # Nova's tracebacks have somewhere to go that is not stderr.
        self.assertEqual(
            [logging.NullHandler], [type(each) for each in root.handlers]
        )
