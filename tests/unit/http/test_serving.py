# SPDX-License-Identifier: Apache-2.0

import base64
import contextlib
import http.client
import pathlib
import socket
import ssl
import threading
from unittest import mock

import ddt
import fixtures
from oslotest import base
from prometheus_client import CollectorRegistry
from prometheus_client import Gauge

from edge_sched.http import serving
from edge_sched.http.endpoint import Endpoint
from edge_sched.http.endpoint import basic
from edge_sched.http.pages import Answer
from tests.unit.certificates import make_certificate


class WebTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.log = self.useFixture(fixtures.FakeLogger('edge_sched'))
        self.registry = CollectorRegistry()
        Gauge('answer', 'To everything.', registry=self.registry).set(42)
        self.context = None

    def serve(self, address='127.0.0.1', port=0, branch=None, **settings):
        self.address = address
        server = serving.MetricsServer(
            self.registry, Endpoint(address, port, **settings), branch
        )
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        return stack.enter_context(server)

    def serve_tls(self, **settings):
        cert, key = make_certificate(self.folder)
        self.context = ssl.create_default_context(cafile=cert)
        return self.serve(tls_cert=cert, tls_key=key, **settings)

    def get(self, server, path='/metrics', method='GET', **headers):
        """The status, the headers and the text of an answer."""
        if self.context:
            connection = http.client.HTTPSConnection(
                self.address, server.port, timeout=30, context=self.context
            )
        else:
            connection = http.client.HTTPConnection(
                self.address, server.port, timeout=30
            )
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()

    def connect(self, server, source='127.0.0.1'):
        """Somebody who says nothing."""
        stranger = socket.create_connection(
            (self.address, server.port), 30, (source, 0)
        )
        self.addCleanup(stranger.close)
        return stranger

    def assertServes(self, server):
        status, _, text = self.get(server)
        self.assertEqual(200, status)
        self.assertIn('answer 42.0', text)


class FormatTestCase(WebTestCase):
    def test_openmetrics_unless_the_scraper_asks_for_text(self):
        server = self.serve()
        for headers in (
            {},
            {'Accept': '*/*'},
            {'Accept': 'application/openmetrics-text;version=1.0.0,*/*'},
            {'Accept': 'application/openmetrics-text, text/plain;q=0.5'},
        ):
            _, answered, text = self.get(server, **headers)
            self.assertTrue(text.endswith('# EOF\n'), headers)
            self.assertIn(
                'application/openmetrics-text', answered['Content-Type']
            )
        _, answered, text = self.get(server, Accept='text/plain')
        self.assertNotIn('# EOF', text)
        self.assertIn('text/plain', answered['Content-Type'])

    def test_there_is_one_page(self):
        server = self.serve()
        for path, status in (
            ('/', 200),
            ('/metrics', 200),
            ('/metrics?name[]=answer', 200),
            ('/metrics/', 404),
            ('/favicon.ico', 404),
            ('//etc/passwd', 404),
        ):
            self.assertEqual(status, self.get(server, path)[0], path)

    def test_it_can_only_be_read(self):
        server = self.serve()
        self.assertEqual(405, self.get(server, method='POST')[0])

    def test_a_registry_that_fails_fails_the_scrape_alone(self):
        server = self.serve()
        with mock.patch.object(
            self.registry, 'collect', side_effect=TimeoutError
        ):
            status, _, text = self.get(server)
        self.assertEqual((500, 'the log says why\n'), (status, text))
        self.assertIn('A scrape failed', self.log.output)
        self.assertServes(server)


class AddressTestCase(WebTestCase):
    def test_ipv6(self):
        try:
            socket.create_server(('::1', 0), family=socket.AF_INET6).close()
        except OSError as error:
            self.skipTest(f'no IPv6 on the loopback interface: {error}')
        self.assertServes(self.serve('::1'))

    def test_a_port_that_is_taken_is_named(self):
        port = self.serve().port
        error = self.assertRaises(OSError, self.serve, port=port)
        self.assertEqual(
            f'metrics_address 127.0.0.1 metrics_port {port}: Address already '
            f'in use',
            str(error),
        )

    def test_it_says_where_it_listens(self):
        server = self.serve()
        self.assertIn(f'127.0.0.1 port {server.port}', self.log.output)
        self.assertNotIn('clear text', self.log.output)

    def test_its_port_is_free_when_it_has_ended(self):
        server = serving.MetricsServer(self.registry, Endpoint('127.0.0.1', 0))
        with server:
            port = server.port
        self.assertServes(self.serve(port=port))

    def test_it_keeps_no_process_from_ending(self):
        self.serve()
        ours = [t for t in threading.enumerate() if t.name == 'metrics']
        self.assertEqual({True}, {thread.daemon for thread in ours})


class SecretTestCase(WebTestCase):
    def setUp(self):
        super().setUp()
        self.password_file = self.folder / 'password'
        self.password_file.write_text('secret\n')
        self.settings = {
            'user': 'scraper',
            'password_file': str(self.password_file),
        }

    def status(self, server, user, password, path='/metrics'):
        pair = base64.b64encode(f'{user}:{password}'.encode()).decode()
        return self.get(server, path, Authorization=f'Basic {pair}')[0]


class PasswordTestCase(SecretTestCase):
    def test_only_the_right_pair_may_read(self):
        server = self.serve(**self.settings)
        self.assertEqual(200, self.status(server, 'scraper', 'secret'))
        for user, password in (
            ('scraper', 'Secret'),
            ('scraper', ''),
            ('', 'secret'),
            ('scrapér', 'secret'),
        ):
            self.assertEqual(401, self.status(server, user, password))

    def test_whoever_gives_none_is_asked(self):
        server = self.serve(**self.settings)
        status, headers, text = self.get(server)
        self.assertEqual(401, status)
        self.assertIn('Basic', headers['WWW-Authenticate'])
        self.assertNotIn('answer', text)
        self.assertEqual(401, self.get(server, Authorization='é')[0])

    def test_pages_that_are_not_there_ask_as_well(self):
        server = self.serve(**self.settings)
        self.assertEqual(401, self.get(server, '/secret')[0])

    def test_a_password_in_clear_text_is_warned_of(self):
        self.serve(**self.settings)
        self.assertIn('clear text', self.log.output)

    def test_a_new_password_counts_after_a_reload(self):
        server = self.serve(**self.settings)
        self.password_file.write_text('new')
        self.assertEqual(200, self.status(server, 'scraper', 'secret'))
        server.reload()
        self.assertEqual(401, self.status(server, 'scraper', 'secret'))
        self.assertEqual(200, self.status(server, 'scraper', 'new'))

    def test_a_bad_file_leaves_the_old_password(self):
        server = self.serve(**self.settings)
        self.password_file.write_text('')
        self.assertRaises(ValueError, server.reload)
        self.assertEqual(200, self.status(server, 'scraper', 'secret'))


class Echo:
    """A page for each name; one that has a password wants it."""

    path = '/echo/'

    def __init__(self, passwords=None):
        self.passwords = passwords
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked = threading.Event()

    def authorization(self, name):
        if self.passwords is None:
            return None
        password = self.passwords.get(name)
        return b'' if password is None else basic(name, password)

    def answer(self, name):
        self.asked.set()
        self.may_answer.wait(30)
        if name == 'broken':
            raise ZeroDivisionError
        return Answer('200 OK', 'application/json', f'"{name}"'.encode())


class BranchTestCase(SecretTestCase):
    def test_each_name_has_its_page(self):
        server = self.serve(branch=Echo())
        for path, name in (
            ('/echo/lyon', 'lyon'),
            ('/echo/New%20York?x=1', 'New York'),
            ('/echo/Orl%C3%A9ans', 'Orléans'),
            ('/echo/a%2Fb', 'a/b'),
            ('/echo/', ''),
        ):
            status, headers, text = self.get(server, path)
            self.assertEqual((200, f'"{name}"'), (status, text))
            self.assertEqual('application/json', headers['Content-Type'])
        self.assertServes(server)

    def test_what_is_no_name_is_no_page(self):
        server = self.serve(branch=Echo())
        for path in ('/echo/%FF', '/echo', '/echos/lyon'):
            self.assertEqual(404, self.get(server, path)[0])

    def test_it_can_only_be_read(self):
        server = self.serve(branch=Echo())
        self.assertEqual(405, self.get(server, '/echo/a', method='POST')[0])

    def test_one_that_fails_fails_alone(self):
        server = self.serve(branch=Echo())
        self.assertEqual(500, self.get(server, '/echo/broken')[0])
        self.assertServes(server)

    def test_one_that_waits_holds_up_no_scrape(self):
        echo = Echo()
        server = self.serve(branch=echo)
        echo.may_answer.clear()
        waiting = threading.Thread(target=self.get, args=(server, '/echo/a'))
        waiting.start()
        self.addCleanup(waiting.join)
        self.addCleanup(echo.may_answer.set)
        self.assertTrue(echo.asked.wait(30))
        self.assertServes(server)

    def test_without_passwords_of_its_own_those_of_the_metrics_count(self):
        server = self.serve(branch=Echo(), **self.settings)
        for user, password, status in (
            ('scraper', 'secret', 200),
            ('scraper', 'wrong', 401),
            ('lyon', 'l', 401),
        ):
            self.assertEqual(
                status, self.status(server, user, password, '/echo/lyon')
            )
        self.assertEqual(401, self.get(server, '/echo/lyon')[0])
        self.assertEqual(401, self.get(server, '/echo/%FF')[0])

    def test_with_passwords_each_reads_its_own_page_alone(self):
        passwords = {'lyon': 'l', 'paris': 'p'}
        for settings in ({}, self.settings):
            server = self.serve(branch=Echo(passwords), **settings)
            for user, password, path, status in (
                ('lyon', 'l', '/echo/lyon', 200),
                ('lyon', 'p', '/echo/lyon', 401),
                ('lyon', 'l', '/echo/paris', 401),
                ('lyon', 'l', '/echo/nobody', 401),
                ('nobody', '', '/echo/nobody', 401),
                ('', '', '/echo/', 401),
            ):
                self.assertEqual(
                    status,
                    self.status(server, user, password, path),
                    (user, path),
                )
            self.assertEqual(401, self.get(server, '/echo/lyon')[0])
        # The last one has a password of its metrics.
        self.assertEqual(401, self.status(server, 'lyon', 'l', '/metrics'))
        for path in ('/metrics', '/echo/lyon', '/echo/nobody'):
            self.assertEqual(
                200, self.status(server, 'scraper', 'secret', path)
            )


class TlsTestCase(WebTestCase):
    def test_it_is_read_over_tls(self):
        server = self.serve_tls()
        self.assertServes(server)
        self.assertNotIn('clear text', self.log.output)

    def test_plain_http_gets_nothing(self):
        server = self.serve_tls()
        context, self.context = self.context, None
        self.assertRaises(
            (OSError, http.client.HTTPException), self.get, server
        )
        self.context = context
        self.assertServes(server)

    def test_a_stranger_who_does_not_shake_hands_stops_nobody(self):
        server = self.serve_tls()
        for _ in range(3):
            self.connect(server)
        self.assertServes(server)

    def test_a_renewed_certificate_counts_after_a_reload(self):
        server = self.serve_tls()
        cert, _ = make_certificate(self.folder)
        renewed = ssl.create_default_context(cafile=cert)
        self.assertServes(server)
        server.reload()
        self.assertRaises(ssl.SSLCertVerificationError, self.get, server)
        self.context = renewed
        self.assertServes(server)

    def test_connections_are_cut_under_tls_too(self):
        server = self.serve_tls()
        with mock.patch.object(serving, 'MAX_CONNECTIONS', 2):
            first = self.connect(server)
            self.connect(server)
            self.assertServes(server)
            self.assertEqual(b'', first.recv(1))


class StrangersTestCase(WebTestCase):
    def test_a_connection_is_closed_when_it_is_done_with(self):
        server = self.serve()
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        server._server.shutdown_request(ours)
        self.assertEqual(-1, ours.fileno())
        self.assertEqual(b'', theirs.recv(1))

    def test_whoever_says_nothing_is_cut(self):
        with mock.patch.object(serving._Handler, 'timeout', 0.05):
            server = self.serve()
            self.assertEqual(b'', self.connect(server).recv(1))

    def test_the_oldest_makes_way(self):
        server = self.serve()
        with mock.patch.object(serving, 'MAX_CONNECTIONS', 3):
            strangers = [self.connect(server) for _ in range(3)]
            self.assertServes(server)
            self.assertEqual(b'', strangers[0].recv(1))
            strangers[2].sendall(b'GET / HTTP/1.0\r\n\r\n')
            self.assertIn(b'200 OK', strangers[2].recv(100))

    def test_threads_are_bounded_while_those_cut_have_not_ended(self):
        server = self.serve()
        with (
            mock.patch.object(serving, 'MAX_CONNECTIONS', 2),
            mock.patch.object(serving._Server, '_cut_oldest'),
            # Nobody is cut for silence while we wait.
            mock.patch.object(serving._Handler, 'timeout', 60),
        ):
            before = threading.active_count()
            for _ in range(4):
                self.connect(server)
            self.assertEqual(b'', self.connect(server).recv(1))
            self.assertEqual(4, threading.active_count() - before)

    def test_whoever_has_the_most_makes_way(self):
        server = self.serve()
        with mock.patch.object(serving, 'MAX_CONNECTIONS', 4):
            scraper = self.connect(server)
            strangers = [self.connect(server, '127.0.0.2') for _ in range(7)]
            for stranger in strangers[:4]:
                self.assertEqual(b'', stranger.recv(1))
            scraper.sendall(b'GET / HTTP/1.0\r\n\r\n')
            self.assertIn(b'200 OK', scraper.recv(100))

    def test_nobody_is_cut_twice(self):
        server = self.serve()
        may_end = threading.Event()
        end = serving._Server.shutdown_request

        def end_slowly(server, request):
            may_end.wait()
            end(server, request)

        self.addCleanup(may_end.set)
        with (
            mock.patch.object(serving, 'MAX_CONNECTIONS', 4),
            mock.patch.object(serving._Server, 'shutdown_request', end_slowly),
        ):
            strangers = [self.connect(server) for _ in range(8)]
            self.connect(server, '127.0.0.2')
            for stranger in strangers[:5]:
                self.assertEqual(b'', stranger.recv(1))
            strangers[5].sendall(b'GET / HTTP/1.0\r\n\r\n')
            self.assertIn(b'200 OK', strangers[5].recv(100))

    def test_whoever_has_ended_leaves_room(self):
        server = self.serve()
        ended = threading.Semaphore(0)
        end = serving._Server.shutdown_request

        def end_and_tell(server, request):
            end(server, request)
            ended.release()

        with (
            mock.patch.object(serving, 'MAX_CONNECTIONS', 1),
            mock.patch.object(
                serving._Server, 'shutdown_request', end_and_tell
            ),
        ):
            for _ in range(3):
                self.assertServes(server)
                self.assertTrue(ended.acquire(timeout=30))
            self.connect(server)
            # Each has the one before it cut.
            for _ in range(3):
                self.connect(server)
                self.assertTrue(ended.acquire(timeout=30))
            self.assertServes(server)

    def test_there_is_room_when_one_has_all_that_it_may_have(self):
        server = self.serve()
        with (
            mock.patch.object(serving, 'MAX_CONNECTIONS', 2),
            mock.patch.object(serving._Server, '_cut_oldest'),
            # Nobody is cut for silence while we wait.
            mock.patch.object(serving._Handler, 'timeout', 60),
        ):
            before = threading.active_count()
            for _ in range(4):
                self.connect(server, '127.0.0.2')
            self.assertEqual(b'', self.connect(server, '127.0.0.2').recv(1))
            scraper = self.connect(server)
            scraper.sendall(b'GET / HTTP/1.0\r\n\r\n')
            # To the end: it counts until then.
            with scraper.makefile('rb') as answer:
                self.assertIn(b'200 OK', answer.read())
            for number in range(3, 6):
                self.connect(server, f'127.0.0.{number}')
            self.assertEqual(b'', self.connect(server).recv(1))
            self.assertLessEqual(threading.active_count() - before, 6)

    def test_a_slow_scraper_outlasts_a_flood_of_silent_connections(self):
        server = self.serve()
        flood = threading.Event()
        opened = []

        def strangers():
            while not flood.wait(0.01):
                opened.append(self.connect(server, '127.0.0.2'))

        thread = threading.Thread(target=strangers)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(flood.set)
        # What TLS takes over a path of 300 ms, while each stranger of 32 has
        # 320 ms.
        scraper = self.connect(server)
        scraper.sendall(b'GET /metrics HTTP/1.0\r\n')
        while len(opened) < 2 * serving.MAX_CONNECTIONS:
            self.assertTrue(thread.is_alive())
            flood.wait(0.05)
        scraper.sendall(b'\r\n')
        self.assertIn(b'200 OK', scraper.recv(100))


@ddt.ddt
class PeerTestCase(base.BaseTestCase):
    @ddt.data(
        ('192.0.2.7', '192.0.2.7'),
        ('::ffff:192.0.2.7', '192.0.2.7'),
        ('2001:db8:1:2:3::4', '2001:db8:1:2::/64'),
        ('fe80::1%eth0', 'fe80::/64'),
    )
    @ddt.unpack
    def test_who_counts_as_one(self, address, peer):
        self.assertEqual(peer, serving._peer((address, 50_000)))
