# SPDX-License-Identifier: Apache-2.0

import unittest

import sqlalchemy as sa

from edge_sched.store import query
from edge_sched.store import schema


def plan(*shape):
    """Which index each step goes by, in SQLite."""
    engine = sa.create_engine('sqlite://')
    schema.metadata.create_all(engine)
    select = query.statement(*shape).params(
        heard_since=0.0,
        networks_0=[b'n' * 16],
        last_0=b'n' * 16,
        names=['car'],
        owners=[''],
        sites=['lyon', 'oslo'],
    )
    with engine.connect() as connection:
        # The binary values are bound, so that this is compiled by hand.
        compiled = select.compile(
            engine, compile_kwargs={'render_postcompile': True}
        )
        parameters = tuple(
            compiled.params[name] for name in compiled.positiontup
        )
        rows = connection.exec_driver_sql(
            f'EXPLAIN QUERY PLAN {compiled}', parameters
        )
        return [row.detail for row in rows]


class StatementTestCase(unittest.TestCase):
    def test_rows_of_sites_are_found_by_an_index_from_either_end(self):
        steps = plan(0, False, True)
        self.assertEqual([], [step for step in steps if 'SCAN' in step])
        for step in (
            'edge_clients USING INDEX uq_edge_clients_site (site=?)',
            'edge_latencies USING INDEX ix_edge_latencies_site '
            '(site_vantage_id=?)',
        ):
            self.assertIn(f'SEARCH {step}', steps)

    def test_sites_change_nothing_for_what_else_is_asked(self):
        alone = plan(1, True, False)
        together = plan(1, True, True)
        self.assertEqual(
            [],
            [s for s in alone if s.startswith('SEARCH') and s not in together],
        )

    def test_shapes(self):
        self.assertIs(
            query.statement(1, False, True), query.statement(1, False, True)
        )
