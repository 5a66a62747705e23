# SPDX-License-Identifier: Apache-2.0

import json
import socket

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.listen.line import MAX_OCTETS
from edge_sched.listen.line import RTT_MAX_US
from edge_sched.listen.line import Handshake
from edge_sched.listen.line import RefusedError
from edge_sched.listen.line import parse

V4 = socket.inet_pton(socket.AF_INET, '203.0.113.7')
V6 = socket.inet_pton(socket.AF_INET6, '2001:db8::7')


def refused(line: bytes) -> str:
    """Why; empty if it is not."""
    try:
        parse(line)
    except RefusedError as error:
        return error.reason
    return ''


class ParseTestCase(base.BaseTestCase):
    def test_lines_of_proxies(self):
        for line in (
            b'client=203.0.113.7 rtt_us=12345',
            # nginx 1.22, RFC 3164.
            b'<190>Nov 30 15:30:41 lyon nginx: '
            b'client=203.0.113.7 rtt_us=12345',
            # HAProxy 2.6, RFC 3164 and RFC 5424.
            b'<134>Nov 30 15:30:41 haproxy[27864]: 203.0.113.7:45216 '
            b'[30/Nov/2026:15:30:41.500] web web/<NOSRV> 0/-1/-1/-1/0 204 60 '
            b'- - LR-- 1/1/0/0/0 0/0 "GET / HTTP/1.1" '
            b'client=203.0.113.7 rtt_us=12345\n',
            b'<134>1 2026-11-30T15:30:41.501406+00:00 - haproxy 27864 - - '
            b'client=203.0.113.7 rtt_us=12345\n\0',
            b'{"client": "203.0.113.7", "rtt_us": 12345}',
            b'<190>Nov 30 15:30:41 lyon nginx: '
            b'{"rtt_us":"12345","client":"203.0.113.7","uri":"/{x}"}\r\n',
            b'client=::ffff:203.0.113.7 rtt_us=12345',
        ):
            self.assertEqual(Handshake(V4, 12345), parse(line), line)

    def test_the_longest_line(self):
        end = b' client=203.0.113.7 rtt_us=1'
        self.assertEqual(
            Handshake(V4, 1), parse(b'x' * (MAX_OCTETS - len(end)) + end)
        )

    def test_ipv6(self):
        self.assertEqual(
            Handshake(V6, 1), parse(b'client=2001:db8::7 rtt_us=1')
        )

    def test_what_a_client_says_before_the_end_does_not_count(self):
        self.assertEqual(
            Handshake(V4, 10),
            parse(
                b'"GET /? client=192.0.2.1 rtt_us=1 {"client": "192.0.2.1"} '
                b'client=192.0.2.1 rtt_us=1" client=203.0.113.7 rtt_us=10'
            ),
        )

    def test_reasons(self):
        for reason, *lines in (
            ('long', b' ' * MAX_OCTETS + b'client=203.0.113.7 rtt_us=1'),
            (
                'malformed',
                b'',
                b'GET /',
                b'\xff\0\xfe',
                b'client=203.0.113.7',
                b'client=203.0.113.7 rtt_us=1 more',
                b'xclient=203.0.113.7 rtt_us=1',
                b'client=203.0.113.7  rtt_us=1',
                b'203.0.113.7 rtt_us=1',
                b'{"client": "203.0.113.7", "rtt_us": }',
                b'{"client": {"a": 1}} {}',
                b'[' * 4000 + b'}',
                b'{"a":' * 1500 + b'1' + b'}' * 500,
                b'{"rtt_us": ' + b'1' * 5000 + b'}',
                b'}',
            ),
            (
                'client',
                b'client=- rtt_us=1',
                b'client=203.0.113.007 rtt_us=1',
                b'client=203.0.113 rtt_us=1',
                b'client=phone.example rtt_us=1',
                b'client=fe80::1%eth0 rtt_us=1',
                b'client=\xe2\x91\xa0.0.0.1 rtt_us=1',
                b'{"client": "\\u0000", "rtt_us": 1}',
                b'{"client": 5, "rtt_us": 1}',
                b'{"rtt_us": 1}',
            ),
            (
                'none',
                b'client=203.0.113.7 rtt_us=-',
                b'client=203.0.113.7 rtt_us=',
                b'{"client": "203.0.113.7", "rtt_us": ""}',
                b'{"client": "203.0.113.7"}',
            ),
            (
                'rtt',
                b'client=203.0.113.7 rtt_us=0',
                b'client=203.0.113.7 rtt_us=10000001',
                b'client=203.0.113.7 rtt_us=-5',
                b'client=203.0.113.7 rtt_us=1.5',
                b'client=203.0.113.7 rtt_us=' + b'9' * 60,
                b'{"client": "203.0.113.7", "rtt_us": 0.9}',
                b'{"client": "203.0.113.7", "rtt_us": -1}',
                b'{"client": "203.0.113.7", "rtt_us": NaN}',
                b'{"client": "203.0.113.7", "rtt_us": 1e999}',
                b'{"client": "203.0.113.7", "rtt_us": true}',
                b'{"client": "203.0.113.7", "rtt_us": [1]}',
            ),
        ):
            for line in lines:
                self.assertEqual(reason, refused(line), line[:60])

    @given(st.binary(max_size=300))
    def test_any_octets_are_read_or_refused(self, octets):
        for line in (
            octets,
            b'client=203.0.113.7 rtt_us=' + octets,
            b'client=' + octets + b' rtt_us=1',
            b'{' + octets + b'}',
        ):
            if not refused(line):
                self.assertTrue(1 <= parse(line).rtt_us <= RTT_MAX_US)

    @given(st.ip_addresses(), st.integers(1, RTT_MAX_US))
    def test_both_forms_say_the_same(self, address, rtt_us):
        pair = f'client={address} rtt_us={rtt_us}'.encode()
        whole = json.dumps({'client': str(address), 'rtt_us': rtt_us}).encode()
        self.assertEqual(parse(pair), parse(whole))
        self.assertEqual(rtt_us, parse(pair).rtt_us)
