# SPDX-License-Identifier: Apache-2.0

"""Lists from real HTTP servers, most of which mean no good."""

import base64
import pathlib
import queue
import ssl
import time
from unittest import mock

import fixtures
from oslotest import base

from edge_sched.model import served
from edge_sched.model.wanted import WantedTarget
from edge_sched.probe import subscription
from edge_sched.probe.subscription import Source
from edge_sched.probe.subscription import Subscription
from tests.unit.certificates import make_certificate
from tests.unit.collector.fakes import PATIENCE_SECONDS
from tests.unit.collector.inputs.site import Site
from tests.unit.collector.inputs.site import closed_url
from tests.unit.collector.inputs.site import drips
from tests.unit.collector.inputs.site import hangs
from tests.unit.collector.inputs.site import says

PING = WantedTarget('203.0.113.0/24', '203.0.113.7')
LIST = served.to_json([PING])


class SubscriptionTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.log = self.useFixture(fixtures.FakeLogger('edge_sched'))
        self.delivered = queue.SimpleQueue()

    def site(self, answer, tls=None):
        return self.useFixture(Site(answer, tls))

    def subscribe(self, source, interval_seconds=0.01):
        ours = Subscription(source, interval_seconds, self.delivered.put)
        ours.__enter__()
        self.addCleanup(ours._thread.join, PATIENCE_SECONDS)
        self.addCleanup(ours.__exit__)
        return ours

    def next(self):
        """Clients that are delivered next; ``None`` is no list."""
        targets = self.delivered.get(timeout=PATIENCE_SECONDS)
        return targets and [target.client for target in targets]

    def next_other_than(self, clients):
        found = self.next()
        while found == clients:
            found = self.next()
        return found

    def password_file(self, text):
        path = self.folder / 'password'
        path.write_text(text)
        return str(path)


class AskingTest(SubscriptionTestCase):
    def test_it_asks_again_and_again(self):
        site = self.site(says(LIST))
        self.subscribe(Source(site.url))
        self.assertEqual(['203.0.113.0/24'], self.next())
        site.answer = says('[]')
        self.assertEqual((), self.next_other_than(['203.0.113.0/24']))
        self.assertEqual('application/json', site.headers[0]['Accept'])
        self.assertEqual('', self.log.output)

    def test_ended_it_asks_no_more(self):
        site = self.site(says(LIST))
        ours = self.subscribe(Source(site.url))
        self.next()
        ours.__exit__()
        ours._thread.join(PATIENCE_SECONDS)
        asked = len(site.headers)
        self.assertFalse(ours._thread.is_alive())
        self.assertEqual(asked, len(site.headers))

    def test_a_password_that_was_renewed_is_given(self):
        site = self.site(says(LIST))
        path = self.password_file('old\n')
        self.subscribe(Source(site.url, 'lyon', path))
        self.next()
        self.password_file('nëw\nrest\n')
        renewed = base64.b64encode('lyon:nëw'.encode()).decode()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while site.headers[-1]['Authorization'] != f'Basic {renewed}':
            self.assertLess(time.monotonic(), deadline)
            self.next()
        old = base64.b64encode(b'lyon:old').decode()
        self.assertEqual(f'Basic {old}', site.headers[0]['Authorization'])

    def test_tls_is_of_whom_the_operator_trusts(self):
        cert, key = make_certificate(self.folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        site = self.site(says(LIST), context)
        self.assertEqual(
            '203.0.113.0/24', Source(site.url, cafile=cert).read()[0].client
        )
        self.subscribe(Source(site.url))
        self.assertIsNone(self.next())
        self.assertIn('CERTIFICATE_VERIFY_FAILED', self.log.output)


class TroubleTest(SubscriptionTestCase):
    def test_trouble_is_said_once_and_its_end(self):
        site = self.site(says('down\n', 503))
        self.subscribe(Source(site.url))
        for _ in range(3):
            self.assertIsNone(self.next())
        site.answer = says(LIST)
        self.assertEqual(['203.0.113.0/24'], self.next_other_than(None))
        site.answer = says('[1]')
        self.assertIsNone(self.next_other_than(['203.0.113.0/24']))
        self.next()
        self.assertEqual(
            [
                'No targets are taken from targets_url, the last ones go on: '
                'HTTP status 503, Service Unavailable',
                'Targets are served again.',
                'No targets are taken from targets_url, the last ones go on: '
                'entry 1: is not one target with its labels',
            ],
            self.log.output.splitlines(),
        )

    def assertNone(self, answer, why):
        site = self.site(answer)
        self.subscribe(Source(site.url))
        self.assertIsNone(self.next())
        self.assertIn(why, self.log.output)

    def test_nobody_there(self):
        self.subscribe(Source(closed_url()))
        self.assertIsNone(self.next())
        self.assertIn('refused', self.log.output)

    def test_a_list_that_is_too_long(self):
        self.assertNone(
            says(b' ' * (served.MAX_BYTES + 1)), 'longer than 256000 bytes'
        )

    def test_a_redirect_leads_nowhere(self):
        other = self.site(says(LIST))

        def answer(handler):
            handler.send_response(302)
            handler.send_header('Location', other.url)
            handler.end_headers()

        self.assertNone(answer, 'which is not followed')
        self.assertEqual([], other.headers)

    def test_a_list_of_which_one_is_bad_is_not_taken_at_all(self):
        bad = PING._replace(client='10.0.0.0/8', address='10.0.0.1')
        self.assertNone(
            says(served.to_json([PING, bad])), 'is not a prefix of'
        )

    def test_what_is_no_http(self):
        self.assertNone(lambda handler: handler.wfile.write(b'\0\x1b['), '')
        self.assertNotIn('\x1b', self.log.output)

    def test_words_of_a_stranger_are_escaped(self):
        self.assertNone(
            says(
                b'[{"targets": ["\\u001b[2J"], "labels": {"client": '
                b'"203.0.113.0/24", "probe": "icmp"}}]'
            ),
            'key address',
        )
        self.assertNotIn('\x1b', self.log.output)

    def test_a_server_that_is_slow_is_not_waited_for(self):
        for answer in (
            lambda site_of: drips(site_of, 'HTTP/1.1 200 OK\r\n\r\n'),
            hangs,
        ):
            site = self.site(None)
            site.answer = answer(lambda site=site: site)
            with mock.patch.object(subscription, 'ASK_SECONDS', 0.3):
                self.subscribe(Source(site.url))
                self.assertIsNone(self.next())
            site.over.set()

    def test_a_file_that_is_gone(self):
        site = self.site(says(LIST))
        self.subscribe(Source(site.url, 'lyon', '/none'))
        self.assertIsNone(self.next())
        self.assertIn('No such file', self.log.output)

    def test_what_nobody_thought_of_ends_nothing(self):
        site = self.site(says(LIST))
        with mock.patch.object(
            subscription.served, 'read', side_effect=ZeroDivisionError('oh')
        ):
            self.subscribe(Source(site.url))
            self.assertIsNone(self.next())
        self.assertEqual(['203.0.113.0/24'], self.next_other_than(None))
        self.assertIn('ZeroDivisionError: oh', self.log.output)


class CheckTest(SubscriptionTestCase):
    def test_what_makes_sense(self):
        cert, _ = make_certificate(self.folder)
        Source('http://[2001:db8::7]:9863/targets/lyon').check()
        Source(
            'https://collector/targets/New%20York',
            'lyon',
            self.password_file('secret'),
            cert,
        ).check()

    def test_what_makes_none_is_named(self):
        url = 'http://collector:9863/targets/lyon'
        path = self.password_file('secret')
        for source, why in (
            (Source('ftp://x'), "targets_url 'ftp://x': is not http://"),
            (Source(f'{url}#x'), 'targets_url'),
            (
                Source('http://me:secret@x/targets/lyon'),
                'targets_url',
            ),
            (Source(url, 'lyon'), 'targets_user goes with targets_password'),
            (Source(url, '', path), 'targets_user goes with targets_password'),
            (Source(url, 'l:yon', path), "targets_user 'l:yon' has a colon"),
            (Source(url, 'lyon', '/none'), "targets_password_file '/none': "),
            (Source(url, cafile=path), f"targets_cafile '{path}': "),
        ):
            error = self.assertRaises(ValueError, source.check)
            self.assertIn(why, str(error))
