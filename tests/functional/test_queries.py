# SPDX-License-Identifier: Apache-2.0

"""What a request costs the store, and whose database it is."""

import os
from typing import Any

import sqlalchemy as sa

from tests.functional import cloud
from tests.functional.measured import MeasuredCloudTestCase

ALICE = '203.0.113.7'
BUDGET = {'latency_budget_ms': '20'}

#: What is read to know where hosts are; cells besides, as Nova does.
MEMBERSHIP = [
    f'SELECT {columns}'.split()
    for columns in (
        'aggregates.id, aggregates.uuid, aggregate_metadata."key", '
        'aggregate_metadata.value',
        'aggregate_hosts.aggregate_id, aggregate_hosts.host',
        'host_mappings.host, host_mappings.cell_id',
    )
]


class QueryTest(MeasuredCloudTestCase):
    sites = {
        'paris': ('cell1', ['paris-1']),
        'lyon': ('cell2', ['lyon-1']),
    }
    conf = {'edge_sched': {'cache_ttl': '3600', 'membership_ttl': '3600'}}

    def setUp(self) -> None:
        super().setUp()
        self.set_client('crew', ['198.51.100.0/24'])
        self.measure('203.0.113.0/24', paris=9, lyon=15)
        self.measure('198.51.100.0/24', paris=9, lyon=15)
        self.asked: list[str] = []
        sa.event.listen(sa.Engine, 'before_cursor_execute', self._count)
        self.addCleanup(
            sa.event.remove, sa.Engine, 'before_cursor_execute', self._count
        )

    def _count(self, connection: sa.Connection, *args: Any) -> None:
        """Note the statements of the store, and those of the membership."""
        statement = args[1]
        if statement == 'BEGIN':
            return
        if self.store_path in str(connection.engine.url):
            self.asked.append('store')
        elif statement.split('FROM')[0].split() in MEMBERSHIP:
            self.asked.append('membership')

    def queries(self) -> list[str]:
        asked, self.asked = self.asked, []
        return asked

    def test_one_query_when_cold_and_none_when_cached(self) -> None:
        self.create_server()
        self.assertEqual([], self.queries())
        several = [ALICE, '2001:db8::1', '192.0.2.0/24', 'crew']
        self.near(several)
        self.assertEqual(
            [*['membership'] * 3, 'store'], sorted(self.queries())
        )
        self.near(several)
        self.assertEqual([], self.queries())
        self.assertEqual('hit', self.decisions()[-1]['cache'])
        # Membership is warm: one query for a client that is new.
        self.assertLanded('paris', self.near('203.0.113.8', **BUDGET))
        self.assertEqual(['store'], self.queries())
        self.near('192.0.3.1')
        self.near('192.0.3.1')
        self.assertEqual(['store'], self.queries())
        self.create_servers({'edge:client': ALICE}, count=3)
        self.assertEqual([], self.queries())

    @cloud.cloud(conf={'edge_sched': {'cache_ttl': '0'}})
    def test_no_cache(self) -> None:
        self.near(ALICE)
        self.queries()
        self.near(ALICE)
        self.assertEqual(['store'], self.queries())

    def test_novas_replica_is_not_ours(self) -> None:
        elsewhere = os.path.join(self.folder, 'replica.sqlite')
        self.flags(slave_connection=f'sqlite:///{elsewhere}', group='database')
        self.assertLanded('paris', self.near(ALICE, **BUDGET))
        self.assertEqual(1, self.queries().count('store'))
        self.assertFalse(os.path.exists(elsewhere))
