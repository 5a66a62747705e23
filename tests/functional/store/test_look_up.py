# SPDX-License-Identifier: Apache-2.0

"""Which row a client gets, on each database."""

import dataclasses
import math
import random
import time

from edge_sched.model.client import Client
from edge_sched.model.client import parse_client
from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import Answer
from tests.functional.store import base
from tests.functional.store import oracle


class LookUpTests:
    def test_longest_prefix_of_each_vantage(self):
        self.store(
            base.row('lyon', '203.0.0.0/16', 40.0),
            base.row('lyon', '203.0.113.0/24', 10.0),
            base.row('oslo', '203.0.0.0/16', 30.0),
            base.row('rome', '203.0.112.0/24', 5.0),
        )
        self.assertEqual(
            {'lyon': ('203.0.113.0/24', 10.0), 'oslo': ('203.0.0.0/16', 30.0)},
            self.figures('203.0.113.7'),
        )

    def test_ipv6(self):
        self.store(
            base.row('lyon', '2001:db8::/32', 40.0),
            base.row('lyon', '2001:db8:0:100::/56', 10.0),
            base.row('lyon', '2001:db8::1', 1.0),
        )
        for client, expected in (
            ('2001:db8:0:1ff::7', ('2001:db8:0:100::/56', 10.0)),
            ('2001:db8:0:100::/57', ('2001:db8:0:100::/56', 10.0)),
            ('2001:db8::/48', ('2001:db8::/32', 40.0)),
            ('2001:db8::1', ('2001:db8::1/128', 1.0)),
        ):
            self.assertEqual({'lyon': expected}, self.figures(client), client)

    def test_rows_narrower_than_the_client_do_not_count(self):
        self.store(base.row('lyon', '203.0.113.0/24', 10.0))
        self.assertEqual({}, self.figures('203.0.0.0/16'))
        self.assertEqual({}, self.figures('203.0.112.0/23'))

    def test_families_do_not_mix(self):
        self.store(
            base.row('lyon', '::/0', 10.0), base.row('oslo', '0.0.0.0/0', 20.0)
        )
        self.assertEqual(
            {'oslo': ('0.0.0.0/0', 20.0)}, self.figures('203.0.113.7')
        )
        self.assertEqual(
            {'oslo': ('0.0.0.0/0', 20.0)}, self.figures('::ffff:203.0.113.7')
        )
        self.assertEqual({'lyon': ('::/0', 10.0)}, self.figures('2001:db8::1'))
        self.assertEqual(
            {'lyon': ('::/0', 10.0)}, self.figures('::ffff:0:0/95')
        )

    def test_name_takes_the_rows_of_its_prefixes_one_part_each(self):
        self.writer.set_client(
            'car',
            [parse_prefix('203.0.113.0/25'), parse_prefix('2001:db8::/56')],
        )
        self.store(
            base.row('lyon', '203.0.113.0/24', 10.0),
            base.row('oslo', '2001:db8::/32', 20.0),
        )
        (answer,) = self.look_up('car')
        self.assertTrue(answer.known)
        self.assertEqual(
            [{'lyon': 10.0}, {'oslo': 20.0}],
            [
                {v: row.rtt_p50_ms for v, row in part.items()}
                for part in answer.parts
            ],
        )

    def test_own_row_of_a_name_goes_before_its_prefix(self):
        self.writer.set_client('car', [parse_prefix('203.0.113.7')])
        self.store(
            base.row('lyon', '203.0.113.7', 10.0),
            base.row('oslo', '203.0.113.0/24', 30.0),
            base.row('lyon', 'car', 99.0),
        )
        self.assertEqual(
            {'lyon': ('car', 99.0), 'oslo': ('203.0.113.0/24', 30.0)},
            self.figures('car'),
        )

    def test_name_without_a_prefix_has_its_own_rows(self):
        self.writer.set_client('car', [])
        self.assertEqual([Answer(True, ({},))], self.look_up('car'))
        self.store(base.row('lyon', 'car', 9.0))
        self.assertEqual({'lyon': ('car', 9.0)}, self.figures('car'))

    def test_name_of_another_project_is_as_unknown_as_any(self):
        self.writer.set_client('car', [parse_prefix('203.0.113.7')], 'p1')
        self.store(base.row('lyon', 'car', 9.0, 'p1'))
        theirs, nobody = self.look_up('car', 'nobody', project='p2')
        self.assertEqual(Answer(known=False), theirs)
        self.assertEqual(theirs, nobody)
        self.assertFalse(self.look_up('car', project='')[0].known)
        self.assertTrue(self.look_up('car', project='p1')[0].known)

    def test_own_name_goes_before_a_shared_one(self):
        self.writer.set_client('car', [])
        self.writer.set_client('car', [], 'p1')
        self.store(
            base.row('lyon', 'car', 1.0),
            base.row('lyon', 'car', 2.0, 'p1'),
            base.row('oslo', 'car', 3.0),
        )
        self.assertEqual({'lyon': ('car', 2.0)}, self.figures('car', 'p1'))
        self.assertEqual(
            {'lyon': ('car', 1.0), 'oslo': ('car', 3.0)},
            self.figures('car', 'p2'),
        )

    def test_names_compare_by_bytes(self):
        self.writer.set_client('Car', [])
        self.assertFalse(self.look_up('car')[0].known)
        self.store(
            base.row('Lyon', '203.0.113.7', 1.0),
            base.row('lyon', '203.0.113.7', 2.0),
            base.row('lyön ☂', '203.0.113.7', 3.0),
        )
        self.assertEqual(
            {'Lyon', 'lyon', 'lyön ☂'}, self.figures('203.0.113.7').keys()
        )

    def test_site_has_the_rows_of_either_direction(self):
        self.store(
            base.row('lyon', 'site:paris', 1.0),
            base.row('paris', 'site:oslo', 2.0),
            base.row('paris', 'site:paris', 0.5),
            base.row('host-1', 'site:paris', 3.0),
            base.row('lyon', 'site:oslo', 9.0),
            base.row('paris', '203.0.113.0/24', 9.0),
        )
        self.assertEqual(
            {
                'lyon': ('site:paris', 1.0),
                'oslo': ('site:paris', 2.0),
                'paris': ('site:paris', 0.5),
                'host-1': ('site:paris', 3.0),
            },
            self.figures('site:paris'),
        )
        self.assertEqual(
            {'lyon': ('site:oslo', 9.0), 'paris': ('site:oslo', 2.0)},
            self.figures('site:oslo', project='p1'),
        )

    def test_of_both_directions_the_newer_row_counts(self):
        later = {'measured_at': base.NOW + 1}
        future = {'measured_at': time.time() + 3600}
        self.store(
            base.row('a', 'site:paris', 1.0),
            base.row('paris', 'site:a', 2.0, **later),
            base.row('b', 'site:paris', 3.0, **later),
            base.row('paris', 'site:b', 4.0),
            base.row('c', 'site:paris', 5.0),
            base.row('paris', 'site:c', 6.0),
            base.row('d', 'site:paris', 7.0, **future),
            base.row('paris', 'site:d', 8.0),
            base.row('e', 'site:paris', 9.0, **future),
        )
        self.assertEqual(
            {'a': 2.0, 'b': 3.0, 'c': 5.0, 'd': 8.0, 'e': 9.0},
            {v: p50 for v, (_, p50) in self.figures('site:paris').items()},
        )
        for site, p50_ms in (('c', 6.0), ('d', 8.0), ('a', 2.0)):
            self.assertEqual(
                {'paris': (f'site:{site}', p50_ms)},
                self.figures(f'site:{site}'),
            )

    def test_answer_from_one_end_counts_before_silence_at_the_other(self):
        lost = float('inf')
        self.store(
            base.row('a', 'site:paris', 1.0),
            base.row('paris', 'site:a', lost, measured_at=base.NOW + 119),
            # The path may be down as well.
            base.row('b', 'site:paris', 2.0),
            base.row('paris', 'site:b', lost, measured_at=base.NOW + 121),
            base.row('c', 'site:paris', lost),
            base.row('paris', 'site:c', lost),
        )
        self.assertEqual(
            {'a': 1.0, 'b': lost, 'c': lost},
            {v: p50 for v, (_, p50) in self.figures('site:paris').items()},
        )

    def test_row_that_is_turned_round_keeps_every_figure(self):
        new = base.row(
            'paris',
            'site:lyon',
            10.0,
            rtt_min_ms=9.5,
            rtt_p95_ms=math.inf,
            rtt_p99_ms=math.inf,
            loss_ratio=0.25,
            samples=300,
            source='stamp',
        )
        self.store(new)
        (answer,) = self.look_up('site:paris')
        turned = dataclasses.replace(
            new.latency, vantage='lyon', client='site:paris'
        )
        self.assertEqual(({'lyon': turned},), answer.parts)

    def test_site_never_measured_is_known_and_has_no_row(self):
        self.assertEqual([Answer(True, ({},))], self.look_up('site:paris'))
        self.store(base.row('lyon', 'site:paris', 1.0))
        self.assertEqual(
            [Answer(True, ({},)), Answer(True, ({},))],
            self.look_up('site:Paris', 'site:pari'),
        )

    def test_site_is_no_client_of_that_name(self):
        self.writer.set_client('paris', [])
        self.store(
            base.row('lyon', 'paris', 1.0), base.row('lyon', 'site:paris', 2.0)
        )
        self.assertEqual({'lyon': ('paris', 1.0)}, self.figures('paris'))
        self.assertEqual(
            {'lyon': ('site:paris', 2.0)}, self.figures('site:paris')
        )

    def test_heartbeat_comes_with_the_rows_of_a_site(self):
        self.store(base.row('lyon', 'site:paris', 1.0))
        self.writer.beat('1/1')
        for site in ('site:paris', 'site:lyon'):
            (answer,) = self.look_up(site)
            self.assertIsNotNone(answer.heartbeat_at)

    def test_every_figure_comes_back(self):
        new = base.row(
            'lyon',
            '203.0.113.7',
            10.125,
            rtt_min_ms=9.5,
            rtt_p99_ms=1 / 3,
            pdv_ms=0.1,
            loss_ratio=0.25,
            samples=300,
            measured_at=1_800_000_000.123456,
            source='stamp ☂',
        )
        self.store(new)
        (answer,) = self.look_up('203.0.113.7')
        self.assertEqual({'lyon': new.latency}, answer.parts[0])

    def test_lost_quantiles_come_back_lost(self):
        lost = math.inf
        for p50, p95, p99, expected in (
            (lost, lost, lost, (lost, lost, lost)),
            (1.0, lost, lost, (1.0, lost, lost)),
            (1.0, lost, None, (1.0, lost, lost)),
            (1.0, 2.0, lost, (1.0, 2.0, lost)),
            (1.0, 2.0, None, (1.0, 2.0, None)),
        ):
            self.store(
                base.row(
                    'lyon', '203.0.113.7', p50, rtt_p95_ms=p95, rtt_p99_ms=p99
                )
            )
            (answer,) = self.look_up('203.0.113.7')
            row = answer.parts[0]['lyon']
            self.assertEqual(
                expected, (row.rtt_p50_ms, row.rtt_p95_ms, row.rtt_p99_ms)
            )

    def test_one_statement_for_all_clients_and_none_once_kept(self):
        texts = [f'203.0.113.{number}' for number in range(16)]
        texts += [f'2001:db8:{number}::/48' for number in range(12)]
        texts += ['site:lyon', 'site:oslo', 'car', 'bus']
        self.writer.set_client('car', [parse_prefix('203.0.113.1')], 'p1')
        self.store(base.row('lyon', '203.0.113.0/24', 1.0))
        clients = [parse_client(text) for text in texts]
        reader = self.make_reader()
        statements = base.Statements(self)
        first = reader.look_up(clients, 'p1')
        self.assertEqual('miss', first.cache)
        self.assertEqual(1, len(statements))
        again = reader.look_up(list(reversed(clients)), 'p1')
        self.assertEqual('hit', again.cache)
        self.assertEqual(first.answers, again.answers)
        self.assertEqual(1, len(statements))
        # A prefix or a site is everyone's, a name is not.
        self.assertEqual('hit', reader.look_up(clients[:30], 'p2').cache)
        self.assertEqual('miss', reader.look_up(clients[30:], 'p2').cache)
        self.assertEqual(2, len(statements))

    def test_no_client_is_no_query(self):
        statements = base.Statements(self)
        self.assertEqual({}, self.make_reader().look_up([], 'p1').answers)
        self.assertEqual(0, len(statements))

    def test_nothing_is_kept_without_a_ttl(self):
        reader = self.make_reader(cache_ttl_seconds=0)
        client = parse_client('203.0.113.7')
        statements = base.Statements(self)
        for _ in range(3):
            self.assertEqual('miss', reader.look_up([client], '').cache)
        self.assertEqual(3, len(statements))

    def test_threads_with_one_cold_client_share_a_query(self):
        self.store(base.row('lyon', '203.0.113.0/24', 1.0))
        reader = self.make_reader()
        client = parse_client('203.0.113.7')
        statements = base.Statements(self)
        results = base.in_threads(64, lambda _: reader.look_up([client], ''))
        for found in results:
            self.assertEqual(
                1.0, found.answers[client].parts[0]['lyon'].rtt_p50_ms
            )
        self.assertLessEqual(len(statements), 2)

    def test_threads_with_a_client_each(self):
        self.writer.set_client('car', [], 'p1')
        self.writer.set_client('car', [], 'p2')
        self.store(
            base.row('lyon', 'car', 1.0, 'p1'),
            base.row('lyon', 'car', 2.0, 'p2'),
            *(
                base.row('lyon', f'203.0.113.{number}', number + 1.0)
                for number in range(62)
            ),
        )
        reader = self.make_reader()
        asked = [(f'203.0.113.{number}', '') for number in range(62)]
        asked += [('car', 'p1'), ('car', 'p2')]

        def look_up(number):
            (answer,) = self.look_up(
                asked[number][0], project=asked[number][1], reader=reader
            )
            return answer.parts[0]['lyon'].rtt_p50_ms

        results = base.in_threads(64, look_up)
        expected = [number + 1.0 for number in range(62)]
        self.assertEqual([*expected, 1.0, 2.0], results)

    def test_as_the_oracle_says(self):
        random_ = random.Random(20_261_122)
        names = _names(random_)
        rows = _rows(random_, names)
        for (name, owner), prefixes in names.items():
            self.writer.set_client(name, prefixes, owner)
        self.store(*rows)
        truth = oracle.Oracle(rows, names)
        reader = self.make_reader(cache_ttl_seconds=0)
        for _ in range(25):
            clients = [Client(prefix=_prefix(random_)) for _ in range(24)] + [
                Client(name=f'name-{number}') for number in range(8)
            ]
            clients += [
                Client(site=f'v{number}')
                for number in random_.sample(range(7), 3)
            ]
            project = random_.choice(['p1', 'p2', ''])
            found = reader.look_up(clients, project).answers
            for client in clients:
                self.assertEqual(
                    truth.answer(client, project), found[client], client
                )


def _prefix(random_):
    """One of few, so that many contain each other."""
    if random_.random() < 0.5:
        length = random_.choice([0, 1, 8, 9, 16, 23, 24, 25, 31, 32, 32])
        bits = random_.choice([10 << 24, 0, 255 << 24]) | random_.choice(
            [0, 1, 2, 1 << 8, 257, 1 << 16]
        )
        return parse_prefix(
            f'{bits >> 24}.{bits >> 16 & 255}.{bits >> 8 & 255}.{bits & 255}'
            f'/{length}'
        )
    length = random_.choice([0, 1, 16, 32, 48, 56, 64, 80, 95, 127, 128])
    head = random_.choice(['2001:db8', '2001:db8:1', '::ff:0', '::fffe'])
    tail = random_.choice(['::', '::1', '::1:0'])
    text = head + tail if '::' not in head else head
    return parse_prefix(f'{text}/{length}')


def _names(random_):
    """Of two projects and shared, with 0 to 3 prefixes."""
    names = {}
    for number in range(6):
        for owner in random_.sample(['p1', 'p2', ''], random_.randint(1, 3)):
            count = random_.randint(0, 3)
            prefixes = {_prefix(random_) for _ in range(count)}
            names[f'name-{number}', owner] = sorted(prefixes, key=str)
    return names


def _rows(random_, names):
    """One of a client and vantage each."""
    rows = {}
    for number in range(400):
        vantage = f'v{random_.randint(0, 4)}'
        if random_.random() < 0.15:
            name, owner = random_.choice(sorted(names))
            new = base.row(vantage, name, number + 1.0, owner)
        elif random_.random() < 0.2:
            new = base.row(
                vantage,
                f'site:v{random_.randint(0, 5)}',
                number + 1.0,
                measured_at=base.NOW + random_.randint(0, 3),
            )
        else:
            new = base.row(vantage, str(_prefix(random_)), number + 1.0)
        rows[vantage, new.client, new.project_id] = new
    return list(rows.values())


class SqliteTestCase(base.Sqlite, LookUpTests, base.StoreTestCase):
    pass


class MariaDBTestCase(base.MariaDB, LookUpTests, base.StoreTestCase):
    pass


class PostgreSQLTestCase(base.PostgreSQL, LookUpTests, base.StoreTestCase):
    pass
