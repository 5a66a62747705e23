# SPDX-License-Identifier: Apache-2.0

import types
import unittest

from bench import store_databases


def _step(table, kind, key):
    return types.SimpleNamespace(table=table, type=kind, key=key)


class SqliteTestCase(unittest.TestCase):
    def test_searches_and_small_tables_are_well(self):
        texts = [
            'CO-ROUTINE ranked',
            'SEARCH edge_clients USING INDEX i (network=? AND last>?)',
            'SCAN (subquery-5)',
            'SCAN matches',
            'SCAN edge_vantages',
            'SCAN CONSTANT ROW',
            'USE TEMP B-TREE FOR ORDER BY',
        ]
        self.assertEqual(
            [], store_databases.of_sqlite([(1, 0, 0, text) for text in texts])
        )

    def test_a_whole_table_or_index_is_named(self):
        texts = [
            'SCAN edge_clients',
            'SCAN owners USING COVERING INDEX i',
            'SEARCH edge_latencies USING INDEX i (client_id=?)',
        ]
        self.assertEqual(
            texts[:2], store_databases.of_sqlite([(1, 0, 0, t) for t in texts])
        )


class MariaDBTestCase(unittest.TestCase):
    def test_access_by_a_key_is_well(self):
        plan = [
            _step('<derived2>', 'ALL', None),
            _step('edge_vantages', 'ALL', None),
            _step('edge_latencies', 'ref', 'PRIMARY'),
            _step('edge_clients', 'range', 'uq_edge_clients_prefix'),
            _step(None, None, None),
        ]
        self.assertEqual([], store_databases.of_mariadb(plan))

    def test_a_whole_table_or_index_is_named(self):
        plan = [
            _step('owners', 'ALL', None),
            _step('edge_latencies', 'index', 'PRIMARY'),
        ]
        self.assertEqual(
            ['owners: ALL', 'edge_latencies: index PRIMARY'],
            store_databases.of_mariadb(plan),
        )


class PostgreSQLTestCase(unittest.TestCase):
    def _unindexed(self, *steps):
        plan = {'Node Type': 'Nested Loop', 'Plans': list(steps)}
        return store_databases.of_postgresql([([{'Plan': plan}],)])

    def test_an_index_with_a_condition_is_well(self):
        self.assertEqual(
            [],
            self._unindexed(
                {'Node Type': 'Seq Scan', 'Relation Name': 'edge_heartbeats'},
                {
                    'Node Type': 'Bitmap Heap Scan',
                    'Relation Name': 'edge_clients',
                    'Plans': [
                        {
                            'Node Type': 'Bitmap Index Scan',
                            'Index Name': 'uq_edge_clients_prefix',
                            'Index Cond': 'network = ...',
                        }
                    ],
                },
            ),
        )

    def test_a_whole_table_or_index_is_named(self):
        self.assertEqual(
            ['Seq Scan of edge_clients', 'Index Scan of edge_latencies'],
            self._unindexed(
                {'Node Type': 'Seq Scan', 'Relation Name': 'edge_clients'},
                {
                    'Node Type': 'Index Scan',
                    'Relation Name': 'edge_latencies',
                    'Index Name': 'edge_latencies_pkey',
                },
            ),
        )
