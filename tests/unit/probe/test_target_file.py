# SPDX-License-Identifier: Apache-2.0

import pathlib
from unittest import mock

import ddt
import fixtures
from oslotest import base

from edge_sched.probe import target_file
from edge_sched.probe.target import Rates
from edge_sched.probe.target_file import BadTargetFileError
from edge_sched.probe.target_file import read_targets

EXAMPLE = """
- client: 203.0.113.0/24
  address: 203.0.113.7
- client: vehicle-42
  project: p1
  address: 198.51.100.1     # the UPF that it hangs on
  probe: icmp
  access_ms: 12
- client: 2001:db8::7
  interval_seconds: 60
"""


class FileTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.path = str(
            pathlib.Path(self.useFixture(fixtures.TempDir()).path, 't.yaml')
        )

    def read(self, text):
        if isinstance(text, str):
            text = text.encode()
        pathlib.Path(self.path).write_bytes(text)
        return read_targets(self.path, Rates())

    def assertRefused(self, text, where, why):
        error = self.assertRaises(BadTargetFileError, self.read, text)
        self.assertEqual(f'{self.path}{where}: {why}', str(error))


@ddt.ddt
class ReadTargetsTestCase(FileTestCase):
    def test_targets_in_their_order(self):
        targets = self.read(EXAMPLE)
        self.assertEqual(
            ['203.0.113.0/24', 'vehicle-42', '2001:db8::7'],
            [target.client for target in targets],
        )
        self.assertEqual('icmp gateway+12ms', targets[1].source)
        self.assertEqual(Rates(interval_seconds=60.0), targets[2].rates)

    def test_an_empty_list_is_no_targets(self):
        self.assertEqual((), self.read('[]\n'))

    def test_rates_that_the_file_does_not_state_are_the_given_ones(self):
        pathlib.Path(self.path).write_text('- client: 203.0.113.7\n')
        (target,) = read_targets(self.path, Rates(2, 60.0, 20))
        self.assertEqual(Rates(2, 60.0, 20), target.rates)

    def test_one_name_of_two_projects_is_two_clients(self):
        text = """
- {client: car, project: a, address: 192.0.2.1}
- {client: car, project: b, address: 192.0.2.1}
- {client: car, address: 192.0.2.1}
"""
        self.assertEqual(3, len(self.read(text)))

    @ddt.data(
        ('', ', line 1', 'is not a list of targets'),
        ('client: 203.0.113.7', ', line 1', 'is not a list of targets'),
        ('- 203.0.113.7', ', line 1', 'is not a mapping'),
        (
            '- client: 203.0.113.7\n- client: 203.0.113.8\n  port: 0\n',
            ', line 2',
            'key port: 0 is not a whole number in 1..65535',
        ),
        (
            '- client: 203.0.113.7\n- client: 203.0.113.7/32\n',
            ', line 2',
            'key client: 203.0.113.7 is in line 1 already',
        ),
        (
            '- client: 203.0.113.7\n  port: 1\n  port: 2\n',
            ', line 3',
            'key port: is there twice',
        ),
        (
            '- client: [203.0.113.7]\n',
            ', line 1',
            'key client: is not a scalar',
        ),
        *(
            (
                f'- client: 203.0.113.7\n  {key}: {value}\n',
                ', line 2',
                f'key {key}: {value!r} is not what YAML takes it for: write '
                'a number in decimal, without leading zeros, and text in '
                'quotes',
            )
            for key, value in (
                ('port', '0443'),
                ('port', '0x1bb'),
                ('port', '1_000'),
                ('port', '7:23'),
                ('access_ms', '1:30.5'),
                ('project', '0123'),
            )
        ),
        ('- ? [a]\n  : b\n', ', line 1', 'the key is not text'),
        (
            '- client: 2026-02-30\n',
            ', line 1',
            "key client: '2026-02-30' makes no sense",
        ),
        (
            '- client: !!python/name:os.system 1\n',
            ', line 1',
            'is not YAML: could not determine a constructor for the tag '
            "'tag:yaml.org,2002:python/name:os.system'",
        ),
    )
    @ddt.unpack
    def test_what_is_wrong_is_named(self, text, where, why):
        self.assertRefused(text, where, why)

    def test_what_is_not_yaml_is_named_by_its_line(self):
        text = '- client: 203.0.113.7\n- client: "203\n'
        error = self.assertRaises(BadTargetFileError, self.read, text)
        self.assertIn(f'{self.path}, line 3: is not YAML: ', str(error))

    def test_bytes_that_are_no_text_are_one_line_too(self):
        error = self.assertRaises(BadTargetFileError, self.read, b'- \xff\xfe')
        self.assertIn(f'{self.path}: is not YAML: ', str(error))
        self.assertNotIn('\n', str(error))

    def test_a_file_that_is_not_there(self):
        error = self.assertRaises(
            BadTargetFileError, read_targets, self.path, Rates()
        )
        self.assertEqual(
            f'{self.path}: cannot be read: No such file or directory',
            str(error),
        )

    def test_a_file_that_is_too_long_is_not_read_whole(self):
        with mock.patch.object(target_file, 'MAX_BYTES', 20):
            self.assertRefused(EXAMPLE, '', 'has more than 20 bytes')

    def test_too_many_targets(self):
        with mock.patch.object(target_file, 'MAX_TARGETS', 2):
            self.assertRefused(
                EXAMPLE, ', line 9', 'there are more than 2 targets'
            )
