# SPDX-License-Identifier: Apache-2.0

"""Each test says what of Nova we lean on, and fails where that has gone."""

import sys
from unittest import mock

import nova.conf
from keystoneauth1.adapter import Adapter
from keystoneauth1.session import Session
from nova import context
from nova import objects
from nova.db.api import models as api_models
from nova.db.main import models
from nova.objects.request_spec import RequestSpec
from nova.scheduler import request_filter
from nova.scheduler.utils import ResourceRequest
from oslo_config import fixture as config_fixture
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.scheduler import nova_internals
from edge_sched.scheduler import nova_servers
from edge_sched.scheduler.nova_internals import PeerRow
from edge_sched.scheduler.nova_servers import OwnedPeerRow
from tests.unit.scheduler.nova_databases import ApiDatabase
from tests.unit.scheduler.nova_databases import CellDatabase

NODE = {
    'vcpus': 1,
    'memory_mb': 1,
    'local_gb': 1,
    'vcpus_used': 0,
    'memory_mb_used': 0,
    'local_gb_used': 0,
    'hypervisor_type': 'fake',
    'hypervisor_version': 1,
    'cpu_info': '',
}


def reads_the_list() -> object:
    """As Nova's does."""
    return request_filter.ALL_REQUEST_FILTERS


def reads_nothing() -> None:
    """As one might that was told what to do."""


class RequestFiltersTest(base.BaseTestCase):
    def test_nova_reads_a_list_of_its_module_at_each_call(self) -> None:
        self.assertIs(
            request_filter.ALL_REQUEST_FILTERS,
            nova_internals.request_filters(),
        )

    def test_nova_that_does_not(self) -> None:
        for known, reads in (
            ((), reads_the_list),
            ([], reads_nothing),
            # Of no Python code.
            ([], print),
        ):
            with (
                mock.patch.object(
                    request_filter, 'ALL_REQUEST_FILTERS', known
                ),
                mock.patch.object(request_filter, 'process_reqspec', reads),
            ):
                self.assertIsNone(nova_internals.request_filters())


class LimitTest(base.BaseTestCase):
    """A ResourceRequest has the limit of its query, as ``_limit``."""

    def test_what_the_operator_has_set(self) -> None:
        conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        conf.config(group='scheduler', max_placement_results=7)
        self.assertEqual(7, nova_internals.limit_of(ResourceRequest()))

    def test_none_where_all_hosts_are_wanted(self) -> None:
        request = ResourceRequest()
        request._limit = None
        self.assertEqual(sys.maxsize, nova_internals.limit_of(request))


class ReportClientTest(base.BaseTestCase):
    def test_nova_takes_a_connection_of_ours(self) -> None:
        """Or it would wait without a bound."""
        adapter = Adapter(Session(timeout=3))
        client = nova_internals.report_client(adapter)
        self.assertIs(adapter, client._client)


class ApiTablesTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.api = self.useFixture(ApiDatabase())

    def test_aggregates_hosts_and_cells(self) -> None:
        """Aggregates have their metadata and hosts by id, hosts a cell."""
        self.api.insert(
            api_models.Aggregate,
            *({'id': i, 'uuid': f'u-{i}', 'name': f'{i}'} for i in (1, 2, 3)),
        )
        pairs = [(1, 'site', 'lyon'), (2, 'tenant_2', 't'), (3, 'ssd', 'yes')]
        self.api.insert(
            api_models.AggregateMetadata,
            *(
                {'aggregate_id': i, 'key': key, 'value': value}
                for i, key, value in pairs
            ),
        )
        self.api.insert(
            api_models.AggregateHost,
            *({'aggregate_id': i, 'host': f'h{i}'} for i in (1, 2, 3)),
        )
        self.api.insert(api_models.HostMapping, {'host': 'h1', 'cell_id': 5})
        self.assertEqual(
            nova_internals.MembershipRows(
                [(1, 'u-1', 'site', 'lyon'), (2, 'u-2', 'tenant_2', 't')],
                [(1, 'h1'), (2, 'h2')],
                [('h1', 5)],
            ),
            nova_internals.read_membership(['site'], prefix='tenant'),
        )

    def test_prefix_is_no_pattern(self) -> None:
        self.api.insert(
            api_models.Aggregate, {'id': 1, 'uuid': 'u-1', 'name': '1'}
        )
        self.api.insert(
            api_models.AggregateMetadata,
            {'aggregate_id': 1, 'key': 'a-b', 'value': ''},
        )
        rows = nova_internals.read_membership([], prefix='a_')
        self.assertEqual([], rows.metadata)

    def test_request_of_a_server_is_written_within_the_lock(self) -> None:
        """It is one row, found by the server, and saved in our transaction."""
        admin = context.get_admin_context()
        spec = RequestSpec(
            admin,
            instance_uuid=uuids.server,
            num_instances=1,
            is_bfv=False,
            flavor=objects.Flavor(flavorid='f'),
        )
        spec.create()
        with nova_internals.locked_request(admin, uuids.server):
            spec.num_instances = 2
            spec.save()
        read = RequestSpec.get_by_instance_uuid(admin, uuids.server)
        self.assertEqual(2, read.num_instances)
        try:
            with nova_internals.locked_request(admin, uuids.server):
                spec.num_instances = 3
                spec.save()
                raise ZeroDivisionError
        except ZeroDivisionError:
            read = RequestSpec.get_by_instance_uuid(admin, uuids.server)
        self.assertEqual(2, read.num_instances)


class PeerTablesTest(base.BaseTestCase):
    """Functional tests derive from it, for the databases that clouds have."""

    def setUp(self) -> None:
        super().setUp()
        self.api = self.useFixture(ApiDatabase(self.new_url()))
        self.insert_peers()

    def new_url(self) -> str | None:
        """Of an empty database; ``None`` is one of its own."""
        return None

    def insert_peers(self) -> None:
        """Servers in cells 1 and 2, of ``mine`` but for one of ``theirs``."""
        self.api.insert(
            api_models.CellMapping,
            *({'id': i, 'uuid': f'cell-{i}'} for i in (1, 2)),
        )
        names = ('instance_uuid', 'project_id', 'cell_id', 'queued_for_delete')
        self.api.insert(
            api_models.InstanceMapping,
            *(
                dict(zip(names, values, strict=True))
                for values in (
                    (uuids.one, 'mine', 1, False),
                    # As those are which are older than the column.
                    (uuids.two, 'mine', 2, None),
                    (uuids.new, 'mine', None, False),
                    (uuids.gone, 'mine', 1, True),
                    (uuids.theirs, 'theirs', 1, False),
                )
            ),
        )
        self.api.insert(
            api_models.InstanceGroup,
            *(
                {'id': i, 'uuid': uuid, 'project_id': project, 'name': ''}
                for i, uuid, project in (
                    (1, uuids.web, 'mine'),
                    (2, uuids.empty, 'mine'),
                    (3, uuids.foreign, 'theirs'),
                )
            ),
        )
        self.api.insert(
            api_models.InstanceGroupMember,
            *(
                {'group_id': group, 'instance_uuid': server}
                for group, server in (
                    (1, uuids.gone),
                    (1, uuids.two),
                    (1, uuids.theirs),
                    (1, uuids.new),
                    (1, uuids.one),
                    (3, uuids.theirs),
                    (3, uuids.one),
                )
            ),
        )

    def test_servers_of_a_project(self) -> None:
        """A mapping has project and cell, and says who is being deleted."""
        servers = [
            uuids.one,
            uuids.two,
            uuids.new,
            uuids.gone,
            uuids.theirs,
            uuids.nobody,
        ]
        self.assertEqual(
            {
                ('', uuids.one, 1),
                ('', uuids.two, 2),
                ('', uuids.new, None),
            },
            {*nova_internals.read_peers('mine', servers, [], 9)},
        )
        self.assertEqual(
            [('', uuids.theirs, 1)],
            nova_internals.read_peers('theirs', servers, [], 9),
        )

    def test_groups_of_a_project_and_their_servers(self) -> None:
        """Nova leaves servers in a group that are deleted."""
        groups = [uuids.web, uuids.empty, uuids.foreign, uuids.nobody]
        found = nova_internals.read_peers('mine', [uuids.one], groups, 9)
        expected = {
            ('', uuids.one, 1),
            (uuids.web, '', None),
            (uuids.web, uuids.one, 1),
            (uuids.web, uuids.two, 2),
            (uuids.web, uuids.new, None),
            (uuids.empty, '', None),
        }
        self.assertEqual(expected, {*found})
        self.assertEqual(len(expected), len(found))

    def test_first_servers_of_each_group(self) -> None:
        """Members are in the order of their ids."""
        self.api.insert(
            api_models.InstanceGroupMember,
            {'group_id': 2, 'instance_uuid': uuids.one},
        )
        found = nova_internals.read_peers(
            'mine', [], [uuids.web, uuids.empty], 2
        )
        self.assertEqual(
            {
                (uuids.web, uuids.two),
                (uuids.web, uuids.new),
                (uuids.empty, uuids.one),
            },
            {(row.group, row.server) for row in found if row.server},
        )

    def test_servers_of_all_projects(self) -> None:
        servers = [uuids.one, uuids.new, uuids.gone, uuids.theirs, uuids.no]
        self.assertEqual(
            {
                OwnedPeerRow('mine', PeerRow('', uuids.one, 1)),
                OwnedPeerRow('mine', PeerRow('', uuids.new, None)),
                OwnedPeerRow('theirs', PeerRow('', uuids.theirs, 1)),
            },
            {*nova_servers.read_peers_of_all(servers, [])},
        )

    def test_groups_have_servers_of_their_own_project(self) -> None:
        groups = [uuids.web, uuids.empty, uuids.foreign, uuids.nobody]
        found = {*nova_servers.read_peers_of_all([], groups)}
        self.assertEqual(
            {
                (uuids.web, uuids.one, 1),
                (uuids.web, uuids.two, 2),
                (uuids.web, uuids.new, None),
                (uuids.foreign, uuids.theirs, 1),
            },
            {row for _, row in found if row.server},
        )
        # One by itself is known as well.
        self.assertIn(
            OwnedPeerRow('mine', PeerRow(uuids.empty, '', None)), found
        )


class CellTablesTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cell = self.useFixture(CellDatabase())

    def test_services_of_computes_that_are_there(self) -> None:
        names = ('host', 'binary', 'deleted')
        self.cell.insert(
            models.Service,
            *(
                dict(zip(names, values, strict=True))
                for values in (
                    ('a', 'nova-compute', 0),
                    ('b', 'nova-compute', 0),
                    # Another one, another kind, and one that was deleted.
                    ('c', 'nova-compute', 0),
                    ('a', 'nova-conductor', 0),
                    ('b', 'nova-compute', 7),
                )
            ),
        )
        found = nova_internals.compute_services(
            self.cell.context, ['a', 'b', 'gone']
        )
        self.assertEqual(
            [('a', 'nova-compute'), ('b', 'nova-compute')],
            sorted((each['host'], each['binary']) for each in found),
        )
        # What Nova's drivers read besides.
        others = {'topic', 'created_at', 'last_seen_up', 'forced_down'}
        self.assertEqual(others, {*found[0]} - {'host', 'binary'})

    def test_hosts_of_servers_that_are_there(self) -> None:
        self.cell.insert(
            models.Instance,
            *(
                {'uuid': uuid, 'host': host, 'deleted': deleted}
                for uuid, host, deleted in (
                    (uuids.one, 'a', 0),
                    (uuids.two, 'a', 0),
                    (uuids.three, 'b', 0),
                    # One that was deleted, one that is shelved, another.
                    (uuids.gone, 'c', 4),
                    (uuids.shelved, None, 0),
                    (uuids.other, 'd', 0),
                )
            ),
        )
        asked = [uuids.one, uuids.two, uuids.three, uuids.gone, uuids.shelved]
        for more in ([], [str(number) for number in range(1200)]):
            found = nova_internals.hosts_of_servers(
                self.cell.context, [*more, *asked]
            )
            self.assertEqual(
                {
                    uuids.one: 'a',
                    uuids.two: 'a',
                    uuids.three: 'b',
                    uuids.shelved: None,
                },
                found,
            )

    def test_hosts_of_nodes_that_are_there(self) -> None:
        self.cell.insert(
            models.ComputeNode,
            *(
                {**NODE, 'uuid': uuid, 'host': host, 'deleted': deleted}
                for uuid, host, deleted in (
                    (uuids.one, 'kvm', 0),
                    (uuids.two, 'ironic', 0),
                    (uuids.three, 'ironic', 0),
                    (uuids.gone, 'kvm', 3),
                    # Of no service any more.
                    (uuids.orphan, None, 0),
                    (uuids.other, 'else', 0),
                )
            ),
        )
        asked = [uuids.one, uuids.two, uuids.three, uuids.gone, uuids.orphan]
        for more in ([], [str(number) for number in range(1200)]):
            self.assertEqual(
                {uuids.one: 'kvm', uuids.two: 'ironic', uuids.three: 'ironic'},
                nova_internals.hosts_of_nodes(
                    self.cell.context, [*more, *asked]
                ),
            )

    def test_hosts_of_several_nodes_that_are_there(self) -> None:
        self.cell.insert(
            models.ComputeNode,
            *(
                {**NODE, 'host': host, 'deleted': deleted}
                for host, deleted in (
                    ('ironic', 0),
                    ('ironic', 0),
                    ('ironic', 3),
                    ('kvm', 0),
                    # Its second is a node that it had.
                    ('kvm', 5),
                    # Of no service any more.
                    (None, 0),
                    (None, 0),
                )
            ),
        )
        self.assertEqual(
            {'ironic': 2},
            nova_internals.hosts_of_several_nodes(self.cell.context),
        )
