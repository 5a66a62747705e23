# SPDX-License-Identifier: Apache-2.0

"""``edge-sched reflector`` on a real store."""

from tests.unit.cmd import base
from tests.unit.model.test_names import ONE
from tests.unit.model.test_names import TWO


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
            *('', ' lyon', 'a,b', 'a@b', 'a\nb', 's' * 256),
            '\u0958' * 255,
        ):
            shown = repr(site if len(site) < 65 else f'{site[:61]}...')
            for argv in (('set', site, '192.0.2.9'), ('unset', site)):
                self.assertFails(
                    f'{shown} is not the name of a site', 'reflector', *argv
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
