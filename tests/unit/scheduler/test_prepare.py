# SPDX-License-Identifier: Apache-2.0

"""What can be said of a request before its hosts are known."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from unittest import mock

import fixtures
from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.model.client import Client
from edge_sched.scheduler import prepare
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.peers import PEERS
from edge_sched.scheduler.peers import Peer
from edge_sched.scheduler.prepare import make_case
from edge_sched.scheduler.prepare import refuses_when_blind
from edge_sched.store.cache import AnswerCache
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.flights import Flights
from edge_sched.store.reader import Reader
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.base import PROJECT
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


class PeersTest(CaseTestCase):
    """Of the servers ``db``, which is at Paris, and ``web``, at Lyon."""

    HOSTS = {
        uuids.db: ('paris-1', uuids.cell1),
        uuids.web: ('lyon-1', uuids.cell2),
    }
    DB, WEB, NEW, GONE = (
        f'server:{getattr(uuids, name)}'
        for name in ('db', 'web', 'new', 'gone')
    )
    ALL, EMPTY = f'group:{uuids.all}', f'group:{uuids.empty}'

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(fixtures.MockPatchObject(PEERS, 'find', self.peers))
        self.projects: list[str] = []
        self.measure('site:lyon', paris=15, nice=7)

    def peers(
        self, clients: Sequence[Client], project_id: str, cells: object
    ) -> dict[Client, Peer]:
        self.projects.append(project_id)
        known = {uuids.new: {}, uuids.all: self.HOSTS, uuids.empty: {}}
        known |= {uuid: {uuid: at} for uuid, at in self.HOSTS.items()}
        return {
            c: Peer(uuid in known, known.get(uuid, {}))
            for c in clients
            if (uuid := c.server or c.group)
        }

    def test_server_is_judged_by_where_it_is(self) -> None:
        case = self.made(self.spec({'edge:client': [f'{self.DB}@20']}))
        self.assertEqual(('', ''), (case.outcome, case.refusal))
        ((client, answer),) = case.answers.items()
        self.assertEqual(self.DB, str(client))
        (part,) = answer.parts
        self.assertEqual(
            {'paris': ('assumed', 0.5), 'lyon': ('', 15)},
            {v: (row.source, row.rtt_p50_ms) for v, row in part.items()},
        )
        self.assertEqual({'paris', 'lyon'}, case.measured)
        self.assertEqual('miss', case.source.cache)
        # Whoever asks Nova to move it.
        self.assertEqual([PROJECT], self.projects)

    def test_group_is_judged_by_all_places_of_it(self) -> None:
        case = self.made(self.spec({'edge:client': [self.ALL]}))
        (answer,) = case.answers.values()
        self.assertEqual(
            {('lyon', 'paris'), ('lyon', 'nice', 'paris')},
            {tuple(sorted(part)) for part in answer.parts},
        )

    def test_site_is_measured_by_itself(self) -> None:
        case = self.made(self.spec({'edge:client': ['site:lyon']}))
        (answer,) = case.answers.values()
        self.assertEqual(
            [{'paris', 'nice', 'lyon'}], [{*p} for p in answer.parts]
        )
        self.assertEqual([], self.projects)

    def test_one_look_up_for_all(self) -> None:
        look_up = mock.Mock(side_effect=Reader.look_up, autospec=True)
        with mock.patch.object(
            Reader, 'look_up', lambda *args: look_up(*args)
        ):
            case = self.made(
                self.spec({'edge:client': [self.DB, ALICE, self.WEB, 'crew']})
            )
        self.assertEqual(1, look_up.call_count)
        self.assertEqual(
            [self.DB, ALICE, self.WEB, 'crew'], [str(c) for c in case.answers]
        )

    def test_request_without_any_asks_nobody(self) -> None:
        self.made(self.spec(BUDGET))
        self.assertEqual([], self.projects)
        self.conf.config(group='edge_sched', hints='flavor')
        self.assertIsNone(make_case(self.spec({'edge:client': [self.DB]})))
        self.assertEqual([], self.projects)

    def test_what_the_project_does_not_have_is_refused(self) -> None:
        for text, words in (
            (self.GONE, 'is not a server of this project'),
            (f'group:{uuids.gone}', 'is not a server group of this project'),
            ('site:nowhere', 'is not a site'),
            (self.NEW, 'has no host yet'),
        ):
            case = self.made(
                self.spec({'edge:client': [ALICE, f'{text}@5', 'bob']})
            )
            self.assertEqual('unknown_client', case.outcome)
            self.assertEqual(f"edge:client '{text}' {words}", case.refusal)

    def test_what_is_gone_is_left_out_of_a_move_with_one_warning(self) -> None:
        hints = {'edge:client': ['crew', f'{self.GONE}@9', self.NEW, 'bob']}
        case = self.made(self.move(hints))
        self.assertEqual(('unknown_client', ''), (case.outcome, case.refusal))
        self.assertEqual(['crew'], [str(c) for c in case.intent.clients])
        # Nobody else has a budget.
        self.assertFalse(case.intent.may_reject)
        lines = [x for x in self.log.output.splitlines() if 'Left out' in x]
        self.assertEqual(1, len(lines))
        self.assertIn('is not a server of this project', lines[0])
        self.assertIn('has no host yet', lines[0])
        self.assertIn("'bob' is not an address", lines[0])

    def test_move_that_has_nobody_left(self) -> None:
        case = self.made(self.move({'edge:client': [f'{self.GONE}@9']}))
        self.assertEqual(('unknown_client', ''), (case.outcome, case.refusal))
        self.assertEqual((), case.intent.targets)

    def test_group_of_nobody_is_no_client(self) -> None:
        hints = {'edge:client': [f'{self.EMPTY}@5', 'crew@20']}
        for spec in (self.spec(hints), self.move(hints)):
            case = self.made(spec)
            self.assertEqual(('', ''), (case.outcome, case.refusal))
            self.assertEqual(['crew'], [str(c) for c in case.intent.clients])
        self.assertNotIn('Left out', self.log.output)
        # Its budget was the only one.
        hints = {'edge:client': [f'{self.EMPTY}@5', 'crew']}
        case = self.made(self.spec(hints))
        self.assertFalse(case.intent.has_budget)
        self.assertFalse(case.intent.may_reject)

    def test_group_of_nobody_alone(self) -> None:
        """As if nobody had to be near, and that is recorded."""
        budget = {'edge:latency_budget_ms': ['20']}
        for hints, flavor in (
            ({'edge:client': [self.EMPTY]}, {}),
            ({'edge:client': [f'{self.EMPTY}@5']}, {}),
            ({'edge:client': [self.EMPTY]} | budget, {}),
            (
                {'edge:client': [self.EMPTY]},
                {'edge:latency_budget_ms': '20'},
            ),
        ):
            case = self.made(self.spec(hints, flavor))
            self.assertEqual(('no_client', ''), (case.outcome, case.refusal))
            self.assertEqual((), case.intent.targets)
            self.assertEqual({}, case.answers)
        hints = {'edge:client': [self.EMPTY], 'edge:percentile': ['p42']}
        self.assertEqual('bad_hint', self.made(self.move(hints)).outcome)

    def test_server_that_names_itself_is_no_client(self) -> None:
        """Its old place does not count: it may go anywhere."""
        me = f'server:{uuids.server}'
        case = self.made(self.move({'edge:client': [f'{me}@1']}))
        self.assertEqual(('no_client', ''), (case.outcome, case.refusal))
        case = self.made(self.move({'edge:client': [f'{me}@1', self.DB]}))
        self.assertEqual([self.DB], [str(c) for c in case.intent.clients])
        self.assertFalse(case.intent.has_budget)
        self.assertNotIn('Left out', self.log.output)

    def test_what_cannot_be_placed_is_unknown(self) -> None:
        with mock.patch.object(PEERS, 'find', side_effect=RuntimeError('x')):
            case = self.made(self.spec({'edge:client': [f'{self.DB}@20']}))
        self.assertEqual(('', ''), (case.outcome, case.refusal))
        (answer,) = case.answers.values()
        self.assertEqual(
            (True, True, ()),
            (
                answer.known,
                answer.unplaced,
                answer.parts,
            ),
        )
        self.assertTrue(case.intent.reject_unknown)

    def test_answers_of_before_serve_while_the_store_is_away(self) -> None:
        spec = self.spec({'edge:client': [self.DB]})
        self.made(spec)
        with (
            mock.patch.object(AnswerCache, 'fresh', return_value={}),
            mock.patch.object(
                Flights, 'fetch', side_effect=StoreUnavailableError
            ),
        ):
            case = self.made(spec)
            self.assertEqual(('', 'stale'), (case.outcome, case.source.cache))
            self.assertEqual({'paris', 'lyon'}, case.measured)
            # Where nobody has asked for it before.
            case = self.made(self.spec({'edge:client': [self.WEB]}))
            self.assertEqual('store_failure', case.outcome)


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
