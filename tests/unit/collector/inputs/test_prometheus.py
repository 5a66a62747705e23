# SPDX-License-Identifier: Apache-2.0

import base64
import tempfile

from oslo_config import cfg
from oslotest import base

from edge_sched.collector.inputs.base import InputError
from edge_sched.collector.inputs.prometheus import PrometheusInput
from edge_sched.collector.inputs.recipe import FIGURES
from edge_sched.collector.inputs.recipes import RECIPES
from tests.unit.collector.inputs import queried
from tests.unit.collector.inputs import server
from tests.unit.model.test_names import ONE
from tests.unit.model.test_names import TWO

URL = 'http://127.0.0.1:9090'
LYON = ['lyon 10.1.1.2:9862']
OWN = {'rtt_p50': 'p50', 'rtt_p95': 'p95', 'measured_at': 'at'}


class TestSettings(base.BaseTestCase):
    def make(self, **settings):
        return queried.make(
            PrometheusInput, **({'url': URL, 'vantage': LYON} | settings)
        )

    def assertBad(self, text, **settings):
        error = self.assertRaises(ValueError, self.make, **settings)
        self.assertEqual(f'[edge_sched_input_test] {text}', str(error))

    def test_nothing_is_opened(self):
        self.make(url='https://prometheus.invalid/behind/a/proxy')

    def test_every_recipe_is_a_choice(self):
        [recipe] = [o for o in PrometheusInput.OPTS if o.name == 'recipe']
        self.assertEqual(
            set(RECIPES), {value for value, _ in recipe.type.choices.items()}
        )
        for name in RECIPES:
            self.make(
                recipe=name,
                match='job="edge"',
                **(OWN if name == 'custom' else {}),
            )

    def test_url(self):
        for url in (None, 'prometheus:9090', 'ftp://prometheus'):
            self.assertBad(
                f'url: {url!r} is not http:// or https://, a host and a path',
                url=url,
            )

    def test_vantages(self):
        self.assertBad("vantage: '' names no vantage at all", vantage=[])
        for text in (' ', 'lyon "rack 7', 'ly"on', '""', '"lyon"b'):
            self.assertBad(
                f'vantage: {text!r} is not a vantage and a value, in double '
                'quotes if there are blanks in them',
                vantage=[text],
            )
        self.assertBad(
            "vantage: 'metz b' has a value twice", vantage=['lyon b', 'metz b']
        )

    def test_custom_needs_what_a_row_needs(self):
        self.assertBad(
            'rtt_p50: None is no PromQL expression', recipe='custom'
        )
        self.assertBad(
            'measured_at: None is no PromQL expression',
            recipe='custom',
            rtt_p50='p50',
            rtt_p95='p95',
        )

    def test_what_a_row_needs_cannot_be_left_out(self):
        self.assertBad("rtt_p95: '' is no PromQL expression", rtt_p95='')

    def test_match_is_needed_where_targets_can_have_the_label(self):
        for settings in (
            {'recipe': 'blackbox_icmp'},
            {'recipe': 'blackbox_icmp', 'match': ' '},
            {'vantage_label': 'vantage'},
            {'vantage_label': 'vantage', 'recipe': 'custom'}
            | OWN
            | {'rtt_p95': 'x{{match}}'},
        ):
            self.assertBad(
                f'match: {settings.get("match", "")!r} selects no series: '
                "'vantage' is a label that any target may have; name the "
                'jobs in which Prometheus sets it, e.g. job=~"edge-.*"',
                **settings,
            )

    def test_match_that_is_none(self):
        for text in (
            '{job="edge"}',
            'job="edge"} or up{a="b"',
            'job="edge" or job="core"',
            'job=edge',
            'job=="edge"',
            'job="ed"ge"',
            'job="edge',
            'job="edge\\"',
            'job="edge" region="eu"',
            'job="edge",,region="eu"',
            '1job="edge"',
            'j\xf6b="edge"',
            'job',
            ',',
        ):
            self.assertBad(
                f'match: {text!r} is no list of label matchers, e.g. '
                'job=~"edge-.*",az="x"',
                match=text,
            )

    def test_match_as_promql_has_it(self):
        for text in (
            'job="edge"',
            ' job =~ "edge-.*" , region != \'eu\' , ',
            'job!~`a"b`,_x1="say \\"a, b\\" }"',
            '"service.name"="edge"',
            'job=""',
        ):
            self.make(match=text)

    def test_match_is_not_needed_where_prometheus_sets_the_label(self):
        self.make()
        self.make(vantage_label='job')
        self.make(vantage_label='vantage', recipe='custom', **OWN)

    def test_step(self):
        self.assertBad('step: 20 is above window, 10', step=20, window=10)

    def test_scale(self):
        self.assertRaises(ValueError, self.make, scale_ms=0)

    def test_header_that_is_none(self):
        for text in (
            'X-Scope-OrgID',
            'X-Scope-OrgID:',
            ': secret',
            'X Scope: secret',
            'X-Scope-OrgID: secret\r\nHost: a',
            'X-Scope-OrgID: secret\n',
            'X-Scope-OrgID: secr\0et',
            'X-Scope-OrgID: secr\x7fet',
            'X-Scope-OrgID: s\xe9cret',
            'X-Sc\xf6pe: secret',
            'X-Scope-OrgID: ' + 'x' * 1010,
        ):
            self.assertBad(
                "header: 'number 2' is not a name, a colon and a value, in "
                'ASCII, of at most 1024 characters',
                header=['X-One: 1', text],
            )

    def test_header_that_is_not_for_an_option(self):
        for name in ('authorization', 'Host', 'Content-Length'):
            self.assertBad(
                f"header: 'number 1' is {name}, which is not for an option",
                header=[f'{name}: secret'],
            )
        self.assertBad(
            "header: 'number 2' has x-one twice", header=['X-One:1', 'x-one:2']
        )

    def test_header_is_not_logged(self):
        [header] = [o for o in PrometheusInput.OPTS if o.name == 'header']
        self.assertTrue(header.secret)

    def test_credentials(self):
        self.assertBad("user: 'me' goes with password_file", user='me')
        self.assertBad(
            "user: 'm:e' has a colon", user='m:e', password_file='/p'
        )
        self.assertBad(
            'user: None goes with password_file', password_file='/p'
        )
        self.assertBad(
            "token_file: '/t' does not go with user",
            user='me',
            password_file='/p',
            token_file='/t',
        )

    def test_files(self):
        missing = '[Errno 2] No such file or directory'
        self.assertBad(
            f"password_file: '/none' cannot be used: {missing}: '/none'",
            user='me',
            password_file='/none',
        )
        self.assertBad(
            f"token_file: '/none' cannot be used: {missing}: '/none'",
            token_file='/none',
        )
        self.assertBad(
            f"cafile: '/none' cannot be used: {missing}", cafile='/none'
        )

    def test_no_certificates(self):
        with tempfile.NamedTemporaryFile('w') as stream:
            error = self.assertRaises(
                ValueError, self.make, cafile=stream.name
            )
        self.assertIn(f'cafile: {stream.name!r} cannot', str(error))

    def test_unknown_recipe(self):
        self.assertRaises(ValueError, self.make, recipe='smokeping')

    def test_types(self):
        conf, group = queried.settings('test', PrometheusInput.OPTS)
        for option, value in (('window', 0), ('step', -1), ('scale_ms', 'x')):
            self.assertRaises(
                (ValueError, cfg.ConfigFileValueError),
                conf.set_override,
                option,
                value,
                group=group,
            )


class TestCollect(base.BaseTestCase):
    """Answers are numbers by expression: ``1`` if a test says nothing."""

    def setUp(self):
        super().setUp()
        self.answers = {}
        self.server = server.Server(self.answer)
        self.addCleanup(self.server.close)

    def answer(self, asked):
        query = asked.parameters['query']
        if query == 'time()':
            return server.success('scalar', [0, '1700000000'])
        labels = {'instance': '10.1.1.2:9862', 'client': '192.0.2.1'}
        return self.answers.get(query) or server.vector((labels, '1'))

    def make(self, **settings):
        return queried.make(
            PrometheusInput,
            **(
                {
                    'url': self.server.url,
                    'vantage': LYON,
                    'recipe': 'custom',
                    'step': 1,
                }
                | OWN
                | settings
            ),
        )

    def questions(self):
        return [asked.parameters['query'] for asked in self.server.asked[1:]]

    def test_custom_asks_what_it_is_told(self):
        harvest = queried.collect(
            self.make(
                rtt_p99='max_over_time(x{a="b",{match}}[{window}:{step}])',
                match='c="d"',
                window=30,
                source='mine',
            )
        )
        self.assertCountEqual(
            ['p50', 'p95', 'max_over_time(x{a="b",c="d"}[30s:1s])', 'at'],
            self.questions(),
        )
        [reading] = harvest.readings
        self.assertEqual(1000.0, reading.rtt_p50_ms)
        self.assertEqual(1000.0, reading.rtt_p99_ms)
        self.assertIsNone(reading.samples)
        self.assertEqual('mine', reading.source)

    def test_scale(self):
        [reading] = queried.collect(
            self.make(scale_ms=1, loss_ratio='loss')
        ).readings
        self.assertEqual(1.0, reading.rtt_p50_ms)
        self.assertEqual(1.0, reading.loss_ratio)

    def test_times_are_by_our_clock(self):
        """That of Prometheus stands in 2023."""
        self.answers['at'] = server.vector(
            (
                {'instance': '10.1.1.2:9862', 'client': '192.0.2.1'},
                '1699999990',
            )
        )
        with queried.as_of(1_800_000_000.0):
            [reading] = queried.collect(self.make()).readings
        self.assertEqual(1_799_999_990.0, reading.measured_at)

    def test_recipe_is_changed_by_options(self):
        queried.collect(
            self.make(
                recipe='prober',
                rtt_p50='mine',
                rtt_p95=None,
                measured_at=None,
                rtt_p99='',
                match='job="edge"',
            )
        )
        asked = self.questions()
        self.assertIn('mine', asked)
        asked = ''.join(asked)
        self.assertIn(
            'edge_sched_probe_rtt_seconds{quantile="0.95",job="edge"}', asked
        )
        self.assertNotIn('0.99', asked)
        self.assertNotIn('{match}', asked)

    def test_one_failed_question_fails_the_round(self):
        """Half an answer must not look like a whole one."""
        for figure in FIGURES:
            self.answers = {'this': (503, b'busy')}
            error = self.assertRaises(
                InputError, queried.collect, self.make(**{figure: 'this'})
            )
            self.assertEqual('this: HTTP status 503: busy', str(error))

    def test_labels(self):
        self.answers = dict.fromkeys(
            OWN.values(),
            server.vector(
                ({'site': 'L', 'target': 'car', 'owner': 'p1'}, '1')
            ),
        )
        [reading] = queried.collect(
            self.make(
                vantage=['lyon L'],
                vantage_label='site',
                client_label='target',
                project_label='owner',
            )
        ).readings
        self.assertEqual(
            ('lyon', 'car', 'p1'),
            (reading.vantage, reading.client, reading.project_id),
        )

    def test_vantage_may_be_its_own_value(self):
        [reading] = queried.collect(
            self.make(vantage=['10.1.1.2:9862'])
        ).readings
        self.assertEqual('10.1.1.2:9862', reading.vantage)

    def test_names_with_blanks(self):
        for text, value, vantage in (
            ('New York 10.1.1.2:9862', '10.1.1.2:9862', 'New York'),
            ('"New York"', 'New York', 'New York'),
            ('"New York" "rack 7"', 'rack 7', 'New York'),
            ('lyon "rack 7"', 'rack 7', 'lyon'),
            # Of the two forms that a letter with an accent has.
            (TWO, ONE, ONE),
            (ONE, TWO, ONE),
        ):
            self.answers = dict.fromkeys(
                OWN.values(),
                server.vector(
                    ({'instance': value, 'client': '192.0.2.1'}, '1')
                ),
            )
            made = self.make(vantage=[text])
            self.assertEqual({vantage}, made.vantages())
            [reading] = queried.collect(made).readings
            self.assertEqual(vantage, reading.vantage)

    def test_header_is_sent_with_each_question(self):
        queried.collect(
            self.make(
                header=[f'X-Scope-OrgID: {"e" * 1009}', 'THANOS-TENANT:a b']
            )
        )
        self.assertEqual(4, len(self.server.asked))
        for asked in self.server.asked:
            headers = {k.lower(): v for k, v in asked.headers.items()}
            self.assertEqual('e' * 1009, headers['x-scope-orgid'])
            self.assertEqual('a b', headers['thanos-tenant'])

    def test_custom_can_group_by_what_tells_pairs_apart(self):
        queried.collect(self.make(rtt_p99='max by ({by}) (x)'))
        self.assertIn(
            'max by (client, exported_instance, exported_vantage, instance, '
            'vantage) (x)',
            self.questions(),
        )

    def test_asks_by_post_below_the_url(self):
        queried.collect(self.make(url=self.server.url + '/behind/'))
        for asked in self.server.asked:
            self.assertEqual('POST', asked.method)
            self.assertEqual('/behind/api/v1/query', asked.path)
            self.assertNotIn('Authorization', asked.headers)

    def authorization(self, **options):
        queried.collect(self.make(**options))
        return self.server.asked[-1].headers['Authorization']

    def test_password(self):
        with tempfile.NamedTemporaryFile('w') as stream:
            stream.write('sécret\n')
            stream.flush()
            sent = self.authorization(user='me', password_file=stream.name)
        self.assertEqual(
            'Basic ' + base64.b64encode('me:sécret'.encode()).decode(), sent
        )

    def test_token_is_read_in_each_round(self):
        with tempfile.NamedTemporaryFile('w+') as stream:
            stream.write('one\n')
            stream.flush()
            made = self.make(token_file=stream.name)
            stream.seek(0)
            stream.write('two\n')
            stream.flush()
            queried.collect(made)
        self.assertEqual(
            'Bearer two', self.server.asked[-1].headers['Authorization']
        )
        error = self.assertRaises(InputError, queried.collect, made)
        self.assertIn('No such file', str(error))
