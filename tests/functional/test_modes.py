# SPDX-License-Identifier: Apache-2.0

"""Turned off, turned down, and asked for nothing: Nova is as it was."""

import os
from unittest import mock

from nova.scheduler import request_filter

from edge_sched.scheduler.request_filter import edge_latency
from tests.functional import cloud
from tests.functional.base import HOST
from tests.functional.base import Server
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


class LivingServerTestCase(MeasuredCloudTestCase):
    """A server that lives in Paris, with a budget that no site keeps."""

    sites = {
        'paris': ('cell1', ['paris-1']),
        'lille': ('cell1', ['lille-1']),
    }

    def setUp(self) -> None:
        super().setUp()
        self.measure('203.0.113.0/24', paris=5, lille=90)
        self.server = self.near(ALICE, **BUDGET)
        self.measure('203.0.113.0/24', paris=70, lille=90, age=0)

    def assertMoves(self, server: Server, moved: Server) -> None:
        self.assertNotEqual(server[HOST], moved[HOST])
        self.assertNotEqual('ERROR', moved['status'])


class ShadowTest(LivingServerTestCase):
    """Nothing that ``enforce`` refuses is refused, and all is recorded."""

    conf = {
        'edge_sched': {
            'cache_ttl': '0',
            'membership_ttl': '0',
            'mode': 'shadow',
            'on_evacuate': 'enforce',
        }
    }

    def assertMovesEveryWay(self, outcome: str) -> None:
        """Each move takes the server to the other host, and is recorded."""
        for move in self.live_migrate, self.cold_migrate, self.resize_it:
            before = self.show(self.server)
            self.assertMoves(before, move(self.server))
            self.assertRecorded('move', outcome)
            if move != self.live_migrate:
                self.confirm_resize(self.server)
        self.shelve(self.server)
        self.assertEqual('ACTIVE', self.unshelve(self.server)['status'])
        self.assertRecorded('move', outcome)
        before = self.show(self.server)
        self.assertMoves(before, self.evacuate(self.server))
        self.assertRecorded('evacuate', outcome)

    def assertRecorded(self, operation: str, outcome: str) -> None:
        record = self.decisions()[-1]
        self.assertEqual(
            ('shadow', operation, outcome),
            (record['mode'], record['operation'], record['outcome']),
        )

    def resize_it(self, server: Server) -> Server:
        return self.resize(
            server, self.create_flavor({'edge:latency_budget_ms': '1'})
        )

    def set_hints(self, hints: dict[str, list[str]]) -> None:
        spec = self.request_spec(self.server)
        spec.scheduler_hints = hints
        spec.save()

    def test_over_budget(self) -> None:
        self.assertMovesEveryWay('rejected')

    def test_hint_that_makes_no_sense(self) -> None:
        self.set_hints(
            {'edge:client': [ALICE, '999.1.1.1'], 'edge:percentile': ['p42']}
        )
        self.assertMovesEveryWay('bad_hint')

    def test_client_that_is_no_more_or_was_never_measured(self) -> None:
        for client, outcome in (
            ('crew', 'unknown_client'),
            ('192.0.2.1', 'no_data'),
        ):
            self.set_hints(
                {'edge:client': [client], 'edge:latency_budget_ms': ['20']}
            )
            before = self.show(self.server)
            self.assertMoves(before, self.live_migrate(self.server))
            self.assertRecorded('move', outcome)

    def test_store_away(self) -> None:
        os.rename(self.store_path, f'{self.store_path}.away')
        server = self.near(ALICE, **BUDGET)
        self.assertEqual('ACTIVE', server['status'])
        self.assertRecorded('create', 'store_failure')
        self.assertMovesEveryWay('store_failure')

    def test_bad_flavor_value(self) -> None:
        flavor = self.create_flavor()
        self.set_extra_specs(
            flavor, {'edge:latency_budget_ms': 'soon'}, microversion='2.85'
        )
        server = self.near(ALICE, flavor=flavor)
        self.assertEqual('ACTIVE', server['status'])
        self.assertRecorded('create', 'bad_hint')


class RemovedTest(LivingServerTestCase):
    """The plug-in goes; servers with hints stay, and move as with Nova."""

    def restart_scheduler(self, **options: list[str]) -> None:
        """Start it with these options of ``[filter_scheduler]``."""
        self.flags(**options, group='filter_scheduler')
        self.scheduler.stop()
        self.scheduler = self.start_service('scheduler')

    def assertMovesUnjudged(self) -> None:
        before = self.show(self.server)
        hints = before['scheduler_hints']
        judged = len(self.decisions())
        self.assertEqual([ALICE], hints['edge:client'])
        moved = self.live_migrate(self.server)
        self.assertMoves(before, moved)
        self.assertEqual(hints, moved['scheduler_hints'])
        self.assertEqual(judged, len(self.decisions()))

    def test_live_migration(self) -> None:
        self.assertLanded('paris', self.live_migrate(self.server))
        self.assertEqual('rejected', self.outcome())

        self.restart_scheduler(enabled_filters=DEFAULT_FILTERS)
        self.assertMovesUnjudged()

        # As in a process that has never heard of it.
        request_filter.ALL_REQUEST_FILTERS.remove(edge_latency)
        self.restart_scheduler(
            available_filters=['nova.scheduler.filters.all_filters'],
            weight_classes=['nova.scheduler.weights.all_weighers'],
        )
        self.assertNotIn(edge_latency, request_filter.ALL_REQUEST_FILTERS)
        self.assertMovesUnjudged()


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
                'edge_sched.scheduler.prepare.reader',
                side_effect=AssertionError,
            ) as reader,
            mock.patch(
                'edge_sched.scheduler.decide_hosts.TOPOLOGY.get',
                side_effect=AssertionError,
            ) as get_topology,
        ):
            for hints in (None, {}, {'group_like': 'x'}):
                self.assertLanded('lyon', self.create_server(hints))
                self.create_server(host='lyon-1', flavor='2')
                self.create_server(host='paris-1', flavor='2')
                self.create_server(host='paris-1')
        reader.assert_not_called()
        get_topology.assert_not_called()
        self.assertEqual([], self.decisions())
        self.assertEqual([], self.log_lines('edge_sched.'))

    def test_hints_of_others_stay_theirs(self) -> None:
        first = self.create_server()
        second = self.create_server({'different_host': first['id']})
        self.assertNotEqual(first[HOST], second[HOST])
        self.assertEqual([], self.decisions())
