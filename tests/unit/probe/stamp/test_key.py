# SPDX-License-Identifier: Apache-2.0

"""The key file."""

import pathlib

import fixtures
from oslotest import base

from edge_sched.probe.stamp.key import BadKeyError
from edge_sched.probe.stamp.key import read_key


class KeyTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        home = self.useFixture(fixtures.TempDir()).path
        self.file = pathlib.Path(home) / 'key'
        self.log = self.useFixture(fixtures.FakeLogger('edge_sched'))

    def read(self, octets, mode=0o600):
        self.file.write_bytes(octets)
        self.file.chmod(mode)
        return read_key(str(self.file))

    def test_hexadecimal_digits_with_white_space_around(self):
        self.assertEqual(
            bytes(range(16)), self.read(b' 000102030405060708090A0b0c0d0e0f\n')
        )
        self.assertEqual('', self.log.output)

    def test_other_octets_as_they_are(self):
        for octets in (b'correct horse battery\n', bytes(range(200, 232))):
            self.assertEqual(octets, self.read(octets))

    def test_too_short_or_too_long_is_refused(self):
        for octets, count in ((b'', 0), (b'00' * 15, 15), (b'x' * 1025, 1025)):
            error = self.assertRaises(BadKeyError, self.read, octets)
            self.assertEqual(
                f'{self.file}: the key has {count} octets, not 16..1024',
                str(error),
            )

    def test_a_file_that_is_not_there_is_refused(self):
        error = self.assertRaises(BadKeyError, read_key, '/nowhere/key')
        self.assertEqual('/nowhere/key: No such file or directory', str(error))

    def test_a_file_open_to_others_is_warned_of(self):
        self.read(b'00' * 16, 0o640)
        self.assertIn(f'{self.file}: the key is not', self.log.output)
