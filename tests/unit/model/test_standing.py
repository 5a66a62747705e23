# SPDX-License-Identifier: Apache-2.0

import hypothesis
from hypothesis import strategies
from oslotest import base

from edge_sched.model.standing import Hour

#: On the minute.
NOW = 60.0 * 1_000_000
MINUTE = 60.0


def _hour(*found: tuple[float, bool]) -> Hour:
    """From findings: at how many minutes after ``NOW``, and whether over."""
    begun_at, is_over = found[0]
    begun = NOW + begun_at * MINUTE
    hour = Hour(begun, begun if is_over else None)
    for at, is_over in found[1:]:
        hour = hour.then(is_over, NOW + at * MINUTE)
    return hour


class HourTest(base.BaseTestCase):
    def test_what_was_just_found_says_nothing_of_the_time_before(self):
        hour = _hour((0, True))
        self.assertEqual((0, NOW), (hour.over_ratio, hour.over_since))

    def test_a_finding_stands_until_the_next_one(self):
        self.assertEqual(0b0000011111, _hour((0, True), (5, False))[2])
        self.assertEqual(
            0b1111100000, _hour((0, True), (5, False), (10, True))[2]
        )
        flapping = _hour((0, True), (5, False), (10, True), (15, True))
        self.assertEqual(0b111110000011111, flapping.over_minutes)
        self.assertEqual(10 / 60, flapping.over_ratio)

    def test_it_is_over_since_it_was_found_and_never_within_since(self):
        hour = _hour((0, True), (5, True), (10, True))
        self.assertEqual(NOW, hour.over_since)
        hour = hour.then(False, NOW + 15 * MINUTE)
        self.assertIsNone(hour.over_since)
        hour = hour.then(True, NOW + 20 * MINUTE)
        self.assertEqual(NOW + 20 * MINUTE, hour.over_since)

    def test_a_finding_stands_no_longer_than_three_rounds(self):
        hour = _hour((0, True), (40, True))
        self.assertEqual(15 / 60, hour.over_ratio)
        # The first of the forty minutes.
        self.assertEqual(((1 << 15) - 1) << 25, hour.over_minutes)
        self.assertEqual(NOW, hour.over_since)

    def test_it_forgets_what_is_an_hour_ago(self):
        hour = _hour((0, True), *((5 * n, False) for n in range(1, 13)))
        self.assertEqual(5 / 60, hour.over_ratio)
        hour = hour.then(False, NOW + 63 * MINUTE)
        self.assertEqual(2 / 60, hour.over_ratio)
        hour = hour.then(False, NOW + 65 * MINUTE)
        self.assertEqual(0, hour.over_minutes)

    def test_over_all_the_time_is_the_whole_hour(self):
        hour = _hour((0, True), *((5 * n, True) for n in range(1, 40)))
        self.assertEqual((1.0, NOW), (hour.over_ratio, hour.over_since))

    def test_after_more_than_an_hour_it_begins_anew(self):
        before = _hour((0, True), (15, True))
        hour = before.then(True, NOW + 75 * MINUTE)
        self.assertEqual(NOW, hour.over_since)
        later = NOW + 75 * MINUTE + 1
        self.assertEqual(Hour(later, later), before.then(True, later))
        self.assertEqual(Hour(later), before.then(False, later))

    def test_many_findings_of_one_minute_count_once(self):
        hour = _hour((0, True), (0.1, False), (0.2, True), (0.3, True))
        self.assertEqual(0, hour.over_minutes)
        self.assertEqual(1, hour.then(False, NOW + MINUTE).over_minutes)

    def test_a_clock_that_was_set_back_changes_no_minute(self):
        before = _hour((0, True), (5, True))
        hour = before.then(False, NOW - 600 * MINUTE)
        self.assertEqual(before.over_minutes, hour.over_minutes)
        self.assertEqual(NOW - 600 * MINUTE, hour.audited_at)

    def test_nothing_is_over_since_a_time_to_come(self):
        back = NOW - 600 * MINUTE
        hour = _hour((0, True), (5, True)).then(True, back)
        self.assertEqual(back, hour.over_since)

    @hypothesis.given(
        strategies.lists(
            strategies.tuples(
                strategies.integers(0, 90), strategies.booleans()
            ),
            max_size=30,
        )
    )
    def test_it_is_what_a_list_of_minutes_would_be(self, steps):
        """Truth: each minute marked in a set, looked at once at the end."""
        now, hour, is_over, over = NOW, Hour(NOW), False, set()
        for minutes, found in steps:
            begun = int(now // 60)
            if minutes > 60:
                over.clear()
            elif is_over:
                over |= {begun + n for n in range(min(15, minutes))}
            now += minutes * MINUTE
            hour, is_over = hour.then(found, now), found
        last = int(now // 60)
        expected = {minute for minute in over if minute >= last - 60}
        self.assertEqual(len(expected) / 60, hour.over_ratio)
        self.assertEqual(is_over, hour.over_since is not None)
