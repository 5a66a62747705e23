# SPDX-License-Identifier: Apache-2.0

"""What feeds the store, at a moment that every test can mean."""

from edge_sched.status.feeding import Freshness
from edge_sched.status.feeding import judge_collectors
from edge_sched.status.feeding import judge_freshness
from tests.unit.status import base

NOW = 1_700_000_000.0
START = '$ systemctl start edge-sched-collector'
STALE = (
    '[edge_sched]',
    'max_age = 1800',
    '$ edge-sched vantage delete NAME',
)


class FreshnessTest(base.JudgementTestCase):
    def test_all_fresh(self) -> None:
        self.assertSuccess(
            judge_freshness(
                Freshness({'lyon', 'nice'}, {'lyon', 'nice'}), 900
            ),
            'All of 2 vantage points have measurements that are not older '
            'than max_age = 900.',
        )

    def test_some_stale(self) -> None:
        self.assertWarns(
            judge_freshness(
                Freshness({'lyon', 'nice', 'nord'}, {'lyon', 'nord'}), 900
            ),
            'All measurements of 1 of 3 (33 %) vantage points are older than '
            'max_age = 900: nice.',
            *STALE,
        )

    def test_none_fresh(self) -> None:
        self.assertFails(
            judge_freshness(Freshness({'lyon', 'nice'}, set()), 900),
            'All measurements of 2 of 2 (100 %) vantage points are older '
            'than max_age = 900: lyon, nice.',
            *STALE,
        )

    def test_from_the_future(self) -> None:
        ahead = 'have measurements from the future, and none that is used: '
        clocks = (
            'Check the clocks of the hosts that measure, of the collector and '
            'of this one.'
        )
        # Of lyon's rows one is used.
        self.assertWarns(
            judge_freshness(
                Freshness({'lyon', 'nice'}, {'lyon'}, {'lyon', 'nice'}), 900
            ),
            f'1 of 2 (50 %) vantage points {ahead}nice. {clocks}',
        )
        self.assertFails(
            judge_freshness(Freshness({'lyon'}, set(), {'lyon'}), 900),
            f'1 of 1 (100 %) vantage points {ahead}lyon. {clocks}',
        )
        # One of each: two findings.
        both = judge_freshness(
            Freshness({'lyon', 'nice'}, set(), {'lyon'}), 900
        )
        self.assertIn(f'(50 %) vantage points {ahead}lyon.', both.details)
        self.assertIn('are older than max_age = 900: nice.', both.details)

    def test_nothing_stored(self) -> None:
        self.assertFails(
            judge_freshness(Freshness(set(), set()), 900),
            'Nothing is stored of any vantage point',
            '$ edge-sched measurement import FILE',
        )


class CollectorsTest(base.JudgementTestCase):
    def test_imports_only(self) -> None:
        self.assertSuccess(
            judge_collectors({}, NOW, 900),
            'No collector feeds the store: only imports do.',
        )

    def test_at_work(self) -> None:
        self.assertSuccess(
            judge_collectors({'1/2': NOW - 900, '2/2': NOW + 3}, NOW, 900),
            'At work: collector 1/2, 2/2.',
        )

    def test_ahead(self) -> None:
        self.assertWarns(
            judge_collectors({'1/2': NOW, '2/2': NOW + 40}, NOW, 900),
            'The clock of the collector 2/2 is 40 s ahead of this one: check '
            'both.',
        )

    def test_silent(self) -> None:
        self.assertWarns(
            judge_collectors({'1/2': NOW, '2/2': NOW - 7_300}, NOW, 900),
            'The collector 2/2 was last at work 2 h ago.',
            START,
        )

    def test_silent_since_just_now(self) -> None:
        self.assertWarns(
            judge_collectors({'1/1': NOW - 901}, NOW, 900),
            'The collector 1/1 was last at work 15 min ago.',
            START,
        )

    def test_shard_that_nobody_has(self) -> None:
        self.assertWarns(
            judge_collectors({'1/3': NOW, '3/3': NOW}, NOW, 900),
            'No heartbeat of the collector 2/3: ',
        )
