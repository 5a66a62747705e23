# SPDX-License-Identifier: Apache-2.0

"""One decision for a request: scores by hand, who is accepted, properties."""

import dataclasses
import math

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.judging import decision
from edge_sched.judging import verdict
from edge_sched.judging.scoring import Standing
from edge_sched.model import client
from edge_sched.model import latency
from tests.unit import factories
from tests.unit.factories import accepted
from tests.unit.factories import decided
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.factories import make_target
from tests.unit.factories import scores

INF = math.inf
NO_BUDGET = make_intent(make_target(budget_ms=None), reject_unknown=False)
FIT = make_intent(objective='fit')


def is_outage(policy, *ages):
    """Whether it is one, heartbeats of answers being so old."""
    answers = [
        latency.Answer(True, (), None if age is None else factories.NOW - age)
        for age in ages
    ]
    return decision.is_outage(answers, policy, factories.NOW)


class SeveralClientsTest(base.BaseTestCase):
    """``a`` within 10 ms, the second, ``b``, within 20 ms."""

    TARGETS = (make_target('a', 10.0), make_target('b', 20.0))

    def scores(self, rows, **asked):
        return [
            scores(make_intent(*self.TARGETS, combine=combine, **asked), rows)
            for combine in ('worst', 'mean')
        ]

    def test_worst_and_mean_of_clients_with_own_budgets(self):
        # a: s = 1 / 1.4 -> 0.904762; b: s = 1 / 1.6 -> 0.875.
        worst, mean = self.scores({'lyon': [make_row(4, 9), make_row(12, 19)]})
        self.assertEqual({'lyon': 0.875}, worst)
        self.assertEqual({'lyon': 0.889881}, mean)

    def test_worst_class_decides_and_only_scores_in_it_count(self):
        # a over: s = 1 / 2.2, / 3. Over both: b: s = 1 / 2.05, / 3.
        rows = {
            'over': [make_row(12, 15), make_row(1, 2)],
            'both': [make_row(12, 15), make_row(21, 22)],
            'half': [None, make_row(1, 2)],
            'bad': [None, make_row(21, 22)],
        }
        worst, mean = self.scores(rows)
        self.assertEqual(0.151515, worst['over'])
        self.assertEqual(0.151515, mean['over'])
        self.assertEqual(0.5, worst['half'])
        self.assertEqual(0.5, mean['half'])
        self.assertAlmostEqual((1 / 2.2) / 3, worst['both'], 6)
        # b's best in its best class is 1 ms, and 21 a whole number of bands.
        s_b = 1 / (1 + 21 / 20)
        self.assertAlmostEqual((1 / 2.2 + s_b) / 6, mean['both'], 6)
        self.assertAlmostEqual(s_b / 3, worst['bad'], 6)

    def test_each_budget_holds_for_each_client_also_with_mean(self):
        rows = {
            'lyon': [make_row(1, 2), make_row(21, 22)],
            'nice': [make_row(9, 10), make_row(19, 20)],
        }
        for combine in ('worst', 'mean'):
            asked = make_intent(*self.TARGETS, combine=combine)
            self.assertEqual({'nice'}, accepted(decided(asked, rows)))

    def test_jitter_holds_for_each_client(self):
        rows = {
            'lyon': [make_row(1, 2, pdv_ms=1), make_row(1, 2, pdv_ms=6)],
            'nice': [make_row(1, 2, pdv_ms=5), make_row(1, 2, pdv_ms=5)],
        }
        asked = make_intent(*self.TARGETS, jitter_budget_ms=5.0)
        self.assertEqual({'nice'}, accepted(decided(asked, rows)))

    def test_client_without_a_budget_beside_one_with(self):
        # The request has a budget: unknown is 1/2, and rejected.
        asked = make_intent(make_target('a', 10.0), make_target('b', None))
        rows = {
            'lyon': [make_row(4, 9), make_row(500, 900)],
            'nice': [make_row(4, 9), None],
        }
        # b: s = 1 / 26 on the scale of the reference.
        self.assertEqual({'lyon': 0.679487, 'nice': 0.5}, scores(asked, rows))
        self.assertEqual({'lyon'}, accepted(decided(asked, rows)))

    def test_over_one_and_unknown_for_another_is_judged_by_each(self):
        rows = {'lyon': [make_row(12, 15), None]}
        for required, reject_unknown, expected in (
            (True, True, set()),
            (True, False, set()),
            (False, True, set()),
            (False, False, {'lyon'}),
        ):
            asked = make_intent(
                *self.TARGETS, required=required, reject_unknown=reject_unknown
            )
            self.assertEqual(expected, accepted(decided(asked, rows)))

    def test_without_any_budget_one_unknown_client_makes_it_0(self):
        asked = make_intent(
            make_target('a', None),
            make_target('b', None),
            combine='mean',
            reject_unknown=False,
        )
        rows = {'lyon': [make_row(5, 9), None], 'nice': [make_row()] * 2}
        self.assertEqual({'lyon': 0.0, 'nice': 0.933333}, scores(asked, rows))

    def test_fit_with_several_clients_is_1_if_all_have_headroom(self):
        rows = {
            'lyon': [make_row(8, 9), make_row(12, 18)],
            'nice': [make_row(8, 9), make_row(12, 19)],
        }
        worst, mean = self.scores(rows, objective='fit')
        # nice, b: (4 + 0.625) / 8.
        self.assertEqual({'lyon': 1.0, 'nice': 0.578125}, worst)
        self.assertEqual({'lyon': 1.0, 'nice': 0.789062}, mean)

    def test_deciding_verdict_is_that_of_the_client_worst_off(self):
        far, near = make_row(12, 19), make_row(4, 9)
        over = make_row(1, 11)
        made = decided(
            make_intent(*self.TARGETS),
            {'lyon': [near, far], 'nice': [over, far]},
        )
        self.assertIs(far, made.verdicts['lyon'].deciding.latency)
        self.assertIs(over, made.verdicts['nice'].deciding.latency)

    def test_client_that_nobody_measured_decides_before_one_derived(self):
        derived = make_row(source=latency.DERIVED)
        made = decided(make_intent(*self.TARGETS), {'lyon': [derived, None]})
        self.assertEqual(
            verdict.NEVER_MEASURED, made.verdicts['lyon'].deciding.why
        )

    def test_client_with_a_figure_decides_before_one_without(self):
        lossy = make_row(0.2, 0.3, loss_ratio=0.005)
        unranked, ranked = lossy, dataclasses.replace(lossy, rtt_p99_ms=0.5)
        made = decided(
            make_intent(*self.TARGETS, loss_budget_pct=0.1),
            {'lyon': [unranked, ranked]},
            verdict.Policy(rank_percentile='p99'),
        )
        self.assertIs(ranked, made.verdicts['lyon'].deciding.latency)


@ddt.ddt
class AcceptTest(base.BaseTestCase):
    # Required, unknown is rejected; over and unknown are accepted.
    @ddt.data(
        (True, True, False, False),
        (True, False, False, True),
        (False, True, True, False),
        (False, False, True, True),
    )
    @ddt.unpack
    def test_mode_and_unknown(self, required, reject, over, unknown):
        asked = make_intent(required=required, reject_unknown=reject)
        made = decided(
            asked,
            {'within': make_row(), 'over': make_row(5, 21), 'unknown': None},
        )
        expected = {'within'}
        expected |= {'over'} if over else set()
        expected |= {'unknown'} if unknown else set()
        self.assertEqual(expected, accepted(made))
        self.assertTrue(made.any_accepted)

    # Over 1 ms, but was p99, or loss, measured? A preferred budget of 1 ms
    # must not let in what one of 20 ms would not.
    def test_over_one_budget_and_unknown_to_another_is_both(self):
        for asked in ({'percentile': 'p99'}, {'loss_budget_pct': 1.0}):
            for budget_ms in (1.0, 20.0):
                made = decided(
                    make_intent(
                        make_target(budget_ms=budget_ms),
                        required=False,
                        **asked,
                    ),
                    {'lyon': make_row(), 'paris': None},
                )
                self.assertEqual(set(), accepted(made))

    def test_preferred_ranks_over_below_within(self):
        asked = make_intent(required=False, reject_unknown=False)
        found = scores(asked, {'in': make_row(19, 20), 'out': make_row(1, 21)})
        self.assertGreater(found['in'], found['out'])

    def test_relaxed_keeps_the_order_and_rejects_nothing(self):
        rows = {'in': make_row(), 'out': make_row(5, 21), 'dark': None}
        strict, relaxed = make_intent(), make_intent().relaxed()
        self.assertEqual(scores(strict, rows), scores(relaxed, rows))
        self.assertEqual(set(rows), accepted(decided(relaxed, rows)))


#: Rows about the budgets of ``factories.sources``, often too few samples,
#: often without what is asked for.
_rows = st.builds(
    lambda rtts_ms, carried, **figures: make_row(
        rtts_ms[1],
        rtts_ms[2],
        rtt_min_ms=rtts_ms[0] if carried[0] else None,
        rtt_p99_ms=rtts_ms[3] if carried[1] else None,
        **figures,
    ),
    st.lists(
        st.sampled_from([3.0, 9.0, 15.0, 25.0, 50.0, INF]),
        min_size=4,
        max_size=4,
    ).map(sorted),
    carried=st.tuples(st.booleans(), st.booleans()),
    loss_ratio=st.sampled_from([None, 0.0, 0.1, 0.3, 1.0]),
    samples=st.sampled_from([None, 1, 6, 60, 300]),
    age=st.sampled_from([-10, 40, 1000]),
)
#: Of an address, and of a name with two prefixes.
_parts = st.lists(
    st.fixed_dictionaries({}, optional={'lyon': _rows, 'paris': _rows}),
    min_size=1,
    max_size=2,
)


class HintTest(base.BaseTestCase):
    @hypothesis.settings(max_examples=300)
    @hypothesis.given(
        factories.sources(),
        factories.sources(),
        _parts,
        _parts,
        factories.percentiles,
        factories.percentiles,
    )
    def test_hint_lets_no_host_in_that_the_flavor_rejects(
        self, specs, hints, of_one, of_all_others, default, rank
    ):
        one, *others = map(client.parse_client, factories.CLIENTS)
        answers = dict.fromkeys(
            others, latency.Answer(True, tuple(of_all_others))
        )
        answers[one] = latency.Answer(True, tuple(of_one))

        def let_in(hinted):
            asked = factories.merged(specs, hinted, default_percentile=default)
            hosts = {'lyon': ('lyon',), 'paris': ('paris',)}
            policy = verdict.Policy(rank_percentile=rank)
            made = decision.decide(
                asked, answers, hosts, policy, factories.NOW
            )
            return accepted(made) if asked.targets else {'lyon', 'paris'}

        # Flavors that do not name a client have nobody to judge by.
        specs.setdefault('edge:client', 'a')
        self.assertLessEqual(let_in(hints), let_in({}))


class DecideTest(base.BaseTestCase):
    def test_client_without_an_answer_is_unknown_everywhere(self):
        made = decision.decide(
            make_intent(),
            {},
            {'lyon': ('lyon',)},
            verdict.Policy(),
            factories.NOW,
        )
        self.assertIs(Standing.UNKNOWN, made.verdicts['lyon'].standing)
        self.assertFalse(made.any_accepted)

    def test_places_are_judged_by_their_vantages(self):
        asked = make_intent()
        answer = latency.Answer(True, ({'lyon': make_row()},))
        made = decision.decide(
            asked,
            {asked.targets[0].client: answer},
            {'rack 1': ('lyon', 'cell1'), 'rack 2': ('nice', 'cell1')},
            verdict.Policy(),
            factories.NOW,
        )
        self.assertEqual({'rack 1'}, accepted(made))
        self.assertEqual(['rack 1', 'rack 2'], list(made.verdicts))

    def test_decision_is_frozen(self):
        made = decided(make_intent(), {'lyon': make_row()})
        host = made.verdicts['lyon']
        for frozen, name in (
            (made, 'verdicts'),
            (made.intent, 'required'),
            (host, 'score'),
            (host.verdicts[0], 'standing'),
            (host.verdicts[0].latency, 'rtt_p50_ms'),
        ):
            self.assertRaises(AttributeError, setattr, frozen, name, None)


class WorthOfCellsTest(base.BaseTestCase):
    def test_kth_best_host_of_each(self):
        cells, scores = ['a', 'b', 'a', 'a'], [0.9, 0.6, 0.7, 0.8]
        for kth, of_a, of_b in (
            (1, 0.9, 0.6),
            (2, 0.8, 0.0),
            (3, 0.7, 0.0),
            (4, 0.0, 0.0),
        ):
            self.assertEqual(
                [of_a, of_b, of_a, of_a],
                decision.worth_of_cells(cells, scores, kth),
            )
        self.assertEqual([], decision.worth_of_cells([], [], 1))


class OutageTest(base.BaseTestCase):
    def test_heartbeat_between_max_age_and_outage_max_age(self):
        for age, expected in (
            (-3600, False),
            (0, False),
            (900, False),
            (901, True),
            (21_600, True),
            (21_601, False),
        ):
            self.assertIs(expected, is_outage(verdict.Policy(), age), age)
        self.assertIs(False, is_outage(verdict.Policy(), None))
        self.assertIs(False, is_outage(verdict.Policy()))

    def test_last_heartbeat_counts(self):
        for ages in ((901, 900), (900, 901), (900, None)):
            self.assertIs(False, is_outage(verdict.Policy(), *ages), ages)

    def test_none_with_the_option_at_max_age_or_below(self):
        for seconds in (0, 30, 900):
            policy = verdict.Policy(outage_max_age_seconds=seconds)
            for age in (0, 29, 899, 900, 901, 7200):
                self.assertFalse(is_outage(policy, age))

    rows = {'lyon': make_row(age=7200), 'paris': make_row(age=30_000)}

    def test_old_rows_are_used_while_the_heartbeat_is_old(self):
        for heartbeat_age, expected in (
            (None, set()),
            (30, set()),
            (901, {'lyon'}),
            (21_601, set()),
        ):
            made = decided(
                make_intent(), self.rows, heartbeat_age=heartbeat_age
            )
            self.assertEqual(expected, accepted(made), heartbeat_age)
            self.assertEqual(bool(expected), made.outage)

    def test_an_old_row_has_the_score_of_a_new_one(self):
        old = decided(make_intent(), self.rows, heartbeat_age=7200)
        new = decided(make_intent(), {'lyon': make_row(), 'paris': None})
        self.assertEqual(
            new.verdicts['lyon'].score, old.verdicts['lyon'].score
        )

    def test_of_answers_of_different_times_the_newest_says_it(self):
        asked = make_intent(make_target(), make_target('2001:db8::7'))
        for ages, expected in (
            ((7200, 7200), True),
            ((7200, 30), False),
            ((7200, None), True),
        ):
            answers = {
                target.client: latency.Answer(
                    True,
                    ({'lyon': make_row(age=7200)},),
                    None if age is None else factories.NOW - age,
                )
                for target, age in zip(asked.targets, ages, strict=True)
            }
            made = decision.decide(
                asked,
                answers,
                {'lyon': ('lyon',)},
                verdict.Policy(),
                factories.NOW,
            )
            self.assertEqual(expected, made.any_accepted, ages)


class PropertiesTest(base.BaseTestCase):
    @hypothesis.given(factories.decisions())
    def test_score_is_finite_in_0_to_1_and_in_its_class(self, made):
        asked = made.intent
        for host in made.verdicts.values():
            self.assertTrue(math.isfinite(host.score))
            self.assertGreaterEqual(host.score, 0.0)
            self.assertLessEqual(host.score, 1.0)
            if host.standing is Standing.WITHIN:
                least = 4.5 / 8 if asked.objective == 'fit' else 2 / 3
                self.assertGreaterEqual(host.score, least)
            elif not asked.has_budget:
                self.assertEqual(0.0, host.score)
            elif host.standing is Standing.UNKNOWN:
                self.assertEqual(0.5, host.score)
            else:
                self.assertLessEqual(host.score, 1 / 3)

    @hypothesis.given(factories.decisions())
    def test_better_class_always_scores_higher(self, made):
        if not made.intent.has_budget:
            return
        hosts = sorted(made.verdicts.values(), key=lambda host: host.score)
        self.assertEqual(
            sorted(host.standing for host in hosts),
            [host.standing for host in hosts],
        )

    @hypothesis.given(factories.decisions())
    def test_nearer_is_never_worse_within_a_class(self, made):
        if made.intent.objective == 'fit':
            return
        for one in made.verdicts.values():
            for other in made.verdicts.values():
                pairs = list(zip(one.verdicts, other.verdicts, strict=True))
                if all(
                    a.standing is b.standing
                    and (a.rank_ms or 0) <= (b.rank_ms or 0)
                    for a, b in pairs
                ):
                    self.assertGreaterEqual(one.score, other.score)

    @hypothesis.given(factories.decisions())
    def test_within_every_budget_is_always_accepted(self, made):
        asked = made.intent
        for host in made.verdicts.values():
            standings = {v.standing for v in host.verdicts}
            if standings == {Standing.WITHIN}:
                self.assertTrue(host.accepted)
            if Standing.OVER in standings and asked.has_budget:
                unknown = any(v.why for v in host.verdicts)
                self.assertEqual(
                    not asked.required
                    and not (asked.reject_unknown and unknown),
                    host.accepted,
                )

    @hypothesis.given(
        factories.intents(max_clients=1),
        st.tuples(factories.rows('one'), factories.rows('two')),
        st.lists(factories.rows(), max_size=3),
        st.lists(factories.rows(), max_size=3),
    )
    def test_order_does_not_depend_on_the_other_hosts(
        self, asked, pair, company, other_company
    ):
        orders = []
        for rows in (company, other_company):
            sites = dict(zip(('one', 'two'), pair, strict=True))
            sites |= {f'site{i}': row for i, row in enumerate(rows)}
            hosts = decided(asked, sites).verdicts
            one, two = hosts['one'], hosts['two']
            orders.append((one.score > two.score) - (one.score < two.score))
            if asked.has_budget and one.standing != two.standing:
                # Then not even the tie band plays a part.
                self.assertEqual(
                    1 if one.standing > two.standing else -1, orders[-1]
                )
            if orders[-1]:
                self.assertOrderIsOfFigures(asked, one, two, orders[-1])
        # They may tie in one company and not in the other; never turn.
        self.assertNotEqual({-1, 1}, set(orders))

    def assertOrderIsOfFigures(self, asked, one, two, order):
        """Of one class, who scores more is nearer (or keeps headroom)."""
        if one.standing != two.standing or asked.objective == 'fit':
            return
        nearer, farther = (one, two) if order > 0 else (two, one)
        self.assertLess(
            nearer.verdicts[0].rank_ms, farther.verdicts[0].rank_ms
        )

    @hypothesis.given(
        st.floats(0.1, 300),
        st.floats(0, 300),
        st.lists(st.floats(0.1, 600), max_size=3),
        st.floats(5, 500),
    )
    def test_nearer_by_more_than_a_tie_band_is_always_better(
        self, near, further, others, budget
    ):
        far = near + 1.001 * max(1.0, 0.05 * near) + further
        asked = make_intent(
            make_target(budget_ms=budget), percentile='p50', required=False
        )
        found = decided(
            asked,
            {
                'near': make_row(near, near),
                'far': make_row(far, far),
                **{f'{i}': make_row(p50, p50) for i, p50 in enumerate(others)},
            },
        ).verdicts
        best = max(host.standing for host in found.values())
        if found['near'].standing is best:
            self.assertGreater(found['near'].score, found['far'].score)
