# SPDX-License-Identifier: Apache-2.0

"""What is asked of the API, and how long."""

import testtools

from edge_sched_osc import asking
from tests.unit.osc import base
from tests.unit.osc import service

PARAMETERS = {
    each['name']: each['schema']
    for each in service.DOCUMENT['paths']['/v1/sites']['get']['parameters']
}


class TestOptions(testtools.TestCase):
    def test_all_parameters_have_an_option(self):
        self.assertEqual(
            set(PARAMETERS),
            {'client', *(parameter for _, parameter, _, _ in asking.OPTIONS)},
        )

    def test_choices_are_those_of_the_api(self):
        choices = {
            parameter: set(takes)
            for _, parameter, takes, _ in asking.OPTIONS
            if not isinstance(takes, str)
        }

        self.assertEqual(
            {
                name: set(schema['enum'])
                for name, schema in PARAMETERS.items()
                if 'enum' in schema
            },
            choices,
        )


class AskingTestCase(base.CommandTestCase):
    """Time passes only in sleep, and whenever the API is asked."""

    def setUp(self):
        super().setUp()
        self.now = 1000.0
        self.slept = []
        self.patch(asking, 'monotonic', lambda: self.now)
        self.patch(asking, 'sleep', self.sleep)

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    def ask(self, *argv, **streams):
        return self.run_command('budget', 'check', *argv, **streams)


class TestQuery(AskingTestCase):
    def test_nothing(self):
        self.service.answer(service.sites())
        self.ask()

        self.assertEqual({}, self.service.requests[0].query)

    def test_everything(self):
        self.service.answer(service.sites())
        argv = (
            '--client a --client b@10 --flavor edge.small --availability-zone '
            'z --budget 20 --jitter-budget 5 --loss-budget 0.1 --percentile '
            'p99 --budget-mode preferred --unknown allow --objective fit '
            '--combine mean'
        )
        self.assertEqual(0, self.ask(*argv.split()).status)

        self.assertEqual(
            {
                'client': ['a', 'b@10'],
                'flavor': ['edge.small'],
                'availability_zone': ['z'],
                'latency_budget_ms': ['20'],
                'jitter_budget_ms': ['5'],
                'loss_budget_pct': ['0.1'],
                'percentile': ['p99'],
                'budget_mode': ['preferred'],
                'unknown': ['allow'],
                'objective': ['fit'],
                'combine': ['mean'],
            },
            self.service.requests[0].query,
        )

    def test_value_that_is_empty_is_the_api_s_to_refuse(self):
        self.service.refuse(400, 'it is empty')
        self.ask('--budget', '')

        self.assertEqual(
            {'latency_budget_ms': ['']}, self.service.requests[0].query
        )


class TestWaiting(AskingTestCase):
    def test_not_asked_to(self):
        self.service.answer(service.refused(retry_seconds=15))
        result = self.ask()

        self.assertEqual([], self.slept)
        self.assertEqual(1, len(self.service.requests))
        self.assertEqual(
            'no site within 5 ms (p95) of 203.0.113.7\n', result.err
        )

    def test_accepted_though_not_measured(self):
        self.service.answer(service.sites(retry_seconds=15))

        self.assertEqual('being measured: ask again in 15 s\n', self.ask().err)

    def test_until_it_is_measured(self):
        self.service.answer(service.refused(retry_seconds=15))
        self.service.answer(service.refused(retry_seconds=10))
        self.service.answer(service.sites())
        result = self.ask('--wait')

        self.assertEqual((0, ''), (result.status, result.err))
        self.assertEqual(25, sum(self.slept))
        self.assertEqual(3, len(self.service.requests))

    def test_measured_and_refused(self):
        self.service.answer(service.refused(retry_seconds=15))
        self.service.answer(service.refused())
        result = self.ask('--wait')

        self.assertEqual(1, result.status)
        self.assertEqual(
            'no site within 5 ms (p95) of 203.0.113.7\n', result.err
        )

    def test_not_for_longer_than_said(self):
        self.service.answer(service.refused(retry_seconds=15))
        result = self.ask('--wait', '--timeout', '30')

        self.assertEqual(30, sum(self.slept))
        self.assertEqual(3, len(self.service.requests))
        self.assertEqual(1, result.status)
        self.assertEqual(
            'no site within 5 ms (p95) of 203.0.113.7\n'
            'not all is measured after 30 s\n',
            result.err,
        )

    def test_longer_than_there_is_time_for_is_not_waited_for(self):
        self.service.answer(service.refused(retry_seconds=31))
        self.ask('--wait', '--timeout', '30')

        self.assertEqual([], self.slept)

    def test_busy_service(self):
        self.service.refuse(503, 'not now', 7)
        self.service.refuse(429, 'too much', 2)
        self.service.answer(service.sites())
        result = self.ask('--wait')

        self.assertEqual((0, ''), (result.status, result.err))
        self.assertEqual(9, sum(self.slept))

    def test_service_that_is_busy_for_too_long(self):
        self.service.refuse(503, 'not now', 20)
        result = self.ask('--wait', '--timeout', '30')

        self.assertEqual(20, sum(self.slept))
        self.assertEqual(2, result.status)
        self.assertIn('not now; try again in 20 s (HTTP 503', result.err)

    def test_refusal_is_not_waited_for(self):
        self.service.refuse(400, 'no')
        result = self.ask('--wait')

        self.assertEqual((2, []), (result.status, self.slept))

    def test_at_least_a_second(self):
        """Though nobody of ours would say so."""
        self.service.refuse(503, 'not now', 0)
        self.ask('--wait', '--timeout', '3')

        self.assertEqual([1, 1, 1], self.slept)

    def test_timeout_that_is_none(self):
        for value in '0', '-1', 'soon', '1.5':
            result = self.ask('--wait', '--timeout', value)
            self.assertEqual(2, result.status)
            self.assertIn(
                f"invalid number of seconds value: '{value}'", result.err
            )


class TestProgress(AskingTestCase):
    def shown(self, *argv):
        return self.ask(*argv, stderr=base.Terminal()).err

    def test_on_a_terminal(self):
        self.service.answer(service.refused(retry_seconds=2))
        self.service.refuse(503, 'not now', 1)
        self.service.answer(service.sites())
        shown = self.shown('--wait', '--flavor', 'edge.small')

        self.assertEqual(
            [
                '',
                'asking which sites have room',
                'being measured: asking again in 2 s',
                'being measured: asking again in 1 s',
                'the service is busy: asking again in 1 s',
                '',
                '',
            ],
            [text.rstrip() for text in shown.split('\r')],
        )

    def test_no_room_is_asked_for(self):
        self.service.answer(service.sites())

        self.assertIn('asking for sites', self.shown())

    def test_quiet(self):
        self.service.answer(service.sites())
        result = self.run_bare(
            '-q',
            *self.cloud(),
            *'edge budget check'.split(),
            stderr=base.Terminal(),
        )

        self.assertEqual((0, ''), (result.status, result.err))


class TestRemarks(AskingTestCase):
    def test_no_reason(self):
        self.service.answer(service.refused(reason=None))

        self.assertEqual('no site is accepted\n', self.ask().err)

    def test_cloud_that_only_judges(self):
        self.service.answer(service.sites(enforced=False))

        self.assertEqual(
            'this cloud only judges: it refuses nothing as yet\n',
            self.ask().err,
        )

    def test_reason_is_no_order_to_a_terminal(self):
        self.service.answer(service.refused(reason='far\x1b[2J\n'))

        self.assertEqual('far\\x1b[2J\n', self.ask().err)
