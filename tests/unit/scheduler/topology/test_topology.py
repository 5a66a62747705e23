# SPDX-License-Identifier: Apache-2.0

import types
from collections.abc import Mapping
from unittest import mock

from nova import objects
from nova.db.api import models
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.scheduler.topology import topology as module
from edge_sched.scheduler.topology.membership import MULTIPLIER_KEY
from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.scheduler.topology.topology import Topology
from tests.unit.scheduler.nova_databases import ApiDatabase

SITE = 'edge:site'
CELL1, CELL2 = uuids.cell1, uuids.cell2
CELLS = {
    CELL1: objects.CellMapping(uuid=CELL1, name='cell1', disabled=False),
    CELL2: objects.CellMapping(uuid=CELL2, name='cell2', disabled=True),
}


def topology(
    *aggregates: Aggregate,
    cell_of: dict[str, str] | None = None,
    several_nodes: Mapping[str, int] = types.MappingProxyType({}),
) -> Topology:
    hosts = {host: CELL1 for each in aggregates for host in each.hosts}
    return Topology(aggregates, CELLS, cell_of or hosts, several_nodes)


class TopologyTest(base.BaseTestCase):
    """Lyon spans two cells, nice has a zone, x and y are in no site."""

    def setUp(self) -> None:
        super().setUp()
        self.topology = topology(
            Aggregate('u-lyon', {SITE: 'lyon'}, ['lyon-1', 'lyon-2', 'gone']),
            Aggregate(
                'u-nice', {SITE: 'nice', 'availability_zone': 'z'}, ['nice-1']
            ),
            Aggregate('u-empty', {SITE: 'empty'}, ['gone']),
            Aggregate('u-kept', {'filter_tenant_id': 'a,b'}, ['nice-1']),
            Aggregate('u-more', {'filter_tenant_id9': 'c'}, ['nice-1']),
            cell_of={
                'lyon-1': CELL1,
                'lyon-2': CELL2,
                'nice-1': CELL1,
                'x': CELL1,
                'y': CELL2,
            },
        )

    def areas(self, *measured: str) -> list[tuple[str, str, set[str]]]:
        """Aggregate, vantages and hosts of each area."""
        return sorted(
            (area.aggregate, '/'.join(area.location.chain), set(area.hosts))
            for area in self.topology.areas(frozenset(measured))
        )

    def test_hosts_by_site_and_location_and_those_of_none(self) -> None:
        self.assertEqual(
            [
                ('', 'nova/cell1', {'x'}),
                ('', 'nova/cell2', {'y'}),
                ('u-lyon', 'lyon/nova/cell1', {'lyon-1'}),
                ('u-lyon', 'lyon/nova/cell2', {'lyon-2'}),
                ('u-nice', 'nice/z/cell1', {'nice-1'}),
            ],
            self.areas('lyon', 'z', 'paris', 'gone'),
        )
        self.assertEqual(5, self.topology.node_count)

    def test_hosts_measured_by_name_have_areas_of_their_own(self) -> None:
        self.topology = topology(
            Aggregate('u-lyon', {SITE: 'lyon'}, ['lyon-1', 'lyon-2']),
            Aggregate('u-metro', {SITE: 'metro'}, ['lyon-2']),
        )
        self.assertEqual(
            [
                ('u-lyon', 'lyon-2/lyon/metro/nova/cell1', {'lyon-2'}),
                ('u-lyon', 'lyon/nova/cell1', {'lyon-1'}),
                ('u-metro', 'lyon-2/lyon/metro/nova/cell1', {'lyon-2'}),
            ],
            self.areas('lyon-2', 'lyon'),
        )

    def test_projects_of_all_aggregates_that_keep_a_host(self) -> None:
        self.assertEqual(
            {'nice-1': {'a', 'b', 'c'}}, dict(self.topology.tenants_of)
        )

    def test_hosts_by_aggregate_and_cell(self) -> None:
        self.assertEqual({'nice-1'}, self.topology.hosts_in['u-kept'])
        self.assertEqual({'lyon-2', 'y'}, self.topology.hosts_in_cell[CELL2])

    def test_nodes_of_hosts_with_several_count(self) -> None:
        ironic = topology(
            Aggregate('u-lyon', {SITE: 'lyon'}, ['lyon-1', 'lyon-2']),
            several_nodes={'lyon-2': 40, 'gone': 7},
        )
        self.assertEqual(41, ironic.node_count)
        self.assertEqual(1, ironic.count_nodes({'lyon-1'}))
        self.assertEqual(40, ironic.count_nodes({'lyon-2'}))

    def test_area_is_in_one_cell(self) -> None:
        self.assertEqual(
            [CELL1, CELL1, CELL1, CELL2, CELL2],
            sorted(
                (area.cell for area in self.topology.areas(frozenset())),
                key=[CELL1, CELL2].index,
            ),
        )

    def test_hosts_by_cell(self) -> None:
        self.assertEqual(
            {CELL1: {'lyon-1', 'x'}, CELL2: {'lyon-2'}},
            self.topology.by_cell(frozenset(('lyon-1', 'lyon-2', 'x'))),
        )
        self.assertEqual({CELL2: {'y'}}, self.topology.by_cell(frozenset('y')))

    def test_each_host_has_the_multiplier_of_its_own_aggregates(self) -> None:
        said = [
            Aggregate('u-1', {MULTIPLIER_KEY: '5'}, ['a', 'b']),
            Aggregate('u-2', {MULTIPLIER_KEY: '0'}, ['b', 'c']),
            Aggregate('u-3', {SITE: 'lyon'}, ['d']),
        ]
        self.assertEqual(
            {'a': 5.0, 'b': 0.0, 'c': 0.0}, topology(*said).multipliers
        )


class ReadTest(base.BaseTestCase):
    def test_metadata_and_hosts_of_each_aggregate_by_its_id(self) -> None:
        site, zone = ('edge:site', 'lyon'), ('availability_zone', 'z')
        self.assertEqual(
            [
                Aggregate('u-1', dict([zone]), []),
                Aggregate('u-2', dict([site, zone]), ['lyon-1', 'lyon-2']),
            ],
            module._aggregates(
                [(2, 'u-2', *site), (1, 'u-1', *zone), (2, 'u-2', *zone)],
                # The last came after the metadata was read.
                [(2, 'lyon-1'), (2, 'lyon-2'), (3, 'oslo-1')],
            ),
        )

    def test_what_matters_is_read(self) -> None:
        api = self.useFixture(ApiDatabase())
        api.insert(
            models.CellMapping,
            *(
                {
                    'id': i,
                    'uuid': getattr(uuids, name),
                    'name': name,
                    'transport_url': 'none:///',
                    'database_connection': 'sqlite://',
                }
                for i, name in enumerate(('cell0', 'cell1'), 1)
            ),
        )
        api.insert(
            models.HostMapping,
            *({'host': f'h{i}', 'cell_id': 2} for i in range(1, 6)),
            # Of a cell that came after the cells were read.
            {'host': 'oslo-1', 'cell_id': 3},
        )
        keys = {
            1: {'edge:site': 'lyon', 'ssd': 'true'},
            2: {'availability_zone': 'z'},
            3: {'filter_tenant_id_2': 'p1'},
            4: {'edge_latency_weight_multiplier': '2'},
            5: {'ssd': 'true', 'filterXtenant_id': 'p1'},
        }
        api.insert(
            models.Aggregate,
            *({'id': i, 'uuid': f'u-{i}', 'name': str(i)} for i in keys),
        )
        api.insert(
            models.AggregateMetadata,
            *(
                {'aggregate_id': i, 'key': key, 'value': value}
                for i, metadata in keys.items()
                for key, value in metadata.items()
            ),
        )
        api.insert(
            models.AggregateHost,
            *({'aggregate_id': i, 'host': f'h{i}'} for i in keys),
        )
        with mock.patch.object(
            module, 'several_nodes', return_value={'h1': 2}
        ) as several_nodes:
            read = module.read_topology()
        self.assertEqual({f'h{i}' for i in keys}, read.hosts)
        self.assertEqual(
            {f'u-{i}': {f'h{i}'} for i in range(1, 5)}, read.hosts_in
        )
        self.assertEqual(
            [('lyon', 'nova'), ('z',)],
            [
                read.locator.own_location(host).chain[1:-1]
                for host in ('h1', 'h2')
            ],
        )
        self.assertEqual({'h3': {'p1'}}, read.tenants_of)
        self.assertEqual({'h4': 2.0}, read.multipliers)
        self.assertEqual(
            [uuids.cell0, uuids.cell1],
            [cell.uuid for cell in several_nodes.call_args.args[0]],
        )
        self.assertEqual(
            {uuids.cell0: 'cell0', uuids.cell1: 'cell1'},
            {uuid: cell.name for uuid, cell in read.cells.items()},
        )
        self.assertEqual({uuids.cell1: read.hosts}, read.hosts_in_cell)
        self.assertEqual(6, read.node_count)

    def test_multiplier_that_is_none_is_named(self) -> None:
        self.useFixture(ApiDatabase())
        with (
            mock.patch.object(
                module,
                '_aggregates',
                return_value=[Aggregate('u', {MULTIPLIER_KEY: 'much'}, [])],
            ),
            self.assertLogs('edge_sched', 'WARNING') as log,
        ):
            module.read_topology()
        self.assertIn("['much'] is not", log.output[0])
