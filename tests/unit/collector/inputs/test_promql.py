# SPDX-License-Identifier: Apache-2.0

import gzip
import math
import time

from oslotest import base

from edge_sched.collector.inputs.base import InputError
from edge_sched.collector.inputs.base import Limits
from edge_sched.collector.inputs.prometheus import PlainLink
from edge_sched.collector.inputs.promql import Queries
from edge_sched.http.bounded import BoundedSession
from edge_sched.http.deadline import Deadline
from tests.unit.collector.inputs import server

#: Far above what a test takes, far below what would hold a round.
PATIENCE_SECONDS = 30.0

HEAD = b'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n'


def time_is(text):
    return server.success('scalar', [0, text])


class QueriesTestCase(base.BaseTestCase):
    """One that says what time it is, and then what the test wants."""

    def setUp(self):
        super().setUp()
        self.server = server.Server(self.answer)
        self.addCleanup(self.server.close)
        self.wanted = server.vector()

    def answer(self, asked):
        if asked.parameters['query'] == 'time()':
            return time_is(str(time.time() + 100))
        return self.wanted

    def link(self):
        return PlainLink(BoundedSession(), self.server.url + '/api/v1/query')

    def queries(self, timeout=PATIENCE_SECONDS, max_bytes=10_000):
        return Queries(
            self.link,
            Limits(timeout, max_bytes, max_series=3),
            Deadline(PATIENCE_SECONDS),
        )

    def vector(self, wanted, **limits):
        queries = self.queries(**limits)
        self.wanted = wanted
        return list(queries.vector('up'))

    def assertFails(self, why, wanted, **limits):
        error = self.assertRaises(InputError, self.vector, wanted, **limits)
        self.assertEqual(f'up: {why}', str(error))


class TestQueries(QueriesTestCase):
    def test_vector(self):
        labels = {'client': '192.0.2.1'}
        self.assertEqual(
            [(labels, 0.012), ({}, math.inf)],
            self.vector(server.vector((labels, '0.012'), ({}, '+Inf'))),
        )

    def test_nan_is_left_to_others(self):
        [(_, number)] = self.vector(server.vector(({}, 'NaN')))
        self.assertTrue(math.isnan(number))

    def test_all_questions_are_of_one_moment_by_the_servers_clock(self):
        queries = self.queries()
        queries.vector('up')
        queries.vector('down')
        asked = [each.parameters for each in self.server.asked]
        self.assertEqual({'query': 'time()'}, asked[0])
        self.assertEqual('up', asked[1]['query'])
        self.assertEqual(f'{queries.at:.3f}', asked[1]['time'])
        self.assertEqual(asked[1]['time'], asked[2]['time'])
        self.assertLess(abs(queries.ahead_seconds - 100), 10)

    def test_one_without_scalars_is_asked_for_its_clock(self):
        """VictoriaMetrics: what ``time()`` says is 30 s old by default."""

        def answer(asked):
            if asked.parameters['query'] != 'time()':
                return self.wanted
            now = time.time() + 100 - 30 * ('nocache' not in asked.parameters)
            return server.vector(({}, str(now)))

        self.server.answer = answer
        before = time.time()
        queries = self.queries()
        queries.vector('up')
        self.assertLess(abs(queries.at - before - 70), 10)
        self.assertLess(abs(queries.ahead_seconds - 100), 10)
        asked = [each.parameters for each in self.server.asked]
        self.assertEqual(
            [
                {'query': 'time()'},
                {'query': 'time()', 'nocache': '1'},
                {'query': 'up', 'time': f'{queries.at:.3f}'},
            ],
            asked,
        )

    def test_gzip(self):
        status, body = server.vector(({}, '1'))
        packed = gzip.compress(body)

        def write(stream, over):
            stream.write(
                b'HTTP/1.1 200 OK\r\nConnection: close\r\n'
                b'Content-Encoding: gzip\r\n'
                b'Content-Length: %d\r\n\r\n%b' % (len(packed), packed)
            )

        self.assertEqual([({}, 1.0)], self.vector((status, write)))
        self.assertIn('gzip', self.server.asked[1].headers['Accept-Encoding'])

    def test_warnings_are_logged_once(self):
        warned = server.success('vector', [], warnings=['half\nof it'])
        queries = self.queries()
        self.wanted = warned
        with self.assertLogs('edge_sched', 'WARNING') as logged:
            queries.vector('up')
            queries.vector('up')
        self.assertEqual(
            ['Prometheus warns: half of it'],
            [record.getMessage() for record in logged.records],
        )


class TestNonsense(QueriesTestCase):
    def test_server_does_not_know_the_time(self):
        for answer in (
            time_is('noon'),
            server.success('scalar', [0, None]),
            server.success('scalar', [0]),
            time_is('NaN'),
            server.vector(),
            server.vector(({}, '1'), ({}, '2')),
            server.vector(({}, 'noon')),
        ):
            self.answer = lambda asked, answer=answer: answer
            self.server.answer = self.answer
            error = self.assertRaises(InputError, self.queries)
            self.assertEqual('time(): the answer is not a time', str(error))

    def test_no_answer_of_prometheus(self):
        for body in (
            b'<html>Sign in</html>',
            b'',
            b'\xff\xfe',
            b'null',
            b'[]',
            b'{}',
            b'{"status": "success"}',
            b'{"status": "success", "data": []}',
            b'{"status": "success", "data": {"resultType": "vector"}}',
            b'{"status": "success", "data": {"resultType": "vec',
            b'{"status": "success",'
            b' "data": {"resultType": "vector", "result": 7}}',
            b'[' * 9000,
        ):
            self.assertFails(
                'the answer is not one of Prometheus', (200, body)
            )

    def test_no_number_a_series(self):
        histogram = {'metric': {}, 'histogram': [0, {'count': '1'}]}
        for result in (
            [histogram],
            [{'metric': {}, 'value': [0]}],
            [{'metric': {}, 'value': [0, 'many']}],
            [{'value': [0, '1']}],
            [{'metric': 7, 'value': [0, '1']}],
            [{'metric': {'client': 7}, 'value': [0, '1']}],
            [None],
        ):
            self.assertFails(
                'the answer is not one number a series',
                server.success('vector', result),
            )

    def test_other_type(self):
        self.assertFails(
            "the answer is a 'matrix', not a vector",
            server.success('matrix', []),
        )

    def test_error_of_prometheus(self):
        self.assertFails(
            'HTTP status 422: {"status":"error","error":"too many samples"}',
            (422, b'{"status":"error","error":"too many samples"}'),
        )

    def test_error_with_success_for_a_status(self):
        self.assertFails(
            'busy', (200, b'{"status": "error", "error": "busy"}')
        )

    def test_page_is_cut_and_made_harmless(self):
        error = self.assertRaises(
            InputError, self.vector, (500, b'\x1b[31m\n' + b'x' * 5000)
        )
        self.assertEqual(
            r'up: HTTP status 500: \x1b[31m ' + 'x' * 188 + '...', str(error)
        )

    def test_redirect_is_not_followed(self):
        def write(stream, over):
            stream.write(
                b'HTTP/1.1 302 Found\r\nLocation: /login\r\n'
                b'Content-Length: 0\r\n\r\n'
            )

        self.assertFails('HTTP status 302: ', (302, write))
        self.assertEqual(2, len(self.server.asked))

    def test_too_many_series(self):
        self.assertFails(
            '4 series, more than 3', server.vector(*[({}, '1')] * 4)
        )

    def test_too_long(self):
        self.assertFails(
            'the answer is longer than 10000 bytes', (200, b' ' * 10_001)
        )

    def test_too_long_when_unpacked(self):
        packed = gzip.compress(b' ' * 5_000_000)

        def write(stream, over):
            stream.write(
                b'HTTP/1.1 200 OK\r\nConnection: close\r\n'
                b'Content-Encoding: gzip\r\n'
                b'Content-Length: %d\r\n\r\n%b' % (len(packed), packed)
            )

        self.assertLess(len(packed), 10_000)
        self.assertFails('the answer is longer than 10000 bytes', (200, write))

    def test_cut_short(self):
        def write(stream, over):
            stream.write(HEAD + b'{"status": "success"')

        error = self.assertRaises(InputError, self.vector, (200, write))
        self.assertIn('IncompleteRead', str(error))


class TestSilence(QueriesTestCase):
    """However slow, and however little at a time."""

    def assertLate(self, write):
        self.assertFails('no whole answer in time', (200, write), timeout=0.5)

    def test_nothing(self):
        self.assertLate(lambda stream, over: over.wait())

    def test_header_by_the_byte(self):
        self.assertLate(server.drip(b'HTTP/1.1 200 OK\r\nX-Slow: ', b'x'))

    def test_body_by_the_byte(self):
        self.assertLate(server.drip(HEAD, b' '))

    def test_chunks_by_the_byte(self):
        self.assertLate(
            server.drip(
                b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
                b'1\r\n \r\n',
            )
        )

    def test_server_is_down(self):
        self.server.close()
        error = self.assertRaises(InputError, self.queries)
        self.assertEqual(
            'time(): ConnectionRefusedError: [Errno 111] Connection refused',
            str(error),
        )

    def test_deadline_of_the_round_goes_first(self):
        self.server.answer = lambda asked: (
            200,
            lambda stream, over: over.wait(),
        )
        error = self.assertRaises(
            InputError,
            Queries,
            self.link,
            Limits(PATIENCE_SECONDS, 1000, 1000),
            Deadline(0.3),
        )
        self.assertEqual('time(): no whole answer in time', str(error))
