# SPDX-License-Identifier: Apache-2.0

"""What was refused, by the records of logs."""

from typing import Any

import ddt
import testtools
from hypothesis import given
from hypothesis import strategies as st

from edge_sched.judging.record import Source
from edge_sched.judging.record import Subject
from edge_sched.judging.record import make_record
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.replay.lines import Found
from edge_sched.report import refusals as module
from edge_sched.report.refusals import Reason
from edge_sched.report.refusals import Refusals
from edge_sched.report.refusals import Refused
from edge_sched.report.refusals import UnreadableError
from edge_sched.report.refusals import why_refused
from tests.unit.factories import make_intent


def record(
    outcome: str = 'rejected',
    hosts: tuple[int, int, int] = (0, 0, 3),
    operation: str = 'create',
    mode: str = 'enforce',
    **asked: Any,
) -> dict[str, Any]:
    """As the scheduler makes it.

    :param hosts: within, unknown, over
    """
    subject = Subject('req-1', 'uuid-1', 1, operation, mode)
    counts = dict(zip((WITHIN, UNKNOWN, OVER), hosts, strict=True))
    return make_record(
        subject, make_intent(**asked), outcome, Source(), hosts=counts
    )


@ddt.ddt
class WhyTest(testtools.TestCase):
    @ddt.data(
        # Within, unknown and over.
        ((0, 0, 3), {}, module.TOO_FAR),
        ((0, 2, 3), {}, module.TOO_FAR_OR_UNKNOWN),
        ((0, 2, 0), {}, module.NOT_KNOWN),
        ((1, 2, 3), {}, module.NO_ROOM),
        ((1, 0, 0), {}, module.NO_ROOM),
        ((0, 2, 3), {'reject_unknown': False}, module.NO_ROOM),
        ((0, 0, 3), {'reject_unknown': False}, module.TOO_FAR),
        ((0, 0, 3), {'required': False}, module.NO_ROOM),
        ((0, 2, 0), {'required': False}, module.NOT_KNOWN),
        ((0, 0, 0), {}, module.NOT_KNOWN),
    )
    @ddt.unpack
    def test_rejected(
        self, hosts: Any, asked: dict[str, Any], expected: str
    ) -> None:
        made = record(hosts=hosts, **asked)
        self.assertEqual(expected, why_refused(made))

    def test_too_few_places(self) -> None:
        made = record(hosts=(3, 0, 0)) | {'short_of': 'site'}
        self.assertEqual(module.TOO_FEW_PLACES, why_refused(made))

    @ddt.data('judged', 'relaxed', 'no_client', 'no_group')
    def test_what_is_not_refused(self, outcome: str) -> None:
        self.assertEqual('', why_refused(record(outcome)))

    @ddt.data(
        ('bad_hint', 'create', module.BAD_HINT),
        ('unknown_client', 'create', module.UNKNOWN_CLIENT),
        # Left out, and the rest is judged.
        ('bad_hint', 'move', ''),
        ('unknown_client', 'evacuate', ''),
    )
    @ddt.unpack
    def test_what_makes_no_sense(
        self, outcome: str, operation: str, expected: str
    ) -> None:
        made = record(outcome, (0, 0, 0), operation)
        self.assertEqual(expected, why_refused(made))

    def test_no_data(self) -> None:
        made = record('no_data', (0, 9, 0))
        self.assertEqual(module.NEVER_MEASURED, why_refused(made))
        made = record('no_data', (0, 9, 0), reject_unknown=False)
        self.assertEqual('', why_refused(made))

    def test_store_away(self) -> None:
        made = record('store_failure', (0, 0, 0))
        self.assertEqual(module.STORE_AWAY, why_refused(made))
        # on_store_failure = allow
        for hosts in (1, 0, 0), (0, 9, 0), (0, 0, 1):
            self.assertEqual('', why_refused(record('store_failure', hosts)))

    @ddt.data(
        {},
        {'outcome': None},
        {'outcome': []},
        {'outcome': 'exploded'},
        {'outcome': 'rejected'},
        {'outcome': 'rejected', 'hosts': 3, 'budgets': {}},
        {'outcome': 'rejected', 'hosts': {}},
        {'outcome': 'no_data', 'hosts': {}, 'budgets': 'none'},
    )
    def test_garbage(self, made: dict[str, Any]) -> None:
        self.assertRaises(UnreadableError, why_refused, made)

    @given(
        st.dictionaries(
            st.sampled_from(['outcome', 'hosts', 'budgets', 'operation', 'x']),
            st.recursive(
                st.none()
                | st.integers()
                | st.text(max_size=9)
                | st.sampled_from(['rejected', 'no_data', 'store_failure']),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(['within', 'over', 'unknown', 'mode']),
                        inner,
                    )
                ),
                max_leaves=6,
            ),
        )
    )
    def test_nothing_else_is_raised(self, made: dict[str, Any]) -> None:
        refusals = Refusals()
        problem = refusals.add(Found(1, made))
        refused = refusals.refused()
        self.assertEqual(1, refused.records + refused.broken)
        self.assertEqual(bool(problem), bool(refused.broken))


class RefusalsTest(testtools.TestCase):
    def test_none(self) -> None:
        self.assertEqual(Refused(0, [], 0), Refusals().refused())

    def test_most_frequent_first(self) -> None:
        refusals = Refusals()
        for made in (
            record('bad_hint'),
            record(hosts=(1, 0, 0), operation='evacuate'),
            record(),
            record('judged'),
            record(operation='move'),
            record(mode='shadow'),
            record(mode='shadow', operation='move'),
        ):
            self.assertEqual('', refusals.add(Found(1, made)))
        self.assertEqual(
            Refused(
                7,
                [
                    Reason(module.TOO_FAR, 1, 1, 2),
                    Reason(module.BAD_HINT, 1, 0, 0),
                    Reason(module.NO_ROOM, 0, 1, 0),
                ],
                0,
            ),
            refusals.refused(),
        )

    def test_what_is_broken_is_counted(self) -> None:
        refusals = Refusals()
        for found, problem in (
            (Found(1, {}, 'is broken off'), 'is broken off'),
            (Found(2, {'outcome': 'exploded'}), 'outcome is unknown'),
            (Found(3, record()), ''),
        ):
            self.assertEqual(problem, refusals.add(found))
        self.assertEqual(2, refusals.broken)
        self.assertEqual(
            Refused(1, [Reason(module.TOO_FAR, 1, 0, 0)], 2),
            refusals.refused(),
        )
