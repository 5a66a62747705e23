# SPDX-License-Identifier: Apache-2.0

"""What a flavor or hints ask for, and what of it cannot be read."""

import ddt
import fixtures
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.asking import intent
from edge_sched.asking import source as wishes
from edge_sched.model import keys
from tests.unit import factories


class ReadTest(base.BaseTestCase):
    def read(self, **texts: list[str]) -> wishes.Wish:
        return wishes.read_hints({f'edge:{k}': v for k, v in texts.items()})

    def problems(self, **texts: list[str]) -> list[str]:
        return [str(problem) for problem in self.read(**texts).problems]

    def test_nothing_asks_for_nothing(self):
        for hints in (None, {}, {'group': ['a']}, {'edge:client': []}):
            wish = wishes.read_hints(hints)
            self.assertEqual(wishes.Wish(), wish)
            self.assertFalse(wish.asks)
        self.assertEqual(wishes.Wish(), wishes.read_flavor(None))
        self.assertEqual(
            wishes.Wish(), wishes.read_flavor({'hw:cpu_policy': 'shared'})
        )

    def test_keys_of_others_are_not_ours(self):
        hints = {'edgeclients': ['x'], 'xedge:client': ['x'], 'a': ['x']}
        self.assertEqual(wishes.Wish(), wishes.read_hints(hints))
        specs = {'edge_client': 'x', 'hw:edge:client': 'x'}
        self.assertEqual(wishes.Wish(), wishes.read_flavor(specs))

    def test_key_that_is_ours_but_for_its_spelling_is_a_problem(self):
        for key in ('Edge:client', ' edge:client', 'edge_client'):
            wish = wishes.read_hints({key: ['a'], 'edge:percentile': ['p99']})
            self.assertEqual({'edge:percentile': 'p99'}, wish.values)
            self.assertEqual((), wish.clients)
            self.assertEqual(
                [f'{key!r} is not an edge: key, did you mean edge:client?'],
                [str(problem) for problem in wish.problems],
            )
            # Whoever wrote it has somebody in mind.
            self.assertTrue(wish.names_client)
        self.assertTrue(wishes.read_flavor({'Edge:client': 'a'}).names_client)

    def test_guesses_are_made_of_keys_that_are_shown_only(self):
        hints = {f'edge:x{i}': ['v'] for i in range(7000)}
        guesses = self.useFixture(
            fixtures.MockPatch('difflib.get_close_matches', return_value=[])
        ).mock
        problems = wishes.read_hints(hints).problems
        self.assertEqual(7000, len(problems))
        self.assertEqual(0, guesses.call_count)
        self.assertIn('edge:x0', str(problems[0]))
        self.assertEqual(1, guesses.call_count)

    def test_repeated_hint_and_list_are_the_same(self):
        self.assertEqual(
            self.read(client=['a@10,203.0.113.7', 'b']).clients,
            self.read(client=['a@10', '203.0.113.7,b']).clients,
        )

    def test_flavor_and_hints_have_the_same_keys(self):
        specs = {
            'edge:client': 'a@10,b',
            'edge:latency_budget_ms': '20',
            'edge:jitter_budget_ms': '5',
            'edge:loss_budget_pct': '0.1',
            'edge:percentile': 'p99',
            'edge:budget_mode': 'preferred',
            'edge:unknown': 'reject',
            'edge:objective': 'fit',
            'edge:combine': 'mean',
            'edge:spread': 'zone',
            'edge:spread_mode': 'required',
        }
        wish = wishes.read_flavor(specs)
        self.assertEqual((), wish.problems)
        self.assertEqual(
            wish, wishes.read_hints({k: [v] for k, v in specs.items()})
        )

    def test_16_clients_over_all_repetitions_are_taken_and_17_are_not(self):
        names = [f'c{i}' for i in range(17)]
        for texts in (names[:16], [','.join(names[:8]), *names[8:16]]):
            wish = self.read(client=texts)
            self.assertEqual(16, len(wish.clients))
            self.assertEqual((), wish.problems)
        for texts in (
            names,
            [','.join(names)],
            [','.join(names[:16]), 'c'],
            [*names[:15], 'c,d'],
        ):
            wish = self.read(client=texts)
            self.assertEqual((), wish.clients)
            (problem,) = wish.problems
            self.assertIn('is not a list of at most 16 clients', str(problem))

    def test_bad_client_does_not_hide_the_others(self):
        wish = self.read(client=['a,999.1.1.1', '', 'b' * 256, 'b'])
        self.assertEqual(
            ['a', 'b'], [str(near.client) for near in wish.clients]
        )
        self.assertEqual(
            ['999.1.1.1', '', 'b' * 256], [p.value for p in wish.problems]
        )
        self.assertTrue(wish.names_client)

    def test_only_hints_name_servers_and_groups(self):
        uuid = '5f7a1c2e-9b0d-4e3f-8a6b-0c1d2e3f4a5b'
        for kind in ('server', 'group'):
            text = f'{kind}:{uuid}@2'
            (near,) = self.read(client=[text]).clients
            self.assertEqual(f'{kind}:{uuid}', str(near.client))
            self.assertEqual(2.0, near.latency_budget_ms)
            wish = wishes.read_flavor({'edge:client': text})
            self.assertEqual((), wish.clients)
            (problem,) = wish.problems
            self.assertEqual(
                f"edge:client '{kind}:{uuid}' is not for a flavor: only hints "
                'name servers and groups',
                str(problem),
            )
            (problem,) = self.read(client=[f'{kind}:7']).problems
            self.assertEqual(
                f"edge:client '{kind}:7' is not {kind}: and an id",
                str(problem),
            )

    def test_both_sources_name_sites(self):
        for wish in (
            self.read(client=['site:lyon@5,site:nice']),
            wishes.read_flavor({'edge:client': 'site:lyon@5,site:nice'}),
        ):
            self.assertEqual(
                [('site:lyon', 5.0), ('site:nice', None)],
                [(str(n.client), n.latency_budget_ms) for n in wish.clients],
            )
        (problem,) = self.read(client=['site:']).problems
        self.assertIn('is not site: and a name', str(problem))

    def test_client_alone_is_asked_for(self):
        self.assertTrue(self.read(client=['a']).asks)

    def test_unreadable_client_still_names_a_client(self):
        wish = self.read(client=['999.1.1.1'])
        self.assertTrue(wish.names_client)
        self.assertTrue(wish.asks)
        self.assertFalse(self.read(percentile=['p90']).names_client)
        wish = self.read(percentile=['p90'], client=['999.1.1.1'])
        self.assertTrue(wish.names_client)

    def test_hint_of_255_characters_is_taken_and_of_256_is_not(self):
        text = ','.join([*['a' * 63] * 3, 'b' * 63])
        self.assertEqual(255, len(text))
        self.assertEqual((), self.read(client=[text]).problems)
        (problem,) = self.read(client=[f' {text}']).problems
        self.assertIn('is not at most 255 characters', str(problem))

    def test_empty_string_is_refused(self):
        for key in keys.KEYS:
            wish = wishes.read_hints({key: ['']})
            self.assertEqual(1, len(wish.problems), key)
            self.assertTrue(wish.asks)

    def test_scalar_is_given_once(self):
        self.assertEqual(
            ["edge:percentile 'p95, p95' is not one value"],
            self.problems(percentile=['p95', 'p95']),
        )
        self.assertEqual(
            ["edge:percentile '1, 2, 3, 4' is not one value"],
            self.problems(percentile=list('12345')),
        )
        for key in keys.KEYS:
            if key != 'edge:client':
                wish = wishes.read_hints({key: ['20', '20']})
                self.assertEqual({}, wish.values)
                self.assertEqual(1, len(wish.problems))

    def test_mistyped_key_does_not_drop_a_budget(self):
        self.assertEqual(
            [
                "'edge:latency_budget' is not an edge: key, did you mean "
                'edge:latency_budget_ms?'
            ],
            self.problems(latency_budget=['20']),
        )
        self.assertEqual(
            ["'edge:zzzzzzzzz' is not an edge: key"],
            self.problems(zzzzzzzzz=['1']),
        )

    def test_bad_value_is_kept_as_a_problem_beside_the_good_ones(self):
        wish = self.read(latency_budget_ms=['soon'], percentile=['p99'])
        self.assertEqual({'edge:percentile': 'p99'}, wish.values)
        self.assertEqual(
            ["edge:latency_budget_ms 'soon' is not a number > 0"],
            [str(problem) for problem in wish.problems],
        )

    def test_nothing_is_known_by_heart_that_is_long_or_makes_no_sense(self):
        caches = (wishes._near_client, wishes._value)
        for cache in caches:
            # One that is full would not grow.
            cache.cache_clear()
        for text in ('x' * 9999, 'x' * 64, '999.1.1.1', f'x@{"0" * 999}5'):
            self.read(client=[text], percentile=[text])
        self.assertEqual(
            [0, 0], [cache.cache_info().currsize for cache in caches]
        )

    def test_client_that_is_left_out_takes_its_budget_along(self):
        wish = self.read(client=['a@10,b'], percentile=['p99'])
        a, b = (near.client for near in wish.clients)
        left = wish.without({a})
        self.assertEqual((b,), tuple(near.client for near in left.clients))
        self.assertFalse(left.sets_budget)
        self.assertEqual(wish.values, left.values)
        self.assertTrue(wish.without({b}).sets_budget)

    def test_own_budget_of_a_client_counts_as_a_budget(self):
        self.assertTrue(self.read(client=['a@10']).sets_budget)
        self.assertFalse(self.read(client=['a']).sets_budget)
        for key in ('latency_budget_ms', 'jitter_budget_ms'):
            self.assertTrue(self.read(**{key: ['1']}).sets_budget)
        self.assertTrue(self.read(loss_budget_pct=['0']).sets_budget)
        self.assertFalse(self.read(unknown=['reject']).sets_budget)

    @hypothesis.given(
        st.dictionaries(
            factories.key_names,
            st.lists(factories.texts, max_size=20),
            max_size=12,
        ),
        st.dictionaries(factories.key_names, factories.texts, max_size=12),
    )
    def test_nothing_that_nova_stores_raises(self, hints, specs):
        flavor, hint = wishes.read_flavor(specs), wishes.read_hints(hints)
        asked = intent.merge(flavor, hint)
        self.assertLessEqual(len(asked.targets), 32)
        for problem in flavor.problems + hint.problems:
            self.assertTrue(str(problem).isprintable())
            self.assertLess(len(str(problem)), 1000)

    def test_very_many_and_very_long_hints_are_bounded(self):
        wish = self.read(client=['a'] * 100_000, unknown=['x' * 10**6] * 1000)
        self.assertEqual(2, len(wish.problems))
        for problem in wish.problems:
            self.assertLess(len(str(problem)), 200)


class UnknownKeyTest(base.BaseTestCase):
    def test_key_is_named_with_one_that_is_like_it(self):
        self.assertEqual(
            "'edge:latency_budget' is not an edge: key, did you mean "
            'edge:latency_budget_ms?',
            str(wishes.UnknownKeyError('edge:latency_budget')),
        )

    def test_key_that_is_meant_is_told_from_its_spelling(self):
        error = wishes.UnknownKeyError(' EDGE_client')
        self.assertEqual('edge:client', error.key)
        self.assertEqual(
            "' EDGE_client' is not an edge: key, did you mean edge:client?",
            str(error),
        )

    def test_control_characters_are_escaped(self):
        error = wishes.UnknownKeyError('edge:\n')
        self.assertEqual(r"'edge:\n' is not an edge: key", str(error))


@ddt.ddt
class OursTest(base.BaseTestCase):
    """Whose a key is: as a hint, and as an extra spec of a flavor."""

    @ddt.data(
        ('edge:client', True, True),
        ('edge:clinet', True, True),
        ('edge:', True, True),
        ('Edge:client', True, True),
        ('EDGE:CLIENT', True, True),
        (' edge:client', True, True),
        ('edge :client', True, True),
        ('Edge:clinet', True, True),
        ('edge:client ', True, True),
        # A flavor may have it for AggregateInstanceExtraSpecsFilter.
        ('edge_client', True, False),
        ('edge-client', True, False),
        ('edge client', True, False),
        ('edgeClient', True, False),
        ('Edge_Latency_Budget_MS', True, False),
        # Somebody else's.
        ('edge', False, False),
        ('client', False, False),
        ('edge_zone', False, False),
        ('edgecast:client', False, False),
        ('xedge:client', False, False),
        ('hw:edge:client', False, False),
        ('aggregate_instance_extra_specs:edge:client', False, False),
        (':edge', False, False),
        ('', False, False),
        (' ' * 64 + 'edge_client', False, False),
    )
    @ddt.unpack
    def test_whose_it_is(self, key, hint, extra_spec):
        self.assertEqual([key] if hint else [], wishes.our_hints([key]))
        self.assertEqual(
            [key] if extra_spec else [], wishes.our_extra_specs([key])
        )

    def test_every_key_is_known_by_its_letters(self):
        for name in keys.KEYS:
            for key in (name, name.upper(), name.replace(':', '_')):
                self.assertEqual(name, wishes.UnknownKeyError(key).key)
