# SPDX-License-Identifier: Apache-2.0

"""Where sites answer each other's probers, on each database."""

import ipaddress

from edge_sched.store.reflectors import Reflector
from edge_sched.store.reflectors import UnknownReflectorError
from tests.functional.store import base


def reflector(site, address, port=862):
    return Reflector(site, ipaddress.ip_address(address), port)


class ReflectorTests:
    def test_set_listed_set_anew_and_unset(self):
        self.assertEqual([], self.writer.list_reflectors())
        paris = reflector('paris', '192.0.2.9', 65_535)
        lyon = reflector('lyon', '2001:db8::9')
        for each in paris, lyon, reflector('Paris', '192.0.2.9'):
            self.writer.set_reflector(each)
        moved = reflector('lyon', '2001:db8::a', 8862)
        self.writer.set_reflector(moved)
        # The same once more, of which some databases change no row.
        self.writer.set_reflector(moved)
        self.writer.unset_reflector('Paris')
        self.assertEqual([moved, paris], self.writer.list_reflectors())
        error = self.assertRaises(
            UnknownReflectorError, self.writer.unset_reflector, 'Paris'
        )
        self.assertEqual("'Paris' has no reflector", str(error))

    def test_several_at_once(self):
        def work(number):
            for port in range(1, 9):
                self.writer.set_reflector(
                    reflector('lyon', f'192.0.2.{number}', port)
                )

        self.assertEqual([None, None], base.in_threads(2, work))
        (lyon,) = self.writer.list_reflectors()
        self.assertEqual(8, lyon.port)


class SqliteTestCase(base.Sqlite, ReflectorTests, base.StoreTestCase):
    pass


class MariaDBTestCase(base.MariaDB, ReflectorTests, base.StoreTestCase):
    pass


class PostgreSQLTestCase(base.PostgreSQL, ReflectorTests, base.StoreTestCase):
    pass
