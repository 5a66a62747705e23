# SPDX-License-Identifier: Apache-2.0

"""Vantage points, listed, renamed and deleted, on each database."""

import dataclasses

from edge_sched.model.client import parse_prefix
from edge_sched.model.wanted import WantedTarget
from edge_sched.store.vantages import UnknownVantageError
from edge_sched.store.vantages import Vantage
from edge_sched.store.vantages import VantageTakenError
from edge_sched.store.wanted import Wanted
from edge_sched.store.wanted_probes import Change
from edge_sched.wanted.admission import Ask
from tests.functional.store import base

HOME = '203.0.113.0/24'
AWAY = '2001:db8::/56'


class VantageTests:
    def rename(self, old, new, **how):
        return self.writer.rename_vantage(old, new, **how)

    def names(self):
        return [vantage.name for vantage in self.writer.list_vantages()]

    def rows(self):
        """``{('lyon', '203.0.113.0/24'): 1.0}``"""
        return {
            (row.latency.vantage, row.latency.client): row.latency.rtt_p50_ms
            for row in self.writer.list_latencies()
        }

    def test_listed_by_name_with_the_newest_row_and_every_source(self):
        self.assertEqual([], self.writer.list_vantages())
        self.store(
            base.row('oslo', HOME, 1.0),
            base.row('lyon', HOME, 1.0, source='stamp'),
            base.row('lyon', AWAY, 1.0, source='stamp'),
            base.row(
                'lyon',
                '192.0.2.1',
                1.0,
                source='icmp',
                measured_at=base.NOW + 60,
            ),
        )
        self.assertEqual(
            [
                Vantage('lyon', 3, base.NOW + 60, ('icmp', 'stamp')),
                Vantage('oslo', 1, base.NOW, ()),
            ],
            self.writer.list_vantages(),
        )

    def test_renamed_row_by_row_and_complete(self):
        self.writer.set_client('car', [parse_prefix(HOME)], 'p1')
        full = base.row(
            'lyon',
            HOME,
            1.0,
            rtt_min_ms=0.5,
            rtt_p99_ms=float('inf'),
            pdv_ms=3.0,
            loss_ratio=0.02,
            samples=300,
            source='stamp',
        )
        self.store(full, base.row('lyon', 'car', 2.0, project='p1'))
        self.assertEqual(2, self.rename('lyon', 'metro'))
        self.assertEqual(['metro'], self.names())
        (answer,) = self.look_up('203.0.113.7')
        (part,) = answer.parts
        self.assertEqual(
            dataclasses.replace(full.latency, vantage='metro'), part['metro']
        )
        self.assertEqual(
            {'metro': ('car', 2.0)}, self.figures('car', project='p1')
        )

    def store_sites(self):
        self.store(
            base.row('lyon', HOME, 1.0),
            base.row('lyon', 'site:oslo', 2.0),
            base.row('lyon', 'site:lyon', 3.0),
            base.row('nice', 'site:lyon', 4.0),
        )

    def test_renamed_with_what_was_measured_of_the_site(self):
        self.store_sites()
        self.assertEqual(3, self.rename('lyon', 'metro'))
        self.assertEqual(
            {
                ('metro', HOME): 1.0,
                ('metro', 'site:oslo'): 2.0,
                ('metro', 'site:metro'): 3.0,
                ('nice', 'site:metro'): 4.0,
            },
            self.rows(),
        )
        self.assertEqual(
            {'metro': ('site:oslo', 2.0)}, self.figures('site:oslo')
        )
        self.assertEqual(
            {
                'oslo': ('site:metro', 2.0),
                'metro': ('site:metro', 3.0),
                'nice': ('site:metro', 4.0),
            },
            self.figures('site:metro'),
        )
        self.assertEqual({}, self.figures('site:lyon'))
        self.assertEqual(
            3,
            self.select('SELECT COUNT(site_vantage_id) FROM edge_latencies')[
                0
            ][0],
        )

    def test_renamed_site_that_is_kept_is_found_from_either_end(self):
        self.store_sites()
        self.rename('lyon', 'metro', keep=True)
        both = {'oslo': 2.0, 'lyon': 3.0, 'metro': 3.0, 'nice': 4.0}
        for site in ('lyon', 'metro'):
            found = self.figures(f'site:{site}')
            self.assertEqual(
                both, {v: p50_ms for v, (_, p50_ms) in found.items()}
            )
        self.assertEqual(
            {'lyon': 2.0, 'metro': 2.0},
            {v: p50 for v, (_, p50) in self.figures('site:oslo').items()},
        )

    def test_renamed_with_whom_it_is_to_probe(self):
        near, far = (
            WantedTarget(f'10.0.{number}.0/24', f'10.0.{number}.7')
            for number in (1, 2)
        )
        self.store_sites()
        with Wanted(self.settings) as wanted:
            wanted.want([Ask(near, 'a'), Ask(far, 'a')], 8)
            first, second = wanted.entries()
            wanted.change(
                [
                    Change(first.id, 'measured', ['lyon', 'nice']),
                    Change(second.id, 'probing', ['lyon', 'metro']),
                ]
            )
            before = wanted.entries()[0].sites
            wanted.targets('lyon')
            self.rename('lyon', 'metro', keep=True)
            self.assertEqual(['lyon', 'metro'], wanted.sites())
            self.assertEqual([near, far], wanted.targets('lyon'))
            self.assertEqual([near, far], wanted.targets('metro'))
            self.rename('lyon', 'metropolis')
            self.assertEqual(['metro', 'metropolis'], wanted.sites())
            self.assertEqual(
                {
                    'metro': before['lyon'],
                    'metropolis': before['lyon'],
                    'nice': before['nice'],
                },
                wanted.entries()[0].sites,
            )
            self.assertEqual([], wanted.targets('lyon'))

    def test_merged_sites_have_the_newer_row_of_each_vantage(self):
        later = {'measured_at': base.NOW + 1}
        self.store(
            base.row('lyon', HOME, 1.0),
            base.row('metro', HOME, 1.0),
            base.row('nice', 'site:lyon', 2.0, **later),
            base.row('nice', 'site:metro', 3.0),
            base.row('oslo', 'site:lyon', 4.0),
            base.row('oslo', 'site:metro', 5.0, **later),
        )
        self.rename('lyon', 'metro', merge=True)
        self.assertEqual(
            {
                ('metro', HOME): 1.0,
                ('nice', 'site:metro'): 2.0,
                ('oslo', 'site:metro'): 5.0,
            },
            self.rows(),
        )

    def test_names_that_do_not_fit_an_url_or_ascii(self):
        self.store(base.row('lyon', HOME, 1.0), base.row('LYON', HOME, 2.0))
        self.rename('lyon', 'Gr\u00fcn & "Co" %1')
        self.assertEqual(['Gr\u00fcn & "Co" %1', 'LYON'], self.names())

    def test_kept_under_the_old_name_as_well(self):
        self.store(base.row('lyon', HOME, 1.0), base.row('oslo', HOME, 9.0))
        self.assertEqual(1, self.rename('lyon', 'metro', keep=True))
        self.assertEqual(
            {('lyon', HOME): 1.0, ('metro', HOME): 1.0, ('oslo', HOME): 9.0},
            self.rows(),
        )

    def test_a_name_that_is_taken_is_left_alone(self):
        self.store(base.row('lyon', HOME, 1.0), base.row('oslo', HOME, 9.0))
        before = self.rows()
        for new in 'oslo', 'lyon':
            for keep in True, False:
                error = self.assertRaises(
                    VantageTakenError, self.rename, 'lyon', new, keep=keep
                )
                self.assertEqual(f"'{new}' has rows already (1)", str(error))
        self.assertRaises(
            VantageTakenError, self.rename, 'lyon', 'lyon', merge=True
        )
        self.assertEqual(before, self.rows())

    def test_merged_the_newer_row_of_each_client_stays(self):
        self.store(
            base.row('lyon', HOME, 1.0, measured_at=base.NOW + 1),
            base.row('lyon', AWAY, 2.0),
            base.row('lyon', '192.0.2.1', 3.0),
            base.row('oslo', HOME, 7.0),
            base.row('oslo', AWAY, 8.0, measured_at=base.NOW + 1),
            base.row('oslo', '192.0.2.2', 9.0),
        )
        self.assertEqual(3, self.rename('lyon', 'oslo', merge=True))
        self.assertEqual(
            {
                ('oslo', HOME): 1.0,
                ('oslo', AWAY): 8.0,
                ('oslo', '192.0.2.1/32'): 3.0,
                ('oslo', '192.0.2.2/32'): 9.0,
            },
            self.rows(),
        )

    def test_more_rows_than_one_statement_takes(self):
        self.store(
            *(
                base.row('lyon', f'10.0.{i // 256}.{i % 256}', 1.0)
                for i in range(2500)
            )
        )
        self.assertEqual(2500, self.rename('lyon', 'metro', keep=True))
        self.assertEqual(
            [('lyon', 2500), ('metro', 2500)],
            [(v.name, v.clients) for v in self.writer.list_vantages()],
        )
        self.assertEqual(2500, self.writer.delete_vantage('lyon'))
        self.assertEqual(['metro'], self.names())

    def test_deleted_with_its_rows_and_no_others(self):
        self.store(
            base.row('lyon', HOME, 1.0),
            base.row('lyon', AWAY, 1.0),
            base.row('oslo', HOME, 2.0),
        )
        self.assertEqual(2, self.writer.delete_vantage('lyon'))
        self.assertEqual({('oslo', HOME): 2.0}, self.rows())
        # A collector that goes on brings it back.
        self.store(base.row('lyon', HOME, 3.0))
        self.assertEqual(['lyon', 'oslo'], self.names())

    def test_one_that_nothing_was_measured_from(self):
        self.store(base.row('lyon', HOME, 1.0))
        self.writer.purge()
        self.store(base.row('oslo', HOME, 1.0))
        for name in 'lyon', 'Oslo', '':
            for do in (
                lambda name=name: self.rename(name, 'metro', merge=True),
                lambda name=name: self.writer.delete_vantage(name),
            ):
                error = self.assertRaises(UnknownVantageError, do)
                self.assertEqual(
                    f'nothing was measured from {name!r}', str(error)
                )
        self.assertEqual(['oslo'], self.names())

    def test_a_collector_goes_on_meanwhile(self):
        self.store(base.row('lyon', HOME, 1.0))

        def work(number):
            for turn in range(5):
                if number:
                    self.writer.record(
                        [base.row('lyon', f'10.0.0.{turn}', float(turn))]
                    )
                else:
                    self.rename('lyon', 'metro', merge=True)
                    self.rename('metro', 'lyon', merge=True)

        self.assertEqual([None, None], base.in_threads(2, work))
        self.assertEqual(['lyon'], self.names())
        self.assertEqual(6, len(self.rows()))


class SqliteTestCase(base.Sqlite, VantageTests, base.StoreTestCase):
    pass


class MariaDBTestCase(base.MariaDB, VantageTests, base.StoreTestCase):
    pass


class PostgreSQLTestCase(base.PostgreSQL, VantageTests, base.StoreTestCase):
    pass
