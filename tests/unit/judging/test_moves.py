# SPDX-License-Identifier: Apache-2.0

import dataclasses
import math

import ddt
import hypothesis
from hypothesis import strategies
from oslotest import base

from edge_sched.judging import moves
from edge_sched.judging.moves import PastMove
from edge_sched.judging.moves import Rule
from edge_sched.judging.moves import choose_moves
from edge_sched.model.standing import OVER
from edge_sched.model.standing import UNKNOWN
from edge_sched.model.standing import WITHIN
from edge_sched.model.standing import Hour
from edge_sched.model.standing import ServerStanding

NOW = 1_000_000.0
HOUR = 3600.0

#: 18 of its minutes.
_HOUR = Hour(NOW, NOW - HOUR, (1 << 18) - 1)

#: At Lyon, 31 of 20 ms, and 27 at Paris: just worth it by the default rule.
STANDING = ServerStanding(
    server='vm',
    project_id='project',
    host='lyon-1',
    site='lyon',
    client='203.0.113.7',
    verdict=OVER,
    judged_ms=31.0,
    budget_ms=20.0,
    best_site='paris',
    best_ms=27.0,
    hour=_HOUR,
)


def _move(way, hours_ago, arrived=True):
    """``'lyon paris'``: from one to the other."""
    return PastMove(*way.split(), NOW - hours_ago * HOUR, arrived)


def _why(standing=STANDING, past=(), **rule):
    """Why one server is kept, ``''`` if it is moved."""
    chosen, kept = choose_moves(
        [standing], {standing.server: past}, NOW, Rule(**rule)
    )
    if chosen:
        assert chosen == (standing,) and not kept, kept
        return ''
    (why,) = kept
    return why


@ddt.ddt
class StandingTest(base.BaseTestCase):
    """One server, by what was audited."""

    def test_just_worth_it(self):
        self.assertEqual('', _why())

    @ddt.data(
        (
            {'hour': _HOUR._replace(over_minutes=(1 << 17) - 1)},
            moves.TOO_SHORT,
        ),
        ({'best_ms': 27.1}, moves.NO_BETTER),
        ({'best_ms': 35.0}, moves.NO_BETTER),
        ({'best_ms': None}, moves.NO_BETTER),
        ({'best_ms': math.inf}, moves.NO_BETTER),
        ({'best_site': None}, moves.NO_BETTER),
        # Over by jitter or loss: latency says nothing of what is gained.
        ({'judged_ms': None}, moves.NO_BETTER),
        ({'budget_ms': None}, moves.NO_BETTER),
        ({'judged_ms': math.inf, 'best_ms': math.inf}, moves.NO_BETTER),
        ({'judged_ms': math.inf}, ''),
        ({'hour': _HOUR._replace(audited_at=NOW - 900)}, ''),
        ({'hour': _HOUR._replace(audited_at=NOW - 901)}, moves.TOO_OLD),
        ({'hour': _HOUR._replace(audited_at=NOW + 1)}, ''),
        ({'hour': _HOUR._replace(audited_at=NOW + 60)}, moves.TOO_OLD),
    )
    @ddt.unpack
    def test_why(self, differing, why):
        self.assertEqual(why, _why(STANDING._replace(**differing)))

    @ddt.data(
        ({'min_over_ratio': 0.4}, moves.TOO_SHORT),
        ({'min_gain_ratio': 0.3}, moves.NO_BETTER),
        ({'max_age_seconds': -1.0}, moves.TOO_OLD),
        ({'max_moves': 0}, moves.NEXT_TIME),
    )
    @ddt.unpack
    def test_by_another_rule(self, rule, why):
        self.assertEqual(why, _why(**rule))

    def test_gain_that_is_equal_on_paper_is_enough(self):
        # 2 - 1.8 is 0.19999999999999996.
        self.assertEqual(
            '', _why(STANDING._replace(judged_ms=2, budget_ms=1, best_ms=1.8))
        )

    @ddt.data(WITHIN, UNKNOWN)
    def test_server_that_is_not_over_is_nobodys_concern(self, verdict):
        standing = STANDING._replace(verdict=verdict)
        self.assertEqual(((), {}), choose_moves([standing], {}, NOW, Rule()))


@ddt.ddt
class PastTest(base.BaseTestCase):
    """One server, by where it was."""

    @ddt.data(
        ([_move('nice lyon', 0.99)], moves.COOLING_DOWN),
        ([_move('nice lyon', 1)], ''),
        ([_move('lyon nice', 0.99, arrived=False)], moves.COOLING_DOWN),
        ([_move('nice nice', 0.5)], moves.COOLING_DOWN),
        # There and back.
        ([_move('lyon nice', 9), _move('nice lyon', 8)], moves.CAME_BACK),
        ([_move('nice lyon', 8), _move('lyon nice', 9)], moves.CAME_BACK),
        (
            [
                _move('lyon nice', 9),
                _move('nice lyon', 8),
                _move('lyon nice', 7),
            ],
            moves.CAME_BACK,
        ),
        # Not by the same way, or not at all.
        (
            [
                _move('lyon nice', 9),
                _move('nice brest', 8),
                _move('brest lyon', 7),
            ],
            '',
        ),
        ([_move('lyon nice', 9, arrived=False), _move('nice lyon', 8)], ''),
        # A host in between does not hide it.
        (
            [
                _move('lyon nice', 9),
                _move('nice nice', 8.5),
                _move('nice lyon', 8),
            ],
            moves.CAME_BACK,
        ),
        # Paris is where it would go.
        ([_move('paris lyon', 8)], moves.WOULD_GO_BACK),
        ([_move('paris nice', 9), _move('nice lyon', 8)], ''),
        ([_move('nice lyon', 8), _move('paris nice', 9)], ''),
        ([_move('paris lyon', 9), _move('lyon lyon', 8)], moves.WOULD_GO_BACK),
        ([_move('paris lyon', 8, arrived=False)], ''),
    )
    @ddt.unpack
    def test_why(self, past, why):
        self.assertEqual(why, _why(past=past))

    def test_without_a_cooldown(self):
        past = [_move('nice lyon', 0)]
        self.assertEqual('', _why(past=past, cooldown_seconds=0))

    def test_moves_of_others_do_not_count(self):
        past = {'other': [_move('nice lyon', 0)]}
        chosen = choose_moves([STANDING], past, NOW, Rule()).moves
        self.assertEqual((STANDING,), chosen)


class OrderTest(base.BaseTestCase):
    """Who goes first."""

    def test_worst_by_share_of_its_budget(self):
        # 55 %, 150 % and 100 % over.
        given = [
            STANDING._replace(server='a'),
            STANDING._replace(server='b', judged_ms=5.0, budget_ms=2.0),
            STANDING._replace(server='c', judged_ms=80.0, budget_ms=40.0),
        ]
        given = [each._replace(best_ms=1.0) for each in given]
        chosen, kept = choose_moves(given, {}, NOW, Rule(max_moves=2))
        self.assertEqual(['b', 'c'], [each.server for each in chosen])
        self.assertEqual({moves.NEXT_TIME: 1}, kept)

    def test_lost_is_the_worst(self):
        lost = STANDING._replace(server='z', judged_ms=math.inf)
        chosen = choose_moves([STANDING, lost], {}, NOW, Rule()).moves
        self.assertEqual((lost, STANDING), chosen)

    def test_of_those_alike_who_gains_more_then_by_name(self):
        given = [
            STANDING._replace(server='c'),
            STANDING._replace(server='b'),
            STANDING._replace(server='d', best_ms=9.0),
        ]
        chosen = choose_moves(given, {}, NOW, Rule()).moves
        self.assertEqual(['d', 'b', 'c'], [each.server for each in chosen])


_ms = (
    strategies.none() | strategies.floats(0.1, 100) | strategies.just(math.inf)
)
_sites = strategies.sampled_from(['lyon', 'paris', 'nice'])
_standings = strategies.lists(
    strategies.builds(
        ServerStanding,
        server=strategies.uuids().map(str),
        project_id=strategies.just('project'),
        host=strategies.just('host'),
        site=_sites,
        client=strategies.none(),
        verdict=strategies.sampled_from([OVER, WITHIN, UNKNOWN]),
        judged_ms=_ms,
        budget_ms=_ms,
        best_site=strategies.none() | _sites,
        best_ms=_ms,
        hour=strategies.builds(
            Hour,
            strategies.floats(NOW - 2000, NOW + 10),
            strategies.none(),
            strategies.integers(0, (1 << 60) - 1),
        ),
    ),
    unique_by=lambda standing: standing.server,
    max_size=8,
)
_past = strategies.lists(
    strategies.builds(
        PastMove,
        _sites,
        _sites,
        strategies.floats(NOW - 9 * HOUR, NOW),
        strategies.booleans(),
    ),
    max_size=4,
)
_rules = strategies.builds(
    Rule,
    max_moves=strategies.integers(0, 4),
    cooldown_seconds=strategies.floats(0, 9 * HOUR),
    min_over_ratio=strategies.floats(0, 1),
    min_gain_ratio=strategies.floats(0, 2),
)


class PropertyTest(base.BaseTestCase):
    """What holds whatever was audited, and wherever servers were."""

    @hypothesis.given(_standings, strategies.data(), _rules)
    def test_everyone_over_is_moved_or_kept_for_one_reason(
        self, standings, data, rule
    ):
        past = {each.server: data.draw(_past) for each in standings}
        chosen, kept = choose_moves(standings, past, NOW, rule)
        over = [each for each in standings if each.verdict == OVER]
        self.assertEqual(len(over), len(chosen) + sum(kept.values()))
        self.assertLessEqual(len(chosen), rule.max_moves)
        for each in chosen:
            self.assertIn(each, over)
            self.assertGreaterEqual(
                each.hour.over_ratio + 1e-9, rule.min_over_ratio
            )
            self.assertGreaterEqual(
                each.judged_ms - each.best_ms,
                rule.min_gain_ratio * each.budget_ms - 1e-6,
            )
            for move in past[each.server]:
                self.assertGreaterEqual(NOW - move.at, rule.cooldown_seconds)

    @hypothesis.given(_standings, strategies.randoms(), _rules)
    def test_order_of_the_records_makes_no_difference(
        self, standings, chance, rule
    ):
        first = choose_moves(standings, {}, NOW, rule)
        chance.shuffle(standings)
        self.assertEqual(first, choose_moves(standings, {}, NOW, rule))

    @hypothesis.given(_standings, _rules)
    def test_a_smaller_number_is_the_beginning_of_a_larger(
        self, standings, rule
    ):
        some = choose_moves(standings, {}, NOW, rule).moves
        every = dataclasses.replace(rule, max_moves=99)
        everyone = choose_moves(standings, {}, NOW, every).moves
        self.assertEqual(some, everyone[: rule.max_moves])

    @hypothesis.given(_standings, strategies.data(), _rules)
    def test_a_past_never_makes_a_move(self, standings, data, rule):
        every = dataclasses.replace(rule, max_moves=99)
        past = {each.server: data.draw(_past) for each in standings}
        with_past = choose_moves(standings, past, NOW, every).moves
        without = choose_moves(standings, {}, NOW, every).moves
        self.assertLessEqual(set(with_past), set(without))
