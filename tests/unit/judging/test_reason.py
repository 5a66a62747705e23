# SPDX-License-Identifier: Apache-2.0

"""The words that a user reads when no host is left."""

import math

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.judging import decision
from edge_sched.judging import reason
from edge_sched.judging.verdict import Policy
from edge_sched.model import keys
from edge_sched.model import latency
from tests.unit import factories
from tests.unit.factories import decided
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.factories import make_target

INF = float('inf')
OVER_20 = 'no site within 20 ms (p95) of 203.0.113.7'
NO_DATA = 'no usable latency data for 203.0.113.7'


def refused(
    asked, rows, detail='figure', labels=None, heartbeat_age=None
) -> str:
    """The reason; every site is called by its name, unless told otherwise."""
    made = decided(asked, rows, heartbeat_age=heartbeat_age)
    names = {site: site for site in rows} | (labels or {})
    return reason.refusal(made, names, detail)


def full(asked, rows, detail='figure', labels=None) -> str:
    """The reason if no host of the sites takes it, called as above."""
    made = decided(asked, rows)
    names = {site: site for site in rows} | (labels or {})
    return reason.full(made, names, detail)


class NoHostTakesItTest(base.BaseTestCase):
    def test_site_is_as_near_as_its_nearest_host(self):
        rows = {
            'r1': make_row(5, 6),
            'r2': make_row(15, 16),
            'r3': make_row(9, 10),
        }
        labels = {'r1': 'lyon', 'r2': 'lyon', 'r3': 'nice'}
        self.assertIn(
            'tried lyon and nice', full(make_intent(), rows, labels=labels)
        )

    def test_sites_within_the_budget_are_named(self):
        rows = {'lyon': make_row(5, 15), 'paris': make_row(5, 45)}
        said = 'no host within 20 ms (p95) of 203.0.113.7 can take it'
        self.assertEqual(f'{said}: tried lyon', full(make_intent(), rows))
        rows |= {'nice': make_row(5, 9), 'lille': make_row(5, 16)}
        self.assertEqual(
            f'{said}: tried lille, lyon and 1 more', full(make_intent(), rows)
        )

    def test_no_detail_names_no_site(self):
        self.assertEqual(
            'no host within the budget of 203.0.113.7 can take it',
            full(make_intent(), {'lyon': make_row(5, 15)}, 'none'),
        )

    def test_hidden_site_is_not_named(self):
        rows = {'lyon': make_row(5, 15), 'secret': make_row(5, 9)}
        said = 'no host within 20 ms (p95) of 203.0.113.7 can take it'
        for hidden, tried in (
            (['secret'], ': tried lyon'),
            (['secret', 'lyon'], ''),
        ):
            labels = dict.fromkeys(hidden, '')
            self.assertEqual(
                said + tried, full(make_intent(), rows, labels=labels)
            )

    def test_nearest_site_is_named_first(self):
        rows = {'lyon': make_row(9, 15), 'paris': make_row(1, 15)}
        self.assertIn('tried paris and lyon', full(make_intent(), rows))

    def test_what_is_asked_for(self):
        no_budget = make_target(budget_ms=None)
        for asked, where in (
            (
                make_intent(make_target('a'), make_target('b')),
                'within the budgets of a and 1 more',
            ),
            (
                make_intent(no_budget),
                'where there is latency data for 203.0.113.7',
            ),
            (
                make_intent(no_budget, loss_budget_pct=1.0),
                'within 1 % loss of 203.0.113.7',
            ),
            (
                make_intent(jitter_budget_ms=5.0),
                'within 20 ms (p95) and 5 ms jitter of 203.0.113.7',
            ),
        ):
            self.assertEqual(
                f'no host {where} can take it',
                full(asked, {'lyon': None}, labels={'lyon': ''}),
            )

    def test_longest_names_are_cut(self):
        rows = {f'{n}{"x" * 60}': make_row(5, 15) for n in range(3)}
        asked = make_intent(make_target('v' * 63))
        self.assertTrue(len(full(asked, rows)) <= 180)
        self.assertIn('can take it: tried 0xxx', full(asked, rows))


class OverBudgetTest(base.BaseTestCase):
    def test_nearest_is_named_with_its_figure_rounded_up(self):
        rows = {
            'lyon': make_row(12, 30.2, age=40),
            'paris': make_row(5, 45),
            'lille': None,
        }
        self.assertEqual(
            f'{OVER_20}: nearest is lyon at 31 ms, measured 40 s ago',
            refused(make_intent(), rows),
        )

    def test_nearest_is_by_the_judged_figure(self):
        rows = {'lyon': make_row(19, 21), 'paris': make_row(1, 22)}
        self.assertIn('lyon at 21 ms', refused(make_intent(), rows))
        asked = make_intent(make_target(budget_ms=0.5), percentile='p50')
        self.assertEqual(
            'no site within 0.5 ms (p50) of 203.0.113.7: '
            'nearest is paris at 1 ms, measured 40 s ago',
            refused(asked, rows),
        )

    def test_hour_is_named_where_it_decides(self):
        row = make_row(10, 12, rtt_p50_hour_ms=25, rtt_p95_hour_ms=31)
        self.assertEqual(
            f'{OVER_20}: nearest is lyon at 31 ms in one of ten windows of '
            'the last hour, measured 40 s ago',
            refused(make_intent(), {'lyon': row}),
        )
        self.assertEqual(
            'no site within 20 ms (p50) of 203.0.113.7: nearest is lyon at '
            '25 ms over the last hour, measured 40 s ago',
            refused(make_intent(percentile='p50'), {'lyon': row}),
        )
        worse = make_row(30, 40, rtt_p50_hour_ms=15, rtt_p95_hour_ms=19)
        self.assertEqual(
            f'{OVER_20}: nearest is lyon at 30 ms (p50), measured 40 s ago',
            refused(make_intent(), {'lyon': worse}),
        )
        lost = make_row(10, 12, rtt_p50_hour_ms=15, rtt_p95_hour_ms=math.inf)
        self.assertEqual(
            f'{OVER_20}: nearest is lyon, where probes are lost',
            refused(make_intent(), {'lyon': lost}),
        )

    def test_p99_that_the_hour_decides(self):
        row = make_row(10, 12, rtt_p50_hour_ms=15, rtt_p95_hour_ms=31)
        self.assertEqual(
            'no site within 20 ms (p99) of 203.0.113.7: nearest is lyon at '
            '31 ms (p95) in one of ten windows of the last hour, measured '
            '40 s ago',
            refused(make_intent(percentile='p99'), {'lyon': row}),
        )

    def test_whole_figure_is_not_rounded_up(self):
        self.assertIn(
            'at 31 ms,', refused(make_intent(), {'lyon': make_row(5, 31)})
        )

    def test_budget_is_as_given(self):
        for budget_ms, shown in (
            (20.0, '20'),
            (12.5, '12.5'),
            (0.001, '0.001'),
            (16.6667, '16.6667'),
            (10.123456, '10.123456'),
            (1234567.0, '1234567'),
        ):
            asked = make_intent(make_target(budget_ms=budget_ms))
            rows = {'lyon': make_row(5, INF)}
            self.assertIn(f' {shown} ms (p95)', refused(asked, rows))

    def test_site_without_figures_and_ages(self):
        self.assertEqual(
            f'{OVER_20}: nearest is lyon',
            refused(make_intent(), {'lyon': make_row(5, 31)}, 'site'),
        )

    def test_no_detail(self):
        self.assertEqual(
            'no site within the budget of 203.0.113.7',
            refused(make_intent(), {'lyon': make_row(5, 31)}, 'none'),
        )

    def test_figure_of_an_outage_is_marked(self):
        rows = {'lyon': make_row(5, 31, age=7200), 'paris': make_row(5, 45)}
        self.assertEqual(
            f'{OVER_20}: nearest is lyon at 31 ms, measured 2 h ago '
            '(measuring is down)',
            refused(make_intent(), rows, heartbeat_age=7200),
        )
        self.assertEqual(
            f'{OVER_20}: nearest is lyon',
            refused(make_intent(), rows, 'site', heartbeat_age=7200),
        )
        del rows['lyon']
        self.assertEqual(
            f'{OVER_20}: nearest is paris at 45 ms, measured 40 s ago',
            refused(make_intent(), rows, heartbeat_age=7200),
        )

    def test_figure_that_nobody_measured(self):
        asked = make_intent(make_target(budget_ms=0.3))
        rows = {'lyon': make_row(0.5, 0.5, age=0, source='assumed')}
        said = 'no site within 0.3 ms (p95) of 203.0.113.7: nearest is lyon'
        self.assertEqual(f'{said} at 1 ms, assumed', refused(asked, rows))
        self.assertEqual(said, refused(asked, rows, 'site'))
        rows['paris'] = make_row(0.4, 0.4)
        self.assertIn('paris at 1 ms, measured 40 s', refused(asked, rows))

    def test_hidden_site_is_not_named(self):
        rows = {'secret': make_row(5, 21), 'lyon': make_row(5, 31)}
        labels = {'secret': ''}
        self.assertEqual(
            f'{OVER_20}: nearest is lyon at 31 ms, measured 40 s ago',
            refused(make_intent(), rows, labels=labels),
        )
        del rows['lyon']
        for detail in ('figure', 'site'):
            self.assertEqual(
                OVER_20, refused(make_intent(), rows, detail, labels)
            )

    def test_lost_quantile_has_no_figure(self):
        rows = {'lyon': make_row(5, INF)}
        self.assertEqual(
            f'{OVER_20}: nearest is lyon, where probes are lost',
            refused(make_intent(), rows),
        )
        rows['paris'] = make_row(5, 99)
        self.assertIn('nearest is paris', refused(make_intent(), rows))

    def test_figure_of_a_lower_percentile_is_named(self):
        asked = make_intent(percentile='p99')
        rows = {'lyon': make_row(5, 50), 'paris': make_row(5, 60)}
        self.assertEqual(
            'no site within 20 ms (p99) of 203.0.113.7: '
            'nearest is lyon at 50 ms (p95), measured 40 s ago',
            refused(asked, rows),
        )
        rows = {'lyon': make_row(400, 450, samples=30)}
        self.assertEqual(
            f'{OVER_20}: nearest is lyon at 400 ms (p50), measured 40 s ago',
            refused(make_intent(), rows),
        )

    def test_jitter(self):
        asked = make_intent(make_target(budget_ms=None), jitter_budget_ms=5.0)
        self.assertEqual(
            'no site within 5 ms jitter of 203.0.113.7: '
            'nearest is lyon at 7 ms, measured 40 s ago',
            refused(
                asked,
                {
                    'lyon': make_row(35, 40, rtt_min_ms=33.2),
                    'paris': make_row(5, 15, pdv_ms=8),
                },
            ),
        )

    def test_jitter_of_the_hour(self):
        asked = make_intent(make_target(budget_ms=None), jitter_budget_ms=5.0)
        row = make_row(
            35, 40, rtt_min_ms=33, rtt_p50_hour_ms=35, rtt_p95_hour_ms=45
        )
        self.assertIn(
            'nearest is lyon at 12 ms, measured',
            refused(asked, {'lyon': row}),
        )

    def test_loss(self):
        asked = make_intent(make_target(budget_ms=None), loss_budget_pct=0.5)
        self.assertEqual(
            'no site within 0.5 % loss of 203.0.113.7: '
            'nearest is lyon at 7 %, measured 40 s ago',
            # 0.07 * 100 is a little more than 7 in floating point.
            refused(asked, {'lyon': make_row(loss_ratio=0.07)}),
        )

    def test_metric_that_is_over_everywhere_is_the_one_that_is_named(self):
        asked = make_intent(loss_budget_pct=1.0)
        rows = {
            'lyon': make_row(5, 10, loss_ratio=0.02),
            'paris': make_row(5, 30, loss_ratio=0.03),
        }
        self.assertEqual(
            'no site within 1 % loss of 203.0.113.7: '
            'nearest is lyon at 2 %, measured 40 s ago',
            refused(asked, rows),
        )

    def test_metrics_that_are_over_here_and_there_are_all_named(self):
        asked = make_intent(loss_budget_pct=1.0)
        rows = {
            'lyon': make_row(5, 10, loss_ratio=0.02),
            'paris': make_row(5, 30, loss_ratio=0.0),
        }
        self.assertEqual(
            'no site within 20 ms (p95) and 1 % loss of 203.0.113.7: '
            'nearest is lyon at 10 ms, measured 40 s ago',
            refused(asked, rows),
        )
        # The figure is of the first of them, and at which percentile.
        asked = make_intent(percentile='p99', loss_budget_pct=1.0)
        rows = {
            'lyon': make_row(5, 30, samples=300),
            'paris': make_row(5, 10, loss_ratio=0.02),
        }
        self.assertEqual(
            'no site within 20 ms (p99) and 1 % loss of 203.0.113.7: '
            'nearest is paris at 10 ms (p95), measured 40 s ago',
            refused(asked, rows),
        )

    def test_client_is_shown_as_the_user_wrote_it(self):
        for text in ('vehicle-42', '::ffff:203.0.113.7', '203.0.113.7/24'):
            asked = make_intent(make_target(text))
            self.assertEqual(
                f'no site within 20 ms (p95) of {text}: nearest is lyon',
                refused(asked, {'lyon': make_row(5, 31)}, 'site'),
            )

    def test_age_of_the_named_row(self):
        for age, shown in (
            (0, '0 s'),
            (119, '119 s'),
            (120, '2 min'),
            (899, '14 min'),
        ):
            self.assertIn(
                f'measured {shown} ago',
                refused(make_intent(), {'lyon': make_row(5, 31, age=age)}),
            )

    def test_of_sites_that_are_equally_near_the_first_by_name(self):
        rows = {'paris': make_row(5, 31, age=9), 'lyon': make_row(5, 31)}
        self.assertIn('nearest is lyon', refused(make_intent(), rows))

    def test_one_of_several_metrics_that_are_over_everywhere_is_named(self):
        asked = make_intent(loss_budget_pct=1.0)
        rows = {'lyon': make_row(5, 31, loss_ratio=0.02)}
        self.assertEqual(
            f'{OVER_20}: nearest is lyon at 31 ms, measured 40 s ago',
            refused(asked, rows),
        )

    def test_first_of_several_metrics_is_shown(self):
        # Nice has the lesser loss, and is farther.
        asked = make_intent(loss_budget_pct=1.0)
        rows = {
            'lyon': make_row(5, 31, loss_ratio=0.03),
            'nice': make_row(5, 45, loss_ratio=0.0),
            'oslo': make_row(5, 10, loss_ratio=0.02),
        }
        labels = {'oslo': ''}
        self.assertEqual(
            'no site within 20 ms (p95) and 1 % loss of 203.0.113.7: '
            'nearest is lyon at 31 ms, measured 40 s ago',
            refused(asked, rows, labels=labels),
        )

    def test_site_that_loses_all(self):
        asked = make_intent(make_target(budget_ms=None), loss_budget_pct=0.5)
        self.assertIn(
            'nearest is lyon at 100 %,',
            refused(asked, {'lyon': make_row(INF, INF, loss_ratio=1.0)}),
        )

    def test_loss_of_the_hour(self):
        asked = make_intent(make_target(budget_ms=None), loss_budget_pct=0.5)
        row = make_row(loss_ratio=0.0, loss_hour_ratio=0.02)
        self.assertIn(
            'nearest is lyon at 2 % over the last hour, measured',
            refused(asked, {'lyon': row}),
        )
        row = make_row(INF, INF, loss_ratio=0.6, loss_hour_ratio=0.02)
        self.assertIn('lyon at 60 %, measured', refused(asked, {'lyon': row}))


class UnusableTest(base.BaseTestCase):
    def test_never_measured(self):
        for detail, expected in (
            ('figure', f'{NO_DATA} (never measured)'),
            ('site', f'{NO_DATA} (never measured)'),
            ('none', NO_DATA),
        ):
            rows = {'lyon': None, 'paris': None}
            self.assertEqual(expected, refused(make_intent(), rows, detail))

    def test_only_what_is_around_was_measured(self):
        rows = {'lyon': make_row(source=latency.DERIVED), 'paris': None}
        self.assertEqual(
            f'{NO_DATA} (only what is around it was measured)',
            refused(make_intent(), rows),
        )

    def test_newest_is_old(self):
        rows = {
            'lyon': make_row(age=7300),
            'paris': make_row(age=99_999),
            'lille': None,
        }
        for detail, expected in (
            ('figure', f'{NO_DATA} (newest is 2 h old)'),
            ('site', f'{NO_DATA} (stale)'),
            ('none', NO_DATA),
        ):
            self.assertEqual(expected, refused(make_intent(), rows, detail))

    def test_clock_that_is_ahead_is_named(self):
        rows = {
            'lyon': make_row(age=-40),
            'paris': make_row(age=-99_999),
            'nice': make_row(age=7300),
        }
        for detail, expected in (
            (
                'figure',
                f'{NO_DATA} (measured 40 s in the future: check the clocks)',
            ),
            ('site', f'{NO_DATA} (measured in the future: check the clocks)'),
            ('none', NO_DATA),
        ):
            self.assertEqual(expected, refused(make_intent(), rows, detail))

    def test_the_nearest_to_being_usable_speaks(self):
        rows = {'lyon': make_row(age=7300), 'paris': make_row(samples=59)}
        self.assertEqual(
            f'{NO_DATA} (too few samples)', refused(make_intent(), rows)
        )

    def test_metric_that_is_not_carried(self):
        asked = make_intent(loss_budget_pct=1.0)
        self.assertEqual(
            f'{NO_DATA} (not all that is asked for was measured)',
            refused(asked, {'lyon': make_row()}),
        )

    def test_client_that_cannot_be_placed(self):
        asked = make_intent()
        answers = {
            asked.clients[0]: latency.Answer(
                True, ({'lyon': make_row(age=7300)},), unplaced=True
            )
        }
        made = decision.decide(
            asked, answers, {'a': ('lyon',), 'b': ()}, Policy(), factories.NOW
        )
        for detail, why in (
            ('figure', ' (where it is cannot be told now)'),
            ('site', ' (where it is cannot be told now)'),
            ('none', ''),
        ):
            self.assertEqual(
                NO_DATA + why,
                reason.refusal(made, {'a': 'a', 'b': 'b'}, detail),
            )

    def test_unknown_is_rejected_though_the_budget_is_preferred(self):
        asked = make_intent(required=False)
        self.assertEqual(
            f'{NO_DATA} (never measured)', refused(asked, {'lyon': None})
        )

    def test_no_host_at_all(self):
        made = decision.Decision(make_intent(), {})
        self.assertEqual(NO_DATA, reason.refusal(made, {}, 'figure'))

    def test_lost_without_a_budget_is_no_distance(self):
        asked = make_intent(make_target(budget_ms=None), reject_unknown=True)
        lost = make_row(math.inf, math.inf, samples=3)
        made = decided(asked, {'lyon': lost})
        self.assertFalse(made.any_accepted)
        self.assertEqual(
            'no usable latency data for 203.0.113.7 (too few samples)',
            reason.refusal(made, {'lyon': 'lyon'}, 'figure'),
        )


class SeveralClientsTest(base.BaseTestCase):
    TARGETS = (make_target('a', 10.0), make_target('b', 20.0))

    def test_client_that_no_site_is_near_is_named(self):
        rows = {'lyon': [make_row(5, 9), make_row(20, 30)]}
        self.assertEqual(
            'no site within 20 ms (p95) of b: '
            'nearest is lyon at 30 ms, measured 40 s ago',
            refused(make_intent(*self.TARGETS), rows),
        )

    def test_client_that_is_not_measured_is_named(self):
        rows = {'lyon': [make_row(5, 9), None]}
        self.assertEqual(
            'no usable latency data for b (never measured)',
            refused(make_intent(*self.TARGETS), rows),
        )

    def test_near_each_but_not_all_at_once(self):
        # lyon is over for b alone: s = 1 / 1.5; paris for a: s = 1 / 3.
        rows = {
            'lyon': [make_row(5, 9), make_row(10, 21)],
            'paris': [make_row(20, 21), make_row(5, 9)],
            'nice': [make_row(1, 2), None],
        }
        # nice is not measured to b, and hidden.
        asked = make_intent(*self.TARGETS)
        said = 'no site within the budgets of a and 1 more at once'
        for detail in ('figure', 'site'):
            self.assertEqual(
                f'{said}: nearest is lyon',
                refused(asked, rows, detail, {'nice': ''}),
            )
        self.assertEqual(said, refused(asked, rows, 'none'))
        self.assertEqual(
            said, refused(asked, rows, labels=dict.fromkeys(rows, ''))
        )
        # Nor need any be unknown.
        del rows['nice']
        self.assertEqual(said, refused(asked, rows, 'none'))

    def test_over_a_budget_that_none_must_keep_is_no_distance(self):
        # lyon is over for a, nice unknown for b; unknown is rejected.
        rows = {
            'lyon': [make_row(20, 30), None],
            'nice': [None, make_row(5, 9)],
        }
        asked = make_intent(*self.TARGETS, required=False, reject_unknown=True)
        self.assertEqual(
            'no usable latency data for a and 1 more at once',
            refused(asked, rows),
        )

    def test_measured_each_but_not_all_at_once(self):
        asked = make_intent(make_target('a', None), make_target('b', None))
        rows = {'lyon': [make_row(), None], 'paris': [None, make_row()]}
        for detail in ('figure', 'site', 'none'):
            self.assertEqual(
                'no usable latency data for a and 1 more at once',
                refused(asked, rows, detail),
            )


@ddt.ddt
class TextTest(base.BaseTestCase):
    @ddt.data(
        ('lyon', 'lyon'),
        ('Z\xfcrich', 'Z\xfcrich'),
        ('a\nb\x00c\x1b[31m', r'a\nb\x00c\x1b[31m'),
        # Turns the direction of what follows it.
        ('a\u202eb', r'a\u202eb'),
        ("O'Hare", "O'Hare"),
        ('x' * 33, 'x' * 29 + '...'),
        ('x' * 32, 'x' * 32),
    )
    @ddt.unpack
    def test_site_name(self, name, shown):
        said = refused(
            make_intent(), {'x': make_row(5, 31)}, labels={'x': name}
        )
        self.assertEqual(
            f'{OVER_20}: nearest is {shown} at 31 ms, measured 40 s ago', said
        )

    def test_long_reason_is_cut_at_a_character(self):
        asked = make_intent(
            make_target('n' * 63), jitter_budget_ms=1.0, loss_budget_pct=1.0
        )
        rows = {
            'a': make_row(5, 31, pdv_ms=1, loss_ratio=0),
            'b': make_row(5, 6, pdv_ms=1, loss_ratio=1),
            'c': make_row(5, 6, pdv_ms=2, loss_ratio=0),
        }
        wide = '\U0001f3e2' * 32
        said = refused(asked, rows, labels={'a': wide, 'b': wide, 'c': wide})
        self.assertTrue(said.endswith('\U0001f3e2...'))
        # 180 and not a multiple of 4: no part of a character is left.
        self.assertLessEqual(len(said.encode()), 180)
        self.assertGreater(len(said.encode()), 176)

    def test_bounded(self):
        self.assertEqual('x' * 180, reason.bounded('x' * 180))
        self.assertEqual('x' * 177 + '...', reason.bounded('x' * 181))
        self.assertEqual('\xe9' * 90, reason.bounded('\xe9' * 90))
        self.assertEqual('\xe9' * 88 + '...', reason.bounded('\xe9' * 91))

    def test_store_away(self):
        self.assertEqual(
            'latency data is temporarily unavailable', reason.STORE_AWAY
        )

    @hypothesis.given(
        factories.decisions(),
        st.lists(st.text(max_size=60), min_size=5, max_size=5),
        st.sampled_from(['figure', 'site', 'none']),
    )
    def test_reason_is_short_and_printable(self, made, names, detail):
        if made.any_accepted:
            return
        labels = dict(zip(made.verdicts, names, strict=False))
        said = reason.refusal(made, labels, detail)
        self.assertLessEqual(len(said.encode()), 180)
        self.assertTrue(said.isprintable(), ascii(said))
        self.assertTrue(said.startswith('no '))
        if detail == 'none':
            self.assertNotIn('nearest', said)
        if detail != 'figure':
            self.assertNotIn('measured 4', said)
            self.assertNotIn(' old)', said)

    @hypothesis.given(st.sampled_from(sorted(keys.KEYS)), factories.texts)
    def test_refusal_of_a_bad_value_is_short_and_printable(self, key, text):
        said = reason.bounded(str(keys.BadValueError(key, text, 'good')))
        self.assertLessEqual(len(said.encode()), 180)
        self.assertTrue(said.isprintable())
