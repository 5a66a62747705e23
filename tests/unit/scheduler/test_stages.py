# SPDX-License-Identifier: Apache-2.0

"""A request through our stages, by Nova's own handlers.

Real RequestSpecs, real HostStates, a real store in a file; only where hosts
are is given, since there is no API database here.
"""

import contextlib
from collections.abc import Mapping
from typing import Any
from unittest import mock

import fixtures
import nova.conf
from nova import context
from nova import exception
from nova import objects
from nova.scheduler import weights
from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.scheduler import request_filter
from edge_sched.scheduler.filters import EdgeLatencyFilter
from edge_sched.scheduler.scores import SCORES
from edge_sched.scheduler.weights import EdgeLatencyWeigher
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.base import PROJECT
from tests.unit.scheduler.base import StagesTestCase


class StagesTest(StagesTestCase):
    def test_weights_are_the_scores_times_the_multipliers(self) -> None:
        spec = self.spec(
            {'edge:client': [ALICE], 'edge:latency_budget_ms': ['20']}
        )
        left = dict(self.schedule(spec))
        # s = 1/(1 + 9/20), 1/(1 + 15/20); 3 tries: no cell has as many.
        near = 3000 * (2 + 1 / 1.45) / 3
        far = 3000 * (2 + 1 / 1.75) / 3
        self.assertAlmostEqual(near, left['paris-1'], 6)
        self.assertAlmostEqual(near, left['paris-2'], 6)
        self.assertAlmostEqual(far, left['lyon-1'], 6)

    def test_cell_is_worth_its_kth_best_host(self) -> None:
        self.conf.config(group='scheduler', max_attempts=2)
        self.conf.config(group='edge_sched', latency_weight_multiplier=0)
        left = dict(self.schedule(self.spec({'edge:client': [ALICE]})))
        self.assertAlmostEqual(10 * (2 + 1 / 1.45) / 3, left['paris-1'], 6)
        self.assertEqual(0, left['lyon-1'])

    def test_request_without_keys_of_ours_touches_nothing(self) -> None:
        reader = self.useFixture(
            fixtures.MockPatch('edge_sched.scheduler.prepare.reader')
        ).mock
        for spec in (self.spec(), self.spec({}), self.spec({'group': ['g']})):
            self.assertEqual([0.0] * 3, [w for _, w in self.schedule(spec)])
        reader.assert_not_called()
        self.topology.assert_not_called()
        self.assertEqual('', self.log.output)

    def test_hints_that_were_never_set(self) -> None:
        spec = objects.RequestSpec(project_id=PROJECT)
        self.assertEqual(3, len(self.schedule(spec)))

    def test_hint_does_not_loosen_a_flavor(self) -> None:
        self.measure('203.0.113.0/24', paris=50, lyon=60)
        flavor = {
            'edge:client': ALICE,
            'edge:latency_budget_ms': '20',
            'edge:unknown': 'allow',
        }
        # Of which no row says anything.
        for hints in ({}, {'edge:percentile': ['p99']}):
            with self.assertRaises(exception.NoValidHost):
                self.schedule(self.spec(hints, flavor))

    def test_weights_of_one_request_are_not_anothers(self) -> None:
        mine = self.spec({'edge:client': [ALICE]})
        self.schedule(mine)
        other = self.spec()
        weighed = weights.HostWeightHandler().get_weighed_objects(
            [EdgeLatencyWeigher()], self.hosts, other
        )
        self.assertEqual([0.0] * 3, [host.weight for host in weighed])
        self.assertIsNotNone(SCORES.get(mine))
        self.assertIsNone(SCORES.get(other))

    def test_rebuild_is_not_judged(self) -> None:
        spec = self.spec(
            {
                'edge:client': [ALICE],
                'edge:latency_budget_ms': ['1'],
                '_nova_check_type': ['rebuild'],
            }
        )
        hosts = EdgeLatencyFilter().filter_all(self.hosts, spec)
        self.assertEqual(self.hosts, hosts)

    def test_no_hosts_came_in(self) -> None:
        spec = self.spec({'edge:client': [ALICE]})
        self.assertEqual([], EdgeLatencyFilter().filter_all([], spec))
        self.assertEqual([], self.records())

    def test_one_record_a_request(self) -> None:
        self.schedule(self.spec({'edge:client': [ALICE]}))
        (record,) = self.records()
        self.assertEqual('judged', record['outcome'])
        refused = self.spec({'edge:client': ['999.1.1.1']})
        self.assertRaises(
            exception.RequestFilterFailed, self.schedule, refused
        )
        self.assertEqual('bad_hint', self.records()[1]['outcome'])

    def test_hosts_are_counted_by_how_they_stand(self) -> None:
        self.hosts.append(self.host('nowhere', uuids.cell1))
        budget = {'edge:latency_budget_ms': ['12'], 'edge:unknown': ['allow']}
        left = self.schedule(self.spec({'edge:client': [ALICE]} | budget))
        self.assertEqual(
            ['paris-1', 'paris-2', 'nowhere'], [name for name, _ in left]
        )
        (record,) = self.records()
        self.assertEqual(
            {'within': 2, 'unknown': 1, 'over': 1}, record['hosts']
        )

    def test_refusal_whose_record_fails_is_a_refusal(self) -> None:
        refused = self.spec({'edge:client': ['999.1.1.1']})
        with mock.patch.object(
            request_filter, 'log_record', side_effect=RuntimeError('a test')
        ):
            error = self.assertRaises(
                exception.RequestFilterFailed, self.schedule, refused
            )
        self.assertIn('999.1.1.1', str(error))
        self.assertIn('Could not record a decision', self.log.output)


class EvacuationTest(StagesTestCase):
    """What cannot be told from an evacuation is treated as one."""

    def setUp(self) -> None:
        super().setUp()
        patcher = mock.patch.object(context, 'scatter_gather_cells')
        self.gather = patcher.start()
        self.addCleanup(patcher.stop)

    def move(self, *others: str, **fields: Any) -> list[tuple[str, float]]:
        cell = objects.CellMapping(uuid=uuids.cell1, name='cell1')
        return self.schedule(
            self.spec(
                {
                    'edge:client': [ALICE, *others],
                    'edge:latency_budget_ms': ['5'],
                },
                requested_destination=objects.Destination(cell=cell),
                **fields,
            )
        )

    def answer(self, task_state: object) -> None:
        self.gather.return_value = {uuids.cell1: task_state}

    def test_rebuilding_is_an_evacuation(self) -> None:
        self.answer('rebuilding')
        left = self.move(ignore_hosts=['paris-9'])
        self.assertEqual(3, len(left))
        self.assertEqual('lyon-1', left[-1][0])
        self.assertEqual('evacuate', self.records()[0]['operation'])
        timeout = self.gather.call_args.args[2]
        self.assertEqual(nova.conf.CONF.edge_sched.store_timeout, timeout)

    def test_any_other_task_is_not(self) -> None:
        for task_state in (None, 'migrating', 'resize_prep'):
            self.answer(task_state)
            self.assertRaises(
                exception.NoValidHost, self.move, ignore_hosts=['paris-9']
            )

    def test_query_that_fails_relaxes(self) -> None:
        for failure in (
            exception.InstanceNotFound(instance_id='x'),
            context.did_not_respond_sentinel,
        ):
            self.answer(failure)
            self.assertEqual(3, len(self.move(ignore_hosts=['paris-9'])))
        self.gather.side_effect = RuntimeError('no cell database')
        self.assertEqual(3, len(self.move(ignore_hosts=['paris-9'])))
        self.assertEqual(
            ['relaxed'] * 3, [r['outcome'] for r in self.records()]
        )
        self.assertIn('Cannot tell whether this is an', self.log.output)

    def test_query_that_fails_and_a_host_that_is_up(self) -> None:
        for down, operation in (([], 'move'), (['paris-9'], 'evacuate')):
            self.gather.side_effect = [
                {uuids.cell1: context.did_not_respond_sentinel},
                {uuids.cell1: down},
            ]
            with contextlib.suppress(exception.NoValidHost):
                self.move(ignore_hosts=['paris-9'])
            self.assertEqual(operation, self.records()[-1]['operation'])
            self.assertEqual(['paris-9'], self.gather.call_args.args[-1])

    def test_relaxed_evacuation_without_one_of_its_clients(self) -> None:
        self.answer('rebuilding')
        left = self.move('gone@90', ignore_hosts=['paris-9'])
        self.assertEqual(3, len(left))
        (record,) = self.records()
        self.assertEqual('unknown_client', record['outcome'])
        self.assertEqual('preferred', record['budgets']['mode'])
        self.assertEqual('allow', record['budgets']['unknown'])

    def test_enforced_evacuation_is_recorded_as_one(self) -> None:
        self.conf.config(group='edge_sched', on_evacuate='enforce')
        self.answer('rebuilding')
        self.assertRaises(
            exception.NoValidHost, self.move, ignore_hosts=['paris-9']
        )
        (record,) = self.records()
        self.assertEqual('evacuate', record['operation'])
        self.assertEqual('required', record['budgets']['mode'])
        self.gather.assert_called_once()

    def test_no_query_where_it_does_not_matter(self) -> None:
        self.assertRaises(exception.NoValidHost, self.move)  # unshelve
        self.schedule(self.spec({'edge:client': [ALICE]}))
        self.gather.assert_not_called()


class LeftOutTest(StagesTestCase):
    """Clients that are gone when their server moves."""

    #: Never measured.
    BOB = '192.0.2.7'

    def move(
        self, flavor: Mapping[str, str] | None = None, **hints: list[str]
    ) -> list[tuple[str, float]]:
        cell = objects.CellMapping(uuid=uuids.cell1, name='cell1')
        return self.schedule(
            self.spec(
                {f'edge:{key}': values for key, values in hints.items()},
                flavor,
                requested_destination=objects.Destination(cell=cell),
            )
        )

    def test_its_own_budget_and_what_that_rejects_go_with_it(self) -> None:
        self.assertRaises(
            exception.NoValidHost, self.move, client=['crew@90', self.BOB]
        )
        self.assertEqual(3, len(self.move(client=['gone@90', self.BOB])))
        record = self.records()[-1]
        self.assertEqual('unknown_client', record['outcome'])
        self.assertEqual('allow', record['budgets']['unknown'])
        self.assertEqual([None], record['budgets']['latency_ms'])

    def test_client_of_a_flavor_goes_and_its_budget_stays(self) -> None:
        flavor = {'edge:client': 'gone', 'edge:latency_budget_ms': '12'}
        left = [host for host, _ in self.move(flavor, client=[ALICE])]
        self.assertCountEqual(['paris-1', 'paris-2'], left)
        (record,) = self.records()
        self.assertEqual('unknown_client', record['outcome'])
        self.assertEqual(1, len(record['clients']))

    def test_what_is_asked_of_all_stays(self) -> None:
        for hints in (
            {'unknown': ['reject']},
            {'latency_budget_ms': ['90']},
            {'loss_budget_pct': ['1']},
        ):
            self.assertRaises(
                exception.NoValidHost,
                self.move,
                client=['gone@90', self.BOB],
                **hints,
            )

    def test_budget_of_a_hint_and_nobody_to_be_near(self) -> None:
        words = 'edge:loss_budget_pct needs edge:client: who must be near?'
        hints = {'loss_budget_pct': ['1'], 'percentile': ['p99']}
        self.assertEqual(3, len(self.move(**hints)))
        self.assertIn(f'that lives: {words}', self.log.output)
        error = self.assertRaises(
            exception.RequestFilterFailed,
            self.schedule,
            self.spec({f'edge:{key}': hints[key] for key in hints}),
        )
        self.assertIn(words, str(error))
        # What is wrong besides goes first; a budget of a flavor is no wish.
        error = self.assertRaises(
            exception.RequestFilterFailed,
            self.schedule,
            self.spec({'edge:loss_budget_pct': ['1'], 'edge:x': ['1']}),
        )
        self.assertIn("'edge:x' is not an edge: key", str(error))
        self.schedule(self.spec({}, {'edge:loss_budget_pct': '1'}))
        self.assertEqual(
            ['no_client', 'no_client', 'bad_hint', 'no_client'],
            [record['outcome'] for record in self.records()],
        )

    def test_nobody_is_left(self) -> None:
        self.assertEqual(3, len(self.move(client=['gone@90'])))
        self.assertEqual('unknown_client', self.records()[-1]['outcome'])


class UnexpectedErrorTest(StagesTestCase):
    """An error of ours must not leave an evacuation half done."""

    def setUp(self) -> None:
        super().setUp()
        self.hints = {
            'edge:client': [ALICE],
            'edge:latency_budget_ms': ['20'],
        }
        patcher = mock.patch(
            'edge_sched.scheduler.judged.decide',
            side_effect=KeyError('x'),
        )
        patcher.start()
        self.addCleanup(patcher.stop)

    def test_create_is_refused(self) -> None:
        error = self.assertRaises(
            exception.NoValidHost, self.schedule, self.spec(self.hints)
        )
        self.assertIn('temporarily unavailable', str(error))
        self.assertIn('Could not judge the hosts', self.log.output)

    def test_create_goes_on_if_the_operator_says_so(self) -> None:
        self.conf.config(group='edge_sched', on_store_failure='allow')
        self.assertEqual(3, len(self.schedule(self.spec(self.hints))))

    def test_what_rejects_no_unknown_host_goes_on(self) -> None:
        plain = self.spec({'edge:client': [ALICE]})
        self.assertEqual(3, len(self.schedule(plain)))
        self.assertEqual(3, len(self.schedule(self.spec())))

    def test_move_is_refused_and_a_relaxed_one_goes_on(self) -> None:
        cell = objects.CellMapping(uuid=uuids.cell1, name='cell1')
        fields = {'requested_destination': objects.Destination(cell=cell)}
        self.assertRaises(
            exception.NoValidHost,
            self.schedule,
            self.spec(self.hints, **fields),
        )
        answer = {uuids.cell1: 'rebuilding'}
        with mock.patch.object(
            context, 'scatter_gather_cells', return_value=answer
        ):
            evacuation = self.spec(
                self.hints, ignore_hosts=['paris-9'], **fields
            )
            self.assertEqual(3, len(self.schedule(evacuation)))

    def test_place_of_hosts_cannot_be_read(self) -> None:
        self.topology.side_effect = RuntimeError('no API database')
        self.assertRaises(
            exception.NoValidHost, self.schedule, self.spec(self.hints)
        )
