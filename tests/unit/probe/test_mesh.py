# SPDX-License-Identifier: Apache-2.0

"""Which other sites a site probes."""

import math

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.probe import mesh

HUNDRED = [f'site-{number}' for number in range(100)]


def choose(site='lyon', others=HUNDRED, rtts_ms=None, most=1000):
    return mesh.choose(site, others, rtts_ms or {}, most)


class ChooseTest(base.BaseTestCase):
    def test_all_of_a_few_the_nearest_first(self):
        rtts_ms = {'oslo': 9.0, 'nice': 2.0, 'rome': math.inf, 'gone': 1.0}
        self.assertEqual(
            ['nice', 'oslo', 'bonn', 'rome'],
            choose(others=['rome', 'bonn', 'oslo', 'nice'], rtts_ms=rtts_ms),
        )
        self.assertEqual([], choose(others=[]))

    def test_the_ceiling(self):
        self.assertEqual(64, len(set(choose())))
        self.assertEqual(64, len(choose(others=HUNDRED[:64])))
        self.assertEqual(63, len(choose(others=HUNDRED[:63])))
        self.assertEqual(9, len(choose(most=9)))

    def test_three_quarters_are_the_nearest(self):
        rtts_ms = {site: float(n) for n, site in enumerate(HUNDRED)}
        chosen = choose(rtts_ms=rtts_ms)
        self.assertEqual(HUNDRED[:48], chosen[:48])
        self.assertEqual(64, len(set(chosen)))
        # Of four one is left to the lot, of three none.
        self.assertEqual(HUNDRED[:3], choose(rtts_ms=rtts_ms, most=4)[:3])
        self.assertNotEqual(HUNDRED[3], choose(rtts_ms=rtts_ms, most=4)[3])
        self.assertEqual(HUNDRED[:3], choose(rtts_ms=rtts_ms, most=3))

    def test_the_lot_has_those_first_that_were_never_measured(self):
        rtts_ms = {site: float(n) for n, site in enumerate(HUNDRED[:90])}
        chosen = choose(rtts_ms=rtts_ms)
        self.assertEqual(HUNDRED[:48], chosen[:48])
        self.assertEqual(set(HUNDRED[90:]), set(chosen[48:58]))

    def test_a_silent_one_is_not_near(self):
        rtts_ms = dict.fromkeys(HUNDRED[:50], math.inf)
        self.assertEqual(
            set(HUNDRED[50:]), set(choose(rtts_ms=rtts_ms, most=50))
        )

    def test_places_that_the_nearest_do_not_take_are_drawn(self):
        rtts_ms = {'site-7': 1.0, 'site-5': 2.0}
        chosen = choose(rtts_ms=rtts_ms)
        self.assertEqual(['site-7', 'site-5'], chosen[:2])
        self.assertEqual(64, len(set(chosen)))

    def test_a_lot_is_always_the_same_and_another_one_elsewhere(self):
        self.assertEqual(choose(), choose(others=HUNDRED[::-1]))
        self.assertNotEqual(set(choose()), set(choose('oslo')))
        # As it is in any process, on any machine.
        self.assertEqual(['site-11', 'site-39', 'site-0'], choose(most=3))

    def test_a_site_more_changes_one_place_at_the_most(self):
        before, after = choose(), choose(others=[*HUNDRED, 'new'])
        self.assertLessEqual(len(set(before) - set(after)), 1)
        after = choose(others=[s for s in HUNDRED if s != before[5]])
        self.assertEqual({before[5]}, set(before) - set(after))

    def test_all_are_measured_when_files_are_made_again_and_again(self):
        known = {}
        counts = [0]
        for _ in range(17):
            for site in choose(rtts_ms=known, most=20):
                known[site] = float(HUNDRED.index(site))
            counts.append(len(known))
        self.assertEqual([0, *range(20, 101, 5)], counts)
        self.assertEqual(HUNDRED[:15], choose(rtts_ms=known, most=20)[:15])

    @hypothesis.given(
        st.dictionaries(
            st.sampled_from(HUNDRED), st.floats(0, 9) | st.just(math.inf)
        ),
        st.lists(st.sampled_from(HUNDRED), unique=True),
        st.integers(1, 100),
    )
    def test_as_many_as_there_are_places(self, rtts_ms, others, most):
        chosen = choose(others=others, rtts_ms=rtts_ms, most=most)
        self.assertEqual(min(most, 64, len(others)), len(chosen))
        self.assertEqual(len(chosen), len(set(chosen)))
        self.assertLessEqual(set(chosen), set(others))
