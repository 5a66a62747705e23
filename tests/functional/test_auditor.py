# SPDX-License-Identifier: Apache-2.0

"""Rounds of the auditor beside a Nova, and what is moved by them."""

import time
from typing import Any

import nova.conf

from edge_sched.auditing.rounds import Rounds
from edge_sched.judging.moves import PastMove
from edge_sched.judging.moves import Rule
from edge_sched.judging.moves import choose_moves
from edge_sched.model.standing import ServerStanding
from edge_sched.store.reader import reader
from edge_sched.store.settings import StoreSettings
from edge_sched.store.standings import Standings
from edge_sched.store.standings import read_standings
from tests.functional.base import HOST
from tests.functional.base import Server
from tests.functional.commands import CommandCloudTestCase

CONF = nova.conf.CONF

ALICE = '203.0.113.7'
ALICES = '203.0.113.0/24'
ROUND_SECONDS = 300.0


class AuditorTest(CommandCloudTestCase):
    """Hours pass between rounds as the tests say; measurements are of now."""

    sites = {
        'paris': ('cell1', ['paris-1']),
        'lille': ('cell1', ['lille-1']),
        'lyon': ('cell2', ['lyon-1']),
    }

    def setUp(self) -> None:
        super().setUp()
        self.measure(ALICES, paris=5, lille=12, lyon=60)
        self.settings = StoreSettings.from_conf(CONF)
        standings = self.enterContext(Standings(self.settings))
        # Whole minutes, and none that is to come.
        self.now = time.time() // 60 * 60 - 4 * 3600
        self.rounds = Rounds(
            reader(self.settings), standings, clock=lambda: self.now
        )

    def judged(self, server: Server) -> ServerStanding:
        """As the next round finds it."""
        self.now += ROUND_SECONDS
        self.rounds.round()
        (standing,) = (
            each
            for each in read_standings(self.settings)
            if each.server == server['id']
        )
        return standing

    def listed(self, *argv: str) -> dict[str, Any]:
        """The servers that are over, and since when."""
        found = self.run_command(
            'audit', '--verdict', 'over', '-f', 'json', *argv
        )
        return {row['server']: row['over_since'] for row in found.json}

    def test_a_server_whose_path_gets_bad_is_listed_moved_and_gone(self):
        server = self.near(ALICE, latency_budget_ms='20')
        self.assertEqual('within', self.judged(server).verdict)
        self.assertEqual({}, self.listed())

        self.measure(ALICES, paris=50, age=0)
        standing = self.judged(server)
        since = self.now
        self.assertEqual(
            ('over', 51.0, 'lille', 13.0, since),
            (
                standing.verdict,
                standing.judged_ms,
                standing.best_site,
                standing.best_ms,
                standing.hour.over_since,
            ),
        )
        stamp = time.strftime('%Y-%m-%dT%H:%M:%S+00:00', time.gmtime(since))
        self.assertEqual({server['id']: stamp}, self.listed())

        # Not at once: 18 minutes of an hour are four rounds.
        rounds = 0
        while not choose_moves([standing], {}, self.now, Rule()).moves:
            standing = self.judged(server)
            rounds += 1
        self.assertEqual(4, rounds)

        # As Watcher has it done: without a destination.
        moved = self.live_migrate(server)
        self.assertEqual('lille-1', moved[HOST])
        self.assertEqual(standing.best_site, 'lille')
        standing = self.judged(server)
        self.assertEqual(
            ('within', 'lille', None),
            (standing.verdict, standing.site, standing.hour.over_since),
        )
        self.assertEqual({}, self.listed())

    def test_paths_that_flap_move_nothing_twice_within_the_cool_down(self):
        """Paris and Lille in turn, every other round, for three hours."""
        server = self.near(ALICE, latency_budget_ms='20')
        past: list[PastMove] = []
        for number in range(36):
            bad, good = (
                ('paris', 'lille') if number % 2 else ('lille', 'paris')
            )
            self.measure(ALICES, {bad: 50, good: 5}, age=0)
            standing = self.judged(server)
            chosen = choose_moves(
                [standing], {server['id']: past}, self.now, Rule()
            )
            for each in chosen.moves:
                self.live_migrate(server)
                moved = self.judged(server)
                self.assertEqual(each.best_site, moved.site)
                past.append(PastMove(each.site, moved.site, self.now))
        self.assertEqual(1, len(past), past)
