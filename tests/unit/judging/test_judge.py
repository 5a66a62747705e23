# SPDX-License-Identifier: Apache-2.0

"""The verdict of one client at one host."""

import dataclasses
import math

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.judging import judge
from edge_sched.judging import verdict
from edge_sched.judging.decision import acceptance
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.model import latency
from tests.unit import factories
from tests.unit.factories import judged
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.factories import make_target

INF = math.inf
NO_BUDGET = make_intent(make_target(budget_ms=None), reject_unknown=False)
JITTER_5 = make_intent(make_target(budget_ms=None), jitter_budget_ms=5.0)
LOSS_1 = make_intent(make_target(budget_ms=None), loss_budget_pct=1.0)


@ddt.ddt
class RowTest(base.BaseTestCase):
    def assertJudged(self, standing, made, why='', over=()):
        self.assertEqual(
            (standing, why, over), (made.standing, made.why, made.over)
        )

    def test_figure_within_and_over_budget(self):
        self.assertJudged(WITHIN, judged(make_row(5, 20)))
        self.assertJudged(OVER, judged(make_row(5, 20.1)), over=('latency',))

    # p50 5, p95 25, p99 40 against 30 ms.
    @ddt.data(('p50', WITHIN), ('p95', WITHIN), ('p99', OVER))
    @ddt.unpack
    def test_percentile_that_is_judged(self, percentile, expected):
        asked = make_intent(make_target(budget_ms=30), percentile=percentile)
        row = make_row(5, 25, rtt_p99_ms=40, samples=300)
        self.assertIs(expected, judged(row, asked).standing)

    def test_never_measured(self):
        made = judged(None)
        self.assertJudged(UNKNOWN, made, 'never measured')
        self.assertIsNone(made.latency)
        self.assertIsNone(made.rank_ms)

    @ddt.data(('p50', 6), ('p95', 60), ('p99', 300))
    @ddt.unpack
    def test_too_few_samples_are_unknown(self, percentile, needed):
        asked = make_intent(percentile=percentile)
        for samples, standing in (
            (needed - 1, UNKNOWN),
            (needed, WITHIN),
            (None, WITHIN),
        ):
            row = make_row(5, 10, rtt_p99_ms=12, samples=samples)
            why = 'too few samples' if standing is UNKNOWN else ''
            self.assertJudged(standing, judged(row, asked), why)

    def test_too_few_samples_over_the_budget_are_unknown(self):
        self.assertJudged(
            UNKNOWN, judged(make_row(5, 99, samples=59)), 'too few samples'
        )

    # Percentile asked, p50, p95, p99, samples; why nothing is known of it.
    @ddt.data(
        ('p95', 400, 450, None, 30, 'too few samples'),
        ('p99', 5, 50, None, 300, 'not carried'),
        ('p99', 5, 50, 60, 60, 'too few samples'),
        ('p99', 50, 60, None, 6, 'too few samples'),
    )
    @ddt.unpack
    def test_over_at_a_lower_percentile_is_over_at_a_higher(
        self, percentile, p50, p95, p99, samples, why
    ):
        asked = make_intent(percentile=percentile)
        row = make_row(p50, p95, rtt_p99_ms=p99, samples=samples)
        self.assertJudged(OVER, judged(row, asked), why, ('latency',))

    # What is over is not known either, or is above what is asked.
    @ddt.data(
        ('p95', 400, 450, None, 5, UNKNOWN),
        ('p99', 5, 50, None, 59, UNKNOWN),
        ('p99', 5, 20, None, 300, UNKNOWN),
        ('p50', 5, 50, 60, 300, WITHIN),
    )
    @ddt.unpack
    def test_nothing_that_is_asked_is_surely_over(
        self, percentile, p50, p95, p99, samples, standing
    ):
        asked = make_intent(percentile=percentile)
        row = make_row(p50, p95, rtt_p99_ms=p99, samples=samples)
        self.assertIs(standing, judged(row, asked).standing)

    def test_ranking_asks_the_samples_of_the_lowest_percentile(self):
        # As with a budget at p50, which asks for no more.
        by_p95 = verdict.Policy(rank_percentile='p95')
        for asked in (NO_BUDGET, make_intent(percentile='p50')):
            for samples, standing in ((5, UNKNOWN), (6, WITHIN)):
                made = judged(make_row(samples=samples), asked, by_p95)
                self.assertIs(standing, made.standing)

    def test_without_a_latency_budget_samples_are_asked_for_the_ranking(self):
        for samples, standing in ((5, UNKNOWN), (6, WITHIN)):
            row = make_row(samples=samples)
            self.assertIs(standing, judged(row, NO_BUDGET).standing)
        # The percentile of a budget that is not there does not matter.
        asked = make_intent(
            make_target(budget_ms=None), percentile='p99', loss_budget_pct=1.0
        )
        row = make_row(samples=6, loss_ratio=0.0)
        self.assertIs(WITHIN, judged(row, asked).standing)

    def test_jitter_asks_the_samples_of_p95(self):
        for samples, standing in ((59, UNKNOWN), (60, WITHIN)):
            row = make_row(5, 10, rtt_min_ms=5, samples=samples)
            self.assertIs(standing, judged(row, JITTER_5).standing)
        # Also where the latency budget asks for less.
        asked = make_intent(percentile='p50', jitter_budget_ms=5.0)
        row = make_row(5, 10, rtt_min_ms=5, samples=59)
        self.assertJudged(UNKNOWN, judged(row, asked), 'too few samples')

    def test_loss_asks_no_samples_of_its_own(self):
        row = make_row(samples=6, loss_ratio=0.01)
        self.assertIs(WITHIN, judged(row, LOSS_1).standing)

    # Few samples are few all the same.
    @ddt.data(
        (1, ('p50', 'p95', 'p99')),
        (5, ('p50', 'p95', 'p99')),
        (59, ('p95', 'p99')),
        (64, ('p99',)),
        (300, ()),
        (None, ()),
    )
    @ddt.unpack
    def test_lost_quantile_is_over(self, samples, too_few_for):
        for percentile, p50 in (('p50', INF), ('p95', 5), ('p99', 5)):
            row = make_row(p50, INF, samples=samples)
            asked = make_intent(percentile=percentile)
            why = 'too few samples' if percentile in too_few_for else ''
            self.assertJudged(OVER, judged(row, asked), why, ('latency',))

    def test_lost_p95_is_over_a_jitter_budget(self):
        for figures in ({}, {'pdv_ms': 1.0}, {'rtt_min_ms': 4.0}):
            row = make_row(5, INF, **figures)
            self.assertJudged(OVER, judged(row, JITTER_5), over=('jitter',))

    def test_p50_that_is_there_is_judged_though_p95_was_lost(self):
        asked = make_intent(percentile='p50')
        self.assertJudged(WITHIN, judged(make_row(5, INF), asked))

    def test_metric_that_is_not_carried_is_unknown(self):
        row = make_row(samples=300)
        for asked in (make_intent(percentile='p99'), JITTER_5, LOSS_1):
            self.assertJudged(UNKNOWN, judged(row, asked), 'not carried')

    def test_jitter_is_p95_less_min_or_as_carried(self):
        for figures, standing in (
            ({'rtt_min_ms': 5.0}, WITHIN),
            ({'rtt_min_ms': 4.9}, OVER),
            ({'pdv_ms': 5.0}, WITHIN),
            ({'pdv_ms': 5.1}, OVER),
            ({'pdv_ms': 5.1, 'rtt_min_ms': 5.0}, OVER),
        ):
            row = make_row(5, 10, **figures)
            self.assertIs(standing, judged(row, JITTER_5).standing)

    def test_jitter_as_large_as_the_budget_is_within(self):
        # 0.4 - 0.1 is more than 0.3 in floating point.
        asked = make_intent(make_target(budget_ms=None), jitter_budget_ms=0.3)
        row = make_row(0.2, 0.4, rtt_min_ms=0.1)
        self.assertJudged(WITHIN, judged(row, asked))

    def test_loss(self):
        for ratio, standing in ((0.0, WITHIN), (0.01, WITHIN), (0.011, OVER)):
            row = make_row(loss_ratio=ratio)
            self.assertIs(standing, judged(row, LOSS_1).standing)
            hour = make_row(loss_ratio=0.5, loss_hour_ratio=ratio)
            self.assertIs(standing, judged(hour, LOSS_1).standing)

    def test_every_metric_over_its_budget_is_named(self):
        asked = make_intent(jitter_budget_ms=5.0, loss_budget_pct=1.0)
        row = make_row(5, 30, rtt_min_ms=4, loss_ratio=0.5)
        self.assertJudged(
            OVER, judged(row, asked), over=('latency', 'jitter', 'loss')
        )

    def test_over_one_budget_is_over_and_another_metric_is_unknown(self):
        asked = make_intent(loss_budget_pct=1.0)
        made = judged(make_row(5, 30), asked)
        self.assertJudged(OVER, made, 'not carried', ('latency',))

    def test_stale_is_older_than_max_age(self):
        self.assertJudged(WITHIN, judged(make_row(age=900)))
        self.assertJudged(UNKNOWN, judged(make_row(age=900.1)), 'stale')
        policy = verdict.Policy(max_age_seconds=30)
        self.assertJudged(
            UNKNOWN, judged(make_row(age=31), policy=policy), 'stale'
        )

    def test_5_seconds_of_skew_are_forgiven(self):
        self.assertJudged(WITHIN, judged(make_row(age=-5)))
        self.assertEqual(0.0, judged(make_row(age=-5)).age_seconds)

    def test_row_from_the_future_is_unknown(self):
        made = judged(make_row(age=-40))
        self.assertJudged(
            UNKNOWN, made, 'measured in the future: check the clocks'
        )
        self.assertEqual(-40.0, made.age_seconds)
        self.assertIs(UNKNOWN, judged(make_row(age=-5.1)).standing)

    def test_stale_row_is_unknown_though_it_was_over_or_lost(self):
        for p95 in (99, INF):
            made = judged(make_row(5, p95, age=7200))
            self.assertJudged(UNKNOWN, made, 'stale')
            self.assertEqual(7200.0, made.age_seconds)

    def test_without_any_budget_known_is_within(self):
        self.assertJudged(WITHIN, judged(make_row(500, 900), NO_BUDGET))
        self.assertJudged(WITHIN, judged(make_row(5, INF), NO_BUDGET))

    def test_lost_p50_is_within_a_loss_budget_that_allows_it(self):
        asked = make_intent(make_target(budget_ms=None), loss_budget_pct=70.0)
        made = judged(make_row(INF, INF, loss_ratio=0.6), asked)
        self.assertJudged(WITHIN, made)
        self.assertEqual(INF, made.rank_ms)

    def test_rank_is_the_ranking_percentile_of_a_usable_row(self):
        row = make_row(5, 10)
        self.assertEqual(5, judged(row).rank_ms)
        by_p95 = verdict.Policy(rank_percentile='p95')
        self.assertEqual(10, judged(row, policy=by_p95).rank_ms)
        self.assertIsNone(judged(make_row(age=901)).rank_ms)

    def test_row_that_cannot_be_ranked_is_not_within(self):
        by_p99 = verdict.Policy(rank_percentile='p99')
        made = judged(make_row(5, 10), policy=by_p99)
        self.assertJudged(UNKNOWN, made, 'not carried')
        made = judged(make_row(5, 30), policy=by_p99)
        self.assertJudged(OVER, made, 'not carried', ('latency',))

    @hypothesis.given(factories.rows(), factories.intents(1))
    def test_reasons_go_with_the_standing(self, row, asked):
        made = judged(row, asked)
        self.assertEqual(made.standing is OVER, bool(made.over))
        if made.standing is not OVER:
            self.assertEqual(made.standing is UNKNOWN, bool(made.why))
        self.assertEqual(made.standing is UNKNOWN, made.rank_ms is None)
        self.assertEqual(made.age_seconds < 0, 'future' in made.why)

    @hypothesis.given(factories.rows(), factories.intents(1), st.floats(0, 1))
    def test_smaller_budget_never_lets_more_in(self, row, asked, share):
        (target,) = asked.targets
        if target.latency_budget_ms is None:
            return
        smaller = make_target(budget_ms=target.latency_budget_ms * share)
        tighter = dataclasses.replace(asked, targets=(smaller,))
        tight = judged(row, tighter)
        self.assertLessEqual(tight.standing, judged(row, asked).standing)


class OutageTest(base.BaseTestCase):
    def judged(self, row, asked=None):
        asked = asked or make_intent()
        (target,) = asked.targets
        made = judge.Judge(
            target, asked, verdict.Policy(), factories.NOW, outage=True
        )
        return made.of_row(row)

    def test_rows_up_to_6_hours_are_judged_and_marked(self):
        for age, standing, stale in (
            (40, WITHIN, False),
            (900, WITHIN, False),
            (900.1, WITHIN, True),
            (21_600, WITHIN, True),
            (21_600.1, UNKNOWN, False),
        ):
            made = self.judged(make_row(age=age))
            self.assertEqual((standing, stale), (made.standing, made.stale))
            self.assertEqual(age, round(made.age_seconds, 1))

    def test_a_marked_row_is_judged_as_any(self):
        old = self.judged(make_row(5, 21, age=7200))
        new = self.judged(make_row(5, 21, age=7200, measured_at=factories.NOW))
        self.assertEqual((OVER, ('latency',)), (old.standing, old.over))
        self.assertEqual(
            (new.standing, new.over, new.why, new.rank_ms),
            (old.standing, old.over, old.why, old.rank_ms),
        )
        few = self.judged(make_row(samples=5, age=7200))
        self.assertEqual(
            (UNKNOWN, 'too few samples', True),
            (few.standing, few.why, few.stale),
        )

    def test_future_rows_are_no_better_in_an_outage(self):
        self.assertIs(UNKNOWN, self.judged(make_row(age=-5.1)).standing)


class ChainTest(base.BaseTestCase):
    """Which row decides."""

    CHAIN = ('lyon-1', 'lyon', 'eu-west', 'cell1')

    def judge(self, *parts, asked=None):
        asked = asked or make_intent()
        answer = latency.Answer(True, parts)
        return factories.make_judge(asked).at(self.CHAIN, answer)

    def test_most_specific_vantage_with_a_row_decides(self):
        cell, site = make_row(5, 10), make_row(5, 30)
        self.assertIs(site, self.judge({'cell1': cell, 'lyon': site}).latency)
        self.assertIs(cell, self.judge({'cell1': cell}).latency)
        host = make_row()
        rows = {'cell1': cell, 'lyon': site, 'lyon-1': host}
        self.assertIs(host, self.judge(rows).latency)

    def test_unusable_row_of_a_site_is_not_certified_by_its_cell(self):
        cell = make_row(5, 10)
        for site, asked in (
            (make_row(age=901), None),
            (make_row(samples=59), None),
            (make_row(samples=300), make_intent(percentile='p99')),
        ):
            made = self.judge({'lyon': site, 'cell1': cell}, asked=asked)
            self.assertIs(UNKNOWN, made.standing)
            self.assertIs(site, made.latency)

    def test_lost_row_of_a_site_is_over_though_its_cell_is_near(self):
        site, cell = make_row(5, INF), make_row(5, 10)
        made = self.judge({'lyon': site, 'cell1': cell})
        self.assertIs(OVER, made.standing)

    def test_row_elsewhere_is_no_row(self):
        made = self.judge({'paris': make_row()})
        self.assertEqual('never measured', made.why)

    def test_name_that_points_at_nothing_was_never_measured(self):
        self.assertEqual('never measured', self.judge().why)
        self.assertEqual('never measured', self.judge({}).why)

    def test_worst_of_several_prefixes_is_the_names(self):
        within, over = {'lyon': make_row(5, 10)}, {'lyon': make_row(5, 30)}
        stale = {'lyon': make_row(5, 10, age=901)}
        for parts, standing in (
            ((within, within), WITHIN),
            ((within, over), OVER),
            ((within, stale), UNKNOWN),
            ((within, {}), UNKNOWN),
            (({}, within), UNKNOWN),
            ((stale, over, within), OVER),
        ):
            self.assertIs(standing, self.judge(*parts).standing)

    def test_name_is_unknown_if_one_of_its_prefixes_is(self):
        over = {'lyon': make_row(5, 30)}
        stale = {'lyon': make_row(5, 10, age=901)}
        for parts in ((over, stale), (stale, over)):
            made = self.judge(*parts)
            self.assertEqual((OVER, 'stale'), (made.standing, made.why))
        self.assertEqual('', self.judge(over, over).why)

    def test_farthest_of_several_prefixes_within_is_the_names(self):
        near, far = make_row(5, 10), make_row(9, 10)
        for parts in ((near, far), (far, near)):
            made = self.judge(*({'lyon': row} for row in parts))
            self.assertEqual(9, made.rank_ms)

    def test_headroom_matters_for_fit_only(self):
        strip, roomy = make_row(5, 19), make_row(9, 12)
        for parts in ((strip, roomy), (roomy, strip)):
            made = self.judge(*({'lyon': row} for row in parts))
            self.assertIs(roomy, made.latency)

    def test_prefix_in_the_headroom_strip_is_worse_for_fit(self):
        # 19 ms is in the strip of 18..20 ms, though its median is less.
        strip, roomy = make_row(5, 19), make_row(9, 12)
        asked = make_intent(objective='fit')
        for parts in ((strip, roomy), (roomy, strip)):
            made = self.judge(*({'lyon': row} for row in parts), asked=asked)
            self.assertIs(strip, made.latency)


class HourTest(base.BaseTestCase):
    """20 ms at p95; the newest window is within, one of ten was not."""

    def verdict(self, memory='hour', asked=None, **figures):
        figures = {'rtt_p50_hour_ms': 8, 'rtt_p95_hour_ms': 31} | figures
        rows = {'lyon': make_row(10, 12, **figures)}
        policy = verdict.Policy(memory=memory)
        made = factories.make_judge(asked or make_intent(), policy)
        answer = latency.Answer(True, (rows,))
        (both,), _ = made.judged([('lyon',)], answer)
        self.assertEqual(both, made.at(('lyon',), answer))
        return both

    def test_tail_of_the_hour_is_held_against_a_budget(self):
        found = self.verdict()
        self.assertEqual((OVER, 8), (found.standing, found.rank_ms))

    def test_newest_window_alone(self):
        found = self.verdict('window')
        self.assertEqual((WITHIN, 10), (found.standing, found.rank_ms))
        self.assertIsNone(found.latency.rtt_p95_hour_ms)

    def test_row_without_an_hour_is_judged_as_it_is(self):
        found = self.verdict(rtt_p50_hour_ms=None, rtt_p95_hour_ms=None)
        self.assertEqual((WITHIN, 10), (found.standing, found.rank_ms))

    def test_jitter(self):
        for least_ms, standing in ((11, WITHIN), (10.9, OVER)):
            asked = make_intent(make_target(budget_ms=40), jitter_budget_ms=20)
            figures = {'rtt_min_ms': least_ms, 'rtt_p50_ms': 11}
            found = self.verdict(asked=asked, **figures)
            self.assertEqual(standing, found.standing)


def derived(*args, **figures):
    return make_row(*args, samples=None, source=latency.DERIVED, **figures)


@ddt.ddt
class DerivedTest(base.BaseTestCase):
    """What was derived certifies nothing, and goes before nothing at all."""

    def scored(self, asked, *rows):
        made = factories.make_judge(asked)
        return made.scores([made.of_row(row) for row in rows])

    def test_unknown_and_ranked(self):
        row = derived(5, 10)
        self.assertEqual(
            verdict.Verdict(
                UNKNOWN, row, 40.0, (), verdict.ONLY_DERIVED, 5.0, False
            ),
            judged(row),
        )

    def test_older_than_is_used(self):
        made = judged(derived(age=901))
        self.assertEqual((verdict.STALE, None), (made.why, made.rank_ms))

    # With a budget, without any, and with one that is fitted.
    @ddt.data(
        make_intent(required=False, reject_unknown=False),
        NO_BUDGET,
        make_intent(objective='fit', required=False, reject_unknown=False),
    )
    def test_between_what_is_within_and_what_is_unknown(self, asked):
        near, far, within, none = self.scored(
            asked, derived(5, 10), derived(90, 95), make_row(15, 19), None
        )
        self.assertGreater(within, near)
        self.assertGreater(near, far)
        self.assertGreater(far, none)

    def test_only_where_nothing_was_measured_on_the_whole_chain(self):
        made = factories.make_judge(make_intent())
        chain = 'lyon-1', 'lyon', 'eu'
        near, far, cell = derived(1, 2), derived(3, 4), make_row(5, 6, age=901)
        for rows, expected in (
            ({'lyon-1': near, 'lyon': far, 'eu': cell}, cell),
            ({'lyon': far, 'eu': cell}, cell),
            ({'lyon-1': near, 'lyon': far}, near),
            ({'lyon': far}, far),
        ):
            found = made.at(chain, latency.Answer(True, (rows,)))
            self.assertIs(expected, found.latency)

    @hypothesis.given(
        st.lists(factories.rows(), min_size=1, max_size=4),
        factories.percentiles,
        st.none() | factories.budgets_ms,
        st.none() | factories.budgets_ms,
        st.sampled_from(['nearest', 'fit']),
        st.booleans(),
    )
    def test_no_required_budget_is_certified(
        self, rows, percentile, budget_ms, jitter_ms, objective, outage
    ):
        asked = make_intent(
            make_target(budget_ms=budget_ms),
            percentile=percentile,
            jitter_budget_ms=jitter_ms,
            objective=objective,
        )
        rows = [
            dataclasses.replace(row, source=latency.DERIVED) for row in rows
        ]
        parts = tuple({'lyon': row} for row in rows)
        made = factories.make_judge(asked, outage=outage)
        for answer in (
            latency.Answer(True, parts),
            *(latency.Answer(True, (part,)) for part in parts),
        ):
            ((found,), _) = made.judged([('lyon',)], answer)
            self.assertIs(UNKNOWN, found.standing)
            self.assertTrue(found.why)
            self.assertFalse(acceptance(asked)(found))


class ManyRowsTest(base.BaseTestCase):
    """A thousand rows are judged as each of them is by itself."""

    def same(self, asked, policy, *rows, outage=False):
        made = factories.make_judge(asked, policy, outage=outage)
        names = [f'{number}' for number in range(len(rows))]
        answer = latency.Answer(True, (dict(zip(names, rows, strict=True)),))
        chains = [*((name,) for name in names), ('elsewhere',)]
        apart = [made.at(chain, answer) for chain in chains]
        self.assertEqual(
            (apart, made.scores(apart)), made.judged(chains, answer)
        )

    @hypothesis.given(
        st.lists(factories.rows(), max_size=4),
        factories.percentiles,
        factories.percentiles,
        st.none() | factories.budgets_ms,
        st.none() | factories.budgets_ms,
    )
    def test_any_rows(self, rows, asked, rank, budget_ms, jitter_ms):
        self.same(
            make_intent(
                make_target(budget_ms=budget_ms),
                percentile=asked,
                jitter_budget_ms=jitter_ms,
            ),
            verdict.Policy(rank_percentile=rank),
            *rows,
        )

    def test_rows_at_a_bound(self):
        for rank in latency.PERCENTILES:
            self.same(
                make_intent(),
                verdict.Policy(rank_percentile=rank),
                *(make_row(5, 20 * at) for at in (1 - 1e-9, 1, 1 + 1e-9)),
                *(make_row(5, 20 * at) for at in (1 + 2e-9, INF)),
                *(make_row(age=age) for age in (-5.1, -5, -1, 0, 900, 901)),
                *(make_row(samples=n) for n in (None, 1, 59, 60, 299, 300)),
                make_row(rtt_p99_ms=30.0),
                *(derived(p50_ms) for p50_ms in (1.0, 6.0, 40.0)),
                make_row(5, INF, rtt_p99_ms=INF),
            )

    def test_rows_without_the_percentile_that_is_asked_for(self):
        self.same(
            make_intent(percentile='p99'),
            verdict.Policy(),
            *(make_row(5, p95, samples=None) for p95 in (10, 21)),
            make_row(samples=300, rtt_p99_ms=15.0),
        )

    def test_old_rows_while_measuring_is_down(self):
        ages = (900, 901, 21_600, 21_601)
        rows = [make_row(5, p95, age=age) for p95 in (9, 21) for age in ages]
        self.same(make_intent(), verdict.Policy(), *rows, outage=True)
