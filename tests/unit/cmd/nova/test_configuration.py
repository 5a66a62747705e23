# SPDX-License-Identifier: Apache-2.0

"""Nova's configuration, read for a command; Nova's own part is faked.

A real one is in the functional tests: it can be read once in a process.
"""

import pathlib
import warnings
from types import ModuleType
from unittest import mock

import fixtures
import nova
import nova.conf
import sqlalchemy as sa
from nova import config
from nova import objects
from nova import rpc
from oslo_config import fixture as config_fixture
from oslotest import base

from edge_sched.cmd.nova.configuration import NoApiDatabaseError
from edge_sched.cmd.nova.configuration import read_nova_configuration
from edge_sched.store import timeouts

CONF = nova.conf.CONF


class ReadNovaConfigurationTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf = self.useFixture(config_fixture.Config(CONF))
        self.conf.config(group='api_database', connection='sqlite://')
        self.parse_args = self.useFixture(
            fixtures.MockPatchObject(config, 'parse_args')
        ).mock
        # It would listen to the engines of all other tests.
        self.listen = self.useFixture(
            fixtures.MockPatchObject(sa.event, 'listen')
        ).mock

    def test_what_nova_reads_by_default(self) -> None:
        read_nova_configuration()

        self.parse_args.assert_called_once_with(
            [''], init_rpc=False, prog=None
        )

    def test_files_and_directories_in_their_order(self) -> None:
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        first, last = str(folder / 'a.conf'), str(folder / 'b.conf')

        read_nova_configuration([first, str(folder), last])

        self.assertEqual(
            mock.call(
                [
                    *('', '--config-file', first),
                    *('--config-dir', str(folder)),
                    *('--config-file', last),
                ],
                init_rpc=False,
                prog=None,
            ),
            self.parse_args.call_args,
        )

    def test_cells_and_objects_can_be_read_after_it(self) -> None:
        first = [
            self.useFixture(fixtures.MockPatchObject(owner, name)).mock
            for owner, name in (
                (rpc, 'get_transport_url'),
                (objects, 'register_all'),
            )
        ]

        read_nova_configuration()

        for each in first:
            each.assert_called_once_with()

    def test_import_of_nova_warns_nobody(self) -> None:
        def imported(name: str) -> ModuleType:
            warnings.warn('Eventlet is deprecated.', stacklevel=2)
            return rpc

        delete = fixtures.MonkeyPatch.delete
        self.useFixture(fixtures.MonkeyPatch('nova.rpc', delete))
        self.useFixture(
            fixtures.MockPatchObject(
                nova, '__getattr__', imported, create=True
            )
        )
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter('always')
            read_nova_configuration()

        self.assertEqual([], told)

    def test_database_that_is_away_is_not_tried_again(self) -> None:
        read_nova_configuration()

        self.assertEqual(0, CONF.api_database.max_retries)
        self.assertEqual(0, CONF.database.max_retries)

    def test_no_database_is_waited_for_for_ever(self) -> None:
        read_nova_configuration()

        self.listen.assert_called_once_with(
            sa.Engine, 'do_connect', timeouts.bound
        )

    def test_no_api_database(self) -> None:
        self.conf.config(group='api_database', connection=None)
        self.parse_args.side_effect = lambda *args, **options: CONF(
            [], default_config_files=[], default_config_dirs=[]
        )

        error = self.assertRaises(NoApiDatabaseError, read_nova_configuration)

        self.assertIn(
            '[api_database] connection is not set (no nova.conf was found)',
            str(error),
        )
