# SPDX-License-Identifier: Apache-2.0

"""Rows of prefixes that were not measured, against ones made by hand."""

import math
from unittest import mock

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.judging import deriving
from edge_sched.judging.deriving import LEAST_PARTS
from edge_sched.judging.deriving import derived
from edge_sched.model.client import is_part
from edge_sched.model.client import is_wide
from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import DERIVED
from tests.unit.factories import make_row

INF = math.inf


def measured(rtts_ms, **figures):
    """``{'203.0.113.0/24': 10.0}`` as rows of one vantage."""
    return [
        (
            parse_prefix(text),
            make_row(p50_ms, p50_ms * 2, client=text, **figures),
        )
        for text, p50_ms in rtts_ms.items()
    ]


def medians(rtts_ms, tie_band_ms=1.0):
    """What is derived: ``{'203.0.0.0/16': 10.0}``."""
    return {
        row.latency.client: row.latency.rtt_p50_ms
        for row in derived(measured(rtts_ms), tie_band_ms)
    }


@ddt.ddt
class DerivedTest(base.BaseTestCase):
    def test_three_that_agree_speak_for_the_widest(self):
        self.assertEqual(
            {'203.0.0.0/16': 10.4},
            medians(
                {
                    '203.0.113.0/24': 10.0,
                    '203.0.114.0/24': 10.8,
                    '203.0.116.0/24': 10.4,
                }
            ),
        )

    def test_two_are_too_few(self):
        self.assertEqual(
            {}, medians({'203.0.113.0/24': 10.0, '203.0.114.0/24': 10.0})
        )

    def test_one_that_is_farther_keeps_them_to_what_is_without_it(self):
        self.assertEqual(
            # 113 to 115; 119 is outside 112.0/22.
            {'203.0.112.0/22': 10.0},
            medians(
                {
                    '203.0.113.0/24': 10.0,
                    '203.0.114.0/24': 10.0,
                    '203.0.115.0/24': 10.0,
                    '203.0.119.0/24': 11.0,
                }
            ),
        )

    def test_each_of_several_is_looked_at(self):
        near = dict.fromkeys(('10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24'), 10)
        far = {f'10.0.{number}.0/24': 20 for number in (128, 129, 130)}
        self.assertEqual(
            {'10.0.0.0/18': 10, '10.0.128.0/17': 20},
            medians({**near, '10.0.64.0/24': 40, **far}),
        )

    # Nearest, farthest, tie band: whether they agree.
    @ddt.data(
        (10.0, 10.99, 1.0, True),
        (10.0, 11.0, 1.0, False),
        (10.0, 10.49, 0.1, True),
        (10.0, 10.5, 0.1, False),
        (100.0, 104.9, 1.0, True),
        (INF, INF, 1.0, False),
        (10.0, INF, 1.0, False),
    )
    @ddt.unpack
    def test_a_tie_band_or_5_percent(self, near, far, band_ms, agree):
        found = medians(
            {
                '10.0.1.0/24': near,
                '10.0.2.0/24': near,
                '10.0.3.0/24': far,
            },
            band_ms,
        )
        self.assertEqual(agree, bool(found))

    def test_what_lies_within_another_is_no_part_of_its_own(self):
        self.assertEqual(
            {},
            medians(
                {
                    '10.0.0.0/24': 10.0,
                    '10.0.0.0/25': 10.0,
                    '10.0.0.128/25': 10.0,
                    '10.0.1.0/24': 10.0,
                }
            ),
        )

    def test_what_lies_within_another_has_to_agree(self):
        parts = {
            '10.0.0.0/24': 10.0,
            '10.0.1.0/24': 10.0,
            '10.0.2.0/24': 10.0,
        }
        self.assertEqual(1, len(medians(parts)))
        self.assertEqual({}, medians({**parts, '10.0.0.128/25': 20.0}))

    def test_versions_are_apart(self):
        self.assertEqual(
            {'2001:db8::/32': 3.0},
            medians(
                {
                    '2001:db8:1::/56': 3.0,
                    '2001:db8:2::/56': 3.0,
                    '2001:db8:ff00::/56': 3.0,
                    '10.0.0.0/24': 3.0,
                    '10.0.1.0/24': 3.0,
                }
            ),
        )

    def test_of_long_addresses_no_more_is_looked_at_than_there_are(self):
        rtts_ms = {f'2001:db8::{n:x}:1': 10.0 + n % 3 for n in range(12)}
        agree = mock.Mock(side_effect=deriving._agree)
        with mock.patch.object(deriving, '_agree', agree):
            self.assertEqual({}, medians(rtts_ms))
        self.assertLess(agree.call_count, len(rtts_ms))

    def test_the_row(self):
        parts = [
            *measured({'10.0.0.0/24': 10.0}, measured_at=30.0, samples=64),
            *measured(
                {'10.0.1.0/24': 10.2},
                measured_at=20.0,
                rtt_p50_hour_ms=10.5,
                rtt_p95_hour_ms=50.0,
            ),
            *measured({'10.0.2.0/24': 10.6}, measured_at=40.0),
        ]
        (row,) = derived(parts, 1.0)
        self.assertEqual(parse_prefix('10.0.0.0/16'), row.client.prefix)
        self.assertEqual(
            make_row(
                10.5,
                21.2,
                client='10.0.0.0/16',
                measured_at=20.0,
                source=DERIVED,
                samples=1,
            ),
            row.latency,
        )


parts = st.dictionaries(
    st.tuples(st.integers(0, 255), st.integers(20, 24)),
    st.sampled_from([10.0, 10.5, 12.0, INF]),
    max_size=12,
)


class PropertyTest(base.BaseTestCase):
    @hypothesis.given(parts)
    def test_whatever_is_derived_is_said_by_all_parts(self, made):
        rtts_ms = {
            str(parse_prefix(f'10.0.{number >> 24 - n << 24 - n}.0/{n}')): rtt
            for (number, n), rtt in made.items()
        }
        prefixes = {parse_prefix(text): rtt for text, rtt in rtts_ms.items()}
        wholes = [row.client.prefix for row in derived(measured(rtts_ms), 1.0)]
        for whole in wholes:
            inside = {p: r for p, r in prefixes.items() if is_part(p, whole)}
            self.assertFalse(is_wide(whole))
            self.assertGreaterEqual(len(inside), LEAST_PARTS)
            self.assertNotIn(whole, prefixes)
            self.assertLess(max(inside.values()) - min(inside.values()), 1.0)
            self.assertFalse(
                [o for o in wholes if o != whole and is_part(o, whole)]
            )
