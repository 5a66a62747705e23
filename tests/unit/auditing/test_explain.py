# SPDX-License-Identifier: Apache-2.0

"""What is told of one server, of tables that Nova might have."""

import time
from collections.abc import Sequence
from typing import Any
from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.auditing import explain as module
from edge_sched.auditing.explain import FULL
from edge_sched.auditing.explain import HERE
from edge_sched.auditing.explain import Explanation
from edge_sched.auditing.explain import Site
from edge_sched.auditing.explain import explain
from edge_sched.auditing.room import Room
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.model.client import parse_client
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.scheduler.nova_servers import Page
from edge_sched.scheduler.topology.membership import TENANT_KEY
from edge_sched.scheduler.topology.membership import ZONE_KEY
from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.scheduler.topology.topology import Area
from edge_sched.scheduler.topology.topology import Topology
from tests.unit.auditing.base import AuditTestCase
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.topology.test_topology import CELL1
from tests.unit.scheduler.topology.test_topology import CELL2
from tests.unit.scheduler.topology.test_topology import SITE
from tests.unit.scheduler.topology.test_topology import topology

ALICES = '203.0.113.0/24'
HOSTS = {
    'nice': ['nice-1'],
    'brest': ['brest-1'],
    'lyon': ['lyon-1'],
    'lille': ['lille-1', 'lille-2'],
    'paris': ['paris-1', 'paris-2'],
}
P50_MS = {'brest': 30, 'lille': 12, 'paris': 9, 'lyon': 15}

OTHER_CELL = 'another cell, which no move leads to'
KEPT = 'kept for other projects'


class ExplainTestCase(AuditTestCase):
    def explained(self, server: str) -> Explanation:
        found = explain(server, self.reader, self.troubles)
        assert found is not None
        return found


class ExplainTest(ExplainTestCase):
    def test_nothing_to_explain(self) -> None:
        self.insert('idle')
        for server in 'idle', 'nobody':
            self.assertIsNone(explain(server, self.reader, self.troubles))

    def test_that_measuring_is_down_is_said_once(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='20')
        self.assertEqual(WITHIN, self.explained('a').finding.comparison[0])
        self.assertEqual([], self.said)
        self.beat(ago=3600)
        self.begin()
        self.assertEqual(WITHIN, self.explained('a').finding.comparison[0])
        self.assertEqual(
            ['measuring is down: measurements are used up to an age of 6 h'],
            self.said,
        )


class SitesTestCase(ExplainTestCase):
    """Brest, lille, nice and paris in cell1, lyon in cell2.

    Each server is on the first host of paris; nice has measured nothing.
    """

    def setUp(self) -> None:
        super().setUp()
        self.build()
        self.measure(ALICES, **P50_MS)

    def build(self, *more: Aggregate) -> None:
        """The cloud, with more that is said of its hosts."""
        cells = self.topology.return_value.cells
        self.topology.return_value = topology(
            *(
                Aggregate(site, {SITE: site}, hosts)
                for site, hosts in HOSTS.items()
            ),
            *more,
            cell_of={
                host: CELL2 if site == 'lyon' else CELL1
                for site, hosts in HOSTS.items()
                for host in hosts
            },
        )
        self.topology.return_value.cells = cells

    def lose(self, **loss_ratio: float) -> None:
        """What was measured, with a loss."""
        for site, lost in loss_ratio.items():
            p50_ms = P50_MS[site]
            row = Latency(
                site, ALICES, p50_ms, p50_ms, time.time(), loss_ratio=lost
            )
            new = NewLatency(parse_client(ALICES), row)
            self.writer.store_latencies([new])

    def sites(self, server: str = 'a') -> dict[str, Site]:
        """By their names, in the order of the explanation."""
        return {site.site: site for site in self.explained(server).sites}

    def why_not(self, server: str = 'a') -> dict[str, str]:
        return {name: s.why_not for name, s in self.sites(server).items()}


class SitesTest(SitesTestCase):
    def test_every_site_with_the_verdict_on_it(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='20')
        sites = self.sites()
        self.assertEqual(
            {
                'paris': (2, WITHIN),
                'lille': (2, WITHIN),
                'lyon': (1, WITHIN),
                'brest': (1, OVER),
                'nice': (1, UNKNOWN),
            },
            {
                name: (site.hosts, site.verdict.standing)
                for name, site in sites.items()
            },
        )
        lyon = sites['lyon']
        self.assertEqual(('nova', 'cell2'), (lyon.zone, lyon.cell))
        self.assertEqual(((), None), (lyon.members, lyon.room))

    def test_reason_against_each_site(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='20')
        self.assertEqual(
            {
                'paris': HERE,
                'lille': '',
                'lyon': OTHER_CELL,
                'brest': 'over latency',
                'nice': 'unknown: never measured',
            },
            self.why_not(),
        )

    def test_metrics_that_a_site_is_over_in(self) -> None:
        self.lose(brest=0.5)
        self.insert('a', ALICE, latency_budget_ms='20', loss_budget_pct='1')
        self.assertEqual('over latency, loss', self.why_not()['brest'])

    def test_site_over_budget_that_is_only_preferred(self) -> None:
        self.insert(
            'a', ALICE, latency_budget_ms='20', budget_mode='preferred'
        )
        self.assertEqual('', self.why_not()['brest'])

    def test_site_where_the_server_is_whatever_its_verdict(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='20', host='brest-1')
        self.assertEqual(
            (HERE, ''), (self.why_not()['brest'], self.why_not()['paris'])
        )

    def test_host_of_the_site_that_is_measured_by_itself(self) -> None:
        self.measure(ALICES, **{'paris-2': 3})
        self.insert('a', ALICE, latency_budget_ms='20')
        sites = self.explained('a').sites
        self.assertEqual(
            [('paris', 1, HERE), ('paris', 1, '')],
            [(s.site, s.hosts, s.why_not) for s in sites[:2]],
        )

    def test_site_with_a_host_that_is_not_kept_for_others(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='20')
        for tenant, hosts, why_not in (
            ('theirs', ['lille-1'], ''),
            ('theirs', ['lille-1', 'lille-2'], KEPT),
            ('mine,theirs', ['lille-1', 'lille-2'], ''),
        ):
            self.build(Aggregate('kept', {TENANT_KEY: tenant}, hosts))
            self.assertEqual(why_not, self.why_not()['lille'])

    def test_zone_that_was_asked_for(self) -> None:
        self.build(
            Aggregate('zone', {ZONE_KEY: 'west'}, ['lille-1', 'lille-2'])
        )
        for server, zone, why_not in (
            ('any', None, ''),
            ('same', 'west', ''),
            ('other', 'nova', 'not in zone nova, which was asked for'),
        ):
            fields = {'availability_zone': zone}
            self.insert(server, ALICE, fields=fields)
            self.assertEqual(why_not, self.why_not(server)['lille'])

    def check_group(self, why_not: str, **hints: str) -> None:
        """Two servers that are to be apart, at paris and at lille."""
        members = {uuids.one: 'paris-1', uuids.two: 'lille-1'}
        self.insert_group(members, client=ALICE, spread='site', **hints)
        self.assertEqual(
            {'paris': ((), HERE), 'lille': ((1,), why_not), 'brest': ((), '')},
            {
                name: (site.members, site.why_not)
                for name, site in self.sites(uuids.one).items()
                if name in ('paris', 'lille', 'brest')
            },
        )

    def test_site_with_a_server_of_the_group(self) -> None:
        self.check_group('')

    def test_site_with_a_server_that_is_to_be_apart(self) -> None:
        self.check_group('has a server of the group', spread_mode='required')


class OrderTest(SitesTestCase):
    def check(self, *sites: str, server: str = 'a') -> None:
        """The order of the sites; the best of an audit is the second."""
        explanation = self.explained(server)
        self.assertEqual([*sites], [site.site for site in explanation.sites])
        self.assertEqual(sites[1], explanation.finding.best_site)

    def test_nearest_first_after_that_of_the_server(self) -> None:
        self.measure(ALICES, nice=10)
        self.insert('a', ALICE, host='lille-1')
        self.check('lille', 'paris', 'nice', 'brest', 'lyon')

    def test_those_that_a_move_would_not_end_at_go_last(self) -> None:
        self.measure(ALICES, lyon=1)
        self.insert('a', ALICE, latency_budget_ms='20')
        self.check('paris', 'lille', 'lyon', 'nice', 'brest')

    def test_within_before_unmeasured_before_over(self) -> None:
        self.insert(
            'a', ALICE, latency_budget_ms='20', budget_mode='preferred'
        )
        self.check('paris', 'lille', 'nice', 'brest', 'lyon')

    def test_within_all_budgets_before_nearer_and_over_one(self) -> None:
        self.lose(paris=0.0, lille=0.5, brest=0.0)
        self.insert('a', ALICE, loss_budget_pct='1', budget_mode='preferred')
        self.check('paris', 'brest', 'nice', 'lille', 'lyon')

    def test_nearer_first_of_those_in_a_tie_band(self) -> None:
        self.conf.config(group='edge_sched', tie_band_ms=50)
        self.insert('a', ALICE)
        self.check('paris', 'lille', 'brest', 'nice', 'lyon')

    def test_fewer_of_the_group_before_nearer(self) -> None:
        members = {uuids.one: 'paris-1', uuids.two: 'lille-1'}
        self.insert_group(members, client=ALICE, spread='site')
        self.check('paris', 'brest', 'lille', 'nice', 'lyon', server=uuids.one)

    def test_within_budget_before_fewer_of_the_group(self) -> None:
        members = {uuids.one: 'paris-1', uuids.two: 'lille-1'}
        self.insert_group(
            members,
            client=f'{ALICE}@20',
            budget_mode='preferred',
            spread='site',
        )
        self.check('paris', 'lille', 'nice', 'brest', 'lyon', server=uuids.one)

    def test_those_alike_by_their_names(self) -> None:
        self.insert('a', '198.51.100.7')
        self.assertEqual(
            ['paris', 'brest', 'lille', 'nice', 'lyon'], [*self.sites()]
        )


class RoomTest(SitesTestCase):
    """Placement has room on ``hosts``, but does not tell of ``untold``."""

    def setUp(self) -> None:
        super().setUp()
        self.hosts: set[str] = set()
        self.untold = ''
        self.asked_for: list[str] = []
        patcher = mock.patch.object(module, 'room_for', self.room_for)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.insert('idle')
        self.insert('a', ALICE, latency_budget_ms='40')

    def room_for(
        self, page: Page, cell: Any, areas: Sequence[Area], topology: Topology
    ) -> Room:
        self.assertEqual((Page(1, 2, 1), CELL1), (page, cell.uuid))
        self.asked_for += [area.site for area in areas]
        told = [area for area in areas if area.site != self.untold]
        problem = 'too late' if len(told) < len(areas) else ''
        return Room({area: area.hosts & self.hosts for area in told}, problem)

    def room(self) -> dict[str, tuple[int | None, str]]:
        """What there is at the sites where a move may end, and at lyon."""
        found = explain('a', self.reader, self.troubles, asks_room=True)
        assert found is not None
        self.problem = found.room_problem
        return {
            site.site: (site.room, site.why_not)
            for site in found.sites
            if site.site in ('brest', 'lille', 'lyon')
        }

    def test_placement_is_asked_on_demand(self) -> None:
        explanation = self.explained('a')
        self.assertEqual([], self.asked_for)
        self.assertEqual('', explanation.room_problem)
        self.assertEqual({None}, {site.room for site in explanation.sites})

    def test_open_sites_are_asked_for_the_nearest_first(self) -> None:
        self.room()
        self.assertEqual(['lille', 'brest'], self.asked_for)

    def test_hosts_with_room(self) -> None:
        self.hosts = {'lille-1', 'lille-2', 'brest-1', 'lyon-1'}
        self.assertEqual(
            {'lille': (2, ''), 'brest': (1, ''), 'lyon': (None, OTHER_CELL)},
            self.room(),
        )
        self.assertEqual('', self.problem)

    def test_full_site_goes_after_those_with_room(self) -> None:
        self.hosts = {'brest-1'}
        self.assertEqual(
            [('brest', (1, '')), ('lille', (0, FULL))],
            [*self.room().items()][:2],
        )

    def test_site_that_placement_does_not_tell_of(self) -> None:
        self.untold = 'lille'
        room = self.room()
        self.assertEqual((None, ''), room['lille'])
        self.assertEqual((0, FULL), room['brest'])
        self.assertEqual('too late', self.problem)

    def test_room_on_hosts_that_are_kept_for_others(self) -> None:
        self.build(Aggregate('kept', {TENANT_KEY: 'theirs'}, ['lille-1']))
        self.hosts = {'lille-1', 'lille-2'}
        self.assertEqual((1, ''), self.room()['lille'])
        self.hosts = {'lille-1'}
        self.assertEqual((0, FULL), self.room()['lille'])
