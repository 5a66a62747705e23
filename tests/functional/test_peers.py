# SPDX-License-Identifier: Apache-2.0

"""Near another server, near the servers of a group, near a site."""

from typing import Any
from unittest import mock

import sqlalchemy as sa
from nova import context as nova_context
from oslo_db import exception as db_exception
from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.scheduler import nova_internals
from edge_sched.scheduler.peers import PEERS
from tests.functional import api
from tests.functional import cloud
from tests.functional.base import HOST
from tests.functional.base import Server
from tests.functional.measured import MeasuredCloudTestCase

ALICE = '203.0.113.7'

#: What tells the statements that find servers, and their hosts.
STATEMENTS = {
    'instance_mappings.queued_for_delete IS NULL': 'API',
    'SELECT instances.uuid, instances.host': 'cell',
}


def server(of: Server) -> str:
    return f'server:{of["id"]}'


class PeersTestCase(MeasuredCloudTestCase):
    """Lille is 4 ms from Paris, Lyon 9 ms, and Nice 15 ms; Lyon is in between.

    Alice is at Paris.
    """

    sites = {
        'paris': ('cell1', ['paris-1', 'paris-2']),
        'lille': ('cell1', ['lille-1']),
        'lyon': ('cell2', ['lyon-1', 'lyon-2']),
        'nice': ('cell2', ['nice-1']),
    }

    def setUp(self) -> None:
        super().setUp()
        PEERS.forget()
        self.measure('203.0.113.0/24', paris=2, lille=6, lyon=11, nice=17)
        # Half of a mesh is enough.
        self.measure('site:paris', lille=4, lyon=9, nice=15)
        self.measure('site:lyon', lille=12, nice=7)
        self.measure('site:nice', lille=19)

    def at(self, site: str, **options: Any) -> Server:
        """A server of Alice's at a site."""
        placed = self.near(f'site:{site}@1', **options)
        self.assertLanded(site, placed)
        return placed

    def group(
        self,
        policy: str = 'soft-anti-affinity',
        by: api.Client | None = None,
    ) -> str:
        group = (by or self.user).post_server_groups(
            {'name': 'web', 'policy': policy}
        )
        return str(group['id'])


class NearServerTest(PeersTestCase):
    def test_near_it_at_its_site(self) -> None:
        database = self.at('lyon')
        self.assertLanded('lyon', self.near(f'{server(database)}@2'))
        record = self.decisions()[-1]
        self.assertEqual('judged', record['outcome'])
        self.assertEqual(
            [{'client': server(database), 'prefix': 'site:lyon'}],
            record['clients'],
        )
        best, *_ = record['best']
        self.assertEqual(
            ('lyon', 0.5, 'assumed'),
            (best['site'], best['rtt_p50_ms'], best['source']),
        )

    def test_nearest_where_its_site_will_not_do(self) -> None:
        """By what was measured from either end."""
        # There is one host, and no other server of the group may be on it.
        apart = {'group': self.group('anti-affinity')}
        database = self.create_server({'edge:client': 'site:nice@1'} | apart)
        self.assertLanded('nice', database)
        hints = {'edge:client': f'{server(database)}@8'}
        self.assertLanded('lyon', self.create_server(hints | apart))
        refused = self.create_server(
            {'edge:client': f'{server(database)}@7'} | apart
        )
        # The whole truth, and no host of theirs.
        self.assertRefused(
            f'no site within 7 ms (p95) of {server(database)}: nearest is '
            'lyon at 8 ms, measured',
            refused,
        )

    def test_tiers_each_near_the_next(self) -> None:
        web = self.near(ALICE, latency_budget_ms='5')
        self.assertLanded('paris', web)
        application = self.near(f'{server(web)}@6')
        self.assertLanded('paris', application)
        database = self.near([f'{server(application)}@6', 'site:lille@1'])
        self.assertLanded('lille', database)

    def test_assumed_distance_is_called_so(self) -> None:
        database = self.at('lyon')
        self.assertRefused(
            f'no site within 0.3 ms (p95) of {server(database)}: nearest is '
            'lyon at 1 ms, assumed',
            self.near(f'{server(database)}@0.3'),
        )

    @cloud.cloud(conf={'edge_sched': {'same_site_rtt_ms': '3'}})
    def test_operator_says_how_far_hosts_of_a_site_are(self) -> None:
        database = self.near('site:lyon@5')
        self.assertRefused('at 3 ms', self.near(f'{server(database)}@2'))

    def test_no_host_yet(self) -> None:
        # Nova has found none for it, and has none any more.
        failed = self.near('site:nice@0.001')
        self.assertRefused('no site within', failed)
        shelved = self.shelve(self.at('lyon'))
        for other in (failed, shelved):
            self.assertRefused(
                f"edge:client '{server(other)}' has no host yet",
                self.near(server(other)),
            )
        self.assertEqual('unknown_client', self.outcome())

    @cloud.cloud(conf={'edge_sched': {'mode': 'shadow'}})
    def test_shadow(self) -> None:
        placed = self.near(f'server:{uuids.nobody}')
        self.assertEqual('ACTIVE', placed['status'])
        self.assertEqual('unknown_client', self.outcome())

    @cloud.cloud(
        conf={
            'edge_sched': {
                'narrow_candidates': 'always',
                'ring_hosts': '1',
            },
            'scheduler': {'max_attempts': '1'},
        }
    )
    def test_narrowed_to_where_it_is(self) -> None:
        database = self.at('lyon')
        self.assertLanded('lyon', self.near(f'{server(database)}@2'))
        self.assertEqual(1, self.decisions()[-1]['narrowed']['sites'])


class UnknownServerTest(PeersTestCase):
    """Nobody learns which servers others have."""

    def setUp(self) -> None:
        super().setUp()
        self.asked: list[str] = []
        sa.event.listen(sa.Engine, 'before_cursor_execute', self._note)
        self.addCleanup(
            sa.event.remove, sa.Engine, 'before_cursor_execute', self._note
        )

    def _note(self, connection: sa.Connection, *args: Any) -> None:
        self.asked += [
            database
            for mark, database in STATEMENTS.items()
            if mark in ' '.join(args[1].split())
        ]

    def queries(self) -> list[str]:
        asked, self.asked = self.asked, []
        return asked

    def test_same_words_after_the_same_queries(self) -> None:
        foreign = self.near(ALICE, by=self.other_user)
        deleted = self.near(ALICE)
        self.delete_server(deleted)
        their_group = self.group(by=self.other_user)
        self.queries()
        for kind, names, words in (
            (
                'server',
                [foreign['id'], deleted['id'], uuids.made_up],
                'is not a server of this project',
            ),
            (
                'group',
                [their_group, foreign['id'], uuids.made_up],
                'is not a server group of this project',
            ),
        ):
            faults = set()
            for name in names:
                refused = self.near(f'{kind}:{name}@5')
                self.assertRefused(f"'{kind}:{name}' {words}", refused)
                faults.add(self.fault(refused).replace(name, ''))
                self.assertEqual(['API'], self.queries())
            self.assertEqual(1, len(faults))

    def test_two_queries_for_all_that_are_named(self) -> None:
        paris, lyon = self.at('paris'), self.at('lyon')
        group = self.group()
        self.at('lille')
        self.queries()
        placed = self.near([server(paris), server(lyon), f'group:{group}'])
        self.assertEqual('ACTIVE', placed['status'])
        # One in each of two cells, at once.
        self.assertEqual(['API', 'cell', 'cell'], self.queries())
        self.near(ALICE)
        self.create_server()
        self.assertEqual([], self.queries())

    @cloud.cloud(conf={'edge_sched': {'cache_ttl': '3600'}})
    def test_none_for_those_that_are_known(self) -> None:
        paris = self.at('paris')
        self.near(server(paris))
        self.assertEqual(['API', 'cell'], self.queries())
        self.assertLanded('paris', self.near(f'{server(paris)}@2'))
        self.assertEqual([], self.queries())


class GroupTest(PeersTestCase):
    def test_near_all_of_its_servers(self) -> None:
        group = self.group()
        for site in ('paris', 'lyon'):
            self.create_server(
                {'edge:client': f'site:{site}@1', 'group': group}
            )
        # Of the sites Paris and Lyon are 9 ms away from each other.
        placed = self.near(f'group:{group}@13')
        self.assertIn(placed[HOST].split('-')[0], ('paris', 'lyon'))
        self.assertRefused(
            'no site within 8 ms', self.near(f'group:{group}@8')
        )

    def test_group_of_nobody_is_no_client(self) -> None:
        """Its first server may be anywhere, the next is near to it."""
        group = self.group()
        hints = {
            'group': group,
            'edge:client': f'group:{group}',
            'edge:latency_budget_ms': '2',
        }
        first = self.create_server(hints)
        self.assertEqual('ACTIVE', first['status'])
        self.assertEqual('no_client', self.outcome())
        site = first[HOST].split('-')[0]
        if site == 'nice':
            # It has no other host.
            return
        self.assertLanded(site, self.create_server(hints))
        self.assertEqual('judged', self.outcome())

    def test_server_of_a_group_moves_near_the_others(self) -> None:
        group = self.group()
        self.create_server({'edge:client': 'site:lille@1', 'group': group})
        hints = {
            'group': group,
            'edge:client': [f'group:{group}', f'{ALICE}@5'],
        }
        moved = self.create_server(hints)
        self.assertLanded('paris', moved)
        host = moved[HOST]
        # Its own place does not count, or it would be drawn to it.
        self.measure('203.0.113.0/24', paris=4, lille=3)
        self.assertLanded('lille', self.live_migrate(moved))
        self.assertNotEqual(host, self.show(moved)[HOST])


class SiteTest(PeersTestCase):
    def test_site_of_others_is_as_unknown_as_none(self) -> None:
        self.set_aggregate_metadata(
            'nice', {'filter_tenant_id': self.other_user.project_id}
        )
        words = 'is not a site'
        kept, none = self.near('site:nice@1'), self.near('site:oslo@1')
        self.assertRefused(f"edge:client 'site:nice' {words}", kept)
        self.assertRefused(f"edge:client 'site:oslo' {words}", none)
        self.assertEqual(
            self.fault(kept).replace('nice', 'oslo'), self.fault(none)
        )
        theirs = self.near('site:nice@1', by=self.other_user)
        self.assertLanded('nice', theirs)

    def test_flavor_may_name_a_site(self) -> None:
        flavor = self.create_flavor({'edge:client': 'site:lyon@10'})
        placed = self.create_server(
            {'edge:client': f'{ALICE}@5'}, flavor=flavor
        )
        self.assertLanded('paris', placed)
        self.assertLanded('lyon', self.create_server(flavor=flavor))


class CellTest(PeersTestCase):
    """Whoever is to be near may be in another cell."""

    def away(self, name: str) -> None:
        """Have the database of a cell fail whoever asks where servers are."""
        real = nova_internals.hosts_of_servers
        down = next(
            cell.uuid
            for cell in self.cell_mappings.values()
            if cell.name == name
        )

        def hosts_of_servers(
            context: nova_context.RequestContext, servers: list[str]
        ) -> dict[str, str]:
            if context.cell_uuid == down:
                raise db_exception.DBConnectionError
            return real(context, servers)

        patcher = mock.patch.object(
            nova_internals, 'hosts_of_servers', hosts_of_servers
        )
        patcher.start()
        self.addCleanup(patcher.stop)

    def test_server_in_the_other_cell(self) -> None:
        database = self.at('nice')
        web = self.near([server(database), ALICE], latency_budget_ms='12')
        self.assertEqual('cell2', self.cell_of(web))
        self.assertLanded('lyon', web)
        web = self.near(f'{server(database)}@16', combine='worst')
        self.assertLanded('nice', web)

    def test_its_cell_is_away(self) -> None:
        lyon, paris = self.at('lyon'), self.at('paris')
        self.away('cell2')
        self.assertRefused(
            f'no usable latency data for {server(lyon)} (where it is cannot '
            'be told now)',
            self.near(f'{server(lyon)}@5'),
        )
        placed = self.near(f'{server(lyon)}@5', unknown='allow')
        self.assertEqual('ACTIVE', placed['status'])
        self.assertEqual('ACTIVE', self.near(server(lyon))['status'])
        # The others are where they are.
        self.assertLanded('paris', self.near(f'{server(paris)}@2'))

    def test_database_of_all_servers_is_away(self) -> None:
        lyon = self.at('lyon')
        with mock.patch.object(
            nova_internals,
            'read_peers',
            side_effect=db_exception.DBConnectionError,
        ):
            self.assertRefused(
                'cannot be told now', self.near(f'{server(lyon)}@5')
            )
            self.assertEqual('ACTIVE', self.near(server(lyon))['status'])
        self.assertEqual(
            2, len(self.log_lines('Cannot tell where servers are'))
        )


class MoveTest(PeersTestCase):
    sites = {
        'paris': ('cell1', ['paris-1', 'paris-2']),
        'lille': ('cell1', ['lille-1', 'lille-2']),
    }

    def setUp(self) -> None:
        super().setUp()
        # Preferred only, so that it may go.
        self.database = self.near('site:paris')
        self.web = self.near(server(self.database), latency_budget_ms='2')
        self.assertLanded('paris', self.web)

    def move_database(self) -> None:
        self.live_migrate(self.database, host='lille-1')
        self.assertLanded('lille', self.database)

    def test_next_move_follows(self) -> None:
        """It is an admin who moves, and the owner's servers that count."""
        self.move_database()
        self.assertLanded('lille', self.live_migrate(self.web))
        self.assertEqual('judged', self.outcome())

    def test_evacuation_follows_if_it_can(self) -> None:
        self.move_database()
        self.assertLanded('lille', self.evacuate(self.web))

    def test_server_that_is_gone_is_left_out(self) -> None:
        before = self.show(self.web)[HOST]
        self.delete_server(self.database)
        moved = self.live_migrate(self.web)
        self.assertNotEqual(before, moved[HOST])
        self.assertEqual('unknown_client', self.outcome())
        (line,) = self.log_lines('Left out of the placement')
        self.assertIn('is not a server of this project', line)

    def test_server_without_a_host_is_left_out(self) -> None:
        self.shelve(self.database)
        before = self.show(self.web)[HOST]
        self.assertNotEqual(before, self.live_migrate(self.web)[HOST])
        (line,) = self.log_lines('Left out of the placement')
        self.assertIn('has no host yet', line)

    def test_servers_that_name_each_other(self) -> None:
        """Each follows where the other is now; nobody goes round in circles.

        One that names itself may be anywhere.
        """
        spec = self.request_spec(self.database)
        near = [f'{server(self.web)}@2', f'{server(self.database)}@1']
        spec.scheduler_hints = {'edge:client': near}
        spec.save()
        self.assertLanded('paris', self.live_migrate(self.database))
        self.assertEqual('judged', self.outcome())
        self.assertEqual([2.0], self.decisions()[-1]['budgets']['latency_ms'])
