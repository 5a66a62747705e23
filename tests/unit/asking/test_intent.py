# SPDX-License-Identifier: Apache-2.0

"""What a request asks for, and that a hint can only tighten it."""

import ddt
import hypothesis
from oslotest import base

from edge_sched.asking import intent
from edge_sched.asking import source as wishes
from edge_sched.model import client
from edge_sched.model import keys
from edge_sched.model import latency
from tests.unit import factories
from tests.unit.factories import merged

BUDGET = {'edge:latency_budget_ms': '20'}
NO_BUDGET: dict[str, str] = {}


def budgets(asked: intent.Intent) -> dict[str, float | None]:
    """The latency budget of each client."""
    return {str(t.client): t.latency_budget_ms for t in asked.targets}


def with_key(
    specs: dict[str, str], key: str, value: str | None
) -> dict[str, str]:
    return specs if value is None else specs | {key: value}


@ddt.ddt
class MergeTest(base.BaseTestCase):
    """``F`` is what the flavor sets, ``H`` the hint."""

    def check(
        self, base_specs, base_hints, key, said, expected, clamped=False
    ):
        in_flavor, in_hint = said
        asked = merged(
            with_key(base_specs, key, in_flavor),
            with_key(base_hints | {'edge:client': 'a'}, key, in_hint),
        )
        observed = {
            'edge:percentile': asked.percentile,
            'edge:budget_mode': 'required' if asked.required else 'preferred',
            'edge:unknown': 'reject' if asked.reject_unknown else 'allow',
            'edge:objective': asked.objective,
            'edge:combine': asked.combine,
        }[key]
        self.assertEqual(
            (expected, (key,) if clamped else ()), (observed, asked.clamped)
        )

    def test_nothing_at_all_has_the_defaults(self):
        asked = merged({}, {'edge:client': 'a'})
        self.assertEqual(
            intent.Intent(
                targets=(keys.NearClient(client.parse_client('a')),),
                jitter_budget_ms=None,
                loss_budget_pct=None,
                percentile='p95',
                required=True,
                reject_unknown=False,
                objective='nearest',
                combine='worst',
            ),
            asked,
        )
        self.assertFalse(asked.has_budget)

    # F is none or has a budget, and the key; H; what holds; whether clamped.
    @ddt.data(
        (None, None, 'p95', False),
        (None, 'p50', 'p95', True),
        (None, 'p95', 'p95', False),
        (None, 'p99', 'p99', False),
        ('p50', None, 'p50', False),
        ('p50', 'p50', 'p50', False),
        ('p50', 'p95', 'p95', False),
        ('p50', 'p99', 'p99', False),
        ('p95', None, 'p95', False),
        ('p95', 'p50', 'p95', True),
        ('p95', 'p95', 'p95', False),
        ('p95', 'p99', 'p99', False),
        ('p99', None, 'p99', False),
        ('p99', 'p50', 'p99', True),
        ('p99', 'p95', 'p99', True),
        ('p99', 'p99', 'p99', False),
    )
    @ddt.unpack
    def test_higher_percentile_wins(self, in_flavor, in_hint, wins, clamped):
        said = in_flavor, in_hint
        self.check(BUDGET, {}, 'edge:percentile', said, wins, clamped)
        if in_flavor is not None:
            # A key that the flavor sets binds without a budget as well.
            self.check({}, BUDGET, 'edge:percentile', said, wins, clamped)

    @ddt.data(
        (None, None, 'required', False),
        (None, 'preferred', 'required', True),
        (None, 'required', 'required', False),
        ('preferred', None, 'preferred', False),
        ('preferred', 'preferred', 'preferred', False),
        ('preferred', 'required', 'required', False),
        ('required', None, 'required', False),
        ('required', 'preferred', 'required', True),
        ('required', 'required', 'required', False),
    )
    @ddt.unpack
    def test_required_wins(self, in_flavor, in_hint, wins, clamped):
        said = in_flavor, in_hint
        self.check(BUDGET, {}, 'edge:budget_mode', said, wins, clamped)
        if in_flavor is not None:
            self.check({}, BUDGET, 'edge:budget_mode', said, wins, clamped)

    @ddt.data(
        (None, None, 'reject', False),
        (None, 'allow', 'reject', True),
        (None, 'reject', 'reject', False),
        ('allow', None, 'allow', False),
        ('allow', 'allow', 'allow', False),
        ('allow', 'reject', 'reject', False),
        ('reject', None, 'reject', False),
        ('reject', 'allow', 'reject', True),
        ('reject', 'reject', 'reject', False),
    )
    @ddt.unpack
    def test_reject_wins(self, in_flavor, in_hint, wins, clamped):
        said = in_flavor, in_hint
        self.check(BUDGET, {}, 'edge:unknown', said, wins, clamped)
        if in_flavor is not None:
            self.check({}, BUDGET, 'edge:unknown', said, wins, clamped)

    @ddt.data(
        ('edge:percentile', ('p50', 'p95', 'p99'), 'p95'),
        ('edge:budget_mode', ('required', 'preferred'), 'required'),
        ('edge:unknown', ('reject', 'allow'), 'reject'),
        ('edge:objective', ('nearest', 'fit'), 'nearest'),
        ('edge:combine', ('worst', 'mean'), 'worst'),
    )
    @ddt.unpack
    def test_hint_holds_as_written_if_the_flavor_has_no_budget(
        self, key, choices, default
    ):
        self.check({}, BUDGET, key, (None, None), default)
        for said in choices:
            self.check({}, BUDGET, key, (None, said), said)

    @ddt.data('edge:jitter_budget_ms', 'edge:loss_budget_pct')
    def test_any_budget_of_the_flavor_is_a_contract(self, key):
        asked = merged(
            {key: '5'},
            {
                'edge:client': 'a',
                'edge:percentile': 'p50',
                'edge:budget_mode': 'preferred',
                'edge:unknown': 'allow',
            },
        )
        self.assertEqual('p95', asked.percentile)
        self.assertTrue(asked.required)
        self.assertTrue(asked.reject_unknown)

    def test_own_budget_of_a_flavors_client_is_a_contract(self):
        asked = merged({'edge:client': 'a@5'}, {'edge:unknown': 'allow'})
        self.assertTrue(asked.reject_unknown)
        self.assertEqual(('edge:unknown',), asked.clamped)

    # The default hangs on whether a budget is set and on the mode.
    @ddt.data(
        ({}, {}, 'allow'),
        ({}, {'edge:budget_mode': 'required'}, 'allow'),
        ({}, BUDGET, 'reject'),
        ({}, BUDGET | {'edge:budget_mode': 'preferred'}, 'allow'),
        ({}, {'edge:client': 'a@10'}, 'reject'),
        ({}, {'edge:loss_budget_pct': '0'}, 'reject'),
        (BUDGET, {}, 'reject'),
        (BUDGET | {'edge:budget_mode': 'preferred'}, {}, 'allow'),
        (
            BUDGET | {'edge:budget_mode': 'preferred'},
            {'edge:budget_mode': 'required'},
            'reject',
        ),
        ({'edge:budget_mode': 'preferred'}, BUDGET, 'allow'),
    )
    @ddt.unpack
    def test_unknown_defaults_to_reject_if_a_budget_is_required(
        self, specs, hints, expected
    ):
        asked = merged(specs, {'edge:client': 'a'} | hints)
        self.assertEqual(expected == 'reject', asked.reject_unknown)
        self.assertEqual((), asked.clamped)

    def test_preferred_budget_of_the_flavor_lets_a_hint_allow_unknown(self):
        asked = merged(
            BUDGET | {'edge:budget_mode': 'preferred'},
            {'edge:client': 'a', 'edge:unknown': 'allow'},
        )
        self.assertFalse(asked.reject_unknown)
        self.assertEqual((), asked.clamped)

    @ddt.data(
        ('edge:objective', 'nearest', 'fit'), ('edge:combine', 'worst', 'mean')
    )
    @ddt.unpack
    def test_objective_and_combine_of_the_flavor_win(self, key, one, other):
        for specs, hints in ((BUDGET, {}), ({}, BUDGET)):
            self.check(specs, hints, key, (one, None), one)
            self.check(specs, hints, key, (one, one), one)
            self.check(specs, hints, key, (one, other), one, True)
            self.check(specs, hints, key, (other, None), other)
            self.check(specs, hints, key, (other, one), other, True)
        # With a budget the default is the flavor's as well.
        self.check(BUDGET, {}, key, (None, other), one, True)

    # Flavor, hint, what holds, whether the hint was clamped.
    @ddt.data(
        (None, None, None, False),
        (None, '30', 30.0, False),
        ('20', None, 20.0, False),
        ('20', '30', 20.0, True),
        ('20', '20', 20.0, False),
        ('20', '20.0', 20.0, False),
        ('20', '10', 10.0, False),
    )
    @ddt.unpack
    def test_smaller_budget_wins(self, in_flavor, in_hint, wins, clamped):
        for key in (
            'edge:latency_budget_ms',
            'edge:jitter_budget_ms',
            'edge:loss_budget_pct',
        ):
            asked = merged(
                with_key({}, key, in_flavor),
                with_key({'edge:client': 'a'}, key, in_hint),
            )
            holds = {
                'edge:latency_budget_ms': asked.targets[0].latency_budget_ms,
                'edge:jitter_budget_ms': asked.jitter_budget_ms,
                'edge:loss_budget_pct': asked.loss_budget_pct,
            }
            self.assertEqual(wins, holds.pop(key))
            self.assertEqual({None}, set(holds.values()))
            self.assertEqual((key,) if clamped else (), asked.clamped)

    def test_loss_budget_of_0_is_a_budget(self):
        asked = merged(
            {'edge:loss_budget_pct': '0'},
            {'edge:client': 'a', 'edge:loss_budget_pct': '1'},
        )
        self.assertEqual(0.0, asked.loss_budget_pct)
        self.assertTrue(asked.has_budget)
        self.assertEqual(('edge:loss_budget_pct',), asked.clamped)

    # Clients and common budget of the flavor, of the hint; what holds.
    @ddt.data(
        # @<ms> replaces the common budget of the same source, also upwards.
        ('a@10', '20', None, None, {'a': 10.0}),
        ('a@30', '20', None, None, {'a': 30.0}),
        (None, None, 'a@30,b', '20', {'a': 30.0, 'b': 20.0}),
        # Between flavor and hint the smaller wins.
        ('a@10', None, 'a@5', None, {'a': 5.0}),
        ('a@10', None, 'a', '5', {'a': 5.0}),
        ('a@10', None, None, '5', {'a': 5.0}),
        ('a', '20', 'a@5', None, {'a': 5.0}),
        (None, '20', 'a@5,b', None, {'a': 5.0, 'b': 20.0}),
        # The common budget of the flavor holds for the hint's clients too.
        ('a@10', '20', 'b', None, {'a': 10.0, 'b': 20.0}),
        # Its own budget is of that client alone.
        ('a@10', None, 'b', None, {'a': 10.0, 'b': None}),
        # A client that is given twice has the smaller budget.
        (None, None, 'a@30,a@10,a', None, {'a': 10.0}),
        ('a@30,a@10,a', None, None, None, {'a': 10.0}),
        (None, None, 'a,a@30', '20', {'a': 30.0}),
    )
    @ddt.unpack
    def test_own_budgets(self, f_clients, f_budget, h_clients, h_budget, all_):
        specs = with_key({}, 'edge:client', f_clients)
        specs = with_key(specs, 'edge:latency_budget_ms', f_budget)
        hints = with_key({}, 'edge:client', h_clients)
        hints = with_key(hints, 'edge:latency_budget_ms', h_budget)
        asked = merged(specs, hints)
        self.assertEqual(all_, budgets(asked))
        self.assertEqual((), asked.clamped)

    @ddt.data(
        ('a@10', None, 'a@30', None, {'a': 10.0}, 'edge:client'),
        (None, '20', 'a@30', None, {'a': 20.0}, 'edge:client'),
        ('a', '20', 'a@30', '5', {'a': 20.0}, 'edge:client'),
        ('a@10', None, None, '30', {'a': 10.0}, 'edge:latency_budget_ms'),
        ('a@10', '40', 'b', '30', {'a': 10.0, 'b': 30.0}, None),
    )
    @ddt.unpack
    def test_hint_cannot_loosen_the_flavors_budget(
        self, f_clients, f_budget, h_clients, h_budget, all_, clamped
    ):
        specs = with_key({}, 'edge:client', f_clients)
        specs = with_key(specs, 'edge:latency_budget_ms', f_budget)
        hints = with_key({}, 'edge:client', h_clients)
        hints = with_key(hints, 'edge:latency_budget_ms', h_budget)
        asked = merged(specs, hints)
        self.assertEqual(all_, budgets(asked))
        if clamped is not None:
            self.assertEqual((clamped,), asked.clamped)

    def test_clients_are_united_the_flavors_first(self):
        asked = merged(
            {'edge:client': '203.0.113.7,b'},
            {'edge:client': ['c', '::ffff:203.0.113.7', '203.0.113.7/32,b']},
        )
        self.assertEqual(
            ['203.0.113.7', 'b', 'c'], [str(c) for c in asked.clients]
        )

    def test_example_of_the_docstring(self):
        asked = merged(
            BUDGET,
            {
                'edge:client': 'a',
                'edge:latency_budget_ms': '30',
                'edge:percentile': 'p99',
            },
        )
        self.assertEqual({'a': 20.0}, budgets(asked))
        self.assertEqual('p99', asked.percentile)
        self.assertEqual(('edge:latency_budget_ms',), asked.clamped)

    def test_default_percentile_of_the_operator(self):
        asked = merged(BUDGET, {}, default_percentile='p99')
        self.assertEqual('p99', asked.percentile)
        asked = merged(
            BUDGET, {'edge:percentile': 'p95'}, default_percentile='p99'
        )
        self.assertEqual('p99', asked.percentile)
        asked = merged(
            BUDGET | {'edge:percentile': 'p50'}, {}, default_percentile='p99'
        )
        self.assertEqual('p50', asked.percentile)

    def test_flavor_with_a_budget_and_no_client_has_nothing_to_judge(self):
        asked = merged(BUDGET, {})
        self.assertEqual((), asked.targets)

    def test_unreadable_value_of_the_hint_leaves_the_flavors(self):
        asked = merged(
            BUDGET, {'edge:client': 'a', 'edge:latency_budget_ms': 'soon'}
        )
        self.assertEqual({'a': 20.0}, budgets(asked))

    def test_own_budget_of_one_client_is_a_budget_of_the_request(self):
        asked = merged({}, {'edge:client': 'a,b@10'})
        self.assertTrue(asked.has_budget)
        self.assertTrue(asked.reject_unknown)

    # Budget, mode, unknown; whether a host may be rejected for any of it.
    @ddt.data(
        (BUDGET, 'required', 'reject', True),
        (BUDGET, 'required', 'allow', True),
        (BUDGET, 'preferred', 'reject', True),
        (BUDGET, 'preferred', 'allow', False),
        ({}, 'required', 'reject', True),
        ({}, 'required', 'allow', False),
    )
    @ddt.unpack
    def test_what_may_reject_a_host(self, budget, mode, unknown, expected):
        said = {'edge:budget_mode': mode, 'edge:unknown': unknown}
        asked = merged({}, {'edge:client': 'a'} | budget | said)
        self.assertIs(expected, asked.may_reject)

    # What flavor and hint say; the levels, whether required; clamped.
    @ddt.data(
        (('', ''), ('', ''), (), False, False),
        (('site', ''), ('', ''), ('site',), False, False),
        (('', ''), ('zone', ''), ('zone',), False, False),
        (('site', ''), ('zone', ''), ('zone', 'site'), False, False),
        (('zone', ''), ('site', ''), ('zone', 'site'), False, False),
        (('site', ''), ('site', ''), ('site',), False, False),
        (('site', 'preferred'), ('', 'required'), ('site',), True, False),
        (('site', 'required'), ('', 'preferred'), ('site',), True, True),
        (('', 'required'), ('site', ''), ('site',), True, False),
        (('', 'required'), ('site', 'preferred'), ('site',), True, True),
        (('', ''), ('site', 'required'), ('site',), True, False),
        (('', 'required'), ('', ''), (), False, False),
    )
    @ddt.unpack
    def test_spread(self, in_flavor, in_hint, levels, required, clamped):
        specs, hints = (
            {
                key: value
                for key, value in zip(
                    ('edge:spread', 'edge:spread_mode'), said, strict=True
                )
                if value
            }
            for said in (in_flavor, in_hint)
        )
        for budget in ({}, BUDGET):
            asked = merged(specs | budget, hints)
            self.assertEqual(levels, asked.spread)
            self.assertIs(required, asked.spread_required)
            self.assertIs(budget == BUDGET, asked.may_reject)
            self.assertEqual(
                ('edge:spread_mode',) if clamped else (), asked.clamped
            )
            relaxed = asked.relaxed()
            self.assertEqual(levels, relaxed.spread)
            self.assertFalse(relaxed.spread_required)

    def test_relaxed_rejects_nothing(self):
        relaxed = merged(BUDGET, {'edge:client': 'a'}).relaxed()
        self.assertFalse(relaxed.may_reject)
        self.assertFalse(relaxed.required)
        self.assertFalse(relaxed.reject_unknown)
        self.assertEqual({'a': 20.0}, budgets(relaxed))


class MergePropertiesTest(base.BaseTestCase):
    def assertNotAbove(self, held: float | None, now: float | None) -> None:
        if held is not None:
            self.assertIsNotNone(now)
            self.assertLessEqual(now, held)

    @hypothesis.given(factories.sources(), factories.sources())
    def test_merging_is_never_looser_than_the_flavor(self, specs, hints):
        held, now = merged(specs), merged(specs, hints)
        self.assertNotAbove(held.jitter_budget_ms, now.jitter_budget_ms)
        self.assertNotAbove(held.loss_budget_pct, now.loss_budget_pct)
        after = budgets(now)
        for text, budget_ms in budgets(held).items():
            self.assertNotAbove(budget_ms, after[text])
        self.assertGreaterEqual(now.reject_unknown, held.reject_unknown)
        contract = wishes.read_flavor(specs).sets_budget
        if contract or 'edge:budget_mode' in specs:
            self.assertGreaterEqual(now.required, held.required)
        if contract or 'edge:percentile' in specs:
            order = latency.PERCENTILES.index
            self.assertGreaterEqual(
                order(now.percentile), order(held.percentile)
            )
        for key, name in (
            ('edge:objective', 'objective'),
            ('edge:combine', 'combine'),
        ):
            if contract or key in specs:
                self.assertEqual(getattr(held, name), getattr(now, name))
        self.assertLessEqual(set(held.spread), set(now.spread))
        self.assertGreaterEqual(now.spread_required, held.spread_required)

    @hypothesis.given(factories.sources(), factories.sources())
    def test_clamped_names_only_keys_of_the_hint(self, specs, hints):
        now = merged(specs, hints)
        self.assertLessEqual(set(now.clamped), set(hints))
        self.assertEqual(len(set(now.clamped)), len(now.clamped))
        self.assertEqual((), merged(specs).clamped)
        self.assertEqual((), merged({}, hints).clamped)

    @hypothesis.given(factories.sources())
    def test_source_merged_with_itself_is_itself(self, specs):
        # What is left out may differ: the hint alone is no contract.
        self.assertEqual(merged(specs), merged(specs, specs))
