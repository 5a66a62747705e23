# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Turned off, turned down, and asked for nothing: Nova is as it was."""

from unittest import mock

from nova.scheduler import request_filter

from tests.functional import cloud
from tests.functional.base import HOST
from tests.functional.configuration import DEFAULT_FILTERS
from tests.functional.measured import MeasuredCloudTestCase

ALICE = '203.0.113.7'
BUDGET = {'latency_budget_ms': '20'}
SITES = {
    'paris': ('cell1', ['paris-1']),
    'lyon': ('cell2', ['lyon-1']),
}


class ModeTest(MeasuredCloudTestCase):
    sites = SITES

    def setUp(self) -> None:
        super().setUp()
        # Stock Nova prefers lyon, which has more memory left.
        self.create_server(host='paris-1', flavor='2')
        self.measure('203.0.113.0/24', paris=9, lyon=30)

    def test_enforce(self) -> None:
        self.assertLanded('paris', self.near(ALICE, **BUDGET))
        self.assertLanded('paris', self.near(ALICE))
        self.assertLanded('lyon', self.create_server())

    @cloud.cloud(conf={'edge_sched': {'mode': 'shadow'}})
    def test_shadow_judges_and_records_only(self) -> None:
        self.assertLanded('lyon', self.near(ALICE, **BUDGET))
        record = self.decisions()[-1]
        self.assertEqual('shadow', record['mode'])
        self.assertEqual('judged', record['outcome'])
        self.assertEqual('paris', record['best'][0]['site'])
        for hints, outcome in (
            (
                {'edge:client': ALICE, 'edge:latency_budget_ms': '1'},
                'rejected',
            ),
            ({'edge:client': '999.1.1.1'}, 'bad_hint'),
            ({'edge:client': 'nobody'}, 'unknown_client'),
            ({'edge:latency_budgetms': '20'}, 'bad_hint'),
        ):
            self.assertEqual('ACTIVE', self.create_server(hints)['status'])
            self.assertEqual(outcome, self.outcome())

    @cloud.cloud(conf={'edge_sched': {'mode': 'off'}})
    def test_off(self) -> None:
        self.assertLanded('lyon', self.near(ALICE, latency_budget_ms='1'))
        self.assertEqual('ACTIVE', self.near('999.1.1.1')['status'])
        self.assertEqual([], self.decisions())

    @cloud.cloud(
        conf={
            'filter_scheduler': {'enabled_filters': ','.join(DEFAULT_FILTERS)}
        }
    )
    def test_filter_not_enabled_has_no_effect_at_all(self) -> None:
        self.assertLanded('lyon', self.near(ALICE, latency_budget_ms='1'))
        self.assertEqual('ACTIVE', self.near('999.1.1.1')['status'])
        self.assertEqual([], self.decisions())


class RequestFilterListTest(MeasuredCloudTestCase):
    """Should Nova lose its list of request filters, the filter refuses."""

    sites = SITES

    def prepare(self) -> None:
        super().prepare()
        stock = tuple(request_filter.ALL_REQUEST_FILTERS)
        request_filter.ALL_REQUEST_FILTERS = stock
        self.addCleanup(
            setattr, request_filter, 'ALL_REQUEST_FILTERS', list(stock)
        )

    def test_filter_alone(self) -> None:
        self.assertTrue(self.log_lines('no list of request filters'))
        self.measure('203.0.113.0/24', paris=9, lyon=30)
        self.assertLanded('paris', self.near(ALICE, **BUDGET))
        self.assertRefused(
            "edge:client '999.1.1.1' is not an address",
            self.near('999.1.1.1'),
        )


class LoadingTest(MeasuredCloudTestCase):
    """Everything comes from nova.conf and entry points."""

    sites = SITES

    def test_classes_are_in_force(self) -> None:
        manager = self.scheduler.manager.host_manager
        self.assertEqual(
            [*DEFAULT_FILTERS, 'EdgeLatencyFilter'],
            [type(f).__name__ for f in manager.enabled_filters],
        )
        weighers = [type(w).__name__ for w in manager.weighers]
        self.assertEqual(1, weighers.count('EdgeLatencyWeigher'))
        self.assertEqual(1, weighers.count('EdgeCellLatencyWeigher'))

    def test_what_the_record_says(self) -> None:
        self.measure('203.0.113.0/24', paris=9, lyon=(30, 45))
        server = self.near(f'{ALICE}@20', unknown='allow')
        (record,) = self.decisions()
        self.assertEqual(
            [
                'request_id',
                'instance',
                'num_instances',
                'operation',
                'mode',
                'clients',
                'budgets',
                'outcome',
                'hosts',
                'best',
                'clamped',
                'cache',
                'lookup_ms',
                'breaker',
            ],
            list(record),
        )
        self.assertEqual(server['id'], record['instance'])
        self.assertTrue(record['request_id'].startswith('req-'))
        self.assertEqual('create', record['operation'])
        self.assertEqual('enforce', record['mode'])
        self.assertEqual('miss', record['cache'])
        self.assertEqual('closed', record['breaker'])
        self.assertGreater(record['lookup_ms'], 0)
        self.assertEqual(
            [{'client': '203.0.113.0/24', 'prefix': '203.0.113.0/24'}],
            record['clients'],
        )
        self.assertEqual(
            {'within': 1, 'over': 1, 'unknown': 0}, record['hosts']
        )
        paris, lyon = record['best']
        self.assertGreaterEqual(paris.pop('age_seconds'), 5)
        self.assertEqual(
            {
                'site': 'paris',
                'rtt_p50_ms': 9.0,
                'rtt_p95_ms': 10.0,
                'samples': 100,
                'source': 'test',
            },
            paris,
        )
        self.assertEqual('lyon', lyon['site'])


class PlainRequestTest(MeasuredCloudTestCase):
    """A request without our keys: no query, no line, no difference."""

    sites = SITES
    store_exists = False

    def test_no_query_and_the_same_host_as_stock_nova(self) -> None:
        # The store's file does not exist: any query would say so.
        self.create_server(host='paris-1', flavor='2')
        with (
            mock.patch(
                'edge_sched.scheduler.case.reader', side_effect=AssertionError
            ) as reader,
            mock.patch(
                'edge_sched.scheduler.judgement.WORLD.get',
                side_effect=AssertionError,
            ) as world,
        ):
            for hints in (None, {}, {'group_like': 'x'}):
                self.assertLanded('lyon', self.create_server(hints))
                self.create_server(host='lyon-1', flavor='2')
                self.create_server(host='paris-1', flavor='2')
                self.create_server(host='paris-1')
        reader.assert_not_called()
        world.assert_not_called()
        self.assertEqual([], self.decisions())
        self.assertEqual([], self.log_lines('edge_sched.'))

    def test_hints_of_others_stay_theirs(self) -> None:
        first = self.create_server()
        second = self.create_server({'different_host': first['id']})
        self.assertNotEqual(first[HOST], second[HOST])
        self.assertEqual([], self.decisions())
