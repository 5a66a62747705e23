# SPDX-License-Identifier: Apache-2.0

from unittest import mock

from nova.db.api import models
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.scheduler.topology import membership
from edge_sched.scheduler.topology.membership import Aggregate
from tests.unit.scheduler.nova_databases import ApiDatabase


class AggregatesTest(base.BaseTestCase):
    def test_metadata_and_hosts_of_each_by_its_id(self) -> None:
        site, zone = ('edge:site', 'lyon'), ('availability_zone', 'z')
        self.assertEqual(
            [
                Aggregate('u-1', dict([zone]), []),
                Aggregate('u-2', dict([site, zone]), ['lyon-1', 'lyon-2']),
            ],
            membership._aggregates(
                [(2, 'u-2', *site), (1, 'u-1', *zone), (2, 'u-2', *zone)],
                # The last came after the metadata was read.
                [(2, 'lyon-1'), (2, 'lyon-2'), (3, 'oslo-1')],
            ),
        )


class ReadMembershipTest(base.BaseTestCase):
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
            {'host': 'lyon-1', 'cell_id': 2},
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
            membership, 'several_nodes', return_value={'lyon-1': 2}
        ) as several_nodes:
            read = membership.read_membership()
        del keys[1]['ssd'], keys[5]
        self.assertEqual(
            [Aggregate(f'u-{i}', keys[i], [f'h{i}']) for i in keys],
            read.aggregates,
        )
        self.assertEqual(
            [uuids.cell0, uuids.cell1],
            [cell.uuid for cell in several_nodes.call_args.args[0]],
        )
        self.assertEqual(
            {uuids.cell0: 'cell0', uuids.cell1: 'cell1'},
            {uuid: cell.name for uuid, cell in read.cells.items()},
        )
        self.assertEqual({'lyon-1': uuids.cell1}, read.cell_of)
        self.assertEqual({'lyon-1': 2}, read.several_nodes)
