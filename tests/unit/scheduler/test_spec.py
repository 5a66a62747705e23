# SPDX-License-Identifier: Apache-2.0

from typing import Any
from unittest import mock

import ddt
import fixtures
from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.asking.source import Wish
from edge_sched.asking.source import read_flavor
from edge_sched.asking.source import read_hints
from edge_sched.scheduler import spec as request
from edge_sched.scheduler.spec import Request
from edge_sched.scheduler.spec import may_be_evacuation
from edge_sched.scheduler.spec import read_request
from edge_sched.scheduler.spec import read_wishes
from edge_sched.scheduler.topology.cell import CellAwayError
from edge_sched.scheduler.topology.cell import Down

HINTS = {'edge:client': ['203.0.113.7']}


class ReadRequestTest(base.BaseTestCase):
    def read(self, **fields: Any) -> Request | None:
        return read_request(
            objects.RequestSpec(
                **{'scheduler_hints': HINTS, 'project_id': 'mine', **fields}
            )
        )

    def test_create_is_for_all_servers_that_are_asked_for(self) -> None:
        request = Request('create', 'mine', 3)
        self.assertEqual(request, self.read(num_instances=3))
        self.assertTrue(request.is_create)

    def test_move_is_for_one_server_of_however_many_were_made(self) -> None:
        cell = objects.CellMapping(uuid=uuids.cell1, name='cell1')
        request = Request('move', 'mine', 1)
        self.assertEqual(
            request,
            self.read(
                num_instances=3,
                requested_destination=objects.Destination(cell=cell),
            ),
        )
        self.assertFalse(request.is_create)

    def test_fields_that_were_never_set(self) -> None:
        self.assertEqual(Request('create', 'mine', 1), self.read())
        spec = objects.RequestSpec(scheduler_hints=HINTS)
        self.assertEqual(Request('create', '', 1), read_request(spec))

    def test_what_flavor_and_hints_ask_for(self) -> None:
        ours = {'edge:percentile': 'p99'}
        flavor = objects.Flavor(
            extra_specs={'hw:cpu_policy': 'shared', **ours}
        )
        spec = objects.RequestSpec(scheduler_hints=HINTS, flavor=flavor)
        self.assertEqual(
            (read_flavor(ours), read_hints(HINTS)), read_wishes(spec)
        )
        for spec in (
            objects.RequestSpec(),
            objects.RequestSpec(scheduler_hints=None, flavor=objects.Flavor()),
        ):
            self.assertEqual((Wish(), Wish()), read_wishes(spec))

    def test_host_that_an_admin_has_forced(self) -> None:
        self.assertIsNone(self.read(force_hosts=['paris-1']))
        self.assertIsNone(self.read(force_nodes=['paris-1']))
        self.assertIsNotNone(self.read(force_hosts=[], force_nodes=[]))


@ddt.ddt
class EvacuationTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.state, self.down = (
            self.useFixture(fixtures.MockPatchObject(request, name)).mock
            for name in ('task_state', 'count_down')
        )
        self.cell = objects.CellMapping(uuid=uuids.cell1, name='cell1')

    def may_be(self, **fields: Any) -> bool:
        return may_be_evacuation(
            objects.RequestSpec(
                **{
                    'instance_uuid': uuids.server,
                    'ignore_hosts': ['paris-1'],
                    'requested_destination': objects.Destination(
                        cell=self.cell
                    ),
                    **fields,
                }
            )
        )

    def test_server_that_is_rebuilt_elsewhere(self) -> None:
        self.state.return_value = 'rebuilding'
        self.assertTrue(self.may_be())
        self.state.return_value = 'migrating'
        self.assertFalse(self.may_be())
        self.state.return_value = None
        self.assertFalse(self.may_be())
        self.down.assert_not_called()

    # Of the one host of a server whose state cannot be read.
    @ddt.data(
        (Down(0, frozenset()), False),
        (Down(1, frozenset()), True),
        (Down(0, frozenset([uuids.cell1])), True),
    )
    @ddt.unpack
    def test_state_cannot_be_read(self, down: Down, expected: bool) -> None:
        self.state.side_effect = CellAwayError('slow')
        self.down.return_value = down
        self.assertIs(expected, self.may_be())
        self.assertEqual(
            [mock.call([self.cell], {uuids.cell1: ['paris-1']})],
            self.down.mock_calls,
        )

    def test_nobody_is_asked_of_others(self) -> None:
        self.assertFalse(self.may_be(ignore_hosts=[]))
        self.assertFalse(self.may_be(requested_destination=None))
        self.state.assert_not_called()
