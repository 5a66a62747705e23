# SPDX-License-Identifier: Apache-2.0

"""How hosts were ranked, and by what they would not be."""

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.judging.ranking import Ranking
from edge_sched.judging.ranking import Turn

#: Latency puts b before a, by 4; RAM a before all, by 1.
RANKING = Ranking(
    ['a', 'b', 'c'],
    ['nice', 'paris', 'paris'],
    {
        'EdgeLatencyWeigher': [6.0, 10.0, 9.0],
        'RAMWeigher': [1.0, 0.0, 0.5],
        'IoOpsWeigher': [0.0, 0.0, 0.0],
    },
)


class RankingTest(base.BaseTestCase):
    def test_order(self):
        self.assertEqual([7.0, 10.0, 9.5], RANKING.totals)
        self.assertEqual([1, 2, 0], RANKING.order)

    def test_equal_ones_stay_in_their_order(self):
        tied = Ranking(['a', 'b', 'c'], [1, 1, 1], {'W': [1.0, 2.0, 2.0]})
        self.assertEqual([1, 2, 0], tied.order)
        self.assertEqual(0, tied.without('W'))

    def test_nobody_weighed(self):
        alone = Ranking(['a'], ['nice'], {})
        self.assertEqual(
            {
                'first': {
                    'host': 'a',
                    'site': 'Nice',
                    'weight': 0.0,
                    'given': {},
                },
                'without': {},
                'turns': {},
            },
            alone.for_record({'nice': 'Nice'}),
        )

    def test_without_a_weigher(self):
        self.assertEqual(0, RANKING.without('EdgeLatencyWeigher'))
        self.assertEqual(1, RANKING.without('RAMWeigher'))

    def test_weigher_that_gives_all_the_same_changes_nothing(self):
        even = Ranking(['a', 'b'], [1, 2], {'A': [1.0, 2.0], 'B': [3.0, 3.0]})
        self.assertEqual(1, even.without('B'))
        self.assertEqual([], even.turns('B'))

    def test_turns(self):
        # a passes b at 7 + x = 10, c at 9.5 + x / 2 = 10: at 1 + 1.
        self.assertEqual([Turn(2.0, 2)], RANKING.turns('RAMWeigher'))
        # c passes b where 9.5 + 9 x = 10 + 10 x: at half. a would at a fourth.
        self.assertEqual([Turn(0.5, 2)], RANKING.turns('EdgeLatencyWeigher'))
        self.assertEqual([], RANKING.turns('IoOpsWeigher'))

    def test_turns_on_both_sides(self):
        between = Ranking(
            ['low', 'mid', 'high'],
            [1, 2, 3],
            {'A': [0.0, 2.0, 3.0], 'B': [3.0, 2.0, 0.5]},
        )
        self.assertEqual([Turn(0.5, 0), Turn(1.5, 2)], between.turns('A'))

    def test_of_those_that_pass_at_once_the_steepest_goes_on(self):
        tied = Ranking(
            ['first', 'slow', 'steep'],
            [1, 2, 3],
            {'A': [0.0, 1.0, 2.0], 'B': [4.0, 2.0, 0.0]},
        )
        self.assertEqual([Turn(2.0, 2)], tied.turns('A'))
        falling = Ranking(
            ['first', 'slow', 'steep'],
            [1, 2, 3],
            {'A': [4.0, 3.0, 2.0], 'B': [0.0, 0.5, 1.0]},
        )
        self.assertEqual([Turn(0.5, 2)], falling.turns('A'))

    def test_no_turn_at_less_than_nothing(self):
        ahead = Ranking(['a', 'b'], [1, 2], {'A': [4.0, 3.0], 'B': [0.5, 0.0]})
        self.assertEqual([], ahead.turns('A'))

    def test_equal_host_turns_at_once(self):
        tied = Ranking(['a', 'b'], [1, 2], {'A': [1.0, 2.0], 'B': [2.0, 1.0]})
        self.assertEqual([Turn(1.0, 1)], tied.turns('A'))
        self.assertEqual([Turn(1.0, 1)], tied.turns('B'))

    def test_record(self):
        self.assertEqual(
            {
                'first': {
                    'host': 'b',
                    'site': 'Paris',
                    'weight': 10.0,
                    'given': {'EdgeLatencyWeigher': 10.0},
                },
                'next': {
                    'host': 'a',
                    'site': 'Nice',
                    'weight': 7.0,
                    'given': {'EdgeLatencyWeigher': 6.0, 'RAMWeigher': 1.0},
                },
                'without': {'EdgeLatencyWeigher': 'a'},
                'turns': {
                    'EdgeLatencyWeigher': [[0.5, 'c']],
                    'RAMWeigher': [[2.0, 'c']],
                },
            },
            RANKING.for_record({'nice': 'Nice', 'paris': 'Paris'}),
        )


#: Quarters, so that nothing is lost in adding them up.
WEIGHTS = st.integers(0, 12).map(lambda n: n / 4)


@st.composite
def rankings(draw):
    hosts = draw(st.integers(1, 6))
    given = draw(
        st.lists(
            st.lists(WEIGHTS, min_size=hosts, max_size=hosts),
            min_size=1,
            max_size=4,
        )
    )
    names = [f'host{n}' for n in range(hosts)]
    weighers = {f'W{n}': weights for n, weights in enumerate(given)}
    return Ranking(names, [n // 2 for n in range(hosts)], weighers)


def first_at(ranking: Ranking, weigher: str, factor: float) -> int:
    """Which is first if a weigher counts so many times as much."""
    given = {
        name: [factor * w for w in weights] if name == weigher else weights
        for name, weights in ranking.given.items()
    }
    return Ranking(ranking.names, ranking.places, given).order[0]


class AnyRankingTest(base.BaseTestCase):
    @hypothesis.given(rankings())
    def test_without_is_a_multiplier_of_0(self, ranking):
        for weigher in ranking.given:
            self.assertEqual(
                first_at(ranking, weigher, 0.0), ranking.without(weigher)
            )

    @hypothesis.given(rankings())
    def test_first_until_a_turn_and_the_other_beyond(self, ranking):
        first, step = ranking.order[0], 1e-6
        for weigher in ranking.given:
            turns = ranking.turns(weigher)
            below = [
                t
                for t in turns
                if t.factor <= 1 and not _gains(t, ranking, weigher)
            ]
            above = [t for t in turns if t not in below]
            self.assertLessEqual(len(below), 1)
            self.assertLessEqual(len(above), 1)
            lowest = below[0].factor + step if below else 0.0
            highest = above[0].factor - step if above else 1e6
            if lowest <= 1 <= highest:
                for factor in (lowest, (1 + lowest) / 2, 1.0, highest):
                    self.assertEqual(first, first_at(ranking, weigher, factor))
            for turn in above:
                beyond = first_at(ranking, weigher, turn.factor + step)
                self.assertEqual(turn.host, beyond)
            for turn in below:
                if turn.factor > step:
                    beyond = first_at(ranking, weigher, turn.factor - step)
                    self.assertEqual(turn.host, beyond)


def _gains(turn: Turn, ranking: Ranking, weigher: str) -> bool:
    given = ranking.given[weigher]
    return given[turn.host] > given[ranking.order[0]]
