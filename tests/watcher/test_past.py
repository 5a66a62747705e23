# SPDX-License-Identifier: Apache-2.0

"""What Nova tells of migrations, read as moves from site to site."""

import dataclasses

from oslotest import base

from edge_sched.judging.moves import PastMove
from edge_sched.watcher import past

SITES = {'lyon-1': 'lyon', 'lyon-2': 'lyon', 'paris-1': 'paris'}
AT = '2026-11-30T12:00:00.000000'
AT_SECONDS = 1796040000.0


@dataclasses.dataclass
class Migration:
    """As openstacksdk has it."""

    source_compute: str | None = 'lyon-1'
    dest_compute: str | None = 'paris-1'
    status: str = 'completed'
    server_id: str = 'vm'
    created_at: str = '2026-11-29T12:00:00.000000'
    updated_at: str | None = AT


@dataclasses.dataclass
class Aggregate:
    """As Watcher has it."""

    metadata: dict
    hosts: list


class PastMovesTest(base.BaseTestCase):
    def _moves(self, *migrations):
        return past.past_moves(migrations, SITES)

    def test_from_site_to_site_at_its_last_change(self):
        self.assertEqual(
            {'vm': [PastMove('lyon', 'paris', AT_SECONDS)]},
            self._moves(Migration()),
        )

    def test_never_changed(self):
        (move,) = self._moves(Migration(updated_at=None))['vm']
        self.assertEqual(AT_SECONDS - 86400, move.at)

    def test_by_server(self):
        found = self._moves(Migration(), Migration(server_id='other'))
        self.assertEqual({'vm', 'other'}, found.keys())

    def test_host_without_a_site_is_a_place_of_its_own(self):
        (move,) = self._moves(Migration(dest_compute='alone'))['vm']
        self.assertEqual('alone', move.to_site)

    def test_whether_it_arrived(self):
        statuses = {
            'completed': True,
            'confirmed': True,
            'done': True,
            'finished': True,
            'reverted': False,
            'error': False,
            'failed': False,
            'cancelled': False,
            'accepted': False,
            'running': False,
        }
        for status, arrived in statuses.items():
            (move,) = self._moves(Migration(status=status))['vm']
            self.assertEqual(arrived, move.arrived, status)

    def test_resize_on_the_same_host_is_no_move(self):
        self.assertEqual({}, self._moves(Migration(dest_compute='lyon-1')))

    def test_before_a_host_is_chosen_it_is_a_move(self):
        running = Migration(None, None, 'accepted')
        (move,) = self._moves(running)['vm']
        self.assertFalse(move.arrived)

    def test_hosts_that_are_hidden_are_an_error(self):
        for hidden in (
            Migration(source_compute=None),
            Migration(dest_compute=None),
        ):
            self.assertRaisesRegex(
                past.PastUnknownError,
                'os-migrations:index:host',
                self._moves,
                hidden,
            )


class SitesOfHostsTest(base.BaseTestCase):
    def test_aggregates_with_the_key(self):
        aggregates = [
            Aggregate({'edge:site': 'paris'}, ['paris-1', 'both']),
            Aggregate({'edge:site': 'lyon'}, ['both']),
            Aggregate({'ssd': 'true'}, ['paris-1', 'alone']),
        ]
        self.assertEqual(
            {'paris-1': 'paris', 'both': 'lyon'},
            past.sites_of_hosts(aggregates, 'edge:site'),
        )

    def test_two_forms_of_a_name_are_one_site(self):
        aggregate = Aggregate({'edge:site': 'Orle\u0301ans'}, ['h'])
        self.assertEqual(
            {'h': 'Orl\xe9ans'}, past.sites_of_hosts([aggregate], 'edge:site')
        )
