# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

import ssl
import threading

import ddt

from edge_sched.collector.inputs.openmetrics import OpenMetricsInput
from edge_sched.conf import inputs as conf_inputs
from tests.unit.certificates import make_certificate
from tests.unit.collector.fakes import CLIENT
from tests.unit.collector.fakes import NOW
from tests.unit.collector.inputs.base import InputTestCase
from tests.unit.collector.inputs.pages import Prober
from tests.unit.collector.inputs.site import Site
from tests.unit.collector.inputs.site import closed_url
from tests.unit.collector.inputs.site import drips
from tests.unit.collector.inputs.site import hangs
from tests.unit.collector.inputs.site import says

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
        return harvest.failed.removeprefix(f'lyon at {site.url}: ')


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

    def test_a_forged_vantage_is_refused(self):
        site = self.site(says(Prober(vantage='paris').add().text()))
        (harvest,) = self.collect(self.make(f'prober = lyon {site.url}'))
        self.assertEqual(([], {'vantage': 1}, ''), harvest[:2] + harvest[3:])

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
        (says(TEXT, status=500), 'HTTP status 500'),
        (says(TEXT[: len(TEXT) // 2]), 'there is no "# EOF" at the end'),
        (says('<html>\n# EOF\n'), 'line 1 is not a series'),
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

        self.assertEqual('HTTP status 302', self.failure(self.site(answer)))
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
            ['lazy', 'good', 'good', 'lazy', 'lazy', 'good'], asked
        )

    def test_at_the_end_of_the_round_the_rest_has_failed(self):
        site = self.hostile(hangs)
        why = self.failure(site, 'timeout = 60', seconds=0.3)
        self.assertIn(
            why, ('no answer within the round', 'no whole answer in time')
        )
