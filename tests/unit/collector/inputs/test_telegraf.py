# SPDX-License-Identifier: Apache-2.0

import math
from unittest import mock

from edge_sched.collector import door
from edge_sched.collector.inputs import telegraf
from edge_sched.collector.inputs.telegraf import TelegrafInput
from edge_sched.collector.reading import Reading
from tests.unit.collector.inputs.base import InputTestCase

#: As outputs.file writes what inputs.ping has gathered, one packet each.
NOW = 1_800_000_000
ONE = (
    'ping,host=lyon-1,url=203.0.113.7 average_response_ms={0},'
    'maximum_response_ms={0},minimum_response_ms={0},packets_received=1i,'
    'packets_transmitted=1i,percent_packet_loss=0,result_code=0i,'
    'standard_deviation_ms=0,ttl=63i {1}000000000'
)
LOST = (
    'ping,host=lyon-1,url=203.0.113.7 packets_received=0i,'
    'packets_transmitted=1i,percent_packet_loss=100,result_code=1i '
    '{}000000000'
)
#: An example of the documentation, with the tags that Telegraf adds.
LINUX = (
    'ping,host=lyon-1,url=203.0.113.7 average_response_ms=23.066,ttl=63,'
    'maximum_response_ms=24.64,minimum_response_ms=22.451,packets_received=5i,'
    'packets_transmitted=5i,percent_packet_loss=0,result_code=0i,'
    'standard_deviation_ms=0.809 1535747258000000000'
)
WINDOWS = (
    'ping,host=lyon-1,url=203.0.113.7 result_code=0i,average_response_ms=7i,'
    'maximum_response_ms=9i,minimum_response_ms=7i,packets_received=4i,'
    'packets_transmitted=4i,percent_packet_loss=0,percent_reply_loss=0,'
    'reply_received=4i 1469879119000000000'
)
#: method = "native", percentiles = [50, 95, 99], count = 100.
NATIVE = (
    'ping,host=lyon-1,url=203.0.113.7 average_response_ms=11.2,'
    'maximum_response_ms=31.7,minimum_response_ms=9.8,packets_received=100i,'
    'packets_transmitted=100i,percent_packet_loss=0,percentile50_ms=10.9,'
    'percentile95_ms=14.1,percentile99_ms=19.5,result_code=0i,'
    'standard_deviation_ms=1.3,ttl=63i 1800000000500000000'
)
NO_HOST = (
    'ping,host=lyon-1,url=nowhere.invalid result_code=1i 1800000000000000000'
)
OTHER = 'cpu,cpu=cpu0,host=lyon-1 usage_idle=98.1 1800000000000000000'


class TelegrafInputTest(InputTestCase):
    NAME = 'telegraf'

    def setUp(self):
        super().setUp()
        self.path = self.home / 'telegraf.out'

    def add(self, *lines):
        with self.path.open('a') as stream:
            stream.writelines(f'{line}\n' for line in lines)

    def input(self, *lines, **how):
        return self.make(
            f'path = {self.path}', 'vantage = lyon lyon-1', *lines, **how
        )

    def harvest(self, made):
        (harvest,) = self.collect(made)
        self.assertEqual(str(self.path), harvest.source)
        return harvest

    def readings(self, made):
        harvest = self.harvest(made)
        self.assertEqual(({}, ''), (harvest.refused, harvest.failed))
        return harvest.readings

    def test_settings_that_make_no_sense(self):
        self.assertRefused('path: None is not an absolute path')
        self.assertRefused("path: 'out' is not an absolute path", 'path = out')
        self.assertRefused(
            "vantage: '' names no vantage at all", 'path = /tmp/out'
        )
        self.assertRefused(
            "vantage: 'oslo a' has a value twice",
            'path = /tmp/out',
            'vantage = lyon a',
            'vantage = oslo a',
        )

    def test_every_option_says_what_it_does(self):
        for option in TelegrafInput.OPTS:
            self.assertGreater(len(option.help), 80, option.name)

    def test_native_percentiles_are_readings(self):
        self.add(OTHER, NATIVE)
        expected = Reading(
            'lyon',
            '203.0.113.7',
            rtt_p50_ms=10.9,
            rtt_p95_ms=14.1,
            rtt_p99_ms=19.5,
            rtt_min_ms=9.8,
            loss_ratio=0,
            samples=100,
            measured_at=1800000000.5,
            source='telegraf ping',
        )
        self.assertEqual([expected], self.readings(self.input()))

    def test_means_of_the_documentation_rank(self):
        for line, mean_ms, worst_ms, sent in (
            (LINUX, 23.066, 24.64, 5),
            (WINDOWS, 7.0, 9.0, 4),
        ):
            self.path.unlink(missing_ok=True)
            self.add(line)
            (reading,) = self.readings(self.input())
            self.assertEqual(
                (mean_ms, worst_ms, sent, 'telegraf ping mean'),
                (
                    reading.rtt_p50_ms,
                    reading.rtt_p95_ms,
                    reading.samples,
                    reading.source,
                ),
            )

    def test_single_packets_are_pooled_over_rounds(self):
        made = self.input()
        self.add(*(ONE.format(10 + n, NOW + n) for n in range(40)))
        (reading,) = self.readings(made)
        self.assertEqual(40, reading.samples)
        self.add(*(ONE.format(50 + n, NOW + 40 + n) for n in range(38)))
        self.add(*(LOST.format(NOW + 80 + n) for n in range(2)))
        (reading,) = self.readings(made)
        # 64 of 80: 26 to 87, and two that were lost.
        self.assertEqual(
            (64, 57, 86, math.inf, 26, 2 / 64, NOW + 81),
            (
                reading.samples,
                reading.rtt_p50_ms,
                reading.rtt_p95_ms,
                reading.rtt_p99_ms,
                reading.rtt_min_ms,
                reading.loss_ratio,
                reading.measured_at,
            ),
        )
        self.assertEqual([], self.readings(made))

    def test_a_single_packet_counts_as_long_as_the_window_is(self):
        made = self.input('window = 60')
        self.add(*(ONE.format(10, NOW + n) for n in (0, 39, 40, 100)))
        (reading,) = self.readings(made)
        self.assertEqual(2, reading.samples)

    def test_all_lost_is_a_row_that_the_door_takes(self):
        self.add(LOST.format(NOW))
        (reading,) = self.readings(self.input())
        row = door.admit(reading, NOW, NOW - 60).latency
        self.assertEqual(
            (math.inf, math.inf, 1.0),
            (row.rtt_p50_ms, row.rtt_p95_ms, row.loss_ratio),
        )
        several = LOST.replace('transmitted=1i', 'transmitted=5i')
        self.add(several.format(NOW + 1))
        (reading,) = self.readings(self.input())
        row = door.admit(reading, NOW + 1, NOW - 60).latency
        self.assertEqual(math.inf, row.rtt_p50_ms)

    def test_no_such_host_is_no_lost_packet(self):
        self.add(NO_HOST)
        self.assertEqual([], self.readings(self.input()))

    def test_tags_of_the_operator(self):
        self.add(
            NATIVE.replace(',url=', ',pop=LYN\\ 1,edge=203.0.113.0/24,url=')
        )
        made = self.make(
            f'path = {self.path}',
            'vantage = lyon "LYN 1"',
            'vantage_tag = pop',
            'client_tag = edge',
        )
        (reading,) = self.readings(made)
        self.assertEqual(
            ('lyon', '203.0.113.0/24'), (reading.vantage, reading.client)
        )

    def test_other_vantages_are_refused_or_of_another_shard(self):
        self.add(NATIVE.replace('lyon-1', 'oslo-1'), NATIVE)
        harvest = self.harvest(self.input())
        self.assertEqual({'vantage': 1}, harvest.refused)
        self.assertEqual(1, len(harvest.readings))
        made = self.input(mine=lambda vantage: False)
        self.assertEqual(set(), made.vantages())
        self.assertEqual([], list(self.harvest(made).readings))
        self.assertEqual({'lyon'}, self.input().vantages())

    def test_a_bad_line_spoils_no_other(self):
        bad = NATIVE.replace('packets_received=100i,', '')
        self.add(bad, NATIVE, 'ping,host=lyon-1')
        harvest = self.harvest(self.input())
        self.assertEqual({'line': 2}, harvest.refused)
        self.assertEqual((1, ''), (len(harvest.readings), harvest.failed))

    def test_nothing_but_bad_lines_is_a_failure_that_names_one(self):
        self.add(OTHER, 'ping,host=lyon-1')
        harvest = self.harvest(self.input())
        self.assertEqual(
            f"line at byte {len(OTHER) + 1}: 'ping,host=lyon-1' is not "
            'measurement,tag=value field=value,... time',
            harvest.failed,
        )
        self.path.write_bytes(b'ping,host=\xff a=1 5\n')
        self.assertIn('utf-8', self.harvest(self.input()).failed)

    def test_a_file_that_is_not_there(self):
        harvest = self.harvest(self.input())
        self.assertEqual('No such file or directory', harvest.failed)

    def test_clients_are_bounded_and_the_silent_ones_forgotten(self):
        made = self.input('max_clients = 2')
        self.add(
            *(
                ONE.format(10, NOW).replace('113.7', f'113.{n}')
                for n in range(3)
            )
        )
        harvest = self.harvest(made)
        self.assertEqual({'clients': 1}, harvest.refused)
        self.assertEqual(2, len(harvest.readings))
        self.add(ONE.format(10, NOW + 5000))
        (reading,) = self.readings(made)
        self.assertEqual('203.0.113.7', reading.client)

    def test_one_vantage_takes_no_place_of_another(self):
        made = self.input('vantage = oslo oslo-1', 'max_clients = 2')
        self.add(ONE.format(10, NOW).replace('lyon', 'oslo'))
        self.readings(made)
        # Made up, and of a time that nothing else is as new as.
        self.add(
            *(
                ONE.format(10, NOW + 10**6).replace('113.7', f'113.{n}')
                for n in range(9)
            ),
            *(
                ONE.format(10, NOW + 1)
                .replace('lyon', 'oslo')
                .replace('113.7', f'113.{n}')
                for n in (7, 8)
            ),
        )
        found = self.harvest(made)
        self.assertEqual({'clients': 7}, found.refused)
        samples = [r.samples for r in found.readings if r.vantage == 'oslo']
        self.assertEqual([2, 1], samples)

    def test_a_full_place_is_searched_once_a_round(self):
        made = self.input('max_clients = 1')
        with mock.patch.object(
            telegraf, '_forget', wraps=telegraf._forget
        ) as forget:
            for round_ in (1, 2):
                self.add(
                    *(
                        ONE.format(10, NOW).replace('113.7', f'113.{n}')
                        for n in range(5)
                    )
                )
                self.harvest(made)
                self.assertEqual(round_, forget.call_count)

    def test_what_is_no_client_takes_no_place(self):
        made = self.input('max_clients = 1')
        self.add(
            ONE.format(10, NOW).replace('203.0.113.7', 'x' * 5000),
            ONE.format(10, NOW),
        )
        found = self.harvest(made)
        self.assertEqual({'client': 1}, found.refused)
        self.assertEqual(1, len(found.readings))
