# SPDX-License-Identifier: Apache-2.0

"""``edge-sched reflector`` on a real store."""

import contextlib
import io
import time

from edge_sched.cmd import collector
from tests.unit.cmd import base
from tests.unit.cmd.test_prober import PATIENCE_SECONDS
from tests.unit.cmd.test_prober import PUBLISHED
from tests.unit.cmd.test_prober import Service
from tests.unit.model.test_names import ONE
from tests.unit.model.test_names import TWO
from tests.unit.probe.stamp.base import serving


class TestReflector(base.SyncedTestCase):
    def set(self, *argv):
        self.succeed('reflector', 'set', *argv)

    def test_set_list_unset(self):
        self.assertEqual([], self.listed('reflector', 'list'))
        self.set('paris', '192.0.2.9')
        self.set('lyon', '2001:db8::9', '--port', '8862')
        self.assertEqual(
            [
                {'site': 'lyon', 'address': '2001:db8::9', 'port': 8862},
                {'site': 'paris', 'address': '192.0.2.9', 'port': 862},
            ],
            self.listed('reflector', 'list'),
        )
        self.succeed('reflector', 'unset', 'lyon')
        (left,) = self.listed('reflector', 'list')
        self.assertEqual('paris', left['site'])

    def test_set_elsewhere(self):
        self.set('paris', '192.0.2.9', '--port', '8862')
        self.set('lyon', '192.0.2.8')
        self.set('paris', '::ffff:192.0.2.10')
        self.assertEqual(
            [('lyon', '192.0.2.8', 862), ('paris', '192.0.2.10', 862)],
            [
                tuple(each.values())
                for each in self.listed('reflector', 'list')
            ],
        )

    def test_names_that_look_the_same_are_one(self):
        self.assertNotEqual(ONE, TWO)
        self.set(ONE, '192.0.2.9')
        self.set(TWO, '192.0.2.10')
        (only,) = self.listed('reflector', 'list')
        self.assertEqual((ONE, '192.0.2.10'), (only['site'], only['address']))
        self.succeed('reflector', 'unset', TWO)
        self.assertEqual([], self.listed('reflector', 'list'))

    def test_names_that_cannot_be(self):
        # Of the last one the normal form is twice as long.
        for site in (
            *('', ' lyon', 'a,b', 'a@b', 'a\nb', 'site:lyon', 's' * 256),
            '\u0958' * 255,
        ):
            shown = repr(site if len(site) < 65 else f'{site[:61]}...')
            for argv in (('set', site, '192.0.2.9'), ('unset', site)):
                self.assertFails(
                    f'{shown} is not the name of a site: up to 255 '
                    'characters, no comma and no @, and "lyon" where the '
                    'client is "site:lyon"',
                    'reflector',
                    *argv,
                )
        self.set('s' * 255, '192.0.2.9')

    def test_addresses_that_cannot_be(self):
        for address in (
            *('', 'paris', '192.0.2.0/24', 'fe80::1%eth0'),
            *('224.0.0.1', '0.0.0.0', 'ff02::1', '::', 'x' * 99),
        ):
            shown = repr(address[:61] + '...' if address[64:] else address)
            self.assertFails(
                f'{shown} is not an IPv4 or IPv6 address of one host (no '
                'name, no zone)',
                *('reflector', 'set', 'paris', address),
            )
        self.assertEqual([], self.listed('reflector', 'list'))

    def test_ports_that_cannot_be(self):
        for port in ('0', '65536', 'stamp'):
            self.assertFails(
                f'--port {port!r} is not a whole number in 1..65535',
                *('reflector', 'set', 'paris', '192.0.2.9', '--port', port),
            )
        self.set('paris', '192.0.2.9', '--port', '1')
        self.set('paris', '192.0.2.9', '--port', '65535')

    def test_unset_of_nothing(self):
        self.set('paris', '192.0.2.9')
        self.assertFails(
            "'Paris' has no reflector", 'reflector', 'unset', 'Paris'
        )


class MeasuredTest(base.SyncedTestCase):
    """From packets to a row and what the scheduler makes of it."""

    def write_targets(self, site):
        out = self.run_command('target', 'list', '--site', site, '-f', 'yaml')
        return self.write('targets.yaml', out.out.rstrip('\n'))

    def collect(self, port):
        """One round of a collector that reads the prober of lyon."""
        path = self.write(
            'collector.conf',
            '[edge_sched_input_openmetrics]',
            f'prober = lyon http://127.0.0.1:{port}/metrics',
            # Of clients, which a site is none of.
            'clients = 203.0.113.0/24',
        )
        arguments = ['--config-file', self.conf, '--config-file', path]
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(0, collector.main([*arguments, '--once']))

    def rows(self, port):
        """What is stored, as soon as anything is."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            self.collect(port)
            if rows := self.listed('measurement', 'list'):
                return rows
        self.fail('no row')

    def test_one_prober_tells_of_both_directions(self):
        with serving() as reflector:
            ((address, port),) = reflector.endpoints
            for site in 'lyon', 'paris':
                self.succeed(
                    *f'reflector set {site} {address} --port {port}'.split()
                )
            conf = self.write(
                'prober.conf',
                '[DEFAULT]',
                'use_stderr = true',
                '[edge_sched_prober]',
                f'target_file = {self.write_targets("lyon")}',
                'metrics_port = 0',
                'packets = 10',
                'interval = 0.2',
            )
            prober = Service(conf)
            self.addCleanup(prober.stop)
            (row,) = self.rows(int(prober.wait_for(PUBLISHED)[1]))
        self.assertEqual(
            ('lyon', 'site:paris', 'stamp', 0),
            tuple(
                row[key]
                for key in ('vantage', 'client', 'source', 'loss_ratio')
            ),
        )
        for client, vantage in (
            ('site:paris', 'lyon'),
            ('site:lyon', 'paris'),
        ):
            (shown,) = self.listed('latency', 'show', client)
            self.assertEqual(
                (vantage, client, row['rtt_p50_ms']),
                (shown['vantage'], shown['client'], shown['rtt_p50_ms']),
            )
