# SPDX-License-Identifier: Apache-2.0

import time

import fixtures
from nova import context
from nova import exception
from nova import objects

from edge_sched.model.client import parse_client
from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.scheduler import prepare
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.decide_hosts import refusal_of
from edge_sched.scheduler.filters import EdgeLatencyFilter
from edge_sched.scheduler.judged import Judged
from edge_sched.scheduler.judged import judge_locations
from edge_sched.scheduler.request_filter import edge_latency
from edge_sched.scheduler.scores import SCORES
from edge_sched.scheduler.topology.locator import Location
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.base import StagesTestCase

#: Two sites at once, which anybody may be told of.
OPEN = Location((('aix', None), ('paris', None)), 'nova', 'cell1')
#: In milliseconds: Paris is within it, Lyon is not.
BUDGET = {'edge:client': [ALICE], 'edge:latency_budget_ms': ['12']}


class JudgeHostsTest(StagesTestCase):
    def filter(self, spec: objects.RequestSpec) -> list[str]:
        """The hosts that the filter leaves."""
        left = EdgeLatencyFilter().filter_all(self.hosts, spec)
        return [host.host for host in left]

    def test_hosts_over_the_budget_are_left_out(self) -> None:
        left = [host for host, _ in self.schedule(self.spec(BUDGET))]
        self.assertEqual(['paris-1', 'paris-2'], left)

    def test_filter_judges_where_the_request_filter_was_not_asked(
        self,
    ) -> None:
        self.assertEqual(
            ['paris-1', 'paris-2'], self.filter(self.spec(BUDGET))
        )

    def test_clients_are_looked_up_once_for_both_filters(self) -> None:
        reader = self.useFixture(
            fixtures.MockPatchObject(prepare, 'reader', wraps=prepare.reader)
        ).mock
        spec = self.spec(BUDGET)
        edge_latency(context.get_admin_context(), spec)
        self.filter(spec)
        reader.assert_called_once()

    def test_scores_of_an_earlier_request_are_gone(self) -> None:
        spec = self.spec(BUDGET)
        self.schedule(spec)
        self.assertIsNotNone(SCORES.get(spec))
        self.conf.config(group='edge_sched', mode='shadow')
        self.schedule(spec)
        self.assertIsNone(SCORES.get(spec))

    def test_refusal_needs_no_places(self) -> None:
        spec = self.spec({'edge:client': ['nobody']})
        error = self.assertRaises(exception.NoValidHost, self.filter, spec)
        self.assertIn('nobody', str(error))
        self.topology.assert_not_called()
        (record,) = self.records()
        self.assertEqual('unknown_client', record['outcome'])

    def test_refusal_is_only_recorded_in_shadow_mode(self) -> None:
        self.conf.config(group='edge_sched', mode='shadow')
        spec = self.spec({'edge:client': ['nobody']})
        self.assertEqual(3, len(self.filter(spec)))
        (record,) = self.records()
        self.assertEqual('unknown_client', record['outcome'])

    def test_budget_with_nobody_to_be_near_judges_no_host(self) -> None:
        spec = self.spec({}, {'edge:latency_budget_ms': '12'})
        self.assertEqual(3, len(self.schedule(spec)))
        self.topology.assert_not_called()
        (record,) = self.records()
        self.assertEqual('no_client', record['outcome'])


class OutcomeTest(StagesTestCase):
    def outcome(self, client: str) -> str:
        self.schedule(self.spec({'edge:client': [client]}))
        (record,) = self.records()
        return str(record['outcome'])

    def test_unusable_row_is_a_row(self) -> None:
        stale = Latency('paris', '192.0.2.1', 9, 10, time.time() - 9999)
        self.writer.store_latencies(
            [NewLatency(parse_client('192.0.2.1'), stale)]
        )
        self.assertEqual('judged', self.outcome('192.0.2.1'))

    def test_client_who_was_never_measured(self) -> None:
        self.assertEqual('no_data', self.outcome('198.51.100.7'))

    def test_row_where_no_host_is_is_no_row(self) -> None:
        self.measure('198.51.100.7', nice=9)
        self.assertEqual('no_data', self.outcome('198.51.100.7'))

    def test_name_with_one_prefix_never_measured_still_has_rows(self) -> None:
        prefixes = [parse_prefix('203.0.113.0/24'), parse_prefix('192.0.2.1')]
        self.writer.set_client('fleet', prefixes)
        self.assertEqual('judged', self.outcome('fleet'))


class JudgedTest(StagesTestCase):
    """Paris is 9 ms away at the median, 10 ms at the 95th percentile."""

    def judged(self, location: Location) -> tuple[Case, Judged]:
        """A host, for which a row of Paris speaks if it is there."""
        asked = prepare.make_case(
            self.spec(BUDGET | {'edge:latency_budget_ms': ['5']})
        )
        assert asked is not None
        return asked, judge_locations([location], asked, ())

    def test_place_is_called_as_the_vantage_that_decided(self) -> None:
        _, judged = self.judged(OPEN)
        self.assertEqual('paris', judged.name_for_operator(OPEN))
        self.assertEqual('paris', judged.name_for_project(OPEN, None))

    def test_place_without_a_row_is_called_by_its_first_site(self) -> None:
        unknown = Location((('aix', None), ('nice', None)), 'nova', 'cell1')
        _, judged = self.judged(unknown)
        self.assertEqual('aix', judged.name_for_operator(unknown))

    def test_site_of_others_is_not_told(self) -> None:
        others = frozenset(['others'])
        kept = Location((('aix', None), ('paris', others)), 'nova', 'cell1')
        self.assertIn('paris', refusal_of(*self.judged(OPEN)))
        self.assertNotIn('paris', refusal_of(*self.judged(kept)))
