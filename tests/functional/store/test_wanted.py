# SPDX-License-Identifier: Apache-2.0

"""The list of who is wanted, on each database."""

import math
import time
from unittest import mock

from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import DERIVED
from edge_sched.model.wanted import WantedTarget
from edge_sched.store import clock
from edge_sched.store.wanted import Wanted
from edge_sched.store.wanted_probes import Change
from edge_sched.store.wanting import DEFAULT_RETRY_SECONDS
from edge_sched.wanted.admission import Ask
from edge_sched.wanted.admission import Place
from tests.functional.store import base

GATEWAY = WantedTarget('2001:db8:0:100::/56', '192.0.2.1', 'stamp', 862, 4.5)


def ask(number, project='a', standing=False):
    target = WantedTarget(f'10.0.{number}.0/24', f'10.0.{number}.7')
    return Ask(target, project, standing)


class WantedTests:
    def setUp(self):
        super().setUp()
        self.wanted = Wanted(self.settings)
        self.addCleanup(self.wanted.__exit__)

    def want(self, *asks, places=8):
        return self.wanted.want(asks, places)

    def later(self, seconds):
        """As if so much time had passed."""
        now = clock.now
        return mock.patch.object(
            clock, 'now', lambda connection: now(connection) + seconds
        )

    def clients(self):
        return [each.target.client for each in self.wanted.entries()]

    def entry(self, client='10.0.1.0/24'):
        (found,) = (
            e for e in self.wanted.entries() if e.target.client == client
        )
        return found

    def change(self, state, *, add=(), drop=(), client='10.0.1.0/24'):
        id_ = self.entry(client).id
        self.wanted.change([Change(id_, state, add, drop)])

    def test_it_comes_back_as_it_went(self):
        self.assertEqual([], self.wanted.entries())
        self.want(ask(1), Ask(GATEWAY, '', True))
        first, second = self.wanted.entries()
        self.assertEqual(
            [ask(1).target, GATEWAY], [first.target, second.target]
        )
        self.assertEqual(('probing', None), (first.state, first.done_at))
        self.assertEqual((False, True), (first.standing, second.standing))
        self.assertAlmostEqual(time.time(), first.wanted_at, delta=60)
        self.assertEqual(
            {ask(1).place: False, Place(GATEWAY.client, ''): True},
            self.wanted.places(),
        )

    def test_sites_are_told_whom_to_probe(self):
        self.want(ask(1), ask(2), Ask(GATEWAY, ''))
        self.change('probing', add=['лион', 'oslo'])
        self.change('probing', add=['oslo'], client=GATEWAY.client)
        self.assertEqual([ask(1).target], self.wanted.targets('лион'))
        self.assertEqual(
            [ask(1).target, GATEWAY],
            sorted(self.wanted.targets('oslo')),
        )
        self.assertEqual([], self.wanted.targets('nice'))
        self.change('measured', add=['nice'], drop=['oslo', 'лион'])
        self.assertEqual([], self.wanted.targets('лион'))
        self.assertEqual([GATEWAY], self.wanted.targets('oslo'))
        entry = self.entry()
        self.assertEqual(('measured', {'nice'}), (entry.state, {*entry.sites}))
        self.assertGreaterEqual(entry.done_at, entry.wanted_at)

    def test_whom_nobody_asks_for_is_not_probed_without_an_auditor(self):
        self.want(ask(1), ask(1, 'b'), ask(2))
        for client in '10.0.1.0/24', '10.0.2.0/24':
            self.change('measured', add=['oslo'], client=client)
        with self.later(3000):
            self.want(ask(1, 'b'))
        with self.later(3700):
            self.assertEqual([ask(1).target], self.wanted.targets('oslo'))
        with self.later(7000):
            self.assertEqual([], self.wanted.targets('oslo'))

    def test_only_sites_that_ask_are_there(self):
        self.assertEqual([], self.wanted.sites())
        for name in 'oslo', 'lyon', 'oslo':
            self.wanted.targets(name)
        self.assertEqual(['lyon', 'oslo'], self.wanted.sites())
        with self.later(100):
            self.wanted.targets('lyon')
        with self.later(200):
            self.assertEqual(['lyon'], self.wanted.sites())

    def test_a_clock_that_is_set_back_keeps_no_site_there(self):
        with self.later(86_400):
            self.wanted.targets('oslo')
        self.assertEqual([], self.wanted.sites())
        self.wanted.targets('oslo')
        self.assertEqual(['oslo'], self.wanted.sites())

    def test_names_without_end_leave_those_there_that_are_known(self):
        limit = mock.patch('edge_sched.store.wanted_probes._MAX_SITES', 2)
        with limit:
            for name in 'lyon', 'oslo', 'paris':
                self.assertEqual([], self.wanted.targets(name))
        self.assertEqual(['lyon', 'oslo'], self.wanted.sites())
        with limit, self.later(200):
            for name in 'paris', 'oslo':
                self.wanted.targets(name)
            self.assertEqual(['oslo'], self.wanted.sites())

    def test_one_that_is_gone_meanwhile_is_left_alone(self):
        self.want(ask(1), ask(2))
        gone, left = (each.id for each in self.wanted.entries())
        with self.later(4000):
            self.want(ask(2))
            self.wanted.expire(3600)
            self.wanted.change(
                [Change(gone, 'probing', ['oslo']), Change(left, 'measured')]
            )
            (entry,) = self.wanted.entries()
            self.assertEqual((left, 'measured'), (entry.id, entry.state))

    def test_asking_is_noted_now_and_then(self):
        self.wanted.targets('oslo')
        statements = base.Statements(self)
        self.wanted.targets('oslo')
        self.assertFalse(
            [text for text in statements.texts if 'UPDATE' in text]
        )

    def test_bounds_hold(self):
        found = self.want(*(ask(n) for n in range(100)))
        self.assertEqual((2, 98), (len(found.admitted), found.refused))
        self.assertEqual(['10.0.0.0/24', '10.0.1.0/24'], self.clients())
        for project in 'bcde':
            self.want(ask(1, project), ask(3, project))
        self.assertEqual(8, len(self.wanted.places()))
        self.assertEqual(
            ['10.0.0.0/24', '10.0.1.0/24', '10.0.3.0/24'], self.clients()
        )
        # Those of servers that stand are let in for who came last.
        found = self.want(ask(9, 'e', True))
        self.assertEqual(1, len(found.dropped))
        self.assertEqual(8, len(self.wanted.places()))
        self.assertIn('10.0.9.0/24', self.clients())

    def test_who_is_put_out_is_not_probed_any_more(self):
        self.want(*(ask(n, p) for p in 'abcd' for n in (ord(p), ord(p) + 100)))
        youngest = f'10.0.{ord("a") + 100}.0/24'
        self.change('probing', add=['oslo'], client=youngest)
        self.assertEqual(1, len(self.wanted.targets('oslo')))
        self.want(ask(1, 'a', True))
        self.assertEqual([], self.wanted.targets('oslo'))
        self.assertNotIn(youngest, self.clients())

    def test_who_is_dropped_is_not_probed_any_more(self):
        self.want(ask(1), ask(1, 'b'), ask(2), Ask(GATEWAY, ''))
        for client in '10.0.1.0/24', '10.0.2.0/24', GATEWAY.client:
            self.change('measured', add=['oslo'], client=client)
        self.wanted.drop({ask(1).place, Place(GATEWAY.client, '')})
        self.assertEqual(
            [ask(1).target, ask(2).target], self.wanted.targets('oslo')
        )
        self.wanted.drop({ask(1, 'b').place})
        self.assertEqual([ask(2).target], self.wanted.targets('oslo'))
        self.assertEqual([ask(2).place], [*self.wanted.places()])

    def test_who_is_not_asked_for_any_more_is_forgotten(self):
        self.want(ask(1), ask(1, 'b'), ask(2))
        self.change('probing', add=['oslo'])
        with self.later(2000):
            self.want(ask(1, 'b', True))
            self.assertTrue(self.entry().standing)
        with self.later(4000):
            self.assertEqual(2, self.wanted.expire(3600))
        self.assertEqual(['10.0.1.0/24'], self.clients())
        self.assertEqual({ask(1, 'b').place: True}, self.wanted.places())
        with self.later(6000):
            self.wanted.expire(3600)
        self.assertEqual([], self.wanted.entries())
        self.assertEqual([], self.select('SELECT * FROM edge_wanted_probes'))

    def test_what_was_asked_for_in_the_future_is_forgotten(self):
        with self.later(86_400):
            self.want(ask(1))
        self.wanted.expire(3600)
        self.assertEqual([], self.wanted.entries())

    def test_addresses_that_are_named_by_turns_are_not_tried_by_turns(self):
        self.want(ask(1))
        other = ask(1).target._replace(address='10.0.1.99')
        for state in 'probing', 'measured', 'silent':
            self.change(state)
            before = self.entry()
            self.want(Ask(other, 'b'))
            after = self.entry()
            self.assertEqual(
                (state, before.wanted_at, before.done_at),
                (after.state, after.wanted_at, after.done_at),
            )
            # It has its turn when none has answered.
            expected = other if state == 'silent' else ask(1).target
            self.assertEqual(expected, after.target)
        self.want(ask(1))
        self.assertEqual(ask(1).target, self.entry().target)
        self.assertEqual('silent', self.entry().state)

    def test_how_long_it_takes(self):
        def row():
            return self.select(
                'SELECT beaten_at, places, retry_seconds FROM edge_wanting'
            )

        self.assertEqual([], row())
        self.wanted.beat(8)
        ((beaten_at, places, seconds),) = row()
        self.assertAlmostEqual(time.time(), beaten_at, delta=60)
        self.assertEqual((8, DEFAULT_RETRY_SECONDS), (places, seconds))
        # Of a clock that was set back.
        self.want(ask(0, '0'), places=80)
        with self.later(-50):
            self.change('measured', client='10.0.0.0/24')
        self.wanted.beat(8)
        self.assertEqual([7, 0.0], [*row()[0][1:]])
        for number in range(1, 21):
            self.want(ask(number, str(number)), places=80)
            with self.later(10 * number):
                self.change('measured', client=f'10.0.{number}.0/24')
        self.wanted.beat(8)
        ((_, places, seconds),) = row()
        self.assertEqual(0, places)
        self.assertAlmostEqual(180, seconds, delta=5)

    def test_what_is_measured_of_them(self):
        now = time.time()
        lost = {'rtt_p50_ms': math.inf, 'rtt_p95_ms': math.inf}
        self.store(
            base.row('lyon', '10.0.1.0/24', 5, measured_at=now),
            base.row('nice', '10.0.1.0/24', 7, measured_at=now - 901),
            base.row('oslo', '10.0.1.0/24', 9, measured_at=now, **lost),
            base.row('lyon', '10.0.1.7', 1, measured_at=now),
            base.row('lyon', '10.0.0.0/16', 2, measured_at=now),
            base.row('lyon', '10.0.2.0/24', 3, measured_at=now),
            base.row(
                'paris', '10.0.2.0/24', 3, measured_at=now, source=DERIVED
            ),
        )
        asked = [f'10.0.{number}.0/24' for number in range(4)]
        self.assertEqual(
            {
                '10.0.1.0/24': {'lyon': 5.0, 'oslo': math.inf},
                '10.0.2.0/24': {'lyon': 3.0},
            },
            self.wanted.measured(asked, 900),
        )

    def test_who_is_near_is_told_by_who_is_beside(self):
        self.store(
            base.row('lyon', '10.0.15.0/24', 5),
            base.row('nice', '10.0.2.0/24', 7),
            base.row('nice', '10.0.3.0/24', 2),
            base.row('oslo', '10.0.0.0/12', 9),
            base.row('far', '10.0.16.0/24', 1),
            base.row('v6', '2001:db8::/48', 1),
            base.row('cut off', '10.0.1.0/24', 1, rtt_p50_ms=math.inf),
            base.row('wide', '10.0.16.0/20', 3),
            base.row('wider', '10.0.0.0/19', 9),
        )
        self.assertEqual(
            ['nice', 'lyon', 'oslo', 'wider'], self.wanted.near('10.0.1.0/24')
        )
        self.assertEqual(
            ['far', 'wide', 'oslo', 'wider'],
            self.wanted.near('10.0.17.0/24'),
        )
        self.assertEqual(['v6'], self.wanted.near('2001:db8:0:100::/56'))
        self.assertEqual([], self.wanted.near('192.0.2.0/24'))

    def test_the_mesh(self):
        self.store(
            base.row('lyon', 'site:nice', 5),
            base.row('nice', 'site:lyon', 6),
            base.row('lyon', '10.0.15.0/24', 7),
        )
        self.assertEqual(
            {('lyon', 'nice'): 5.0, ('nice', 'lyon'): 6.0}, self.wanted.mesh()
        )

    def test_what_names_point_at(self):
        car, home = parse_prefix('10.0.1.0/24'), parse_prefix('10.0.2.7')
        self.writer.set_client('car', [car, home])
        self.writer.set_client('car', [home], 'b')
        self.assertEqual(
            [[('', car), ('', home), ('b', home)]], [*self.wanted.named()]
        )
        with mock.patch('edge_sched.store.wanted_rows._PAGE', 2):
            self.assertEqual([2, 1], [len(p) for p in self.wanted.named()])
        self.assertEqual(
            {
                ('car', 'a'): [car, home],
                ('car', 'b'): [home],
                ('bus', 'b'): [],
            },
            self.wanted.pointed_at([('car', 'a'), ('car', 'b'), ('bus', 'b')]),
        )

    def test_two_auditors_do_not_fill_it_twice(self):
        def want(number):
            with Wanted(self.settings) as wanted:
                asks = [ask(n, f'{number}{n}') for n in range(6)]
                return wanted.want(asks, 8)

        for found in base.in_threads(4, want):
            self.assertNotIsInstance(found, Exception)
        self.assertEqual(8, len(self.wanted.places()))


class SqliteTestCase(base.Sqlite, WantedTests, base.StoreTestCase):
    pass


class MariaDBTestCase(base.MariaDB, WantedTests, base.StoreTestCase):
    pass


class PostgreSQLTestCase(base.PostgreSQL, WantedTests, base.StoreTestCase):
    pass
