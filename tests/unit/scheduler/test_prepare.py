# SPDX-License-Identifier: Apache-2.0

"""What can be said of a request before its hosts are known."""

import time
from collections.abc import Mapping
from typing import Any
from unittest import mock

import fixtures
from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.scheduler import prepare
from edge_sched.scheduler.prepare import Case
from edge_sched.scheduler.prepare import make_case
from edge_sched.scheduler.prepare import refuses_when_blind
from edge_sched.store.errors import StoreUnavailableError
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.base import StagesTestCase

NEAR = {'edge:client': [ALICE]}
BUDGET = NEAR | {'edge:latency_budget_ms': ['20']}
#: In the order in which they are read.
BAD = {'edge:percentile': ['p42'], 'edge:unknown': ['perhaps']}
AWAY = 'latency data is temporarily unavailable'


class CaseTestCase(StagesTestCase):
    def move(self, hints: Mapping[str, Any]) -> objects.RequestSpec:
        cell = objects.CellMapping(uuid=uuids.cell1, name='cell1')
        destination = objects.Destination(cell=cell)
        return self.spec(hints, requested_destination=destination)

    def made(self, spec: objects.RequestSpec) -> Case:
        case = make_case(spec)
        assert case is not None
        return case

    def refusal(
        self,
        hints: Mapping[str, Any],
        extra_specs: Mapping[str, str] | None = None,
    ) -> str:
        return self.made(self.spec(hints, extra_specs)).refusal


class ReadTest(CaseTestCase):
    def test_nobody_is_asked_for(self) -> None:
        hints = {'edge:percentile': ['p99']}
        self.assertIsNone(make_case(self.spec(hints)))
        self.assertIsNone(make_case(self.move(hints)))

    def test_mode_off(self) -> None:
        self.conf.config(group='edge_sched', mode='off')
        self.assertIsNone(make_case(self.spec(BUDGET)))

    def test_hints_are_read_only_beside_a_flavor_that_asks(self) -> None:
        self.conf.config(group='edge_sched', hints='flavor')
        self.assertIsNone(make_case(self.spec(NEAR)))
        budget = {'edge:latency_budget_ms': '20'}
        (target,) = self.made(self.spec(NEAR, budget)).intent.targets
        self.assertEqual(20.0, target.latency_budget_ms)

    def test_first_problem_is_told(self) -> None:
        self.assertIn("'p42' is not one of", self.refusal(BAD))
        self.assertIn(
            "'p42' is not one of",
            self.refusal(NEAR | BAD, {'edge:combine': 'x'}),
        )

    def test_problem_of_a_flavor_matters_if_someone_is_named(self) -> None:
        flavor = {'edge:latency_budget_ms': 'soon'}
        self.assertIn('soon', self.refusal(NEAR, flavor))
        self.assertIn('soon', self.refusal({}, flavor | {'edge:client': 'a'}))
        self.assertIsNone(make_case(self.spec({}, flavor)))

    def test_problem_of_a_server_that_lives_is_left_out(self) -> None:
        case = self.made(self.move(BAD))
        self.assertEqual(('bad_hint', ''), (case.outcome, case.refusal))
        case = self.made(self.move(BUDGET | BAD))
        self.assertEqual(('bad_hint', ''), (case.outcome, case.refusal))
        self.assertEqual(1, len(case.answers))

    def test_budget_and_nobody_to_be_near(self) -> None:
        for hints, first in (
            ({'edge:loss_budget_pct': ['1']}, 'edge:loss_budget_pct'),
            (
                {
                    'edge:loss_budget_pct': ['1'],
                    'edge:jitter_budget_ms': ['5'],
                },
                'edge:jitter_budget_ms',
            ),
        ):
            case = self.made(self.spec(hints))
            self.assertEqual('no_client', case.outcome)
            self.assertTrue(case.refusal.startswith(f'{first} needs'))
        flavor = self.made(self.spec({}, {'edge:loss_budget_pct': '1'}))
        self.assertEqual(('no_client', ''), (flavor.outcome, flavor.refusal))

    def test_three_of_the_problems_are_named(self) -> None:
        for number, more in (
            (3, ''),
            (4, '; and 1 more'),
            (5, '; and 2 more'),
        ):
            make_case(self.move({f'edge:x{i}': ['1'] for i in range(number)}))
            line = self.log.output.splitlines()[-1]
            self.assertIn("'edge:x2' is not an edge: key", line)
            self.assertNotIn('edge:x3', line)
            self.assertTrue(line.endswith(more or 'key'), line)

    def test_vantages_that_any_client_was_measured_from(self) -> None:
        self.measure('198.51.100.0/24', nice=5)
        hints = {'edge:client': [ALICE, '198.51.100.7']}
        self.assertEqual(
            {'paris', 'lyon', 'nice'}, self.made(self.spec(hints)).measured
        )


class LookUpTest(CaseTestCase):
    def test_client_that_is_known(self) -> None:
        case = self.made(self.spec(BUDGET))
        self.assertEqual(('', ''), (case.outcome, case.refusal))
        (answer,) = case.answers.values()
        self.assertEqual([{'paris', 'lyon'}], [set(p) for p in answer.parts])
        self.assertEqual('miss', case.source.cache)

    def test_first_client_that_is_not_known_is_told(self) -> None:
        case = self.made(self.spec({'edge:client': ['crew', 'bob', 'eve']}))
        self.assertEqual('unknown_client', case.outcome)
        self.assertIn("'bob' is not an address", case.refusal)

    def test_client_that_is_gone_is_left_out_of_a_move(self) -> None:
        case = self.made(self.move({'edge:client': ['crew@9', 'bob']}))
        self.assertEqual(('unknown_client', ''), (case.outcome, case.refusal))
        self.assertEqual(['crew'], [str(c) for c in case.intent.clients])
        self.assertIn("'bob' is not an address", self.log.output)
        self.assertTrue(case.intent.may_reject)
        hints = {'edge:client': ['crew', 'bob@9']}
        self.assertFalse(self.made(self.move(hints)).intent.may_reject)
        case = self.made(self.move(hints | {'edge:percentile': ['p42']}))
        self.assertEqual('bad_hint', case.outcome)


class StoreAwayTest(CaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        reader = self.useFixture(
            fixtures.MockPatchObject(prepare, 'reader')
        ).mock.return_value
        reader.look_up.side_effect = StoreUnavailableError
        reader.breaker = 'open'

    def test_request_that_rejects_unknown_hosts_is_refused(self) -> None:
        case = self.made(self.spec(BUDGET))
        self.assertEqual(('store_failure', AWAY), (case.outcome, case.refusal))
        self.assertTrue(case.intent.reject_unknown)

    def test_operator_may_have_it_placed_all_the_same(self) -> None:
        self.conf.config(group='edge_sched', on_store_failure='allow')
        case = self.made(self.spec(BUDGET))
        self.assertEqual(('store_failure', ''), (case.outcome, case.refusal))
        self.assertFalse(case.intent.reject_unknown)

    def test_others_are_placed(self) -> None:
        case = self.made(self.spec(NEAR))
        self.assertEqual(('store_failure', ''), (case.outcome, case.refusal))

    def test_wrong_hint_of_a_move_is_the_outcome_that_is_recorded(
        self,
    ) -> None:
        self.assertEqual('bad_hint', self.made(self.move(NEAR | BAD)).outcome)

    def test_how_long_it_was_waited_for(self) -> None:
        with mock.patch.object(time, 'perf_counter', side_effect=[8.0, 8.25]):
            source = self.made(self.spec(NEAR)).source
        self.assertEqual(
            ('miss', 250.0, 'open'),
            (source.cache, source.lookup_ms, source.breaker),
        )


class BlindTest(CaseTestCase):
    """Whether a request is refused whose hosts cannot be judged."""

    def test_what_rejects_unknown_hosts_is(self) -> None:
        self.assertTrue(refuses_when_blind(self.spec(BUDGET)))
        self.assertFalse(refuses_when_blind(self.spec(NEAR)))
        self.assertFalse(refuses_when_blind(self.spec()))

    def test_nothing_is_unless_the_operator_wants_it(self) -> None:
        for options in ({'mode': 'shadow'}, {'on_store_failure': 'allow'}):
            self.conf.config(group='edge_sched', **options)
            self.assertFalse(refuses_when_blind(self.spec(BUDGET)))
            self.conf.config(
                group='edge_sched', mode='enforce', on_store_failure='reject'
            )

    def test_nor_what_cannot_be_read(self) -> None:
        with mock.patch.object(
            prepare, 'make_case', side_effect=RuntimeError('a test')
        ):
            self.assertFalse(refuses_when_blind(self.spec(BUDGET)))
        self.assertIn('Could not read a request', self.log.output)
