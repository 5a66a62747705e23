# SPDX-License-Identifier: Apache-2.0

"""Derived rows on each database: written, replaced, and found last."""

from edge_sched.judging.deriving import derived
from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import DERIVED
from edge_sched.model.latency import PASSIVE
from tests.functional.store import base


def made(client, p50_ms=10.0, vantage='lyon', **figures):
    return base.row(vantage, client, p50_ms, source=DERIVED, **figures)


class DerivedTests:
    def listed(self):
        """``{('lyon', '10.0.0.0/16'): (10.0, 'derived')}``."""
        return {
            (each.latency.vantage, each.latency.client): (
                each.latency.rtt_p50_ms,
                each.latency.source,
            )
            for each in self.writer.list_latencies()
        }

    def test_what_is_used_of_a_vantage_is_read(self):
        now = self.writer.now()
        self.writer.set_client('car', [parse_prefix('10.9.0.0/24')])
        self.store(
            base.row('lyon', '10.0.1.0/24', 1.0, measured_at=now - 890),
            base.row('lyon', '2001:db8::/56', 2.0, measured_at=now),
            base.row('lyon', '10.0.2.0/24', 3.0, measured_at=now - 910),
            base.row('lyon', 'car', 4.0, measured_at=now),
            base.row('lyon', 'site:oslo', 5.0, measured_at=now),
            base.row('oslo', '10.0.3.0/24', 6.0, measured_at=now),
            base.row(
                'lyon', '10.0.4.0/24', 7.0, measured_at=now, source=PASSIVE
            ),
            made('10.0.5.0/24', 8.0, measured_at=now),
        )
        self.assertEqual(
            {
                parse_prefix('10.0.1.0/24'): 1.0,
                parse_prefix('10.0.4.0/24'): 7.0,
                parse_prefix('2001:db8::/56'): 2.0,
            },
            {
                prefix: latency.rtt_p50_ms
                for prefix, latency in self.writer.measured_prefixes(
                    'lyon', 900.0
                )
            },
        )

    def test_all_that_is_derived_of_a_vantage_is_replaced(self):
        self.store(base.row('lyon', '10.0.1.0/24', 1.0))
        self.writer.replace_derived(
            'oslo', [made('10.2.0.0/16', vantage='oslo')]
        )
        self.writer.replace_derived(
            'lyon', [made('10.2.0.0/16', 2.0), made('10.3.0.0/16', 3.0)]
        )
        self.writer.replace_derived('lyon', [made('10.3.0.0/16', 4.0)])
        self.assertEqual(
            {
                ('lyon', '10.0.1.0/24'): (1.0, ''),
                ('lyon', '10.3.0.0/16'): (4.0, DERIVED),
                ('oslo', '10.2.0.0/16'): (10.0, DERIVED),
            },
            self.listed(),
        )
        self.writer.replace_derived('lyon', [])
        self.writer.replace_derived('oslo', [])
        self.assertEqual({('lyon', '10.0.1.0/24'): (1.0, '')}, self.listed())
        # What nothing is left of is gone as a client as well.
        self.assertEqual(
            [(1,)], self.select('SELECT count(*) FROM edge_clients')
        )

    def test_what_was_measured_meanwhile_stays(self):
        self.store(base.row('lyon', '10.3.0.0/16', 1.0))
        self.writer.replace_derived('lyon', [made('10.3.0.0/16', 2.0)])
        self.writer.replace_derived('lyon', [])
        self.assertEqual({('lyon', '10.3.0.0/16'): (1.0, '')}, self.listed())

    def test_what_was_measured_goes_before_however_wide(self):
        self.store(
            base.row('lyon', '10.0.0.0/12', 1.0, measured_at=1.0),
            made('10.3.0.0/16', 2.0),
            made('10.3.0.0/16', 3.0, vantage='oslo'),
            base.row('oslo', '10.3.9.0/24', 4.0),
        )
        self.writer.set_client('car', [parse_prefix('10.3.4.0/24')])
        found = {'lyon': ('10.0.0.0/12', 1.0), 'oslo': ('10.3.0.0/16', 3.0)}
        self.assertEqual(found, self.figures('10.3.4.5'))
        self.assertEqual(found, self.figures('car'))
        self.assertEqual(
            {**found, 'oslo': ('10.3.9.0/24', 4.0)}, self.figures('10.3.9.1')
        )

    def test_from_parts_to_whom_nobody_measured(self):
        now = self.writer.now()
        self.store(
            *(
                base.row('lyon', f'10.3.{n}.0/24', 7.0, measured_at=now)
                for n in (1, 2, 200)
            )
        )
        measured = self.writer.measured_prefixes('lyon', 900.0)
        self.writer.replace_derived('lyon', derived(measured, 1.0))
        self.assertEqual(
            {'lyon': ('10.3.0.0/16', 7.0)}, self.figures('10.3.77.7')
        )

    def test_no_site_probes_what_was_only_derived(self):
        self.store(
            base.row('lyon', '10.3.1.0/24', 1.0), made('10.3.0.0/16', 2.0)
        )
        self.assertEqual(
            [parse_prefix('10.3.1.0/24')],
            [each.prefix for each in self.writer.list_candidates('lyon')],
        )


class SqliteTestCase(base.Sqlite, DerivedTests, base.StoreTestCase):
    pass


class MariaDBTestCase(base.MariaDB, DerivedTests, base.StoreTestCase):
    pass


class PostgreSQLTestCase(base.PostgreSQL, DerivedTests, base.StoreTestCase):
    pass
