# SPDX-License-Identifier: Apache-2.0

"""The servers of a group land apart, by Nova's own multi-create."""

from collections.abc import Sequence
from typing import Any

from tests.functional.base import HOST
from tests.functional.base import Server
from tests.functional.measured import MeasuredCloudTestCase

ALICE = '203.0.113.7'
NEAR = {'edge:client': ALICE, 'edge:latency_budget_ms': '20'}
PREFERRED = NEAR | {'edge:spread': 'site'}
REQUIRED = PREFERRED | {'edge:spread_mode': 'required'}
WITHIN = f'within 20 ms (p95) of {ALICE}'


class SpreadTestCase(MeasuredCloudTestCase):
    """Paris and Lille are within 20 ms of alice, and Lyon; Nice is not."""

    sites = {
        'paris': ('cell1', ['paris-1', 'paris-2', 'paris-3']),
        'lille': ('cell1', ['lille-1', 'lille-2']),
        'lyon': ('cell2', ['lyon-1', 'lyon-2']),
        'nice': ('cell2', ['nice-1']),
    }

    def setUp(self) -> None:
        super().setUp()
        self.measure('203.0.113.0/24', paris=5, lille=9, lyon=15, nice=40)

    def group(self, policy: str) -> str:
        self.user.microversion = '2.64'
        made = self.user.post_server_groups({'name': policy, 'policy': policy})
        return str(made['id'])

    def created(
        self, group: str, hints: dict[str, Any], count: int = 1
    ) -> list[Server]:
        return self.create_servers({**hints, 'group': group}, count=count)

    def sites_of(self, servers: Sequence[Server]) -> list[str]:
        return sorted(
            self.show(server)[HOST].split('-')[0] for server in servers
        )

    def allocated(self) -> int:
        """On how many hosts Placement has anything allocated."""
        providers = self.placement.get('/resource_providers').body
        return sum(
            bool(
                self.placement.get(
                    f'/resource_providers/{each["uuid"]}/allocations'
                ).body['allocations']
            )
            for each in providers['resource_providers']
        )


class SpreadTest(SpreadTestCase):
    def test_preferred(self) -> None:
        # Without it all are near, and one cabinet's fault takes them.
        together = self.created(self.group('anti-affinity'), NEAR, 3)
        self.assertEqual(['paris'] * 3, self.sites_of(together))
        group = self.group('anti-affinity')
        servers = self.created(group, PREFERRED, 3)
        self.assertEqual(['lille', 'lyon', 'paris'], self.sites_of(servers))
        # One later, and those of one place twice; Nice is never used.
        servers += self.created(group, PREFERRED)
        servers += self.created(group, PREFERRED, 2)
        self.assertEqual(
            ['lille', 'lille', 'lyon', 'lyon', 'paris', 'paris'],
            self.sites_of(servers),
        )

    def test_required(self) -> None:
        group = self.group('soft-anti-affinity')
        servers = self.created(group, REQUIRED, 2)
        servers += self.created(group, REQUIRED)
        self.assertEqual(['lille', 'lyon', 'paris'], self.sites_of(servers))
        for server in self.created(group, REQUIRED, 2):
            self.assertRefused(
                f'all 3 sites {WITHIN} have a server of the group', server
            )
        self.assertEqual('rejected', self.outcome())

    def test_required_of_more_than_there_is_room_for(self) -> None:
        group = self.group('soft-anti-affinity')
        for server in self.created(group, REQUIRED, 4):
            self.assertRefused(
                f'4 servers, but only 3 sites {WITHIN} without one of the '
                'group',
                server,
            )
        self.assertEqual(0, self.allocated())

    def test_later_pass_leaves_no_claim_behind(self) -> None:
        # Hosts of both sites at once, of which no count can tell.
        self.admin.add_host_to_aggregate(self.aggregates['paris'], 'lille-1')
        self.admin.add_host_to_aggregate(self.aggregates['paris'], 'lille-2')
        for host in ('paris-1', 'paris-2', 'paris-3'):
            self.kill_host(host)
        hints = REQUIRED | {'edge:latency_budget_ms': '11'}
        servers = self.created(self.group('soft-anti-affinity'), hints, 2)
        for server in servers:
            self.assertRefused('There are not enough hosts', server)
        self.assertEqual(0, self.allocated())

    def test_move_leaves_the_server_itself_out(self) -> None:
        group = self.group('soft-anti-affinity')
        servers = self.created(group, REQUIRED, 2)
        self.assertEqual(['lille', 'paris'], self.sites_of(servers))
        (server,) = (
            server
            for server in servers
            if self.show(server)[HOST].startswith('paris')
        )
        # Lille has the other one; its cell has no third site.
        self.assertLanded('paris', self.live_migrate(server))
        self.assertLanded('paris', self.cold_migrate(server))
        self.confirm_resize(server)
        self.assertLanded('paris', self.unshelve(server))
        for host in self.sites['paris'][1]:
            self.kill_host(host)
        self.assertLanded('lille', self.evacuate(server))
        self.assertEqual('relaxed', self.outcome())


class NarrowedSpreadTest(SpreadTestCase):
    """Placement is asked for as few sites as will do."""

    conf = {
        'edge_sched': {'narrow_candidates': 'always', 'ring_hosts': '1'},
        'scheduler': {'max_placement_results': '2', 'max_attempts': '1'},
    }

    def narrowed(self) -> int:
        return int(self.decisions()[-1]['narrowed']['sites'])

    def test_sites_with_servers_are_not_asked_for(self) -> None:
        group = self.group('soft-anti-affinity')
        servers = self.created(group, REQUIRED, 2)
        self.assertEqual(['lille', 'paris'], self.sites_of(servers))
        # Five of their hosts have room, and no site has more than three.
        self.assertEqual(2, self.narrowed())
        servers += self.created(group, REQUIRED)
        self.assertEqual(['lille', 'lyon', 'paris'], self.sites_of(servers))
        self.assertEqual(1, self.narrowed())
        (server,) = self.created(group, REQUIRED)
        self.assertRefused(
            f'all 3 sites {WITHIN} have a server of the group', server
        )
        self.assertNotIn('narrowed', self.decisions()[-1])

    def test_fewer_servers_before_nearer_ones(self) -> None:
        group = self.group('anti-affinity')
        servers = self.created(group, PREFERRED, 3)
        servers += self.created(group, PREFERRED)
        self.assertEqual(
            ['lille', 'lyon', 'paris', 'paris'], self.sites_of(servers)
        )
        servers += self.created(group, PREFERRED)
        self.assertEqual(
            ['lille', 'lille', 'lyon', 'paris', 'paris'],
            self.sites_of(servers),
        )
