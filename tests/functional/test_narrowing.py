# SPDX-License-Identifier: Apache-2.0

"""Placement is asked for the nearest sites, on a real Nova and Placement.

Placement hands out three hosts at most here, as it hands out 1000 of a large
cloud.
"""

import contextlib
import itertools
import threading
import types
from collections.abc import Iterator
from typing import Any
from unittest import mock
from urllib import parse

from keystoneauth1 import exceptions as keystoneauth_exceptions
from nova import context as nova_context
from nova.scheduler.client import report

from edge_sched.scheduler import request_filter
from edge_sched.scheduler.narrowing import capacity
from edge_sched.scheduler.narrowing import placement
from edge_sched.scheduler.narrowing.placement import Query
from edge_sched.scheduler.narrowing.search import Room
from edge_sched.scheduler.topology import cell
from tests.functional import cloud
from tests.functional.base import HOST
from tests.functional.base import Server
from tests.functional.measured import MeasuredCloudTestCase

ALICE = '203.0.113.7'

#: Leaves no room for any other on a host of 8 GB.
ALL_RAM_MB = 7680

NEAR = {'paris': 5, 'lille': 8, 'brest': 11, 'metz': 14}
FAR = {'lyon': 31, 'nice': 34, 'turin': 37}


class NarrowingTestCase(MeasuredCloudTestCase):
    """Seven sites of one host, named so that the near come last."""

    sites: Any = {
        'turin': ('cell2', ['a-turin']),
        'nice': ('cell2', ['b-nice']),
        'lyon': ('cell2', ['c-lyon']),
        'metz': ('cell2', ['d-metz']),
        'brest': ('cell1', ['e-brest']),
        'lille': ('cell1', ['f-lille']),
        'paris': ('cell1', ['g-paris']),
    }
    conf = {
        'edge_sched': {
            'cache_ttl': '0',
            'membership_ttl': '0',
            'ring_hosts': '1',
        },
        'scheduler': {'max_placement_results': '3', 'max_attempts': '1'},
    }

    def setUp(self) -> None:
        super().setUp()
        self.measure(ALICE, **NEAR, **FAR)
        #: The queries of Placement since then, as mappings of lists.
        self.queries: list[dict[str, list[str]]] = []
        ask = report.SchedulerReportClient.get

        def noted(client: Any, url: str, **options: Any) -> Any:
            if url.startswith('/allocation_candidates'):
                query = parse.urlsplit(url).query
                self.queries.append(parse.parse_qs(query))
            return ask(client, url, **options)

        for patcher in (
            mock.patch.object(report.SchedulerReportClient, 'get', noted),
            # Some hosts are looked at one by one here, too.
            mock.patch.object(capacity, 'LARGE_CLOUD_NODES', 0),
        ):
            patcher.start()
            self.addCleanup(patcher.stop)

    def fill(self, *sites: str) -> None:
        """Take all room of some sites of one host."""
        flavor = self.create_flavor(ram=ALL_RAM_MB)
        for site in sites:
            (host,) = cloud.Site(*self.sites[site]).hosts
            server = self.create_server(host=host, flavor=flavor)
            self.assertEqual('ACTIVE', server['status'])
        self.queries.clear()

    def disable(self, name: str) -> None:
        """Have a cell take no new servers."""
        mapping = self.cell_mappings[name]
        mapping.disabled = True
        mapping.save()
        self.scheduler.manager.host_manager.refresh_cells_caches()

    def asked_for(self, query: dict[str, list[str]]) -> list[set[str]]:
        """The sites that a query is for: in one of each set."""
        uuids = {
            self.admin.api_get(f'os-aggregates/{number}').body['aggregate'][
                'uuid'
            ]: site
            for site, number in self.aggregates.items()
        }
        return [
            {
                uuids[uuid]
                for uuid in member_of.removeprefix('in:').split(',')
                if uuid in uuids
            }
            for member_of in query.get('member_of', [])
            if not member_of.startswith('!')
        ]


class NearestTest(NarrowingTestCase):
    def test_nearest_is_found_beyond_what_placement_hands_out(self) -> None:
        self.assertLanded('paris', self.near(ALICE))
        self.assertLanded('paris', self.near(ALICE, latency_budget_ms='20'))
        # Nova's own, after a look at some of the hosts.
        self.assertEqual(2, len(self.queries))
        for query in self.queries:
            self.assertEqual(
                [{'paris', 'lille', 'brest'}], self.asked_for(query)
            )
        narrowed = self.decisions()[-1]['narrowed']
        self.assertEqual({'sites': 3, 'hosts': 3, 'probes': 1}, narrowed)

    def test_cells_without_a_near_site_are_not_asked(self) -> None:
        with self.cells_asked() as cells:
            self.assertLanded('paris', self.near(ALICE))
        self.assertEqual({'cell1'}, cells)

    def test_nearest_sites_are_the_only_near_ones_of_their_cell(self) -> None:
        self.measure(ALICE, age=4, metz=2, nice=4)
        with self.cells_asked() as cells:
            self.assertLanded('metz', self.near(ALICE))
        self.assertEqual({'cell2'}, cells)
        self.assertEqual([{'metz', 'nice'}], self.asked_for(self.queries[-1]))

    def test_small_cloud_is_asked_as_a_whole(self) -> None:
        with mock.patch.object(capacity, 'LARGE_CLOUD_NODES', 8):
            self.assertLanded('paris', self.near(ALICE))
        self.assertEqual(2, len(self.queries))

    @cloud.cloud(
        conf={'scheduler': {'max_attempts': '3', 'max_placement_results': '6'}}
    )
    def test_near_sites_of_two_cells(self) -> None:
        self.fill('lille')
        with self.cells_asked() as cells:
            self.assertLanded(
                'paris', self.near(ALICE, latency_budget_ms='20')
            )
        self.assertEqual({'cell1', 'cell2'}, cells)

    def test_near_sites_of_an_enabled_and_a_disabled_cell(self) -> None:
        self.measure(ALICE, age=4, metz=4)
        self.disable('cell2')
        with self.cells_asked() as cells:
            self.assertLanded('paris', self.near(ALICE))
        self.assertEqual({'cell1'}, cells)

    @contextlib.contextmanager
    def cells_asked(self) -> Iterator[set[str]]:
        """Names of the cells whose compute hosts the scheduler reads."""
        asked: set[str] = set()
        host_manager = self.scheduler.manager.host_manager
        read = host_manager._get_computes_for_cells

        def noted(context: Any, cells: Any, **options: Any) -> Any:
            asked.update(each.name for each in cells)
            return read(context, cells, **options)

        with mock.patch.object(host_manager, '_get_computes_for_cells', noted):
            yield asked

    @cloud.cloud(conf={'edge_sched': {'narrow_candidates': 'never'}})
    def test_never_leaves_it_to_placement(self) -> None:
        self.near(ALICE)
        self.assertEqual([[]], [self.asked_for(q) for q in self.queries])
        self.assertNotIn('narrowed', self.decisions()[-1])

    @cloud.cloud(conf={'scheduler': {'max_placement_results': '7'}})
    def test_cloud_that_placement_hands_out_whole_is_not_narrowed(
        self,
    ) -> None:
        self.assertLanded('paris', self.near(ALICE))
        self.assertEqual(1, len(self.queries))
        self.assertEqual([], self.asked_for(self.queries[0]))

    @cloud.cloud(
        conf={
            'scheduler': {'max_placement_results': '7'},
            'edge_sched': {'narrow_candidates': 'always'},
        }
    )
    def test_always_narrows_small_clouds_as_well(self) -> None:
        self.assertLanded('paris', self.near(ALICE))
        # One answer has them all.
        self.assertEqual([{*self.sites}], self.asked_for(self.queries[0]))

    def test_request_without_client_is_not_touched(self) -> None:
        self.create_server()
        flavor = self.create_flavor({'edge:latency_budget_ms': '20'})
        self.create_server(flavor=flavor)
        self.assertEqual(2, len(self.queries))
        for query in self.queries:
            self.assertEqual([], self.asked_for(query))

    def test_client_that_nobody_measured_is_not_narrowed(self) -> None:
        server = self.near('198.51.100.1')
        self.assertEqual('ACTIVE', server['status'])
        self.assertEqual([], self.asked_for(self.queries[0]))

    @cloud.cloud(conf={'edge_sched': {'mode': 'shadow'}})
    def test_shadow_leaves_the_query_alone(self) -> None:
        self.near(ALICE, latency_budget_ms='20')
        self.assertEqual([], self.asked_for(self.queries[0]))


class WideningTest(NarrowingTestCase):
    def test_next_ring_is_asked_if_the_nearest_has_no_room(self) -> None:
        self.fill('paris', 'lille', 'brest')
        self.assertLanded('metz', self.near(ALICE))
        self.assertEqual(
            # The second ring is more than an answer, and half of it enough.
            {'sites': 2, 'hosts': 2, 'probes': 2},
            self.decisions()[-1]['narrowed'],
        )

    def test_full_sites_within_a_required_budget_are_the_reason(self) -> None:
        self.fill(*NEAR)
        self.assertRefused(
            f'no host within 20 ms (p95) of {ALICE} can take it: tried paris, '
            'lille and 2 more',
            self.near(ALICE, latency_budget_ms='20'),
        )
        record = self.decisions()[-1]
        self.assertEqual('rejected', record['outcome'])
        self.assertEqual(
            {'within': 4, 'over': 3, 'unknown': 0}, record['hosts']
        )
        self.assertEqual(
            {'sites': 0, 'hosts': 0, 'probes': 2}, record['narrowed']
        )
        self.assertLanded(
            'lyon',
            self.near(ALICE, latency_budget_ms='20', budget_mode='preferred'),
        )

    def test_full_site_of_another_project_is_not_named(self) -> None:
        self.set_aggregate_metadata('paris', {'filter_tenant_id': 'theirs'})
        self.fill(*NEAR)
        self.assertRefused(
            f'of {ALICE} can take it: tried lille, brest and 1 more',
            self.near(ALICE, latency_budget_ms='20'),
        )

    def test_too_far_is_told_of_the_nearest_of_all(self) -> None:
        self.assertRefused(
            f'no site within 3 ms (p95) of {ALICE}: nearest is paris at 6 ms',
            self.near(ALICE, latency_budget_ms='3'),
        )
        self.assertEqual([], self.queries)
        self.assertEqual(7, self.decisions()[-1]['hosts']['over'])

    def test_nothing_at_all_has_room(self) -> None:
        self.fill(*self.sites)
        server = self.near(ALICE)
        self.assertEqual('ERROR', server['status'])
        self.assertIn('No valid host', self.fault(server))

    def test_placement_that_does_not_answer_is_asked_no_more(self) -> None:
        with (
            mock.patch.object(Query, 'count', return_value=None) as count,
            mock.patch.object(capacity, 'find_some', return_value=[]),
        ):
            self.assertLanded('paris', self.near(ALICE))
        count.assert_called_once()
        # As many sites as one answer of three hosts has room for.
        self.assertEqual(
            [{'paris', 'lille', 'brest'}], self.asked_for(self.queries[-1])
        )

    def test_time_for_rings_is_over(self) -> None:
        ticks = itertools.count(step=2 * self.plugin_patience).__next__
        clock = types.SimpleNamespace(monotonic=ticks)
        with mock.patch.object(placement, 'time', clock):
            self.assertLanded('paris', self.near(ALICE))
        (query,) = self.queries
        self.assertEqual([{'paris', 'lille', 'brest'}], self.asked_for(query))
        (line,) = self.log_lines(
            ' WARNING [edge_sched.scheduler.narrowing.placement]'
        )
        self.assertIn(
            f'took longer than ring_timeout ({self.plugin_patience} s)', line
        )

    def test_placement_that_does_not_know_the_sites(self) -> None:
        # As if Nova had failed to tell it of the hosts of its aggregates.
        provider = '/resource_providers'
        for each in self.placement.get(provider).body['resource_providers']:
            url = f'{provider}/{each["uuid"]}/aggregates'
            known = self.placement.get(url, version='1.19').body
            self.placement.put(
                url, {**known, 'aggregates': []}, version='1.19'
            )
        server = self.near(ALICE, latency_budget_ms='50')
        self.assertEqual('ACTIVE', server['status'])
        (line,) = self.log_lines(
            ' WARNING [edge_sched.scheduler.narrowing.narrow]'
        )
        self.assertIn('Placement has 0 of 3 hosts in the aggregates', line)

    def test_error_of_ours_leaves_the_request_as_it_was(self) -> None:
        error = RuntimeError('a test')
        with (
            mock.patch.object(Query, 'get', side_effect=error),
            mock.patch.object(request_filter.LOG, 'exception') as told,
        ):
            server = self.near(ALICE)
        told.assert_called_once()
        self.assertEqual('ACTIVE', server['status'])
        self.assertEqual([], self.asked_for(self.queries[-1]))

    def test_query_that_is_dropped_for_its_length(self) -> None:
        ask = report.SchedulerReportClient.get

        def drop(client: Any, url: str, **options: Any) -> Any:
            query = parse.parse_qs(parse.urlsplit(url).query)
            if any(v.count(',') > 1 for v in query.get('member_of', ())):
                raise keystoneauth_exceptions.ConnectFailure('dropped')
            return ask(client, url, **options)

        with mock.patch.object(report.SchedulerReportClient, 'get', drop):
            server = self.near(ALICE, latency_budget_ms='20')
        self.assertLanded('paris', server)
        self.assertEqual([{'paris'}], self.asked_for(self.queries[-1]))
        (line,) = self.log_lines(
            ' WARNING [edge_sched.scheduler.narrowing.capacity]'
        )
        self.assertIn('does not take queries of 3', line)
        self.assertIn('aggregates, but of 1:', line)

    def race(self) -> list[str]:
        """Where two servers land that look for room at the same time."""
        flavor = self.create_flavor(ram=ALL_RAM_MB)
        both_have_asked = threading.Barrier(2, timeout=self.patience)
        ask = capacity.Capacity.ask

        def asked(*arguments: Any) -> Room | None:
            room = ask(*arguments)
            both_have_asked.wait()
            return room

        with mock.patch.object(capacity.Capacity, 'ask', asked):
            ids = [
                server_id
                for _ in range(2)
                for server_id in self.post_servers(
                    {'edge:client': ALICE, 'edge:latency_budget_ms': '20'},
                    flavor=flavor,
                )
            ]
            return sorted(self._built(server_id)[HOST] for server_id in ids)

    def test_loser_of_the_race_for_the_last_place_gets_the_next(self) -> None:
        self.assertEqual(['f-lille', 'g-paris'], self.race())

    @cloud.cloud(
        conf={'scheduler': {'max_attempts': '1', 'max_placement_results': '6'}}
    )
    def test_loser_of_the_race_for_the_last_place_of_a_ring(self) -> None:
        self.fill('lille', 'brest')
        self.assertEqual(['d-metz', 'g-paris'], self.race())


class AllAtOnceTest(NarrowingTestCase):
    """There are fewer hosts within the budget than Placement hands out."""

    conf = {
        **NarrowingTestCase.conf,
        'scheduler': {'max_placement_results': '5', 'max_attempts': '1'},
        'filter_scheduler': {
            'enabled_filters': 'ComputeFilter,'
            'AggregateInstanceExtraSpecsFilter,EdgeLatencyFilter'
        },
    }

    def test_filter_that_rejects_all_that_is_near(self) -> None:
        self.set_aggregate_metadata('metz', {'disk': 'ssd'})
        flavor = self.create_flavor(
            {'aggregate_instance_extra_specs:disk': 'ssd'}
        )
        server = self.near(ALICE, latency_budget_ms='20', flavor=flavor)
        self.assertLanded('metz', server)
        (query,) = self.queries
        self.assertEqual([{*NEAR}], self.asked_for(query))
        self.assertEqual(
            {'sites': 4, 'hosts': 4, 'probes': 1},
            self.decisions()[-1]['narrowed'],
        )

    def test_cells_are_not_asked_which_hosts_are_up(self) -> None:
        with mock.patch.object(cell, 'count_down') as count_down:
            server = self.near(ALICE, latency_budget_ms='20')
        self.assertLanded('paris', server)
        count_down.assert_not_called()

    def test_that_all_are_full_is_told_after_one_query(self) -> None:
        self.fill(*NEAR)
        self.assertRefused(
            f'no host within 20 ms (p95) of {ALICE} can take it: tried paris, '
            'lille and 2 more',
            self.near(ALICE, latency_budget_ms='20'),
        )
        self.assertEqual(1, len(self.queries))


class MixedTest(NarrowingTestCase):
    """Sites of hosts that are not equally near, by rows of their own."""

    sites: Any = {
        'alpha': ('cell1', ['a-1', 'a-2']),
        'beta': ('cell1', ['b-1', 'b-2']),
        'gamma': ('cell1', ['c-1', 'c-2']),
        'delta': ('cell1', ['d-1', 'd-2']),
    }
    conf = {
        **NarrowingTestCase.conf,
        'scheduler': {'max_placement_results': '7', 'max_attempts': '1'},
    }

    def setUp(self) -> None:
        super().setUp()
        near = {'a-1': 5, 'b-1': 5, 'c-1': 5}
        self.measure(ALICE, alpha=50, beta=50, gamma=50, delta=10, **near)
        flavor = self.create_flavor(ram=ALL_RAM_MB)
        for host in near:
            self.create_server(host=host, flavor=flavor)

    def test_near_hosts_that_are_full_do_not_hide_a_near_site(self) -> None:
        for mode in ('required', 'preferred'):
            server = self.near(ALICE, latency_budget_ms='20', budget_mode=mode)
            self.assertIn(server[HOST], ('d-1', 'd-2'), mode)


class LargeSiteTest(NarrowingTestCase):
    """The next site has more hosts than Placement hands out."""

    sites: Any = {
        'far': ('cell1', ['a-1', 'a-2']),
        'large': ('cell1', ['b-1', 'b-2', 'b-3', 'b-4']),
        'small': ('cell1', ['c-1']),
    }

    def setUp(self) -> None:
        super().setUp()
        self.measure(ALICE, age=4, small=5, large=12, far=31)

    def place_three(self, **hints: str) -> None:
        hints = {'edge:client': ALICE, 'edge:latency_budget_ms': '20'} | hints
        flavor = self.create_flavor(ram=ALL_RAM_MB)
        servers = self.create_servers(hints, count=3, flavor=flavor)
        self.assertEqual(
            ['ACTIVE'] * 3, [server['status'] for server in servers]
        )

    def test_servers_that_need_both_sites(self) -> None:
        self.place_three()

    def test_servers_that_avoid_each_other_and_need_both_sites(self) -> None:
        group = self.user.post_server_groups(
            {'name': 'apart', 'policy': 'anti-affinity'}
        )
        self.place_three(group=group['id'])
        # Nova has Placement hand out all hosts for a group.
        asked = [query for query in self.queries if 'limit' not in query]
        self.assertEqual(
            [[{'small', 'large'}]], [self.asked_for(q) for q in asked]
        )


class DownTest(NarrowingTestCase):
    """The nearest sites are the only near ones of their cell, and are down.

    Placement offers them all the same.
    """

    def setUp(self) -> None:
        super().setUp()
        self.measure(ALICE, age=4, metz=2, nice=4)

    def set_service(self, site: str, **values: Any) -> None:
        for host in cloud.Site(*self.sites[site]).hosts:
            url = f'os-services?binary=nova-compute&host={host}'
            (service,) = self.admin.api_get(url).body['services']
            self.admin.api_put(f'os-services/{service["id"]}', values)

    def force_down(self, *sites: str) -> None:
        for site in sites:
            self.set_service(site, forced_down=True)

    @contextlib.contextmanager
    def away(self, name: str) -> Iterator[None]:
        """A cell does not answer, neither us nor Nova's scheduler."""
        ask = nova_context.scatter_gather_cells

        def ask_others(
            context: Any,
            cells: Any,
            timeout: Any,
            work: Any,
            *rest: Any,
            **options: Any,
        ) -> Any:
            answers = ask(context, cells, timeout, work, *rest, **options)
            if work.__name__ in ('_down', 'targeted_operation'):
                answers |= {
                    each.uuid: RuntimeError('no database')
                    for each in cells
                    if each.name == name
                }
            return answers

        with mock.patch.object(
            nova_context, 'scatter_gather_cells', ask_others
        ):
            yield

    def test_ring_that_is_down_is_not_all_that_is_asked_for(self) -> None:
        self.force_down('metz', 'nice', 'paris', 'lille', 'brest')
        self.assertLanded('lyon', self.near(ALICE))

    def test_slow_cell_is_not_down(self) -> None:
        self.measure(ALICE, age=2, metz=16, nice=34)
        ask = nova_context.scatter_gather_cells

        def be_slow(
            context: Any, cells: Any, *rest: Any, **options: Any
        ) -> Any:
            answers = ask(context, cells, *rest, **options)
            if rest[1].__name__ == '_down':
                slow = nova_context.did_not_respond_sentinel
                answers = dict.fromkeys(answers, slow)
            return answers

        with mock.patch.object(nova_context, 'scatter_gather_cells', be_slow):
            self.assertLanded('paris', self.near(ALICE))
            server = self.near(ALICE, latency_budget_ms='20')
        self.assertLanded('paris', server)

    def test_cell_of_the_whole_ring_is_away(self) -> None:
        self.measure(ALICE, age=2, metz=16, nice=34)
        with self.away('cell1'):
            self.assertLanded('metz', self.near(ALICE))
        self.assertLanded('paris', self.near(ALICE))

    def count_down(self, **hosts: list[str]) -> int:
        return cell.count_down(
            [self.cell_mappings[name] for name in hosts],
            {self.cell_mappings[name].uuid: hosts[name] for name in hosts},
        ).hosts

    def test_hosts_that_are_down(self) -> None:
        far = ['a-turin', 'b-nice', 'c-lyon', 'd-metz', 'gone']
        near = ['e-brest', 'f-lille', 'g-paris']
        self.assertEqual(0, self.count_down(cell1=near, cell2=far))
        self.force_down('metz', 'paris')
        self.assertEqual(2, self.count_down(cell1=near, cell2=far))
        self.assertEqual(1, self.count_down(cell2=far))
        self.assertEqual(0, self.count_down(cell1=near[:2], cell2=far[:3]))
        self.assertEqual(0, self.count_down())
        # Placement is told only of hosts that are disabled while they are up.
        self.set_service('metz', status='disabled')
        self.set_service('nice', status='disabled')
        self.assertEqual(2, self.count_down(cell1=near, cell2=far))
        with self.away('cell2'):
            self.assertEqual(6, self.count_down(cell1=near, cell2=far))
        with mock.patch.object(cell, '_HOSTS_A_QUERY', 1):
            self.assertEqual(2, self.count_down(cell1=near, cell2=far))

    def test_next_site_is_of_another_cell(self) -> None:
        self.force_down('metz', 'nice')
        for hints in (
            {},
            {'latency_budget_ms': '20'},
            {'latency_budget_ms': '20', 'budget_mode': 'preferred'},
        ):
            self.assertLanded('paris', self.near(ALICE, **hints))

    def test_cell_that_does_not_answer(self) -> None:
        with self.away('cell2'):
            server = self.near(ALICE, latency_budget_ms='20')
        self.assertLanded('paris', server)


class TermsTest(NarrowingTestCase):
    """What else a request demands of its hosts."""

    sites = {
        **{
            name: (*fields, 'west' if name in ('lille', 'paris') else None)
            for name, fields in NarrowingTestCase.sites.items()
        },
        'metz': ('cell2', ['d-metz'], 'east'),
        'nice': ('cell2', ['b-nice'], 'east'),
    }

    def test_zone_of_the_request_holds(self) -> None:
        self.assertLanded('metz', self.near(ALICE, zone='east'))
        self.assertIn({'metz', 'nice'}, self.asked_for(self.queries[-1]))
        self.assertRefused(
            f'of {ALICE}: nearest is metz at 15 ms',
            self.near(ALICE, latency_budget_ms='10', zone='east'),
        )

    def test_named_and_forced_hosts_are_not_narrowed(self) -> None:
        self.assertLanded('lyon', self.near(ALICE, host='c-lyon'))
        self.assertLanded('lyon', self.near(ALICE, zone='nova:c-lyon'))
        for query in self.queries:
            self.assertEqual([], self.asked_for(query))

    @cloud.cloud(
        conf={
            'filter_scheduler': {
                'enabled_filters': 'ComputeFilter,'
                'AggregateMultiTenancyIsolation,EdgeLatencyFilter'
            }
        }
    )
    def test_sites_of_other_projects_are_not_asked_for(self) -> None:
        self.set_aggregate_metadata('paris', {'filter_tenant_id': 'theirs'})
        self.set_aggregate_metadata(
            'lille', {'filter_tenant_id2': self.user.project_id}
        )
        self.assertLanded('lille', self.near(ALICE))
        self.assertEqual(
            [{'lille', 'brest'}], self.asked_for(self.queries[-1])
        )

    @cloud.cloud(
        conf={'scheduler': {'enable_isolated_aggregate_filtering': 'true'}}
    )
    def test_forbidden_aggregates_are_not_asked_for(self) -> None:
        self.set_aggregate_metadata('paris', {'trait:CUSTOM_GPU': 'required'})
        self.assertLanded('lille', self.near(ALICE))
        self.assertEqual(
            [{'lille', 'brest'}], self.asked_for(self.queries[-1])
        )

    def test_project_with_aggregates_of_its_own_is_kept_to_them(self) -> None:
        self.flags(
            limit_tenants_to_placement_aggregate=True, group='scheduler'
        )
        for site in ('nice', 'turin'):
            self.set_aggregate_metadata(
                site, {'filter_tenant_id': self.user.project_id}
            )
        self.assertLanded('nice', self.near(ALICE))

    def test_servers_that_avoid_each_other(self) -> None:
        group = self.user.post_server_groups(
            {'name': 'apart', 'policy': 'anti-affinity'}
        )
        landed = [
            self.create_server({'edge:client': ALICE, 'group': group['id']})
            for _ in range(4)
        ]
        self.assertEqual(
            ['g-paris', 'f-lille', 'e-brest', 'd-metz'],
            [server[HOST] for server in landed],
        )

    def test_servers_that_may_share_a_host_in_pairs(self) -> None:
        group = self.user.post_server_groups(
            {
                'name': 'pairs',
                'policy': 'anti-affinity',
                'rules': {'max_server_per_host': 2},
            }
        )
        hints = {
            'edge:client': ALICE,
            'edge:latency_budget_ms': '7',
            'group': group['id'],
        }
        for _ in range(2):
            self.assertLanded('paris', self.create_server(hints))

    def test_query_that_placement_refuses_is_not_narrowed(self) -> None:
        # It has no group without a number that the aggregates could be of.
        flavor = self.create_flavor(
            {
                **{
                    f'resources:{name}': '0'
                    for name in ('VCPU', 'MEMORY_MB', 'DISK_GB')
                },
                'resources1:VCPU': '1',
                'resources1:MEMORY_MB': '512',
            }
        )
        server = self.near(ALICE, flavor=flavor)
        self.assertEqual('ACTIVE', server['status'])
        self.assertEqual([], self.asked_for(self.queries[-1]))
        (line,) = self.log_lines(
            ' WARNING [edge_sched.scheduler.narrowing.narrow]'
        )
        self.assertIn('cannot be asked for near sites: 400', line)

    def test_servers_that_stay_together(self) -> None:
        group = self.user.post_server_groups(
            {'name': 'together', 'policy': 'affinity'}
        )
        hints = {'edge:client': ALICE, 'group': group['id']}
        first = self.create_server(hints)
        # Its site is far now, and out of every ring.
        self.measure(ALICE, paris=90)
        self.assertEqual(first[HOST], self.create_server(hints)[HOST])

    def test_several_servers_at_once(self) -> None:
        flavor = self.create_flavor(ram=ALL_RAM_MB)
        servers = self.create_servers(
            {'edge:client': ALICE}, count=3, flavor=flavor
        )
        self.assertEqual(
            ['e-brest', 'f-lille', 'g-paris'],
            sorted(server[HOST] for server in servers),
        )

    def test_disabled_cell_takes_no_new_servers(self) -> None:
        self.disable('cell1')
        self.assertLanded('metz', self.near(ALICE))


class MovesTest(NarrowingTestCase):
    def live(self, site: str, **hints: str) -> Server:
        """A server that was put at a site, wherever its client is."""
        self.measure(ALICE, **{site: 1})
        server = self.near(ALICE, **hints)
        self.assertLanded(site, server)
        self.measure(ALICE, age=4, **NEAR, **FAR)
        self.queries.clear()
        return server

    def test_move_asks_for_sites_of_its_cell_only(self) -> None:
        moved = self.live_migrate(self.live('turin'))
        self.assertLanded('metz', moved)
        self.assertEqual(
            [{'metz', 'lyon', 'nice'}], self.asked_for(self.queries[-1])
        )

    def test_move_within_a_required_budget(self) -> None:
        server = self.live('turin', latency_budget_ms='20')
        self.assertLanded('metz', self.cold_migrate(server))

    def test_server_that_may_not_move_stays(self) -> None:
        server = self.live('turin', latency_budget_ms='20')
        self.fill('metz')
        self.assertLanded('turin', self.live_migrate(server))
        self.assertIn(
            f'no host within 20 ms (p95) of {ALICE} can take it: tried metz',
            self.event(
                server, 'live-migration', 'conductor_live_migrate_instance'
            )['details'],
        )

    def assertEvacuatedToAny(self, server: Server) -> None:
        """Placement was asked for all hosts: those near may be down too."""
        evacuated = self.evacuate(server)
        self.assertNotEqual('ERROR', evacuated['status'])
        self.assertEqual([], self.asked_for(self.queries[-1]))

    # Of fewer hosts there may be none of the server's cell.
    @cloud.cloud(
        conf={'scheduler': {'max_placement_results': '6', 'max_attempts': '1'}}
    )
    def test_evacuation_is_not_narrowed(self) -> None:
        self.assertEvacuatedToAny(self.live('turin', latency_budget_ms='20'))

    @cloud.cloud(
        conf={'scheduler': {'max_placement_results': '6', 'max_attempts': '1'}}
    )
    def test_evacuation_without_budget_is_not_narrowed(self) -> None:
        self.assertEvacuatedToAny(self.live('turin'))

    def test_unshelving_asks_for_the_nearest(self) -> None:
        server = self.live('turin')
        self.shelve(server)
        self.queries.clear()
        self.assertLanded('metz', self.unshelve(server))


class OutsideTest(NarrowingTestCase):
    """A host that belongs to no site, in a zone that was measured."""

    def setUp(self) -> None:
        super().setUp()
        self._start_compute('z-centre', cell_name='cell1')
        self.create_aggregate('centre', ['z-centre'], zone='centre')

    @cloud.cloud(
        conf={'scheduler': {'max_placement_results': '7', 'max_attempts': '1'}}
    )
    def test_nothing_is_narrowed_where_it_is_the_nearest(self) -> None:
        self.measure(ALICE, centre=2)
        self.near(ALICE)
        self.assertEqual([], self.asked_for(self.queries[-1]))
        self.assertEqual(
            {'sites': 'all', 'hosts': 'all', 'probes': 0},
            self.decisions()[-1]['narrowed'],
        )

    def test_sites_nearer_than_it_are_asked_for_first(self) -> None:
        self.measure(ALICE, centre=6)
        self.assertLanded('paris', self.near(ALICE))
        self.assertEqual([{'paris'}], self.asked_for(self.queries[-1]))
