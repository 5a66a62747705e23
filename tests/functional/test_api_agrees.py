# SPDX-License-Identifier: Apache-2.0

"""What is told is what the create that follows comes to.

Random clients, budgets, flavors and projects, on a cloud that fills up and
empties. ``make api-long`` asks a thousand times; here it is a few.
"""

import collections
import os
import random
from typing import Any

from edge_sched.scheduler.preview.preview import NO_ROOM
from edge_sched.scheduler.preview.room import SHARED
from tests.functional import cloud
from tests.functional.base import HOST
from tests.functional.tenants_api import Answer
from tests.functional.tenants_api import TenantsApiTestCase

#: How often it is asked.
ASKS = int(os.environ.get('EDGE_SCHED_ASKS', '25'))

#: Servers that stand at a time: about what there is room for.
MOST_SERVERS = 20

BUDGETS_MS = None, '12', '25', '60'
RAM_MB = 512, 3000, 6000, 100_000
CLIENTS = [f'203.0.{number}.0/24' for number in range(24)]

_FILTERS = 'ComputeFilter,AggregateMultiTenancyIsolation,EdgeLatencyFilter'


class AgreesTest(TenantsApiTestCase):
    """Ten sites of one host or two, one of them reserved."""

    sites: Any = {
        f'site{number}': (
            f'cell{1 + number % 2}',
            [f'{"abcdefghij"[number]}-{host}' for host in range(hosts)],
        )
        for number, hosts in enumerate((1, 2, 1, 2, 1, 1, 2, 1, 1, 2))
    }
    conf = {
        'edge_sched': {'cache_ttl': '0', 'membership_ttl': '0'},
        'filter_scheduler': {'enabled_filters': _FILTERS},
    }
    api_conf = {'requests_per_minute': 1_000_000}

    def setUp(self) -> None:
        super().setUp()
        self.dice = random.Random(19)
        bob = self.other_user.project_id
        self.set_aggregate_metadata('site3', {'filter_tenant_id': bob})
        for client in CLIENTS:
            self.measure(
                client,
                {
                    site: self.dice.uniform(2, 70)
                    for site in self.sites
                    if self.dice.random() < 0.7
                },
            )
        self.flavors = [self.create_flavor(ram=ram) for ram in RAM_MB]
        self.standing: collections.deque[Any] = collections.deque()
        self.seen: collections.Counter[str] = collections.Counter()

    def test_what_is_told_comes_true(self) -> None:
        self.ask_and_create()

    @cloud.cloud(
        conf={
            'edge_sched': {'narrow_candidates': 'always', 'ring_hosts': '1'},
            'scheduler': {'max_placement_results': '4', 'max_attempts': '1'},
        }
    )
    def test_what_is_told_comes_true_where_candidates_are_narrowed(
        self,
    ) -> None:
        self.ask_and_create()

    def ask_and_create(self) -> None:
        for _ in range(ASKS):
            self._once()
        self.assertEqual(
            (0, 0), (self.seen['elsewhere'], self.seen['otherwise']), self.seen
        )
        self.assertTrue(self.seen['there'] and self.seen['refused'])
        print(dict(self.seen))

    def _once(self) -> None:
        dice = self.dice
        by = dice.choice((self.user, self.other_user))
        client = dice.choice(CLIENTS).replace('.0/', f'.{dice.randrange(9)}/')
        client = client.partition('/')[0]
        flavor = dice.choice(self.flavors)
        hints = {}
        if budget := dice.choice(BUDGETS_MS):
            hints['latency_budget_ms'] = budget
        if dice.random() < 0.2:
            hints['unknown'] = 'reject'
        # Here servers come and go within the second that room is shared for.
        SHARED.forget()
        told = self.ask(
            '/v1/sites',
            token=by.project_id,
            client=client,
            flavor=flavor,
            **hints,
        )
        server = self.near(client, flavor=flavor, by=by, **hints)
        if told.body['accepted']:
            self._landed(told, server)
        else:
            self._refused(told, server)
        if len(self.standing) > MOST_SERVERS:
            self.delete_server(self.standing.popleft())

    def _landed(self, told: Answer, server: Any) -> None:
        with_room = [s for s in told.body['sites'] if s['room'] == 'yes']
        best = [
            s['name'] for s in with_room if s['rank'] == with_room[0]['rank']
        ]
        host = self.show(server).get(HOST)
        self.standing.append(server)
        there = any(host in self.sites[site][1] for site in best)
        self.seen['there' if there else 'elsewhere'] += 1

    def _refused(self, told: Answer, server: Any) -> None:
        owner = self.client('owner', self.show(server)['tenant_id'])
        fault = self.fault(server, by=owner)
        reason = told.body['reason'].split(', measured')[0]
        # Nova has no words of its own.
        is_same = reason in fault or (
            reason == NO_ROOM and fault == 'No valid host was found. '
        )
        self.seen['refused' if is_same else 'otherwise'] += 1
        if not is_same:
            self.seen[f'{reason} / {fault}'] += 1
        self.delete_server(server)
