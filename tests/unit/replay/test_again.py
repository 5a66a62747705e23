# SPDX-License-Identifier: Apache-2.0

"""Decisions judged anew."""

import dataclasses

import hypothesis
from oslotest import base

from edge_sched.model.latency import Answer
from edge_sched.replay.again import judge_again
from edge_sched.replay.recorded import read
from edge_sched.replay.tally import Tally
from edge_sched.replay.tally import unlike
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.factories import make_target
from tests.unit.replay.factories import record_of
from tests.unit.replay.factories import records

SITES = {'lyon': [0.5, 1.0], 'nice': [2.0], 'oslo': [3.0]}


def measured(**p50_ms: float) -> Answer:
    return Answer(
        True,
        (
            {
                site: make_row(p50, p50 + 1, vantage=site)
                for site, p50 in p50_ms.items()
            },
        ),
    )


def recorded(intent=None, mode='enforce', members=None, **p50_ms):
    intent = intent or make_intent()
    answer = measured(**(p50_ms or {'lyon': 5, 'nice': 7, 'oslo': 30}))
    return read(record_of(intent, [answer], SITES, members, mode))


class SameSettingsTest(base.BaseTestCase):
    @hypothesis.settings(max_examples=400, deadline=None)
    @hypothesis.given(records())
    def test_any_decision_is_reproduced(self, record):
        self.assertEqual('', unlike(read(record)))

    def test_host_that_was_first(self):
        again = judge_again(recorded())
        self.assertEqual((0, 'lyon', 'lyon-1'), tuple(again.landing[:3]))

    def test_no_host_is_left(self):
        again = judge_again(recorded(make_intent(make_target(budget_ms=1))))
        self.assertIsNone(again.landing)

    def test_nothing_was_left_for_other_reasons(self):
        left = dataclasses.replace(recorded(), nothing_left=True)
        self.assertIsNone(judge_again(left).landing)

    def test_of_equal_hosts_the_first_of_then(self):
        even = {'lyon': [1.0], 'lille': [1.0]}
        answer = measured(lyon=5, lille=5.2)
        record = record_of(make_intent(), [answer], even)
        for host in ('lyon-0', 'lille-0'):
            record['ranking']['first']['host'] = host
            self.assertEqual(host, judge_again(read(record)).landing.host)


class OtherSettingsTest(base.BaseTestCase):
    def test_options_as_they_were_change_nothing(self):
        before = recorded()
        again = judge_again(before, {'tie_band_ms': 1.0})
        self.assertEqual(judge_again(before).landing, again.landing)

    def test_wider_bands(self):
        # Nice has more of Nova's own weighers, and is in the band of 5 ms.
        again = judge_again(recorded(), {'tie_band_ms': 5.0})
        self.assertEqual('nice-0', again.landing.host)

    def test_multiplier(self):
        # Lyon is better by a 30th: (1/1.25 - 1/1.35) / 3 is 0.02.
        again = judge_again(recorded(), {'latency_weight_multiplier': 10.0})
        self.assertEqual('nice-0', again.landing.host)
        again = judge_again(recorded(), {'latency_weight_multiplier': 100.0})
        self.assertEqual('lyon-1', again.landing.host)

    def test_multiplier_of_aggregates_stays(self):
        before = recorded()
        lyon = dataclasses.replace(before.places[0].best, multiplier=5000.0)
        place = dataclasses.replace(before.places[0], best=lyon)
        before = dataclasses.replace(
            before, places=[place, *before.places[1:]]
        )
        again = judge_again(before, {'latency_weight_multiplier': 0.0})
        self.assertEqual('lyon-1', again.landing.host)

    def test_cells(self):
        # With one attempt each cell is worth its best host.
        before = recorded()
        settings = dataclasses.replace(before.settings, max_attempts=1)
        before = dataclasses.replace(before, settings=settings)
        again = judge_again(
            before,
            {
                'latency_weight_multiplier': 0.0,
                'cell_latency_weight_multiplier': 100.0,
            },
        )
        self.assertEqual('lyon-1', again.landing.host)

    def test_hosts_without_number(self):
        before = recorded()
        many = dataclasses.replace(before.places[0], hosts=10**15)
        before = dataclasses.replace(before, places=[many, *before.places[1:]])
        again = judge_again(before, {'max_age': 800})
        self.assertEqual('lyon-1', again.landing.host)

    def test_age(self):
        again = judge_again(recorded(), {'max_age': 30})
        self.assertIsNone(again.landing)

    def test_place_that_was_rejected_has_no_host(self):
        intent = make_intent(make_target(budget_ms=20))
        before = recorded(intent)
        wider = make_intent(make_target('client-0', budget_ms=100))
        wider = dataclasses.replace(
            before.intent,
            targets=(
                dataclasses.replace(
                    before.intent.targets[0], latency_budget_ms=100.0
                ),
            ),
        )
        again = judge_again(before, {'rank_percentile': 'p95'}, wider)
        self.assertEqual('lyon-1', again.landing.host)
        self.assertTrue(again.decision.verdicts[2].accepted)
        self.assertEqual('', before.places[2].best or '')

    def test_shadow_goes_by_nova_alone(self):
        before = recorded(mode='shadow')
        self.assertEqual('oslo-0', judge_again(before).landing.host)

    def test_what_enforce_would_have_done(self):
        before = recorded(mode='shadow')
        again = judge_again(before, {'mode': 'enforce'})
        self.assertEqual('lyon-1', again.landing.host)

    def test_shadow_does_not_spread(self):
        asked = make_intent(spread=('site',))
        before = recorded(asked, members={'lyon': [1]})
        self.assertEqual('nice-0', judge_again(before).landing.host)


class TallyTest(base.BaseTestCase):
    def test_sums(self):
        tally = Tally()
        spread = make_intent(spread=('site',))
        over = make_intent(
            make_target(budget_ms=4), required=False, reject_unknown=False
        )
        for before, site in (
            (recorded(), 'lyon'),
            (recorded(), 'nice'),
            (recorded(make_intent(make_target(budget_ms=1))), 'lyon'),
            (recorded(spread, members={'lyon': [1]}), 'nice'),
            (recorded(spread, members={s: [1] for s in SITES}), 'lyon'),
            (recorded(over), 'lyon'),
        ):
            tally.add(before, judge_again(before), site)
        self.assertEqual(
            {
                'placed': 5,
                'refused': 1,
                'at another site': 2,
                'over budget': 1,
                'not measured there': 0,
                'rtt_median_ms': 5,
                'rtt_p95_ms': 7,
                'asked to be spread': 2,
                'spread: none of the group there': 1,
            },
            tally.rows(),
        )

    def test_not_measured(self):
        tally = Tally()
        asked = make_intent(required=False, reject_unknown=False)
        before = recorded(asked, paris=1)
        tally.add(before, judge_again(before), 'oslo')
        self.assertEqual(1, tally.rows()['not measured there'])
        self.assertIsNone(tally.rows()['rtt_p95_ms'])


class UnlikeTest(base.BaseTestCase):
    def test_class(self):
        before = recorded()
        place = dataclasses.replace(before.places[0], standing='over')
        before = dataclasses.replace(
            before, places=[place, *before.places[1:]]
        )
        self.assertEqual('lyon is within, not over', unlike(before))

    def test_score(self):
        before = recorded()
        place = dataclasses.replace(before.places[1], score=0.5)
        before = dataclasses.replace(
            before, places=[before.places[0], place, before.places[2]]
        )
        self.assertIn('nice scores 0.9', unlike(before))

    def test_host(self):
        before = dataclasses.replace(recorded(), first='oslo-9')
        self.assertEqual('lyon-1 is first, not oslo-9', unlike(before))
        before = dataclasses.replace(before, nothing_left=True)
        self.assertEqual('no host is first, not oslo-9', unlike(before))
        before = dataclasses.replace(before, is_ranked=False)
        self.assertEqual('', unlike(before))
