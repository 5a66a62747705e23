# SPDX-License-Identifier: Apache-2.0

import json
import math
import os

from edge_sched.collector.inputs.atlas import AtlasInput
from edge_sched.collector.reading import Reading
from tests.unit.collector.fakes import NOW
from tests.unit.collector.inputs.base import InputTestCase

WHOLE = f'0..{2**53 - 1}'

#: With the fields of the documentation, version 5000.
RESULT = {
    'af': 4,
    'avg': 11.2,
    'dst_addr': '203.0.113.7',
    'dst_name': '203.0.113.7',
    'dup': 0,
    'from': '198.51.100.9',
    'fw': 5080,
    'group_id': 51_000_000,
    'lts': 31,
    'max': 11.5,
    'min': 11.0,
    'mver': '2.6.2',
    'msm_id': 51_000_000,
    'msm_name': 'Ping',
    'prb_id': 6112,
    'proto': 'ICMP',
    'rcvd': 3,
    'result': [{'rtt': 11.0}, {'rtt': 11.5}, {'rtt': 11.1}],
    'sent': 3,
    'size': 48,
    'src_addr': '192.168.1.9',
    'step': 240,
    'stored_timestamp': NOW - 50,
    'timestamp': int(NOW) - 60,
    'ttl': 57,
    'type': 'ping',
}


def result(**changes):
    return {**RESULT, **changes}


def packets(*rtts_ms):
    return [
        {'x': '*'} if math.isinf(rtt_ms) else {'rtt': rtt_ms}
        for rtt_ms in rtts_ms
    ]


class AtlasInputTest(InputTestCase):
    NAME = 'atlas'

    def setUp(self):
        super().setUp()
        self.directory = self.home / 'results'
        self.directory.mkdir()

    def write(self, *results, name='a.json'):
        self.write_text(json.dumps(results), name)

    def write_text(self, text, name='a.json'):
        path = self.directory / name
        path.write_text(text)
        os.utime(path, (NOW - 30, NOW - 30))

    def input(self, *lines, **how):
        make = self.make if how else self.make_with_clock
        return make(
            f'directory = {self.directory}',
            *(lines or ['probe = lyon 6112']),
            **how,
        )

    def harvest(self, *lines, **how):
        (harvest,) = self.collect(self.input(*lines, **how))
        return harvest

    def reading(self, *lines):
        harvest = self.harvest(*lines)
        self.assertEqual(({}, ''), (harvest.refused, harvest.failed))
        (reading,) = harvest.readings
        return reading

    def test_settings_that_make_no_sense(self):
        self.assertRefused('directory: None is not an absolute path')
        where = 'directory = /tmp'
        self.assertRefused(
            "probe: '' names no vantage, and neither does anchor", where
        )
        self.assertRefused(
            "probe: 'six' is not the number of a probe",
            where,
            'probe = lyon six',
        )
        self.assertRefused(
            "anchor: 'six' is not an address", where, 'anchor = lyon six'
        )
        self.assertRefused(
            "client: 'car \"' is not a client and a value, in double quotes "
            'if there are blanks in them',
            where,
            'probe = lyon 1',
            'client = car "',
        )

    def test_every_option_says_what_it_does(self):
        for option in AtlasInput.OPTS:
            self.assertGreater(len(option.help), 80, option.name)

    def test_a_result_is_a_reading(self):
        self.write(RESULT)
        self.assertEqual(
            Reading(
                'lyon',
                '203.0.113.7',
                rtt_p50_ms=11.1,
                rtt_p95_ms=11.5,
                rtt_p99_ms=11.5,
                rtt_min_ms=11.0,
                loss_ratio=0,
                samples=3,
                measured_at=NOW - 60,
                source='atlas ping',
            ),
            self.reading(),
        )

    def test_twenty_results_of_three_are_pooled(self):
        at = int(NOW) - 10_000
        # 1 to 75 ms, three a result, of which 16 and later are the newest 60.
        self.write(
            *(
                result(
                    timestamp=at + 240 * n,
                    result=packets(3 * n + 1, 3 * n + 2, 3 * n + 3),
                )
                for n in range(25)
            )
        )
        reading = self.reading()
        self.assertEqual(
            (60, 16, 45, 72, 75, at + 240 * 24),
            (
                reading.samples,
                reading.rtt_min_ms,
                reading.rtt_p50_ms,
                reading.rtt_p95_ms,
                reading.rtt_p99_ms,
                reading.measured_at,
            ),
        )

    def test_results_before_the_window_are_left_out(self):
        at = int(NOW) - 1000
        self.write(
            *(result(timestamp=at + second) for second in (0, 39, 40, 100))
        )
        reading = self.reading('probe = lyon 6112', 'window = 60')
        self.assertEqual(6, reading.samples)

    def test_lost_packets_are_infinitely_late(self):
        self.write(
            result(
                result=[
                    {'x': '*'},
                    {'error': 'sendto failed: Network is unreachable'},
                    {'rtt': 30.5, 'ttl': 60},
                    {'rtt': 31.5, 'dup': 1},
                    {'rtt': 12.5},
                ]
            )
        )
        reading = self.reading()
        self.assertEqual(
            (4, 30.5, math.inf, 12.5, 0.5),
            (
                reading.samples,
                reading.rtt_p50_ms,
                reading.rtt_p95_ms,
                reading.rtt_min_ms,
                reading.loss_ratio,
            ),
        )

    def test_what_was_not_even_sent_is_no_reading(self):
        self.write(result(result=[]))
        self.assertEqual([], self.harvest().readings)

    def test_forms_of_the_api(self):
        other = result(prb_id=7)
        old = result(fw=4400, addr=RESULT['dst_addr'])
        del old['dst_addr'], old['type']
        for text in (
            json.dumps([RESULT, other]),
            json.dumps([old, other]),
            json.dumps({'6112': [RESULT], '7': [other]}),
            f'{json.dumps(RESULT)}\n\n{json.dumps(other)}\n',
        ):
            self.write_text(text)
            readings = self.harvest(
                'probe = lyon 6112', 'probe = oslo 7'
            ).readings
            self.assertEqual(
                ['lyon', 'oslo'], [each.vantage for each in readings]
            )
            self.assertEqual('203.0.113.7', readings[0].client)
        self.write_text(json.dumps(RESULT), 'b.ndjson')
        self.write_text('nonsense', 'c.txt')
        self.assertEqual(2, len(self.collect(self.input())))

    def test_other_types_are_left_out(self):
        self.write(result(type='traceroute', result=7), RESULT)
        self.assertEqual(3, self.reading().samples)

    def test_clients_of_the_operator(self):
        self.write(result(dst_addr='2001:db8:0:0::7', af=6))
        reading = self.reading(
            'probe = lyon 6112', 'client = 2001:db8::/56 2001:db8::7'
        )
        self.assertEqual('2001:db8::/56', reading.client)

    def test_the_probe_is_the_client_of_an_anchor(self):
        self.write(RESULT)
        reading = self.reading('anchor = lyon 203.0.113.7')
        self.assertEqual(
            ('lyon', '198.51.100.9'), (reading.vantage, reading.client)
        )
        reading = self.reading(
            'anchor = lyon 203.0.113.7', 'client = car 198.51.100.9'
        )
        self.assertEqual('car', reading.client)

    def test_a_site_may_ping_a_site(self):
        self.write(RESULT)
        reading = self.reading(
            'probe = lyon 6112',
            'anchor = oslo 203.0.113.7',
            'client = site:oslo 203.0.113.7',
        )
        self.assertEqual(
            ('lyon', 'site:oslo'), (reading.vantage, reading.client)
        )

    def test_other_probes_are_refused_or_of_another_shard(self):
        self.write(RESULT, result(prb_id=7))
        self.assertEqual({'vantage': 1}, self.harvest().refused)
        made = self.input(mine=lambda vantage: False)
        self.assertEqual(set(), made.vantages())
        (harvest,) = self.collect(made)
        self.assertEqual([], harvest.readings)
        self.assertEqual({'lyon'}, self.input().vantages())

    def test_what_is_bad_is_named_with_what_is_allowed(self):
        for changes, why in (
            ({'prb_id': '7'}, 'prb_id is not a whole number in ' + WHOLE),
            ({'prb_id': True}, 'prb_id is not a whole number in ' + WHOLE),
            (
                {'timestamp': 1.5},
                'timestamp is not a whole number in ' + WHOLE,
            ),
            ({'result': 7}, 'result is not a list of 64 at most'),
            (
                {'result': [{'rtt': 1}] * 65},
                'result is not a list of 64 at most',
            ),
            ({'result': [7]}, 'result has what is not a JSON object'),
            *(
                (
                    {'result': [{'rtt': rtt_ms}]},
                    'rtt is not a number in 0..10000, 0 excluded',
                )
                for rtt_ms in (0, -1, 10_001, math.nan, math.inf, '9', True)
            ),
        ):
            self.write(RESULT, result(**changes))
            self.assertEqual(f'line 1: result 2: {why}', self.harvest().failed)
        self.write(RESULT, 7)
        self.assertEqual(
            'line 1: result 2: is not a JSON object', self.harvest().failed
        )
        lines = json.dumps(RESULT), '{', json.dumps(RESULT)
        self.write_text('\n'.join(lines))
        harvest = self.harvest()
        self.assertEqual(
            'line 2: is not JSON, nor is the whole file', harvest.failed
        )
        self.assertEqual({'line': 1}, harvest.refused)
        self.write_text('\n'.join([lines[0], json.dumps(result(prb_id=''))]))
        self.assertEqual(
            f'line 2: prb_id is not a whole number in {WHOLE}',
            self.harvest().failed,
        )

    def test_hostile_files(self):
        self.write_text('[' * 100_000)
        self.assertIn('is not JSON', self.harvest().failed)
        self.write_text('9' * 5000)
        self.assertIn('is not JSON', self.harvest().failed)
        self.write(RESULT, RESULT)
        self.assertEqual(
            'has more than 1 results',
            self.harvest('probe = lyon 6112', 'max_series = 1').failed,
        )
        self.write(*[RESULT] * 9)
        self.assertEqual(
            'is longer than 1024 bytes',
            self.harvest('probe = lyon 6112', 'max_bytes = 1024').failed,
        )

    def test_a_file_that_did_not_change_says_nothing(self):
        self.write(RESULT)
        made = self.input()
        (harvest,) = self.collect(made)
        self.assertEqual(1, len(harvest.readings))
        (harvest,) = self.collect(made)
        self.assertEqual(((), ''), (harvest.readings, harvest.failed))
