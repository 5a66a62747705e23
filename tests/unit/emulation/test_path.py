# SPDX-License-Identifier: Apache-2.0

"""What becomes of packets by the way that they take."""

import math

import ddt
from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from tests.emulation.path import Lane
from tests.emulation.path import Path
from tests.emulation.path import Way

MS = 1_000_000
moments = st.lists(st.integers(0, 1000 * MS), max_size=50).map(sorted)


def arrivals(way: Way, sent_ns: list[int], seed: str = '') -> list[int | None]:
    lane = Lane(way, seed)
    return [lane.arrival_ns(moment) for moment in sent_ns]


@ddt.ddt
class PathTest(base.BaseTestCase):
    def test_two_ways_make_the_round_trip(self) -> None:
        path = Path(rtt_ms=10, jitter_ms=4, loss_ratio=0.36)
        self.assertEqual(
            Way(delay_ms=5, jitter_ms=2, loss_ratio=1 - math.sqrt(0.64)),
            path.way,
        )
        self.assertAlmostEqual(0.64, (1 - path.way.loss_ratio) ** 2)

    def test_median_has_half_of_the_jitter(self) -> None:
        self.assertEqual(12, Path(rtt_ms=10, jitter_ms=4).median_ms)

    def test_all_is_lost_on_both_ways(self) -> None:
        self.assertEqual(1, Path(rtt_ms=10, loss_ratio=1).way.loss_ratio)

    @ddt.data(
        ({'rtt_ms': -1}, 'rtt_ms is -1 and has to be 0 or more'),
        ({'rtt_ms': math.inf}, 'rtt_ms is inf and has to be 0 or more'),
        (
            {'rtt_ms': 1, 'jitter_ms': math.nan},
            'jitter_ms is nan and has to be 0 or more',
        ),
        (
            {'rtt_ms': 1, 'loss_ratio': 60},
            'loss_ratio is 60 and has to be 0 to 1',
        ),
    )
    @ddt.unpack
    def test_senseless_figures(
        self, figures: dict[str, float], reason: str
    ) -> None:
        error = self.assertRaises(ValueError, Path, **figures)
        self.assertEqual(reason, str(error))


class LaneTest(base.BaseTestCase):
    def test_delay_alone(self) -> None:
        self.assertEqual(
            [5 * MS, 6 * MS, 105 * MS],
            arrivals(Way(delay_ms=5), [0, 1 * MS, 100 * MS]),
        )

    @given(moments, st.text(max_size=3))
    def test_jitter_adds_up_to_its_own(
        self, sent_ns: list[int], seed: str
    ) -> None:
        way = Way(delay_ms=5, jitter_ms=2, reorder=True)
        for sent, arrival in zip(
            sent_ns, arrivals(way, sent_ns, seed), strict=True
        ):
            self.assertLessEqual(sent + 5 * MS, arrival)
            self.assertLessEqual(arrival, sent + 7 * MS)

    @given(moments)
    def test_nobody_overtakes(self, sent_ns: list[int]) -> None:
        found = arrivals(Way(delay_ms=5, jitter_ms=50), sent_ns)
        self.assertEqual(sorted(found), found)

    def test_overtaking_where_it_is_wanted(self) -> None:
        way = Way(delay_ms=5, jitter_ms=50, reorder=True)
        found = arrivals(way, list(range(20)))
        self.assertNotEqual(sorted(found), found)

    def test_share_of_losses(self) -> None:
        found = arrivals(Way(delay_ms=5, loss_ratio=0.2), [0] * 1000)
        # Six standard deviations of a binomial, were the seed another one.
        self.assertAlmostEqual(200, found.count(None), delta=76)

    def test_nothing_and_all_lost(self) -> None:
        self.assertNotIn(None, arrivals(Way(delay_ms=0), [0] * 100))
        self.assertEqual(
            [None] * 100, arrivals(Way(delay_ms=0, loss_ratio=1), [0] * 100)
        )

    def test_draws_are_those_of_the_seed(self) -> None:
        way = Way(delay_ms=5, jitter_ms=3, loss_ratio=0.5)
        first = arrivals(way, list(range(50)), seed='one')
        self.assertEqual(first, arrivals(way, list(range(50)), seed='one'))
        self.assertNotEqual(first, arrivals(way, list(range(50)), seed='two'))
