# SPDX-License-Identifier: Apache-2.0

"""The servers of a group are spread, from pass to pass, as Nova goes on."""

from collections.abc import Mapping, Sequence
from typing import Any
from unittest import mock

import fixtures
from nova import context
from nova import exception
from nova import objects
from nova.scheduler import filters
from nova.scheduler import weights
from nova.scheduler.host_manager import HostState
from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.scheduler import decide_hosts
from edge_sched.scheduler import prepare
from edge_sched.scheduler import scores
from edge_sched.scheduler.filters import EdgeLatencyFilter
from edge_sched.scheduler.narrowing import capacity
from edge_sched.scheduler.narrowing import narrow
from edge_sched.scheduler.request_filter import edge_latency
from edge_sched.scheduler.topology import cell
from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.scheduler.topology.topology import Topology
from edge_sched.scheduler.weights import EdgeCellLatencyWeigher
from edge_sched.scheduler.weights import EdgeLatencyWeigher
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.base import CELLS
from tests.unit.scheduler.base import PROJECT
from tests.unit.scheduler.base import StagesTestCase

NEAR = {'edge:client': [ALICE], 'edge:latency_budget_ms': ['20']}
PREFERRED = NEAR | {'edge:spread': ['site']}
REQUIRED = PREFERRED | {'edge:spread_mode': ['required']}

WITHIN = 'within 20 ms (p95) of 203.0.113.7'


class SpreadTestCase(StagesTestCase):
    """Paris and Lyon are within 20 ms of alice, Nice is not; one zone."""

    def setUp(self) -> None:
        super().setUp()
        self.measure('203.0.113.0/24', nice=30)
        self.sites = {
            'paris': ['paris-1', 'paris-2'],
            'lyon': ['lyon-1'],
            'nice': ['nice-1'],
        }
        self.conf.config(group='edge_sched', cache_ttl=0)
        self.cells = {'lyon-1': uuids.cell2, 'nice-1': uuids.cell2}
        self.locate()

    def locate(self, **metadata: Mapping[str, str]) -> None:
        names = [name for hosts in self.sites.values() for name in hosts]
        cell_of = {name: self.cells.get(name, uuids.cell1) for name in names}
        self.topology.return_value = Topology(
            [
                Aggregate(
                    getattr(uuids, site),
                    {'edge:site': site, **metadata.get(site, {})},
                    hosts,
                )
                for site, hosts in self.sites.items()
            ],
            CELLS,
            cell_of,
            {},
        )
        self.hosts = [self.host(name, cell_of[name]) for name in names]

    def grouped(
        self,
        hints: Mapping[str, Any],
        on: Sequence[str] = (),
        *,
        extra_specs: Mapping[str, str] | None = None,
        servers: int = 1,
        **fields: Any,
    ) -> objects.RequestSpec:
        """A request for servers of a group that has others on some hosts."""
        group = objects.InstanceGroup(policy='anti-affinity', hosts=[*on])
        spec = self.spec(hints, extra_specs, instance_group=group, **fields)
        spec.num_instances = servers
        return spec

    def placed(self, spec: objects.RequestSpec) -> list[str]:
        """The hosts of all servers that are asked for, as Nova goes on."""
        edge_latency(context.get_admin_context(), spec)
        left, chosen = self.hosts, []
        for index in range(spec.num_instances):
            left = self.sorted(spec, left, index)
            if not left:
                break
            chosen.append(left[0].host)
            spec.instance_group.hosts.append(left[0].host)
        self.alternates = self.sorted(spec, left, index) if left else []
        return chosen

    def sorted(
        self, spec: objects.RequestSpec, hosts: list[HostState], index: int
    ) -> list[HostState]:
        left = filters.HostFilterHandler().get_filtered_objects(
            [EdgeLatencyFilter()], hosts, spec, index
        )
        if not left:
            return []
        weighed = weights.HostWeightHandler().get_weighed_objects(
            [EdgeLatencyWeigher(), EdgeCellLatencyWeigher()], left, spec
        )
        return [each.obj for each in weighed]

    def refused(self, spec: objects.RequestSpec) -> str:
        refusal = self.assertRaises(exception.NoValidHost, self.placed, spec)
        return str(refusal.kwargs['reason'])


class PreferredTest(SpreadTestCase):
    def test_place_with_fewer_goes_before_a_nearer_one(self) -> None:
        self.assertEqual(
            ['lyon-1'], self.placed(self.grouped(PREFERRED, ['paris-1']))
        )
        spec = self.grouped(PREFERRED, ['lyon-1'])
        self.assertIn(self.placed(spec)[0], ('paris-1', 'paris-2'))

    def test_group_without_servers_is_placed_as_ever(self) -> None:
        as_ever = self.schedule(self.spec(NEAR))
        self.assertEqual(as_ever, self.schedule(self.grouped(PREFERRED)))

    def test_new_servers_count_for_the_next(self) -> None:
        hosts = self.placed(self.grouped(PREFERRED, servers=4))
        sites = [host.split('-')[0] for host in hosts]
        self.assertEqual(['paris', 'lyon', 'paris', 'lyon'], sites)

    def test_nobody_is_placed_over_budget_to_be_apart(self) -> None:
        soft = PREFERRED | {'edge:budget_mode': ['preferred']}
        for on in (['paris-1', 'lyon-1'], ['paris-1', 'lyon-1'] * 9):
            (host,) = self.placed(self.grouped(soft, on))
            self.assertNotEqual('nice-1', host)

    def test_fit(self) -> None:
        fit = PREFERRED | {'edge:objective': ['fit']}
        spec = self.grouped(fit, ['paris-2'])
        self.assertEqual(['lyon-1'], self.placed(spec))

    def test_zone_of_a_flavor_and_site_of_a_hint_both_count(self) -> None:
        self.sites['rome'] = ['rome-1']
        zones = {'lyon': 'fr', 'paris': 'fr', 'rome': 'it'}
        self.locate(
            **{s: {'availability_zone': zone} for s, zone in zones.items()}
        )
        self.measure('203.0.113.0/24', rome=18)
        zone = {'edge:spread': 'zone'}
        for on, expected in (
            (['paris-1'], 'rome-1'),
            (['paris-1', 'rome-1'], 'lyon-1'),
            (['paris-1', 'rome-1', 'lyon-1'], 'rome-1'),
        ):
            spec = self.grouped(PREFERRED, on, extra_specs=zone)
            self.assertEqual([expected], self.placed(spec))
        self.assertEqual(
            {'over': ['zone', 'site'], 'mode': 'preferred'},
            self.records()[0]['spread'],
        )


class RequiredTest(SpreadTestCase):
    def test_place_with_a_server_is_rejected(self) -> None:
        spec = self.grouped(REQUIRED, ['paris-1'])
        self.assertEqual(['lyon-1'], self.placed(spec))
        self.assertEqual(
            {'over': ['site'], 'mode': 'required'}, self.records()[0]['spread']
        )

    def test_places_of_new_servers_are_rejected_too(self) -> None:
        hosts = self.placed(self.grouped(REQUIRED, servers=2))
        sites = {host.split('-')[0] for host in hosts}
        self.assertEqual({'paris', 'lyon'}, sites)
        # There is nowhere to try again, which is no error.
        self.assertEqual([], self.alternates)
        self.assertEqual('judged', self.records()[0]['outcome'])

    def test_all_have_a_server(self) -> None:
        spec = self.grouped(REQUIRED, ['paris-2', 'lyon-1'])
        self.assertEqual(
            f'all 2 sites {WITHIN} have a server of the group',
            self.refused(spec),
        )
        (record,) = self.records()
        self.assertEqual('rejected', record['outcome'])

    def test_too_few_sites_is_said_before_any_server_has_a_host(self) -> None:
        self.assertEqual(
            f'3 servers, but only 2 sites {WITHIN} without one of the group',
            self.refused(self.grouped(REQUIRED, servers=3)),
        )
        self.assertEqual(
            f'2 servers, but only 1 site {WITHIN} without one of the group',
            self.refused(self.grouped(REQUIRED, ['paris-1'], servers=2)),
        )
        outcomes = [record['outcome'] for record in self.records()]
        self.assertEqual(['rejected', 'rejected'], outcomes)

    def test_budget_is_told_of_first(self) -> None:
        hints = REQUIRED | {'edge:latency_budget_ms': ['5']}
        said = self.refused(self.grouped(hints, ['paris-1', 'lyon-1']))
        self.assertIn('no site within 5 ms (p95)', said)

    def test_site_of_others_is_not_counted(self) -> None:
        self.locate(paris={'filter_tenant_id': 'others'})
        on = ['paris-1', 'lyon-1']
        self.assertEqual(
            f'the only site {WITHIN} has a server of the group',
            self.refused(self.grouped(REQUIRED, on)),
        )
        self.assertEqual(
            f'3 servers, but only 1 site {WITHIN} without one of the group',
            self.refused(self.grouped(REQUIRED, servers=3)),
        )
        self.locate(paris={'filter_tenant_id': f'others,{PROJECT}'})
        self.assertIn('all 2 sites', self.refused(self.grouped(REQUIRED, on)))

    def test_zone_is_counted_by_zones(self) -> None:
        zone = REQUIRED | {'edge:spread': ['zone']}
        self.assertEqual(
            f'the only zone {WITHIN} has a server of the group',
            self.refused(self.grouped(zone, ['nice-1'])),
        )
        self.assertEqual(
            f'all 2 sites {WITHIN} have a server of the group, there or in '
            'the zone',
            self.refused(
                self.grouped(
                    REQUIRED, ['nice-1'], extra_specs={'edge:spread': 'zone'}
                )
            ),
        )

    def test_later_pass_never_raises(self) -> None:
        # A host in both sites, which no count knows of.
        self.sites = {'paris': ['paris-1'], 'lyon': ['paris-1', 'lyon-1']}
        self.locate()
        self.measure('203.0.113.0/24', paris=5, lyon=5)
        self.hosts = self.hosts[:1]
        spec = self.grouped(REQUIRED, servers=2)
        self.assertEqual(['paris-1'], self.placed(spec))
        self.assertEqual([], self.alternates)

    def test_error_in_a_later_pass_leaves_what_is_left(self) -> None:
        with mock.patch.object(
            scores.Scores, 'apart', side_effect=KeyError('x')
        ):
            hosts = self.placed(self.grouped(REQUIRED, servers=2))
        self.assertEqual(2, len(hosts))
        self.assertIn('Could not judge the hosts', self.log.output)

    def test_shadow_rejects_nothing(self) -> None:
        self.conf.config(group='edge_sched', mode='shadow')
        spec = self.grouped(REQUIRED, ['paris-1', 'lyon-1'], servers=2)
        self.assertEqual(2, len(self.placed(spec)))
        self.assertEqual('rejected', self.records()[0]['outcome'])


class NothingToSpreadTest(SpreadTestCase):
    def test_no_group(self) -> None:
        as_ever = self.schedule(self.spec(NEAR))
        self.assertEqual(as_ever, self.schedule(self.spec(REQUIRED)))
        *_, record = self.records()
        self.assertEqual('no_group', record['spread'])
        self.assertEqual('judged', record['outcome'])
        self.assertNotIn('spread', self.records()[0])

    def test_neither_group_nor_client(self) -> None:
        reader = self.useFixture(
            fixtures.MockPatchObject(prepare, 'reader')
        ).mock
        hints = {'edge:spread': ['site'], 'edge:spread_mode': ['required']}
        self.assertEqual(
            [0.0] * 4, [w for _, w in self.schedule(self.spec(hints))]
        )
        (record,) = self.records()
        self.assertEqual(
            ('no_group', 'no_group'), (record['spread'], record['outcome'])
        )
        reader.assert_not_called()

    def test_no_client(self) -> None:
        reader = self.useFixture(
            fixtures.MockPatchObject(prepare, 'reader')
        ).mock
        hints = {'edge:spread': ['site']}
        spec = self.grouped(hints, ['paris-1', 'nice-1'])
        self.assertEqual(['lyon-1'], self.placed(spec))
        hints |= {'edge:spread_mode': ['required']}
        spec = self.grouped(hints, ['paris-1'], servers=2)
        self.assertCountEqual(['lyon-1', 'nice-1'], self.placed(spec))
        self.assertEqual(
            'all 3 sites have a server of the group',
            self.refused(self.grouped(hints, ['paris-1', 'nice-1', 'lyon-1'])),
        )
        self.assertEqual(
            ['judged', 'judged', 'rejected'],
            [record['outcome'] for record in self.records()],
        )
        reader.assert_not_called()

    def test_mode_and_nothing_to_spread_over(self) -> None:
        words = 'edge:spread_mode needs edge:spread: spread over what?'
        hints = NEAR | {'edge:spread_mode': ['required']}
        for asked in (hints, {'edge:spread_mode': ['preferred']}):
            case = prepare.make_case(self.spec(asked))
            assert case is not None
            self.assertEqual((words, 'bad_hint'), (case.refusal, case.outcome))
        # The flavor may leave it to the hint what to spread over.
        self.schedule(self.spec(NEAR, {'edge:spread_mode': 'required'}))
        self.assertNotIn('spread', self.records()[-1])

    def test_problem_of_a_flavor_matters_if_there_is_something_to_spread(
        self,
    ) -> None:
        for flavor in (
            {'edge:spread': 'host'},
            {'edge:spread': 'site', 'edge:unknown': 'perhaps'},
        ):
            case = prepare.make_case(self.spec({}, flavor))
            assert case is not None
            self.assertIn('is not one of', case.refusal)


class NarrowingTest(SpreadTestCase):
    """What Placement is asked for, all hosts having room."""

    def setUp(self) -> None:
        super().setUp()
        self.conf.config(group='edge_sched', narrow_candidates='always')
        self.asked: list[list[str]] = []

        def count(aggregates: list[str], nodes: int) -> int:
            self.asked.append(aggregates)
            return nodes

        query = mock.Mock(aggregates=35, limit=1000)
        query.count = count
        for target, name, value in (
            (narrow, 'Query', query),
            (capacity, 'providers_in', None),
            (cell, 'count_down', cell.Down(0, frozenset())),
        ):
            self.useFixture(
                fixtures.MockPatchObject(target, name, return_value=value)
            )

    def narrowed(self, spec: objects.RequestSpec) -> list[str]:
        """The sites that Placement is asked for."""
        edge_latency(context.get_admin_context(), spec)
        (ored,) = spec.requested_destination.aggregates
        name_of = {getattr(uuids, site): site for site in self.sites}
        return [name_of[uuid] for uuid in ored.split(',')]

    def refused(self, spec: objects.RequestSpec) -> str:
        refusal = self.assertRaises(
            exception.RequestFilterFailed,
            edge_latency,
            context.get_admin_context(),
            spec,
        )
        return str(refusal.kwargs['reason'])

    def test_required_leaves_used_sites_out(self) -> None:
        spec = self.grouped(REQUIRED, ['paris-2'])
        self.assertEqual(['lyon'], self.narrowed(spec))
        spec = self.grouped(REQUIRED, ['paris-2'])
        self.assertEqual(['lyon-1'], self.placed(spec))

    def test_preferred_asks_for_those_with_fewer_first(self) -> None:
        for on, sites in (
            (['paris-2'], ['lyon', 'paris']),
            (['lyon-1'], ['paris', 'lyon']),
            (['lyon-1', 'paris-1'], ['paris', 'lyon']),
        ):
            spec = self.grouped(PREFERRED, on)
            self.assertEqual(sites, self.narrowed(spec))

    def test_no_place_is_left(self) -> None:
        spec = self.grouped(REQUIRED, ['paris-1', 'lyon-1'])
        self.assertEqual(
            f'all 2 sites {WITHIN} have a server of the group',
            self.refused(spec),
        )
        self.assertEqual([], self.asked)
        self.assertEqual('rejected', self.records()[-1]['outcome'])

    def test_too_few_places_are_left(self) -> None:
        self.assertEqual(
            f'3 servers, but only 2 sites {WITHIN} without one of the group',
            self.refused(self.grouped(REQUIRED, servers=3)),
        )
        self.assertEqual([], self.asked)
        # That matters to nobody else, and is not looked for.
        with mock.patch.object(
            narrow, '_judge_eligible', side_effect=KeyError
        ):
            preferred = self.grouped(PREFERRED, servers=3)
            edge_latency(context.get_admin_context(), preferred)
            self.narrowed(self.grouped(NEAR, servers=3))
            self.narrowed(self.grouped(REQUIRED, servers=2))
            spec = self.spec(REQUIRED)
            spec.num_instances = 3
            self.narrowed(spec)

    def test_sites_that_share_hosts_may_do_for_all_servers(self) -> None:
        self.sites['lyon'].append('paris-1')
        self.locate()
        sites = self.narrowed(self.grouped(REQUIRED, servers=2))
        self.assertCountEqual(['paris', 'lyon'], sites)

    def test_hosts_of_several_servers_are_not_looked_at_one_by_one(
        self,
    ) -> None:
        with (
            mock.patch.object(capacity, 'LARGE_CLOUD_NODES', 1),
            mock.patch.object(
                capacity, 'find_some', return_value=['lyon-1'] * 3
            ) as find_some,
        ):
            self.narrowed(self.grouped(PREFERRED, servers=2))
            find_some.assert_not_called()
            self.narrowed(self.grouped(PREFERRED))
            find_some.assert_called_once()


class LaterPassTest(SpreadTestCase):
    """What is not asked for costs nothing."""

    def test_others_are_not_judged_again(self) -> None:
        for spec in (
            self.grouped(NEAR, servers=3),
            self.grouped(PREFERRED, servers=3),
            self.grouped({}, servers=3),
        ):
            edge_latency(context.get_admin_context(), spec)
            self.sorted(spec, self.hosts, 0)
            with mock.patch.object(
                decide_hosts, 'case_of', side_effect=KeyError
            ):
                again = EdgeLatencyFilter().filter_all(self.hosts, spec)
            self.assertIs(self.hosts, again)

    def test_both_weighers_have_the_scores_of_one_pass(self) -> None:
        spec = self.grouped(PREFERRED, servers=3)
        edge_latency(context.get_admin_context(), spec)
        with mock.patch.object(
            scores, 'spread_scores', wraps=scores.spread_scores
        ) as spread_scores:
            self.sorted(spec, self.hosts, 0)
            self.assertEqual(1, spread_scores.call_count)
            spec.instance_group.hosts.append('paris-1')
            self.sorted(spec, self.hosts, 1)
            self.assertEqual(2, spread_scores.call_count)
            # Of other hosts, though no server came.
            self.sorted(spec, self.hosts[:2], 2)
            self.assertEqual(3, spread_scores.call_count)
            # No more than one pass is kept.
            kept = scores.SCORES.get(spec)
            assert kept is not None
            self.assertEqual(1, len(kept._spread))
            # Where places with servers are left out all others have none.
            spec = self.grouped(REQUIRED, servers=2)
            self.assertEqual('paris', self.placed(spec)[0][:5])
            self.assertEqual(3, spread_scores.call_count)


class MoveTest(SpreadTestCase):
    """Nova tells hosts only, and the server that moves is on one of them."""

    def setUp(self) -> None:
        super().setUp()
        self.answers: dict[str, Any] = {uuids.cell1: [], uuids.cell2: []}
        self.gather = self.useFixture(
            fixtures.MockPatchObject(
                context, 'scatter_gather_cells', side_effect=self.gathered
            )
        ).mock

    def gathered(
        self,
        admin: object,
        cells: Sequence[objects.CellMapping],
        timeout: float,
        work: Any,
        *arguments: Any,
    ) -> dict[str, Any]:
        self.assertEqual(60, timeout)
        if work.__name__ == '_task_state':
            return {uuids.cell1: self.task_state}
        self.assertEqual((sorted([uuids.second, uuids.third]),), arguments)
        return {
            cell.uuid: {
                f'{cell.name} {n}': host for n, host in enumerate(told)
            }
            if isinstance(told := self.answers[cell.uuid], list)
            else told
            for cell in cells
        }

    def moved(
        self,
        hints: Mapping[str, Any],
        on: Sequence[str],
        task_state: str = 'migrating',
    ) -> list[str]:
        self.task_state = task_state
        spec = self.grouped(
            hints,
            on,
            requested_destination=objects.Destination(cell=CELLS[uuids.cell1]),
            ignore_hosts=['paris-1'],
        )
        spec.instance_group.members = [
            uuids.third,
            uuids.server,
            uuids.second,
        ]
        return self.placed(spec)

    def test_server_itself_is_no_member(self) -> None:
        self.answers[uuids.cell2] = ['lyon-1']
        hosts = self.moved(REQUIRED, ['paris-1', 'lyon-1'])
        self.assertIn(hosts[0], ('paris-1', 'paris-2'))

    def test_cells_that_answer_know_better_than_nova(self) -> None:
        hosts = self.moved(REQUIRED, ['paris-1', 'paris-2'])
        self.assertIn(hosts[0], ('paris-1', 'paris-2'))

    def test_another_on_the_same_host_is(self) -> None:
        self.answers[uuids.cell1] = ['paris-1']
        self.assertEqual(['lyon-1'], self.moved(REQUIRED, ['paris-1']))

    def test_other_cells_count(self) -> None:
        self.answers[uuids.cell2] = ['lyon-1']
        self.answers[uuids.cell1] = ['paris-2']
        said = self.assertRaises(
            exception.NoValidHost, self.moved, REQUIRED, ['paris-1']
        )
        self.assertIn('all 2 sites', str(said))

    def test_cells_that_do_not_answer(self) -> None:
        away = context.did_not_respond_sentinel
        self.answers = {uuids.cell1: ['paris-2'], uuids.cell2: away}
        self.assertEqual(['lyon-1'], self.moved(REQUIRED, []))
        self.assertIn('did not answer where servers', self.log.output)
        # Of its own cell Nova has told, but for the server itself.
        self.answers = {uuids.cell1: KeyError('x'), uuids.cell2: []}
        hosts = self.moved(REQUIRED, ['paris-1', 'lyon-1'])
        self.assertIn(hosts[0], ('paris-1', 'paris-2'))
        self.gather.side_effect = RuntimeError('no cell database')
        self.assertEqual(['lyon-1'], self.moved(PREFERRED, ['paris-2']))

    def test_evacuation_is_relaxed(self) -> None:
        self.answers[uuids.cell1] = ['paris-2']
        self.answers[uuids.cell2] = ['lyon-1', 'nice-1']
        self.assertEqual(1, len(self.moved(REQUIRED, [], 'rebuilding')))
        record = self.records()[-1]
        self.assertEqual('relaxed', record['outcome'])
        self.assertEqual('preferred', record['spread']['mode'])
        alone = {'edge:spread': ['site'], 'edge:spread_mode': ['required']}
        self.assertEqual(1, len(self.moved(alone, [], 'rebuilding')))
        self.assertEqual('relaxed', self.records()[-1]['outcome'])
        self.conf.config(group='edge_sched', on_evacuate='enforce')
        self.assertRaises(
            exception.NoValidHost, self.moved, alone, [], 'rebuilding'
        )

    def test_client_that_is_gone_takes_no_spreading_along(self) -> None:
        self.answers[uuids.cell2] = ['lyon-1']
        for hints in (
            REQUIRED | {'edge:client': [ALICE, 'gone']},
            # No verdict is a reason to reject a host.
            REQUIRED | {'edge:client': ['gone@9'], 'edge:unknown': ['allow']},
            {
                'edge:client': [ALICE, 'gone'],
                'edge:spread': ['site'],
                'edge:spread_mode': ['required'],
            },
        ):
            self.assertNotIn('lyon-1', self.moved(hints, []))
            left = self.records()[-1]
            self.assertEqual('unknown_client', left['outcome'])
            self.assertEqual('required', left['spread']['mode'])

    def test_nobody_is_asked_without_others_or_a_group(self) -> None:
        self.gather.side_effect = AssertionError
        cell = objects.Destination(cell=CELLS[uuids.cell1])
        spec = self.grouped(REQUIRED, requested_destination=cell)
        spec.instance_group.members = [uuids.server]
        self.assertEqual(1, len(self.placed(spec)))
        spec = self.spec(REQUIRED, requested_destination=cell)
        self.assertEqual(3, len(self.schedule(spec)))
        self.assertEqual('no_group', self.records()[-1]['spread'])
