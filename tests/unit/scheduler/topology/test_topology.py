# SPDX-License-Identifier: Apache-2.0

import types
from collections.abc import Mapping

from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.scheduler.topology.membership import Membership
from edge_sched.scheduler.topology.topology import Topology

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
    membership = Membership(aggregates, CELLS, cell_of or hosts, several_nodes)
    return Topology(membership)


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
