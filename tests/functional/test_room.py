# SPDX-License-Identifier: Apache-2.0

"""``edge-sched explain --room``: Placement is asked where there is room."""

import contextlib
import types
from collections.abc import Iterator
from typing import Any
from unittest import mock

from keystoneauth1 import exceptions as keystoneauth_exceptions
from nova.scheduler.client import report

from edge_sched.scheduler import nova_internals
from edge_sched.scheduler.narrowing import placement
from tests.functional.base import Server
from tests.functional.commands import CommandCloudTestCase

ALICE = '203.0.113.7'
ALICES = '203.0.113.0/24'

#: Leaves no room for any other on a host of 8 GB.
ALL_RAM_MB = 7680

HERE = (None, 'the server is here')
FULL = (0, 'full')
ELSEWHERE = (None, 'another cell, which no move leads to')


class RoomTest(CommandCloudTestCase):
    """Lille is full."""

    sites = {
        'paris': ('cell1', ['paris-1']),
        'lille': ('cell1', ['lille-1']),
        'brest': ('cell1', ['brest-1', 'brest-2']),
        'nice': ('cell1', ['nice-1']),
        'lyon': ('cell2', ['lyon-1']),
    }

    def setUp(self) -> None:
        super().setUp()
        self.measure(ALICES, paris=5, lille=12, brest=14, lyon=6, nice=18)
        self.server = self.near(ALICE)
        self.assertLanded('paris', self.server)
        self.fill('lille-1')

    def fill(self, host: str) -> None:
        flavor = self.create_flavor(ram=ALL_RAM_MB)
        server = self.create_server(host=host, flavor=flavor)
        self.assertEqual('ACTIVE', server['status'])

    def disable(self, host: str) -> None:
        url = f'os-services?binary=nova-compute&host={host}'
        (service,) = self.admin.api_get(url).body['services']
        url = f'os-services/{service["id"]}'
        self.admin.api_put(url, {'status': 'disabled'})

    def explain(self, *argv: str, server: Server | None = None) -> Any:
        uuid = (server or self.server)['id']
        result = self.run_command('explain', uuid, '-f', 'json', *argv)
        self.assertEqual(0, result.status, result.err)
        return result.json

    def room(self, problem: str | None = None, **options: Any) -> Any:
        """How many hosts of each site have room, and why not it."""
        told = self.explain('--room', **options)
        self.assertEqual(problem, told['room_problem'])
        return {s['site']: (s['room'], s['why_not']) for s in told['sites']}

    @contextlib.contextmanager
    def queries(self, answer: Any = None) -> Iterator[list[str]]:
        """What Placement is asked meanwhile, and answers."""
        queries: list[str] = []
        ask = report.SchedulerReportClient.get

        def noted(client: Any, url: str, **options: Any) -> Any:
            queries.append(url.partition('?')[0])
            return (answer or ask)(client, url, **options)

        with mock.patch.object(report.SchedulerReportClient, 'get', noted):
            yield queries

    def test_where_there_is_room(self) -> None:
        for site in self.explain()['sites']:
            self.assertIsNone(site['room'])
        expected = {
            'paris': HERE,
            'brest': (2, ''),
            'nice': (1, ''),
            'lyon': ELSEWHERE,
            'lille': FULL,
        }
        with self.queries() as queries:
            room = self.room()
        self.assertEqual(expected, room)
        # What a move may end at comes before what is full.
        self.assertEqual([*expected], [*room])
        self.assertEqual(['/allocation_candidates'], queries)
        told = self.run_command('explain', self.server['id'], '--room').out
        self.assertRegex(told, r'lille +cell1 +1 +0 +within .* full')

        # An answer has fewer hosts than the cloud: sites are asked for.
        with (
            self.queries() as queries,
            mock.patch.object(placement, 'limit_of', return_value=3),
        ):
            self.assertEqual(expected, self.room())
        self.assertEqual(2, queries.count('/allocation_candidates'))

        # What Nova's own request filters say counts.
        self.disable('brest-1')
        bob = self.other_user.project_id
        self.set_aggregate_metadata('nice', {'filter_tenant_id': bob})
        expected |= {
            'brest': (1, ''),
            'nice': (None, 'kept for other projects'),
        }
        self.assertEqual(expected, self.room())
        # A host that is asked for was so then.
        flavor = self.create_flavor({'edge:client': ALICE}, ram=ALL_RAM_MB)
        server = self.create_server(flavor=flavor, zone='nova:brest-2')
        self.assertLanded('brest-2', server)
        self.assertEqual(FULL, self.room(server=server)['paris'])
        # Nothing is said of places that are none anyway.
        needs = self.create_flavor(
            {'edge:client': ALICE, 'edge:latency_budget_ms': '13'}
        )
        server = self.create_server(flavor=needs)
        self.assertEqual(
            (None, 'over latency'), self.room(server=server)['brest']
        )

    def test_what_a_host_must_have(self) -> None:
        trait = 'CUSTOM_FAST'
        self.placement.put(f'/traits/{trait}', {}, version='1.6')
        providers = self.placement.get('/resource_providers').body
        for each in providers['resource_providers']:
            if each['name'] in ('paris-1', 'nice-1'):
                url = f'/resource_providers/{each["uuid"]}/traits'
                known = self.placement.get(url, version='1.6').body
                known['traits'].append(trait)
                self.placement.put(url, known, version='1.6')
        flavor = self.create_flavor(
            {'edge:client': ALICE, f'trait:{trait}': 'required'}
        )
        server = self.create_server(flavor=flavor)
        self.assertLanded('paris', server)
        room = self.room(server=server)
        self.assertEqual([FULL, (1, '')], [room['brest'], room['nice']])

    def test_what_cannot_be_told(self) -> None:
        dark = {
            'paris': HERE,
            'lille': (None, ''),
            'brest': (None, ''),
            'nice': (None, ''),
            'lyon': ELSEWHERE,
        }

        def away(*args: Any, **options: Any) -> Any:
            raise keystoneauth_exceptions.ConnectFailure('no route\x1b')

        def answer(status: int, text: str) -> Any:
            found = types.SimpleNamespace(status_code=status, text=text)
            return lambda *args, **options: found

        for told, problem in (
            (away, 'Placement does not answer: no route\\x1b'),
            (answer(503, ''), 'Placement does not answer: 503'),
            (
                answer(403, 'Forbidden'),
                'Placement does not take the query: 403 Forbidden',
            ),
        ):
            with self.queries(told) as queries:
                self.assertEqual(dark, self.room(problem))
            self.assertEqual(1, len(queries))

        def is_away(context: Any, uuids: Any) -> Any:
            raise RuntimeError('no database')

        with mock.patch.object(nova_internals, 'hosts_of_nodes', is_away):
            self.assertEqual(
                dark,
                self.room('cell cell1 is away: RuntimeError: no database'),
            )
        with mock.patch(
            'edge_sched.auditing.room.request_filters',
            side_effect=ValueError('odd'),
        ):
            problem = 'what a move would ask for cannot be told'
            self.assertEqual(dark, self.room(f'{problem}: ValueError: odd'))

        # As if Nova had failed to tell it of the hosts of its aggregates.
        provider = '/resource_providers'
        for each in self.placement.get(provider).body['resource_providers']:
            url = f'{provider}/{each["uuid"]}/aggregates'
            known = self.placement.get(url, version='1.19').body
            self.placement.put(
                url, {**known, 'aggregates': []}, version='1.19'
            )
        self.assertEqual((2, ''), self.room()['brest'])
        with mock.patch.object(placement, 'limit_of', return_value=3):
            told = self.explain('--room')
        self.assertIn(
            'Placement cannot be asked for sites: Placement has 0 of 3 hosts',
            told['room_problem'],
        )
