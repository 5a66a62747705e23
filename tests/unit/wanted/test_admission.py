# SPDX-License-Identifier: Apache-2.0

"""Who gets a place on the list."""

import collections

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.model.wanted import WantedTarget
from edge_sched.wanted.admission import Ask
from edge_sched.wanted.admission import Place
from edge_sched.wanted.admission import admit
from edge_sched.wanted.admission import share_of

#: Of 8 places a project has two.
PLACES = 8


def ask(number, project='a', standing=False):
    target = WantedTarget(f'10.0.{number}.0/24', f'10.0.{number}.1')
    return Ask(target, project, standing)


def after(asks, listed=(), places=PLACES):
    """The list, ``{place: standing}``, and how many were refused."""
    found = admit(listed, asks, places)
    left = {p: s for p, s in listed if p not in found.dropped}
    for each in found.admitted:
        left[each.place] = each.standing or left.get(each.place, False)
    return left, found.refused


def numbers(left, project='a'):
    return [
        int(place.client.split('.')[2])
        for place in left
        if place.project_id == project
    ]


class AdmissionTest(base.BaseTestCase):
    def test_a_project_has_its_share_first_come(self):
        left, refused = after([ask(1), ask(2), ask(3), ask(1)])
        self.assertEqual([1, 2], numbers(left))
        self.assertEqual(1, refused)

    def test_a_share_is_one_place_at_the_least(self):
        self.assertEqual([1, 1, 250], [share_of(n) for n in (1, 7, 1000)])

    def test_a_full_list_takes_nobody_who_passes(self):
        asks = [ask(n, p) for p in 'abcd' for n in (1, 2)]
        full, _ = after(asks)
        self.assertEqual(PLACES, len(full))
        left, refused = after([ask(9, 'e')], list(full.items()))
        self.assertEqual((full, 1), (left, refused))

    def test_a_server_that_stands_gets_the_youngest_place_of_one_who_passes(
        self,
    ):
        full, _ = after([ask(n, p) for p in 'abcd' for n in (1, 2)])
        stands = ask(9, 'e', standing=True)
        left, _ = after([stands], list(full.items()))
        self.assertEqual([9], numbers(left, 'e'))
        self.assertEqual([1], numbers(left, 'a'))
        self.assertEqual(PLACES, len(left))
        # Of its own project, if that has its share.
        left, _ = after([ask(9, standing=True)], list(full.items()))
        self.assertEqual([1, 9], numbers(left))
        self.assertEqual([1, 2], numbers(left, 'b'))

    def test_whoever_stands_is_never_put_out(self):
        asks = [ask(n, p, True) for p in 'abcd' for n in (1, 2)]
        full, _ = after(asks)
        left, refused = after(
            [ask(9, 'e', True), ask(9, 'a', True)], list(full.items())
        )
        self.assertEqual((full, 2), (left, refused))

    def test_who_passed_and_stands_by_now_stands(self):
        left, _ = after([ask(1), ask(1, standing=True)])
        self.assertEqual({ask(1).place: True}, left)
        left, _ = after([ask(1)], [(ask(1).place, True)])
        self.assertEqual({ask(1).place: True}, left)

    def test_one_that_lost_its_place_again_is_not_admitted(self):
        asks = [ask(1), ask(2), ask(3, standing=True), ask(4, standing=True)]
        found = admit([], asks, PLACES)
        self.assertEqual(asks[2:], found.admitted)
        self.assertEqual([], found.dropped)

    @given(
        st.lists(
            st.builds(
                ask,
                st.integers(0, 30),
                st.sampled_from('abcdef'),
                st.booleans(),
            )
        ),
        st.lists(
            st.builds(
                ask,
                st.integers(0, 30),
                st.sampled_from('abcdef'),
                st.booleans(),
            )
        ),
    )
    def test_bounds_hold_whoever_asks(self, first, then):
        listed, _ = after(first)
        left, _ = after(then, list(listed.items()))
        self.assertLessEqual(len(left), PLACES)
        counts = collections.Counter(p.project_id for p in left)
        self.assertLessEqual(max(counts.values(), default=0), share_of(PLACES))
        for place, standing in listed.items():
            if standing:
                self.assertTrue(left[place])

    @given(st.sets(st.integers(0, 200)))
    def test_what_others_ask_takes_nothing_of_a_share(self, crowd):
        """Of places enough for all projects."""
        asks = [ask(n % 250, 'crowd') for n in crowd]
        left, _ = after([*asks, ask(1, 'me'), ask(2, 'me')])
        self.assertEqual([1, 2], numbers(left, 'me'))
        self.assertIn(Place('10.0.1.0/24', 'me'), left)
