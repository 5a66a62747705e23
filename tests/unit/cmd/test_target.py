# SPDX-License-Identifier: Apache-2.0

"""``edge-sched target list`` on a real store, and what it chooses."""

import ipaddress
import math
import time

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base as oslo_base

from edge_sched.cmd import target
from edge_sched.model.client import parse_client
from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.probe.target import Rates
from edge_sched.probe.target_file import read_targets
from edge_sched.store.candidates import Candidate
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer
from tests.unit.cmd import base
from tests.unit.model.test_names import ONE
from tests.unit.model.test_names import TWO

EVERYWHERE = ('--within', '0.0.0.0/0', '--within', '::/0')


class TestList(base.SyncedTestCase):
    def setUp(self):
        super().setUp()
        self.import_csv(
            base.HEADER,
            'lyon,203.0.113.0/24,9,12',
            'oslo,203.0.113.0/24,5,12',
            'lyon,2001:db8:0:100::/56,4,8',
            'oslo,198.51.100.7,3,4',
            'lyon,0.0.0.0/0,50,60',
        )
        self.succeed(
            *'client set car 203.0.113.0/24 192.0.2.128/25 --shared'.split()
        )
        self.import_csv(base.HEADER, 'oslo,car,1,2')

    def run_list(self, *argv):
        return self.run_command('target', 'list', *argv)

    def clients(self, *argv):
        result = self.run_list(*argv, '-f', 'json')
        self.assertEqual(0, result.status, result.err)
        return [row['client'] for row in result.json]

    def test_prefixes_and_what_names_point_at_nearest_first(self):
        result = self.run_list('--site', 'lyon', '-f', 'json')
        self.assertEqual(
            [
                {
                    'client': client,
                    'address': address,
                    'probe': 'stamp',
                    'port': 862,
                }
                for client, address in (
                    ('2001:db8:0:100::/56', '2001:db8:0:100::1'),
                    ('203.0.113.0/24', '203.0.113.1'),
                    # Not measured from here: first what was from nowhere.
                    ('192.0.2.128/25', '192.0.2.129'),
                )
            ],
            result.json,
        )
        self.assertEqual(
            'left out, as wider than /16 (IPv4) or /32 (IPv6) or of no host: '
            '1\n'
            'left out, as nobody but other sites knows them: 1 (--within)\n',
            result.err,
        )

    def test_what_one_site_made_up_is_no_target_of_another(self):
        self.import_csv(
            base.HEADER,
            *(f'evil,100.64.{n}.0/24,1,2' for n in range(200)),
            'evil,203.0.113.0/24,1,2',
        )
        self.assertEqual(
            # Near to another site, it comes later than it did.
            {'203.0.113.0/24', '2001:db8:0:100::/56', '192.0.2.128/25'},
            set(self.clients('--site', 'lyon')),
        )
        self.assertEqual(200 + 2, len(self.clients('--site', 'evil')))

    def test_what_other_sites_measured_is_taken_from_where_clients_are(self):
        for within, more in (
            (('198.51.100.0/24',), ['198.51.100.7']),
            (('198.51.100.8/29', '2001:db8::/32'), []),
            (('2001:db8::/32', '198.51.100.7'), ['198.51.100.7']),
        ):
            options = [word for each in within for word in ('--within', each)]
            self.assertEqual(
                [
                    '2001:db8:0:100::/56',
                    '203.0.113.0/24',
                    '192.0.2.128/25',
                    *more,
                ],
                self.clients('--site', 'lyon', *options),
            )

    def test_the_prober_reads_what_yaml_prints(self):
        for options, probe, port in (
            ((), 'stamp', 862),
            (('--port', '8862'), 'stamp', 8862),
            (('--probe', 'icmp'), 'icmp', 0),
            (('--probe', 'tcp', '--port', '22'), 'tcp', 22),
        ):
            argv = ('--site', 'oslo', '--host-number', '7', *EVERYWHERE)
            argv += options
            out = self.run_list(*argv, '-f', 'yaml').out
            read = read_targets(
                self.write('targets.yaml', out.rstrip('\n')), Rates()
            )
            self.assertEqual(
                [
                    ('198.51.100.7', '198.51.100.7'),
                    ('203.0.113.0/24', '203.0.113.7'),
                    ('192.0.2.128/25', '192.0.2.135'),
                    ('2001:db8:0:100::/56', '2001:db8:0:100::7'),
                ],
                [(each.client, str(each.address)) for each in read],
            )
            self.assertEqual(
                {(probe, port, '', 0.0)},
                {(t.probe, t.port, t.project, t.access_ms) for t in read},
            )

    def test_a_store_without_clients_makes_a_file_without_targets(self):
        self.succeed('measurement', 'purge', '--all')
        self.succeed(*'client unset car --shared'.split())
        result = self.run_list('--site', 'lyon', '-f', 'yaml')
        self.assertEqual('no client was measured from lyon yet\n', result.err)
        path = self.write('targets.yaml', result.out.rstrip('\n'))
        self.assertEqual((), read_targets(path, Rates()))

    def test_a_new_site_gets_targets_too(self):
        result = self.run_list('--site', 'rome', '-f', 'json')
        self.assertEqual(2, len(result.json))
        self.assertIn('no client was measured from rome yet\n', result.err)
        self.assertEqual(4, len(self.clients('--site', 'rome', *EVERYWHERE)))

    def test_limit_is_told(self):
        result = self.run_list('--site', 'lyon', '--limit', '2', '-f', 'json')
        self.assertEqual(2, len(result.json))
        self.assertIn('\n2 of 3 clients (--limit)\n', result.err)

    def test_bad_arguments(self):
        for argv, message in (
            ('--site=', "'' is not the name of a vantage point"),
            ('--limit 0', "--limit '0' is not a whole number in 1..20000"),
            ('--limit x', "--limit 'x' is not a whole number in 1..20000"),
            (
                '--host-number 0',
                "--host-number '0' is not a whole number in 1..65536",
            ),
            ('--probe ping', "--probe 'ping' is not one of stamp, icmp, tcp"),
            ('--probe tcp', '--probe tcp needs --port'),
            ('--probe icmp --port 1', '--port: icmp has none'),
            (
                '--port 65536',
                "--port '65536' is not a whole number in 1..65535",
            ),
        ):
            self.assertFails(
                message, *'target list --site lyon'.split(), *argv.split()
            )
        self.assertEqual(1, self.run_list().status)


class MeshTest(base.SyncedTestCase):
    """The other sites, among the targets of a site."""

    def setUp(self):
        super().setUp()
        self.import_csv(base.HEADER, 'lyon,203.0.113.0/24,9,12')

    def reflect(self, *sites):
        """Have sites answer, each at an address of its own."""
        for number, site in enumerate(sites):
            self.succeed('reflector', 'set', site, f'192.0.2.{number}')

    def run_list(self, *argv):
        result = self.run_command('target', 'list', *argv, '-f', 'json')
        self.assertEqual(0, result.status, result.err)
        return result

    def clients(self, *argv):
        return [row['client'] for row in self.run_list(*argv).json]

    def test_other_sites_at_their_reflectors_come_first(self):
        self.reflect('lyon', 'oslo')
        self.succeed(*'reflector set rome 2001:db8::9 --port 8862'.split())
        self.import_csv(base.HEADER, 'lyon,site:rome,3,4')
        result = self.run_list(
            *'--site lyon --probe tcp --port 22'.split(),
        )
        self.assertEqual(
            [
                ('site:rome', '2001:db8::9', 'stamp', 8862),
                ('site:oslo', '192.0.2.1', 'stamp', 862),
                ('203.0.113.0/24', '203.0.113.1', 'tcp', 22),
            ],
            [tuple(row.values()) for row in result.json],
        )
        self.assertEqual('', result.err)

    def test_the_prober_reads_what_yaml_prints(self):
        self.reflect('lyon', ONE)
        out = self.run_command(*'target list --site lyon -f yaml'.split()).out
        path = self.write('targets.yaml', out.rstrip('\n'))
        site, client = read_targets(path, Rates())
        self.assertEqual((f'site:{ONE}', ''), site.key)
        self.assertEqual(
            ('192.0.2.1', 'stamp', 862), (str(site.place[0]), *site.place[1:])
        )
        self.assertEqual('203.0.113.0/24', client.client)

    def test_a_site_is_no_target_of_itself(self):
        self.reflect(ONE, 'lyon')
        self.assertNotIn('site:lyon', self.clients('--site', 'lyon'))
        with Writer(StoreSettings(f'sqlite:///{self.store}')) as writer:
            # As stored by a release that kept what it was given.
            latency = Latency(TWO, '192.0.2.0/24', 1.0, 2.0, time.time())
            writer.store_latencies(
                [NewLatency(parse_client(latency.client), latency)]
            )
        for name in ONE, TWO:
            self.assertEqual(
                ['site:lyon', '192.0.2.0/24'], self.clients('--site', name)
            )

    def test_no_mesh(self):
        self.reflect('oslo')
        self.assertEqual(
            ['203.0.113.0/24'], self.clients('--site', 'lyon', '--no-mesh')
        )

    def test_a_site_that_measured_nothing_has_a_mesh_too(self):
        self.reflect('oslo')
        result = self.run_list('--site', 'rome')
        self.assertEqual(['site:oslo'], [r['client'] for r in result.json])
        self.assertIn('no client was measured from rome yet\n', result.err)

    def test_the_limit_holds_for_all(self):
        self.reflect('oslo', 'rome')
        result = self.run_list(*'--site lyon --limit 2'.split())
        self.assertEqual(
            {'site:oslo', 'site:rome'}, {r['client'] for r in result.json}
        )
        self.assertEqual('0 of 1 clients (--limit)\n', result.err)
        result = self.run_list(*'--site lyon --limit 1'.split())
        self.assertEqual(1, len(result.json))
        self.assertIn('1 of 2 other sites\n', result.err)
        self.assertEqual(
            3, len(self.clients(*'--site lyon --limit 3'.split()))
        )

    def test_nearest_by_what_either_end_has_measured(self):
        self.reflect('bonn', 'nice', 'oslo', 'rome')
        self.import_csv(
            base.HEADER,
            'lyon,site:oslo,5,6',
            'nice,site:lyon,3,4',
            'rome,site:lyon,inf,inf',
            # Of others it says nothing, nor is a client a site.
            'oslo,site:rome,1,2',
            'bonn,203.0.113.0/24,1,2',
        )
        self.assertEqual(
            ['site:nice', 'site:oslo', 'site:bonn', 'site:rome'],
            self.clients('--site', 'lyon')[:4],
        )

    def test_more_sites_than_are_probed(self):
        self.reflect(*(f'site-{n}' for n in range(70)))
        result = self.run_list('--site', 'lyon')
        self.assertEqual(65, len(result.json))
        self.assertEqual('64 of 70 other sites\n', result.err)
        self.assertEqual(result.out, self.run_list('--site', 'lyon').out)


@ddt.ddt
class HostTest(oslo_base.BaseTestCase):
    @ddt.data(
        ('203.0.113.0/24', 1, '203.0.113.1'),
        ('203.0.113.0/24', 254, '203.0.113.254'),
        ('203.0.113.0/24', 255, '203.0.113.254'),
        ('203.0.113.4/30', 9, '203.0.113.6'),
        ('203.0.113.4/31', 1, '203.0.113.4'),
        ('203.0.113.4/31', 2, '203.0.113.5'),
        ('203.0.113.4/32', 9, '203.0.113.4'),
        ('2001:db8::/56', 1, '2001:db8::1'),
        ('2001:db8::/120', 999, '2001:db8::ff'),
        ('2001:db8::6/127', 1, '2001:db8::6'),
        ('2001:db8::/128', 3, '2001:db8::'),
    )
    @ddt.unpack
    def test_host(self, prefix, number, expected):
        self.assertEqual(
            ipaddress.ip_address(expected),
            target.host_of(parse_prefix(prefix), number),
        )

    @ddt.data(
        ('203.0.0.0/16', True),
        ('203.0.0.0/15', False),
        ('2001:db8::/32', True),
        ('2001:da0::/28', False),
        ('224.0.0.0/24', False),
        ('ff02::/64', False),
        ('0.0.0.0/32', False),
        ('::/128', False),
    )
    @ddt.unpack
    def test_one_address_must_stand_for_the_prefix(self, prefix, expected):
        self.assertIs(expected, target.is_usable(parse_prefix(prefix), 1))


def candidate(number, p50=None, nearer=0, anywhere=True):
    return Candidate(
        parse_prefix(f'10.0.{number}.0/24'), p50, nearer, anywhere
    )


class ChooseTest(oslo_base.BaseTestCase):
    def chosen(self, found, limit):
        return [
            int(prefix.network_address) >> 8 & 255
            for prefix in target.choose(found, limit)
        ]

    def test_nearest_site_then_second_nearest_then_silent(self):
        found = [
            candidate(1, math.inf, 0),
            candidate(2, 3.0, 1),
            candidate(3, 9.0, 0),
            candidate(4, 5.0, 0),
            candidate(5, 1.0, 7),
        ]
        self.assertEqual([4, 3, 2, 5, 1], self.chosen(found, 9))
        self.assertEqual([4, 3, 2], self.chosen(found, 3))

    def test_a_quarter_is_kept_for_the_unmeasured(self):
        near = [candidate(n, 5.0) for n in range(20)]
        new = [candidate(100 + n, anywhere=n % 2 == 0) for n in range(20)]
        self.assertEqual(
            [0, 1, 2, 3, 4, 5, 101, 103], self.chosen([*new, *near], 8)
        )
        # What one kind does not take is left to the other.
        self.assertEqual(
            [0, 1, *range(101, 112, 2)], self.chosen([*near[:2], *new], 8)
        )
        self.assertEqual([*range(7), 100], self.chosen([*near, new[0]], 8))
        self.assertEqual([101], self.chosen(new, 1))

    @hypothesis.given(
        st.lists(st.none() | st.floats(1, 9) | st.just(math.inf), max_size=30),
        st.integers(1, 40),
    )
    def test_no_more_than_the_limit_no_fewer_than_there_are(self, p50s, limit):
        found = [candidate(n, p50) for n, p50 in enumerate(p50s)]
        chosen = self.chosen(found, limit)
        self.assertEqual(min(limit, len(found)), len(chosen))
        self.assertEqual(len(chosen), len(set(chosen)))
