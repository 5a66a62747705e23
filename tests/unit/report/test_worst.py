# SPDX-License-Identifier: Apache-2.0

"""The worst of what passes by."""

import testtools
from hypothesis import given
from hypothesis import strategies as st

from edge_sched.report.worst import Worst


class WorstTest(testtools.TestCase):
    def test_nothing(self) -> None:
        worst: Worst[str] = Worst(2)
        self.assertEqual(([], 0), (worst.first(), worst.added))

    def test_worst_first(self) -> None:
        worst: Worst[str] = Worst(2)
        for badness, one in (3, 'a'), (1, 'b'), (4, 'c'), (2, 'd'):
            worst.add(badness, one)
        self.assertEqual((['c', 'a'], 4), (worst.first(), worst.added))

    @given(st.lists(st.integers(0, 5)), st.integers(1, 4))
    def test_as_if_all_were_sorted(self, given: list[int], most: int) -> None:
        """Of what is as bad the first that came, and no two are compared."""
        worst: Worst[object] = Worst(most)
        all_of_it = [(badness, object()) for badness in given]
        for badness, one in all_of_it:
            worst.add(badness, one)
        order = sorted(all_of_it, key=lambda each: -each[0])
        self.assertEqual([one for _, one in order[:most]], worst.first())
        self.assertEqual(len(given), worst.added)
