# SPDX-License-Identifier: Apache-2.0


"""Servers that mean no good: each is refused, soon and in little memory."""

import socket
import time
import tracemalloc
import zlib

import ddt
import fixtures
from oslotest import base

from edge_sched.http.deadline import Deadline
from edge_sched.http.fetch import Fetcher
from edge_sched.http.fetch import FetchError
from tests.unit.collector.fakes import PATIENCE_SECONDS
from tests.unit.collector.inputs.site import Site
from tests.unit.collector.inputs.site import says

MIB = 2**20


class FetchTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())

    def get(self, url, seconds=PATIENCE_SECONDS, max_bytes=MIB):
        body, _ = Fetcher().get(url, {}, Deadline(seconds), max_bytes)
        return body

    def site(self, answer):
        return self.useFixture(Site(answer))

    def refusal(self, *pieces, **how):
        """Why an answer of these octets is refused; the log stays empty."""

        def answer(handler):
            for piece in pieces:
                handler.wfile.write(piece)

        site = self.site(answer)
        error = self.assertRaises(FetchError, self.get, site.url, **how)
        self.assertEqual('', self.log.output)
        return str(error)

    def assertModest(self, mib, use, *args, **kwargs):
        """What ``use`` returns, if it takes no more memory than that."""
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        result = use(*args, **kwargs)
        _, peak_bytes = tracemalloc.get_traced_memory()
        self.assertLess(peak_bytes / MIB, mib)
        return result


class AddressesTest(FetchTestCase):
    """A name with several addresses, on loopback."""

    def hole(self, port=0):
        """An address where packets are swallowed."""
        # Linux drops SYNs to a listener whose queue is full.
        hole = socket.create_server(('127.0.0.2', port), backlog=0)
        self.addCleanup(hole.close)
        port = hole.getsockname()[1]
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(('127.0.0.2', port))
            self.addCleanup(filler.close)
        return port

    def name(self, *hosts):
        """Have every name be these addresses."""

        def found(host, port, *args, **kwargs):
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, '', (each, port))
                for each in hosts
            ]

        self.useFixture(fixtures.MockPatch('socket.getaddrinfo', found))

    def seconds(self, use, *args):
        """What ``use`` returns, and how long it took."""
        begun = time.monotonic()
        return use(*args), time.monotonic() - begun

    def test_the_next_address_is_tried_in_time(self):
        site = self.site(says('here'))
        port = site.port
        self.hole(port)
        self.name('127.0.0.2', '127.0.0.1')
        body, took_seconds = self.seconds(
            self.get, f'http://prober.example:{port}/'
        )
        self.assertEqual(b'here', body)
        # A SYN that was lost is sent again after one.
        self.assertTrue(1 < took_seconds < 3, took_seconds)

    def test_little_time_is_shared(self):
        site = self.site(says('here'))
        port = site.port
        self.hole(port)
        self.name('127.0.0.2', '127.0.0.1')
        self.assertEqual(
            b'here', self.get(f'http://prober.example:{port}/', 1.0)
        )

    def test_the_deadline_holds_for_all_of_them(self):
        port = self.hole()
        self.name(*['127.0.0.2'] * 9)
        error, took_seconds = self.seconds(
            self.assertRaises,
            FetchError,
            self.get,
            f'http://prober.example:{port}/',
            0.5,
        )
        self.assertEqual('no whole answer in time', str(error))
        self.assertLess(took_seconds, 3)

    def test_the_last_failure_is_told(self):
        port = self.hole()
        self.name('127.0.0.2', '127.0.0.3')
        error = self.assertRaises(
            FetchError, self.get, f'http://prober.example:{port}/'
        )
        self.assertEqual(
            'ConnectionRefusedError: [Errno 111] Connection refused',
            str(error),
        )


@ddt.ddt
class HostileTest(FetchTestCase):
    @ddt.data(
        ('200 OK', f'the answer is longer than {MIB} bytes'),
        ('302 Found', 'HTTP status 302, Found, to /, which is not followed'),
        ('500 Oh', 'HTTP status 500, Internal Server Error'),
    )
    @ddt.unpack
    def test_a_bomb_is_refused_before_it_is_unpacked(self, status, why):
        packer = zlib.compressobj(wbits=31)
        zeros = bytes(MIB)
        bomb = b''.join(packer.compress(zeros) for _ in range(32))
        bomb += packer.flush()
        self.assertLess(len(bomb), MIB)
        told = self.assertModest(
            8,
            self.refusal,
            f'HTTP/1.0 {status}\r\n'.encode(),
            b'Location: /\r\n' if status.startswith('3') else b'',
            b'Content-Encoding: gzip\r\n\r\n',
            bomb,
        )
        self.assertEqual(why, told)

    def test_a_header_without_end_is_refused(self):
        why = self.refusal(
            b'HTTP/1.0 200 OK\r\nX-Header: ', b'x' * 8182 + b'\r\n\r\n'
        )
        self.assertEqual(
            'HTTPException: a line of HTTP is longer than 8192 bytes', why
        )

    def test_a_long_header_is_taken(self):
        def answer(handler):
            handler.wfile.write(
                b'HTTP/1.0 200 OK\r\nX-Header: '
                + b'x' * 8179
                + b'\r\n\r\nhere'
            )

        self.assertEqual(b'here', self.get(self.site(answer).url))

    def test_headers_that_are_none_are_refused_without_a_word(self):
        junk = b'\x1b[2J' + b'x' * 8000 + b'\r\n'
        why = self.refusal(b'HTTP/1.0 200 OK\r\n', junk * 90, b'\r\n# EOF')
        self.assertTrue(why.startswith('HeaderParsingError: '), why)
        self.assertIn(r'\x1b[2Jxxx', why)
        self.assertEqual(200, len(why))

    def test_headers_without_end_are_refused(self):
        why = self.refusal(b'HTTP/1.0 200 OK\r\n', b'X: y\r\n' * 9999)
        self.assertEqual('HTTPException: got more than 100 headers', why)

    def test_the_length_of_a_chunk_is_bounded(self):
        why = self.assertModest(
            8,
            self.refusal,
            b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
            *[b'0' * MIB] * 64,
        )
        self.assertIn('a line of HTTP is longer than 8192 bytes', why)

    def test_what_is_not_http_is_told_on_a_short_line(self):
        why = self.refusal(b'\x1b[2J' + b'x' * 8000 + b'\r\n')
        self.assertTrue(why.startswith(r'BadStatusLine: \x1b[2Jxxx'), why)
        self.assertEqual(200, len(why))

    def test_where_a_redirect_leads_is_told_on_a_short_line(self):
        why = self.refusal(
            b'HTTP/1.0 301 Moved\r\nLocation: /\x1b[2J'
            + b'x' * 8000
            + b'\r\n\r\n'
        )
        self.assertTrue(why.startswith('HTTP status 301, Moved Permanently, '))
        self.assertIn(r'to /\x1b[2Jxxx', why)
        self.assertLess(len(why), 300)
