# SPDX-License-Identifier: Apache-2.0

import math
import ssl
import threading

import ddt
import fixtures

from edge_sched.collector import door
from edge_sched.collector.inputs import page
from edge_sched.collector.inputs.openmetrics import OpenMetricsInput
from edge_sched.conf import inputs as conf_inputs
from edge_sched.http.deadline import Deadline
from edge_sched.http.fetch import Fetcher
from edge_sched.http.fetch import FetchError
from edge_sched.model.latency import PASSIVE
from tests.unit.certificates import make_certificate
from tests.unit.collector.fakes import CLIENT
from tests.unit.collector.fakes import NOW
from tests.unit.collector.fakes import Clock
from tests.unit.collector.inputs.base import InputTestCase
from tests.unit.collector.inputs.pages import Prober
from tests.unit.collector.inputs.site import Site
from tests.unit.collector.inputs.site import closed_url
from tests.unit.collector.inputs.site import drips
from tests.unit.collector.inputs.site import hangs
from tests.unit.collector.inputs.site import says
from tests.unit.model.test_names import ONE
from tests.unit.model.test_names import TWO

TEXT = Prober().add().text()


class OpenMetricsTestCase(InputTestCase):
    NAME = 'openmetrics'

    def site(self, answer, tls=None):
        return self.useFixture(Site(answer, tls))

    def hostile(self, make):
        """A site whose answer needs to know when the test is over."""
        site = self.site(make(lambda: site))
        return site

    def failure(self, site, *lines, **how):
        """Why the only prober of an input failed, without which it was."""
        made = self.make(f'prober = lyon {site.url}', *lines)
        (harvest,) = self.collect(made, **how)
        self.assertEqual((), harvest.readings)
        self.assertEqual({}, harvest.skews)
        self.assertEqual(f'lyon at {site.url}', harvest.source)
        return harvest.failed


class SettingsTest(OpenMetricsTestCase):
    def test_probers_that_make_no_sense(self):
        url = 'http://127.0.0.1:9862/metrics'
        not_a_url = 'is not http:// or https://, a host and a path'
        for text, why in (
            ('lyon', 'is not a vantage, a blank and a URL'),
            ('lyon 127.0.0.1:9862', not_a_url),
            ('lyon ftp://127.0.0.1/', not_a_url),
            ('lyon http:///metrics', not_a_url),
            ('lyon http://127.0.0.1:99999/', not_a_url),
            ('lyon http://me:secret@127.0.0.1/', not_a_url),
            ('lyon http://127.0.0.1/#a', not_a_url),
        ):
            self.assertRefused(f'prober: {text!r} {why}', f'prober = {text}')
        self.assertRefused(
            f"prober: 'paris {url}' has a URL twice",
            f'prober = lyon {url}',
            f'prober = paris {url}',
        )
        self.assertRefused("prober: '' names no prober at all")

    def test_credentials_that_make_no_sense(self):
        prober = 'prober = lyon http://127.0.0.1/'
        self.assertRefused(
            "user: 'me' goes with password_file", prober, 'user = me'
        )
        path = self.home / 'missing'
        why = 'cannot be used: [Errno 2] No such file or directory'
        self.assertRefused(
            f"password_file: '{path}' {why}: '{path}'",
            prober,
            'user = me',
            f'password_file = {path}',
        )
        self.assertRefused(
            f"cafile: '{path}' {why}", prober, f'cafile = {path}'
        )

    def test_clients_that_are_none(self):
        self.assertRefused(
            "clients: 'lyon' is not an address or a prefix",
            'prober = lyon http://127.0.0.1/',
            'clients = 10.0.0.0/8, lyon',
        )

    def test_clients_are_those_of_the_options(self):
        clients = ('10.0.0.1', '10.0.0.2', '11.0.0.1')
        prober = Prober()
        for client in clients:
            prober.add(client)
        made = self.make(
            f'prober = lyon {self.site(says(prober.text())).url}',
            'clients = 10.0.0.0/8, 2001:db8::/32',
            'max_clients = 3',
        )
        (harvest,) = self.collect(made)
        self.assertEqual('', harvest.failed)
        within = made.scope.within(harvest)
        self.assertEqual([*clients[:2]], [r.client for r in within.readings])
        self.assertEqual({'foreign': 1}, within.refused)
        site = self.site(says(prober.text()))
        self.assertEqual(
            'there are more than 2 clients',
            self.failure(site, 'max_clients = 2'),
        )
        made = self.make(f'prober = lyon {site.url}', 'max_clients = 2')
        self.assertEqual({'clients': 1}, made.scope.within(harvest).refused)

    def test_options_out_of_range(self):
        for line in ('timeout = nan', 'max_bytes = 0', 'concurrency = 0'):
            error = self.assertRaises(ValueError, self.make, line)
            self.assertIn(line.split()[0], str(error))

    def test_every_option_says_what_it_does(self):
        for option in (*conf_inputs.LIMITS, *OpenMetricsInput.OPTS):
            self.assertGreater(len(option.help), 80, option.name)


@ddt.ddt
class ScrapeTest(OpenMetricsTestCase):
    def test_every_prober_is_a_harvest(self):
        lyon = self.site(says(TEXT))
        paris = self.site(says(Prober().add('car').text()))
        made = self.make(
            f'prober = lyon {lyon.url}', f'prober = new paris {paris.url}'
        )
        found = {
            (reading.vantage, reading.client)
            for harvest in self.collect(made)
            for reading in harvest.readings
        }
        self.assertEqual({('lyon', CLIENT), ('new paris', 'car')}, found)
        (headers,) = lyon.headers
        self.assertIn('application/openmetrics-text', headers['Accept'])
        self.assertNotIn('Authorization', headers)

    def test_prober_and_listener_of_one_vantage_are_both_read(self):
        passive = Prober()
        passive.add(
            info={'source': PASSIVE, 'address': ''},
            loss_ratio=None,
            pdv_seconds=None,
        )
        pages = [self.site(says(text)) for text in (TEXT, passive.text())]
        made = self.make(*(f'prober = lyon {each.url}' for each in pages))
        rows = {
            reading.source: door.admit(reading, NOW, 0.0).latency
            for harvest in self.collect(made)
            for reading in harvest.readings
        }
        self.assertEqual({'stamp', PASSIVE}, rows.keys())
        self.assertEqual(
            {('lyon', CLIENT)},
            {(row.vantage, row.client) for row in rows.values()},
        )
        row = rows[PASSIVE]
        self.assertEqual((None, None), (row.loss_ratio, row.pdv_ms))
        self.assertEqual((10.0, 12.0), (row.rtt_p50_ms, row.rtt_p95_ms))

    def test_only_those_of_the_shard_are_asked(self):
        lyon, paris = self.site(says(TEXT)), self.site(says(TEXT))
        made = self.make(
            f'prober = lyon {lyon.url}',
            f'prober = paris {paris.url}',
            mine='paris'.__eq__,
        )
        self.assertEqual(1, len(self.collect(made)))
        self.assertEqual((0, 1), (len(lyon.headers), len(paris.headers)))

    def test_times_are_those_of_our_clock(self):
        for ahead_seconds in (10, 3600, -10, -3600):
            site = self.site(
                says(Prober(now=NOW + ahead_seconds).add().text())
            )
            made = self.make_with_clock(f'prober = lyon {site.url}')
            (harvest,) = self.collect(made)
            self.assertEqual({'lyon': ahead_seconds}, harvest.skews)
            self.assertEqual(NOW - 4, harvest.readings[0].measured_at)

    def test_a_vantage_is_known_by_its_one_form(self):
        made = self.make(f'prober = {TWO} http://127.0.0.1:1')
        self.assertEqual({ONE}, made.vantages())

    def test_a_forged_vantage_is_refused(self):
        site = self.site(says(Prober(vantage='paris').add().text()))
        (harvest,) = self.collect(self.make(f'prober = lyon {site.url}'))
        self.assertEqual(
            ([], {'vantage': 1}, f'lyon at {site.url}'),
            (harvest.readings, harvest.refused, harvest.source),
        )

    def test_basic_authentication(self):
        password = self.home / 'password'
        password.write_text('secret\nsecond line\n')
        site = self.site(says(TEXT))
        made = self.make(
            f'prober = lyon {site.url}',
            'user = me',
            f'password_file = {password}',
        )
        self.collect(made)
        # "me:secret" in base 64.
        self.assertEqual(
            'Basic bWU6c2VjcmV0', site.headers[0]['Authorization']
        )

    def test_credentials_are_sent_in_utf_8(self):
        password = self.home / 'password'
        password.write_text('geh\u00e9im', encoding='utf-8')
        site = self.site(says(TEXT))
        made = self.make(
            f'prober = lyon {site.url}',
            'user = m\u00e9',
            f'password_file = {password}',
        )
        self.collect(made)
        # 6d c3 a9 3a 67 65 68 c3 a9 69 6d in base 64.
        self.assertEqual(
            'Basic bcOpOmdlaMOpaW0=', site.headers[0]['Authorization']
        )

    def test_tls_is_checked(self):
        cert, key = make_certificate(self.home)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cert, key)
        site = self.site(says(TEXT), tls)
        self.assertIn('CERTIFICATE_VERIFY_FAILED', self.failure(site))
        made = self.make(f'prober = lyon {site.url}', f'cafile = {cert}')
        (harvest,) = self.collect(made)
        self.assertEqual(('', 1), (harvest.failed, len(harvest.readings)))

    @ddt.data(
        (says(TEXT, status=500), 'HTTP status 500, Internal Server Error'),
        (says(TEXT, status=404), 'HTTP status 404, Not Found'),
        (says(TEXT, status=599), 'HTTP status 599'),
        (
            says(TEXT[: len(TEXT) // 2]),
            'there is no "# EOF" at the end; it begins with '
            "'# HELP edge_sched_prober_time_seconds # TYPE edge_sched_p...'",
        ),
        (says('<html>\n# EOF\n'), "line 1 is not a series: '<html>'"),
        (says(b'\xff\n# EOF\n'), 'the answer is not UTF-8'),
        (says(TEXT * 50), 'the answer is longer than 20000 bytes'),
        (says('a 1\n' * 41 + '# EOF\n'), 'there are more than 40 series'),
    )
    @ddt.unpack
    def test_a_bad_answer_is_not_taken(self, answer, why):
        site = self.site(answer)
        limits = ('max_bytes = 20000', 'max_series = 40')
        self.assertEqual(why, self.failure(site, *limits))

    def test_half_an_answer_is_not_taken(self):
        site = self.site(says(TEXT, length=len(TEXT) + 10))
        self.assertIn('IncompleteRead', self.failure(site))

    def test_a_redirect_is_not_followed(self):
        elsewhere = self.site(says(TEXT))

        def answer(handler):
            handler.send_response(302)
            handler.send_header('Location', elsewhere.url)
            handler.end_headers()

        self.assertEqual(
            f'HTTP status 302, Found, to {elsewhere.url}, which is not '
            'followed',
            self.failure(self.site(answer)),
        )
        self.assertEqual([], elsewhere.headers)

    @ddt.data(
        hangs,
        lambda site_of: drips(site_of, 'HTTP/1.0 200 OK\r\nX-Header: '),
        lambda site_of: drips(site_of, 'HTTP/1.0 200 OK\r\n\r\n# HELP '),
    )
    def test_nobody_holds_us_longer_than_the_timeout(self, make):
        # A site that goes on for ever would never let this end.
        why = self.failure(self.hostile(make), 'timeout = 0.3')
        self.assertEqual('no whole answer in time', why)

    def test_one_silent_prober_stops_no_other(self):
        silent = self.hostile(hangs)
        good = self.site(says(TEXT))
        made = self.make(
            f'prober = dark {closed_url()}',
            f'prober = silent {silent.url}',
            f'prober = lyon {good.url}',
            'timeout = 0.5',
        )
        harvests = self.collect(made)
        self.assertEqual(3, len(harvests))
        (good_one,) = [each for each in harvests if not each.failed]
        self.assertEqual('lyon', good_one.readings[0].vantage)
        self.assertEqual(
            1, sum('ConnectionRefused' in each.failed for each in harvests)
        )

    def test_those_that_were_silent_come_last_the_next_time(self):
        asked = []
        answers = threading.Event()

        def lazy(handler):
            asked.append('lazy')
            says(TEXT, 200 if answers.is_set() else 503)(handler)

        def good(handler):
            asked.append('good')
            says(TEXT)(handler)

        made = self.make(
            f'prober = lyon {self.site(lazy).url}',
            f'prober = paris {self.site(good).url}',
            'concurrency = 1',
        )
        self.collect(made)
        answers.set()
        self.collect(made)
        self.collect(made)
        self.assertEqual(
            ['lazy', 'good', 'good', 'lazy', 'good', 'lazy'], asked
        )

    def test_a_host_that_is_no_name_fails_alone(self):
        good = self.site(says(TEXT))
        made = self.make(
            f'prober = paris http://{"a" * 64}.test/metrics',
            f'prober = lyon {good.url}',
            'concurrency = 1',
        )
        paris, lyon = self.collect(made)
        self.assertIn('label empty or too long', paris.failed)
        self.assertEqual('', lyon.failed)

    def test_a_fault_of_ours_fails_one_prober_alone(self):
        site = self.site(says(TEXT))
        faults = [ZeroDivisionError('oh')]

        def read(*args, read=page.read):
            if faults:
                raise faults.pop()
            return read(*args)

        self.useFixture(fixtures.MockPatchObject(page, 'read', read))
        made = self.make(
            f'prober = paris {site.url}?',
            f'prober = lyon {site.url}',
            'concurrency = 1',
        )
        paris, lyon = self.collect(made)
        self.assertEqual(
            (f'paris at {site.url}?', 'reading it broke'),
            (paris.source, paris.failed),
        )
        self.assertEqual('', lyon.failed)

    def test_at_the_end_of_the_round_the_rest_has_failed(self):
        site = self.hostile(hangs)
        why = self.failure(site, 'timeout = 60', seconds=0.3)
        self.assertIn(
            why, ('no answer within the round', 'no whole answer in time')
        )


class TurnsTest(OpenMetricsTestCase):
    """One prober at a time, rounds of 24 s of a clock that is ours."""

    def setUp(self):
        super().setUp()
        #: How long each takes, or would if we waited.
        self.takes_seconds = {}
        #: Who was asked in the last round, and how long we waited at most.
        self.waited_seconds = {}
        self.useFixture(fixtures.MockPatchObject(Fetcher, 'get', self.get))

    def get(self, url, headers, deadline, max_bytes):
        name = url.removeprefix('http://')
        most = self.waited_seconds[name] = deadline.remaining_seconds()
        self.clock.now += min(most, self.takes_seconds[name])
        if self.takes_seconds[name] > most:
            raise FetchError('no whole answer in time')
        return TEXT.encode(), NOW

    def make_probers(self, **takes_seconds):
        self.takes_seconds = takes_seconds
        return self.make(
            *(f'prober = {name} http://{name}' for name in takes_seconds),
            'concurrency = 1',
            'timeout = 10',
        )

    def round(self, made):
        """Who answered; and why the others did not."""
        self.clock = Clock(0.0)
        self.waited_seconds.clear()
        harvests = list(made.collect(Deadline(24.0, self.clock)))
        self.assertEqual(len(self.takes_seconds), len(harvests))
        return (
            {each.readings[0].vantage for each in harvests if not each.failed},
            {
                each.source.split()[0]: each.failed
                for each in harvests
                if each.failed
            },
        )

    def test_all_are_asked_in_each_round(self):
        dark = {f'dark{n}': math.inf for n in range(12)}
        made = self.make_probers(**dark, lyon=0.0, paris=0.0)
        for _ in range(3):
            live, failed = self.round(made)
            self.assertEqual({'lyon', 'paris'}, live)
            self.assertEqual({'no whole answer in time'}, {*failed.values()})

    def test_the_silent_hold_the_others_up_for_one_round_only(self):
        dark = {f'dark{n}': math.inf for n in range(30)}
        made = self.make_probers(**dark, lyon=0.0, paris=0.0)
        live, failed = self.round(made)
        # A second each: 24 of them.
        self.assertEqual(24, len(self.waited_seconds))
        self.assertEqual(set(), live)
        for name in ('dark24', 'dark29', 'lyon', 'paris'):
            self.assertEqual('not asked in time', failed[name])
        for _ in range(20):
            live, failed = self.round(made)
            self.assertEqual({'lyon', 'paris'}, live)
            self.assertEqual({*dark}, {*failed})

    def test_a_region_that_goes_dark_holds_nobody_up(self):
        region = {f'region{n}': 0.0 for n in range(30)}
        made = self.make_probers(**region, lyon=0.0, paris=0.0)
        self.assertEqual({*region, 'lyon', 'paris'}, self.round(made)[0])
        self.takes_seconds |= dict.fromkeys(region, math.inf)
        self.round(made)
        for _ in range(5):
            self.assertEqual({'lyon', 'paris'}, self.round(made)[0])
        self.takes_seconds |= region
        self.assertEqual({*region, 'lyon', 'paris'}, self.round(made)[0])

    def test_each_of_the_silent_has_the_whole_timeout_in_turn(self):
        dark = {f'dark{n}': math.inf for n in range(10)}
        made = self.make_probers(lyon=0.0, **dark)
        self.round(made)
        for _ in range(2):
            favoured = set()
            for _ in dark:
                self.round(made)
                self.assertEqual({'lyon', *dark}, {*self.waited_seconds})
                favoured |= {
                    name for name in dark if self.waited_seconds[name] == 10.0
                }
            self.assertEqual({*dark}, favoured)

    def test_a_slow_one_among_the_silent_is_found(self):
        dark = {f'dark{n}': math.inf for n in range(10)}
        made = self.make_probers(**dark, lyon=0.0, slow=9.0)
        self.assertEqual({'lyon'}, self.round(made)[0])
        for _ in range(11):
            live, _ = self.round(made)
        self.assertEqual({'lyon', 'slow'}, live)
