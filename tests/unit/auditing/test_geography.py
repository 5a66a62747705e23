# SPDX-License-Identifier: Apache-2.0

"""Where clients are, by a file that is read by the library itself."""

import pathlib
import sys
from typing import Any
from unittest import mock

import fixtures
from oslotest import base

from edge_sched.auditing.geography import GeoDatabase
from edge_sched.auditing.geography import GeoDatabaseError
from tests.unit.auditing import mmdb


def at(latitude: Any, longitude: Any) -> dict[str, Any]:
    return {'location': {'latitude': latitude, 'longitude': longitude}}


class GeoDatabaseTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        self.path = pathlib.Path(folder, 'where.mmdb')

    def database(self, values: dict[str, Any]) -> GeoDatabase:
        self.path.write_bytes(mmdb.made(values))
        return GeoDatabase(str(self.path))

    def test_where_addresses_are(self) -> None:
        database = self.database(
            {
                '203.0.113.0/24': at(45.76, 4.84),
                '198.51.100.0/25': at(-33.87, 151.21),
                '2001:db8:7::/48': at(43.7, 7.25),
            }
        )
        for address, position in (
            ('203.0.113.7', (45.76, 4.84)),
            ('198.51.100.127', (-33.87, 151.21)),
            ('2001:db8:7::1', (43.7, 7.25)),
            ('198.51.100.128', None),
            ('203.0.114.7', None),
            ('2001:db8:8::1', None),
        ):
            self.assertEqual(position, database.position(address), address)

    def test_what_has_no_position(self) -> None:
        database = self.database(
            {
                '203.0.113.0/24': {'country': 'FR'},
                '198.51.100.0/24': {'location': 'Lyon'},
                '192.0.2.0/24': at('north', 'west'),
                '8.8.8.0/24': {'location': {'latitude': 45.0}},
            }
        )
        for address in (
            '203.0.113.7',
            '198.51.100.7',
            '192.0.2.7',
            '8.8.8.8',
            'nowhere',
        ):
            self.assertIsNone(database.position(address), address)

    def test_record_that_is_damaged_is_none(self) -> None:
        raw = mmdb.made({'203.0.113.0/24': at(45.76, 4.84)})
        begin = raw.index(b'location') - 1
        # A pointer that leads out of the file.
        self.path.write_bytes(
            raw[:begin] + b'\x3f\xff\xff\xff\xff' + raw[begin + 5 :]
        )
        database = GeoDatabase(str(self.path))
        self.assertIsNone(database.position('203.0.113.7'))

    def test_file_that_is_none(self) -> None:
        for content in b'', b'no such thing', b'\0' * 10_000:
            self.path.write_bytes(content)
            error = self.assertRaises(
                GeoDatabaseError, GeoDatabase, str(self.path)
            )
            self.assertIn(f'geo_database {self.path} cannot be', str(error))
        self.path.unlink()
        self.assertRaises(GeoDatabaseError, GeoDatabase, str(self.path))

    def test_without_the_library(self) -> None:
        with mock.patch.dict(sys.modules, maxminddb=None):
            error = self.assertRaises(GeoDatabaseError, GeoDatabase, 'x')
        self.assertIn("pip install '.[geo]'", str(error))
