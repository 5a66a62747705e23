# SPDX-License-Identifier: Apache-2.0

"""A command gets at Nova, or is told why not."""

import sys
from unittest import mock

from oslotest import base

from edge_sched.cmd.nova import configuration
from edge_sched.cmd.nova.access import NoNovaError
from edge_sched.cmd.nova.access import read_nova_configuration


class ReadNovaConfigurationTest(base.BaseTestCase):
    def test_files_are_handed_on(self) -> None:
        with mock.patch.object(
            configuration, 'read_nova_configuration'
        ) as read:
            read_nova_configuration(['a.conf', 'b.d'])

        read.assert_called_once_with(['a.conf', 'b.d'])

    def test_where_nova_is_not_installed(self) -> None:
        hidden = dict.fromkeys(
            name
            for name in sys.modules
            if name.partition('.')[0] == 'nova'
            or name.startswith('edge_sched.cmd.nova.')
        )
        with mock.patch.dict(sys.modules, hidden):
            del sys.modules['edge_sched.cmd.nova']
            error = self.assertRaises(NoNovaError, read_nova_configuration)

        self.assertIn('run this where Nova is installed', str(error))
