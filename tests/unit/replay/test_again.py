# SPDX-License-Identifier: Apache-2.0

"""Decisions judged anew."""

import dataclasses

import hypothesis
from oslotest import base

from edge_sched.judging.detail import Best
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


class RankingTest(base.BaseTestCase):
    """Lyon was first; what is known of its host, or of that of nice."""

    def ranked(self, mode='enforce', **best):
        """With other figures of the hosts; ``None`` of one that had none."""
        before = recorded(mode=mode, lyon=5, nice=5)
        none = {'weight': 0.0, 'multiplier': 3000.0, 'cell_weight': 0.0}
        places = []
        for place in before.places[:2]:
            figures = best[place.site]
            host = None
            if figures is not None:
                host = Best(f'{place.site}-1', **(none | figures))
            places.append(dataclasses.replace(place, best=host))
        return dataclasses.replace(before, places=places, first='lyon-1')

    def site(self, before, **options):
        return judge_again(before, options).landing.site

    def test_what_differs_by_next_to_nothing_is_equal(self):
        for most, less, site in (
            (0.0, 1e-9, 'lyon'),
            (0.0, 1.5e-9, 'nice'),
            (0.5, 0.9e-9, 'lyon'),
            (1000.0, 0.9e-6, 'lyon'),
            (1000.0, 1.1e-6, 'nice'),
            (-1000.0, 0.9e-6, 'lyon'),
        ):
            before = self.ranked(
                'shadow', lyon={'weight': most - less}, nice={'weight': most}
            )
            self.assertEqual(site, self.site(before), (most, less))

    def test_place_of_no_host_has_nothing_of_others(self):
        for weight, site in ((0.5, 'lyon'), (-0.5, 'nice')):
            before = self.ranked(lyon={'weight': weight}, nice=None)
            self.assertEqual(site, self.site(before))
            self.assertEqual(site, self.site(before, tie_band_ms=2.0))

    def test_place_of_no_host_has_nothing_of_its_cell(self):
        for weight, site in ((0.5, 'lyon'), (-0.5, 'nice')):
            before = self.ranked(lyon={'cell_weight': weight}, nice=None)
            self.assertEqual(site, self.site(before))

    def test_cell_of_a_place_that_no_host_came_from(self):
        # Lyon, one host, is worth 0 to its cell, where two are wanted.
        for others, site in ((0.5, 'lyon'), (-0.5, 'nice')):
            before = self.ranked(lyon={'weight': others}, nice={})
            lyon, nice = before.places
            before = dataclasses.replace(
                before,
                places=[
                    dataclasses.replace(lyon, hosts=1),
                    dataclasses.replace(nice, hosts=0),
                ],
                settings=before.settings.changed({'max_attempts': 2}),
            )
            options = {
                'cell_latency_weight_multiplier': 1.0,
                'latency_weight_multiplier': 0.0,
            }
            self.assertEqual(site, self.site(before, **options))


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

    def test_quantiles_are_figures_of_decisions(self):
        tally = Tally()
        for p50_ms, median_ms, p95_ms in (
            (9, 9, 9),
            (5, 5, 9),
            (3, 5, 9),
            (8, 5, 9),
            (7, 7, 9),
        ):
            before = recorded(lyon=p50_ms)
            tally.add(before, judge_again(before), 'lyon')
            rows = tally.rows()
            self.assertEqual(
                (median_ms, p95_ms),
                (rows['rtt_median_ms'], rows['rtt_p95_ms']),
            )
        for _ in range(95):
            tally.add(before, judge_again(before), 'lyon')
        self.assertEqual(7, tally.rows()['rtt_p95_ms'])

    def test_servers_that_are_apart(self):
        tally = Tally()
        for members, apart in (
            ({}, 1),
            ({'nice': [1]}, 2),
            ({'oslo': [1]}, 3),
        ):
            asked = make_intent(spread=('site',))
            before = recorded(asked, members=members)
            tally.add(before, judge_again(before), 'lyon')
            shown = tally.rows()
            self.assertEqual(apart, shown['spread: none of the group there'])

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
