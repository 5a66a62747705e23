# SPDX-License-Identifier: Apache-2.0

"""Each test says what of Nova's tables we lean on."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from nova import context as nova_context
from nova import objects
from nova.db.api import models as api_models
from nova.db.main import models
from nova.objects.request_spec import RequestSpec
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.scheduler import nova_servers
from edge_sched.scheduler.nova_servers import Page
from edge_sched.scheduler.nova_servers import RequestRow
from edge_sched.scheduler.nova_servers import ServerRow
from edge_sched.scheduler.nova_servers import StoredRequest
from edge_sched.scheduler.nova_servers import UnreadableRequestError
from edge_sched.scheduler.nova_servers import stored_request
from tests.unit.scheduler.nova_databases import ApiDatabase
from tests.unit.scheduler.nova_databases import CellDatabase

OURS = '{"edge:client": 1}'


class RequestsTest(base.BaseTestCase):
    """A request is a row, found by its server, with one text."""

    def setUp(self) -> None:
        super().setUp()
        self.api = self.useFixture(ApiDatabase())

    def insert(self, number: int, spec: str = OURS, **mapping: Any) -> None:
        server = f'server-{number}'
        self.api.insert(
            api_models.RequestSpec,
            {'id': number, 'instance_uuid': server, 'spec': spec},
        )
        self.api.insert(
            api_models.InstanceMapping,
            {
                'instance_uuid': server,
                'project_id': 'mine',
                'queued_for_delete': False,
                **mapping,
            },
        )

    def read(self, project_id: str | None = None) -> list[str]:
        rows = nova_servers.read_requests(Page(0, 99, 9), project_id)
        return [row.server for row in rows]

    def test_pages_go_by_ids_with_gaps(self) -> None:
        for number in (3, 4, 9, 50, 51):
            self.insert(number)
        self.assertEqual(Page(0, 9, 3), nova_servers.next_page(0, 3))
        self.assertEqual(Page(9, 51, 2), nova_servers.next_page(9, 3))
        self.assertIsNone(nova_servers.next_page(51, 3))
        rows = nova_servers.read_requests(Page(3, 50, 3))
        self.assertEqual(
            ['server-4', 'server-9', 'server-50'],
            [row.server for row in rows],
        )

    def test_those_with_a_key_of_servers_that_are_not_deleted(self) -> None:
        self.insert(1)
        self.insert(2, '{"hw:cpu_policy": "edge"}')
        self.insert(3, queued_for_delete=True)
        # As those are which are older than the column.
        self.insert(4, queued_for_delete=None, project_id='theirs')
        self.api.insert(
            api_models.RequestSpec,
            {'id': 5, 'instance_uuid': 'archived', 'spec': OURS},
        )
        self.assertEqual(['server-1', 'server-4'], self.read())
        self.assertEqual(['server-4'], self.read('theirs'))
        self.assertEqual([], self.read('nobody'))

    def test_what_there_is_of_each(self) -> None:
        self.api.insert(api_models.CellMapping, {'id': 7, 'uuid': uuids.cell})
        self.insert(1, cell_id=7)
        self.assertEqual(
            [RequestRow('server-1', 'mine', 7, OURS)],
            nova_servers.read_requests(Page(0, 1, 1)),
        )

    def test_text_that_nova_stores(self) -> None:
        """Made by Nova's own object, and read as plain JSON."""
        hints = {'edge:client': ['a', 'b'], 'group': [uuids.group]}
        RequestSpec(
            nova_context.get_admin_context(),
            instance_uuid=uuids.server,
            num_instances=1,
            is_bfv=False,
            flavor=objects.Flavor(
                flavorid='f', extra_specs={'edge:percentile': 'p99'}
            ),
            scheduler_hints=hints,
            availability_zone='west',
            instance_group=objects.InstanceGroup(
                uuid=uuids.group, policy='affinity', members=['x']
            ),
        ).create()
        self.api.insert(
            api_models.InstanceMapping,
            {'instance_uuid': uuids.server, 'project_id': 'mine'},
        )
        (row,) = nova_servers.read_requests(Page(0, 99, 1))
        self.assertEqual(
            StoredRequest(
                {'edge:percentile': 'p99'}, hints, 'west', uuids.group, True
            ),
            stored_request(row.spec),
        )


class StoredRequestTest(base.BaseTestCase):
    def stored(self, **fields: Any) -> StoredRequest:
        return stored_request(json.dumps({'nova_object.data': fields}))

    def test_what_is_not_there(self) -> None:
        nothing = StoredRequest({}, {})
        self.assertEqual(nothing, self.stored())
        self.assertEqual(
            nothing,
            self.stored(
                flavor=None,
                scheduler_hints=None,
                availability_zone=None,
                instance_group=None,
            ),
        )

    def test_hints_by_which_nova_chooses(self) -> None:
        for hint in ('same_host', 'query', 'build_near_host_ip'):
            found = self.stored(scheduler_hints={hint: ['x']})
            self.assertTrue(found.chooses_hosts)
        found = self.stored(scheduler_hints={'different_host': ['x']})
        self.assertFalse(found.chooses_hosts)

    def test_garbage(self) -> None:
        for text in (
            '',
            '{"edge:',
            '[]',
            '7',
            '{}',
            '{"nova_object.data": []}',
            '{"nova_object.data": {"flavor": 7}}',
            '{"nova_object.data": {"instance_group": "x"}}',
            '{"nova_object.data": {"scheduler_hints": ["edge:client"]}}',
            '{"nova_object.data": {"scheduler_hints": {"edge:client": "a"}}}',
            '{"nova_object.data": {"scheduler_hints": {"edge:client": [7]}}}',
            '{"nova_object.data": {"flavor": {"nova_object.data": '
            '{"extra_specs": {"edge:client": 7}}}}}',
            '[' * 100_000,
        ):
            self.assertRaises(UnreadableRequestError, stored_request, text)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=9),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            'nova_object.data',
                            'flavor',
                            'extra_specs',
                            'scheduler_hints',
                            'instance_group',
                            'availability_zone',
                            'edge:client',
                        ]
                    ),
                    inner,
                    max_size=4,
                )
            ),
        )
    )
    def test_anything_is_read_or_unreadable(self, garbage: Any) -> None:
        try:
            found = stored_request(json.dumps({'nova_object.data': garbage}))
        except UnreadableRequestError:
            return
        for texts in found.hints.values():
            self.assertTrue(all(isinstance(text, str) for text in texts))
        texts = [*found.extra_specs.values(), found.zone, found.group]
        self.assertTrue(all(isinstance(text, str) for text in texts))


class ServersOfCellTest(base.BaseTestCase):
    def test_servers_that_are_there(self) -> None:
        cell = self.useFixture(CellDatabase())
        cell.context.cell_uuid = uuids.cell
        cell.insert(
            models.Instance,
            *(
                dict(
                    zip(
                        ('uuid', 'host', 'task_state', 'locked', 'deleted'),
                        values,
                        strict=True,
                    ),
                    vm_state='active',
                )
                for values in (
                    ('one', 'a', None, None, 0),
                    ('two', 'b', 'migrating', True, 0),
                    ('shelved', None, None, False, 0),
                    ('gone', 'a', None, False, 4),
                    ('other', 'a', None, False, 0),
                )
            ),
        )
        asked = ['one', 'two', 'shelved', 'gone']
        for more in ([], [str(number) for number in range(1200)]):
            found = nova_servers.servers_of_cell(
                cell.context, {uuids.cell: [*asked, *more], uuids.x: ['other']}
            )
            self.assertEqual(
                {
                    'one': ServerRow('a', 'active', None, False),
                    'two': ServerRow('b', 'active', 'migrating', True),
                    'shelved': ServerRow(None, 'active', None, False),
                },
                found,
            )
