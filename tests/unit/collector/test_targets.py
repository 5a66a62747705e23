# SPDX-License-Identifier: Apache-2.0

"""Pages of targets on a real server, from a store that does as a test says."""

import collections
import contextlib
import json
import pathlib
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from unittest import mock

import fixtures
import requests
from oslotest import base
from prometheus_client import CollectorRegistry

from edge_sched.collector import targets
from edge_sched.collector.targets import Serving
from edge_sched.collector.targets import TargetPages
from edge_sched.collector.targets import read_passwords
from edge_sched.http.endpoint import Endpoint
from edge_sched.http.fetch import FetchError
from edge_sched.http.serving import MetricsServer
from edge_sched.model.wanted import WantedTarget
from edge_sched.probe.subscription import Source
from edge_sched.store.errors import StoreUnavailableError
from tests.unit.certificates import make_certificate
from tests.unit.collector import prometheus
from tests.unit.collector.fakes import PATIENCE_SECONDS

PING = WantedTarget('203.0.113.0/24', '203.0.113.7')
PING_V6 = WantedTarget('2001:db8:a::/56', '2001:db8:a::7')
STAMP = WantedTarget('198.51.100.0/24', '198.51.100.7', 'stamp', 862)
GATEWAY = WantedTarget('192.0.2.0/24', '198.51.100.1', access_ms=12)


class Store:
    """Who is wanted from where; it counts who asks."""

    def __init__(self, **wanted):
        self.wanted = wanted
        self.asked = collections.Counter()
        self.error = None
        self.answers = threading.Event()
        self.answers.set()

    def targets(self, vantage):
        self.asked[vantage] += 1
        self.answers.wait(PATIENCE_SECONDS)
        if self.error:
            raise self.error
        return self.wanted.get(vantage, [])


class PagesTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger('edge_sched'))
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.store = Store(lyon=[PING, PING_V6], paris=[STAMP, GATEWAY])
        self.addCleanup(self.store.answers.set)

    def pages(self, **settings):
        return TargetPages(Serving(self.store.targets, **settings))

    def serve(self, pages, **settings):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        server = MetricsServer(
            CollectorRegistry(), Endpoint('127.0.0.1', 0, **settings), pages
        )
        stack.enter_context(server)
        scheme = 'https' if settings.get('tls_cert') else 'http'
        return f'{scheme}://127.0.0.1:{server.port}/targets'

    def clients(self, answer):
        self.assertEqual('200 OK', answer.status)
        return [each['labels']['client'] for each in json.loads(answer.body)]


class AnswerTest(PagesTestCase):
    def test_each_vantage_has_its_own(self):
        pages = self.pages()
        self.assertEqual(
            ['203.0.113.0/24', '2001:db8:a::/56'],
            self.clients(pages.answer('lyon')),
        )
        self.assertEqual(
            ['198.51.100.0/24', '192.0.2.0/24'],
            self.clients(pages.answer('paris')),
        )
        self.assertEqual('application/json', pages.answer('lyon').content_type)

    def test_one_that_is_not_there_is_like_one_without_targets(self):
        self.store.wanted['metz'] = []
        pages = self.pages()
        self.assertEqual(pages.answer('metz'), pages.answer('nowhere'))
        self.assertEqual(b'[]', pages.answer('nowhere').body)

    def test_a_name_is_one_however_it_is_typed(self):
        self.store.wanted['Orl\xe9ans'] = [PING]
        pages = self.pages()
        self.assertEqual(1, len(self.clients(pages.answer('Orle\u0301ans'))))

    def test_what_no_vantage_is_called_asks_nobody(self):
        pages = self.pages()
        for name in ('', ' ', 'x' * 256, 'a\nb', 'a\0', '\u202e'):
            self.assertEqual('404 Not Found', pages.answer(name).status)
        self.assertEqual('200 OK', pages.answer('x' * 255).status)
        self.assertEqual({'x' * 255: 1}, self.store.asked)


class KeepingTest(PagesTestCase):
    def test_a_list_is_kept_for_a_moment(self):
        pages = self.pages()
        for _ in range(5):
            pages.answer('lyon')
        pages.answer('paris')
        self.assertEqual({'lyon': 1, 'paris': 1}, self.store.asked)

    def test_and_no_longer(self):
        with mock.patch.object(targets, 'KEPT_SECONDS', 0):
            pages = self.pages()
        pages.answer('lyon')
        self.store.wanted['lyon'] = [STAMP]
        self.assertEqual(
            ['198.51.100.0/24'], self.clients(pages.answer('lyon'))
        )

    def test_names_without_end_take_no_more_room(self):
        with mock.patch.object(targets, 'KEPT_BYTES', 20_000):
            pages = self.pages()
        for number in range(100):
            pages.answer(f'nowhere-{number}')
        pages.answer('nowhere-0')
        pages.answer('nowhere-99')
        self.assertEqual(2, self.store.asked['nowhere-0'])
        self.assertEqual(1, self.store.asked['nowhere-99'])


class StoreAwayTest(PagesTestCase):
    def test_the_cause_is_in_the_log_and_the_store_is_left_alone(self):
        self.store.error = StoreUnavailableError("no route to 'db.internal'")
        pages = self.pages(retry_after_seconds=3600)
        for _ in range(3):
            answer = pages.answer('lyon')
            self.assertEqual('503 Service Unavailable', answer.status)
            self.assertEqual(b'there is no list of targets now\n', answer.body)
        self.assertEqual(1, self.store.asked['lyon'])
        self.assertEqual(1, self.log.output.count('no route to'))

    def test_whatever_it_raises(self):
        self.store.error = ZeroDivisionError()
        self.assertIn('503', self.pages().answer('lyon').status)

    def test_it_is_asked_again_and_back(self):
        self.store.error = StoreUnavailableError('no route')
        pages = self.pages(retry_after_seconds=0)
        self.assertIn('503', pages.answer('lyon').status)
        self.store.error = None
        self.assertEqual(2, len(self.clients(pages.answer('lyon'))))

    def test_one_that_hangs_is_not_waited_for(self):
        self.store.answers.clear()
        pages = self.pages(timeout_seconds=0.2, retry_after_seconds=3600)
        url = self.serve(pages)
        begun = time.monotonic()
        said = [requests.get(f'{url}/lyon', timeout=30) for _ in range(20)]
        self.assertLess(time.monotonic() - begun, 15)
        self.assertEqual({503}, {each.status_code for each in said})
        self.assertIn('no answer within 0.2 s', self.log.output)
        self.assertEqual(1, self.store.asked['lyon'])
        metrics = url.replace('/targets', '/metrics')
        self.assertEqual(200, requests.get(metrics, timeout=30).status_code)

    def test_other_settings_count_at_once(self):
        self.store.error = StoreUnavailableError('no route')
        pages = self.pages(retry_after_seconds=3600)
        pages.answer('lyon')
        other = Store(lyon=[STAMP])
        pages.equip(Serving(other.targets, authorizations={'lyon': b'x'}))
        self.assertEqual(
            ['198.51.100.0/24'], self.clients(pages.answer('lyon'))
        )
        self.assertEqual(b'x', pages.authorization('lyon'))


class ProberTest(PagesTestCase):
    """What our prober reads, over a real connection."""

    def test_it_takes_what_is_served(self):
        url = self.serve(self.pages())
        self.assertEqual(
            ['203.0.113.0/24', '2001:db8:a::/56'],
            [target.client for target in Source(f'{url}/lyon').read()],
        )
        stamp, gateway = Source(f'{url}/paris').read()
        self.assertEqual(('stamp', 862), (stamp.source, stamp.port))
        self.assertEqual('icmp gateway+12ms', gateway.source)
        self.assertEqual((), Source(f'{url}/nowhere').read())

    def test_a_name_that_is_encoded(self):
        self.store.wanted['New York/\xe9'] = [PING]
        url = self.serve(self.pages())
        name = urllib.parse.quote('New York/\xe9', safe='')
        self.assertEqual(1, len(Source(f'{url}/{name}').read()))

    def test_with_tls_each_site_reads_its_own(self):
        cert, key = make_certificate(self.folder)
        secrets = self.folder / 'secrets'
        secrets.write_text('lyon:sésame\nparis:other\n', 'utf-8')
        pages = self.pages(authorizations=read_passwords(str(secrets)))
        url = self.serve(pages, tls_cert=cert, tls_key=key)
        password = self.folder / 'password'
        password.write_text('sésame\n', 'utf-8')
        of_lyon = {
            'user': 'lyon',
            'password_file': str(password),
            'cafile': cert,
        }
        self.assertEqual(2, len(Source(f'{url}/lyon', **of_lyon).read()))
        for name in ('paris', 'nowhere'):
            foreign = Source(f'{url}/{name}', **of_lyon)
            error = self.assertRaises(FetchError, foreign.read)
            self.assertEqual('HTTP status 401, Unauthorized', str(error))
        self.assertEqual({'lyon': 1}, self.store.asked)

    def test_a_store_that_is_away_has_words(self):
        self.store.error = StoreUnavailableError('no route')
        url = self.serve(self.pages())
        error = self.assertRaises(FetchError, Source(f'{url}/lyon').read)
        self.assertIn('503', str(error))


class PasswordsTest(PagesTestCase):
    def read(self, text):
        path = self.folder / 'passwords'
        path.write_bytes(text)
        return read_passwords(str(path))

    def refusal(self, text):
        return str(self.assertRaises(ValueError, self.read, text))

    def test_a_line_for_each_vantage(self):
        found = self.read(
            b'lyon:a\r\n\nNew York:b: c \nOrle\xcc\x81ans:\xc3\xa9'
        )
        self.assertEqual({'lyon', 'New York', 'Orl\xe9ans'}, set(found))
        # Of "lyon:a", and of "New York:b: c ".
        self.assertEqual(b'Basic bHlvbjph', found['lyon'])
        self.assertEqual(b'Basic TmV3IFlvcms6YjogYyA=', found['New York'])

    def test_nobody_is_let_in_by_an_empty_file(self):
        pages = self.pages(authorizations=self.read(b'\n'))
        self.assertEqual(b'', pages.authorization('lyon'))
        self.assertIsNone(self.pages().authorization('lyon'))

    def test_a_name_may_be_typed_in_another_way(self):
        pages = self.pages(authorizations=self.read(b'Orl\xc3\xa9ans:a'))
        self.assertTrue(pages.authorization('Orle\u0301ans'))

    def test_a_bad_line_is_named_without_what_is_in_it(self):
        for text, why in (
            (b'lyon:a\nsecret', 'line 2: is not <vantage>:<password>'),
            (b'lyon:', 'line 1: is not <vantage>:<password>'),
            (b':secret', 'line 1: is not <vantage>:<password>'),
            (b'lyon:secret\nlyon:b', 'line 2: the vantage is there twice'),
            (b'\xff', 'cannot be read'),
        ):
            said = self.refusal(text)
            self.assertIn("targets_password_file '", said)
            self.assertIn(why, said)
            self.assertNotIn('secret', said)

    def test_a_file_that_is_not_there(self):
        error = self.assertRaises(ValueError, read_passwords, '/none')
        self.assertIn('No such file or directory', str(error))


class PrometheusTest(PagesTestCase):
    """A real one discovers its targets, as the documentation has it."""

    def test_it_has_blackbox_exporter_ping_them(self):
        self.store.wanted['lyon'] = [PING, PING_V6, STAMP, GATEWAY]
        secrets = self.folder / 'secrets'
        secrets.write_text('lyon:sesame\n')
        pages = self.pages(authorizations=read_passwords(str(secrets)))
        url = self.serve(pages)
        job = {
            'job_name': 'edge-wanted-lyon',
            'scrape_interval': '15s',
            'metrics_path': '/probe',
            'params': {'module': ['icmp']},
            'http_sd_configs': [
                {
                    'url': f'{url}/lyon',
                    'refresh_interval': '1s',
                    'basic_auth': {'username': 'lyon', 'password': 'sesame'},
                }
            ],
            'relabel_configs': [
                {
                    'source_labels': ['probe'],
                    'regex': 'icmp',
                    'action': 'keep',
                },
                {
                    'source_labels': ['access_ms'],
                    'regex': '.+',
                    'action': 'drop',
                },
                {'target_label': 'vantage', 'replacement': 'lyon'},
                {
                    'source_labels': ['__address__'],
                    'target_label': '__param_target',
                },
                {
                    'source_labels': ['__param_target'],
                    'target_label': 'instance',
                },
                {
                    'target_label': '__address__',
                    'replacement': '127.0.0.1:9115',
                },
            ],
        }
        try:
            server = prometheus.Prometheus(scrape_configs=[job])
        except prometheus.NotInstalledError as error:
            self.skipTest(str(error))
        with server:
            found = self.discovered(server, 2)
        self.assertEqual(
            {
                (
                    'http://127.0.0.1:9115/probe?module=icmp&target='
                    + urllib.parse.quote(target.address),
                    target.client,
                    'lyon',
                    target.address,
                )
                for target in (PING, PING_V6)
            },
            {
                (
                    each['scrapeUrl'],
                    each['labels']['client'],
                    each['labels']['vantage'],
                    each['labels']['instance'],
                )
                for each in found
            },
        )

    def discovered(self, server, count):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = requests.get(f'{server.url}/api/v1/targets', timeout=30)
            found = answer.json()['data']['activeTargets']
            if len(found) == count:
                return found
            self.assertLess(time.monotonic(), deadline, found)
            time.sleep(0.1)
