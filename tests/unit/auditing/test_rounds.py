# SPDX-License-Identifier: Apache-2.0

"""Rounds of the auditor, with a real store, by a clock of the test's own."""

import time
from unittest import mock

import fixtures
import nova.conf
import sqlalchemy as sa
from nova.db.api import models as api_models
from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.auditing import rounds as module
from edge_sched.auditing.audit import Auditor
from edge_sched.auditing.rounds import Rounds
from edge_sched.cmd.stores import patient
from edge_sched.model.client import parse_client
from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.model.standing import Hour
from edge_sched.model.standing import ServerStanding
from edge_sched.scheduler.topology import cell
from edge_sched.store.reader import Reader
from edge_sched.store.settings import StoreSettings
from edge_sched.store.standings import Standings
from edge_sched.store.standings import read_standings
from tests.unit.auditing.base import AuditTestCase
from tests.unit.scheduler.base import ALICE

CONF = nova.conf.CONF
MINUTE = 60.0


class RoundsTest(AuditTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.settings = patient(StoreSettings.from_conf(CONF))
        self.reader = Reader(self.settings)
        self.addCleanup(self.reader.close)
        standings = self.enterContext(Standings(self.settings))
        # On the minute.
        self.now = time.time() // 60 * 60
        self.rounds = Rounds(self.reader, standings, clock=lambda: self.now)

    def standing(self, server: str) -> ServerStanding:
        (found,) = (
            each
            for each in read_standings(self.settings)
            if each.server == server
        )
        return found

    def test_everything_that_was_found_is_kept(self) -> None:
        self.insert(uuids.near, ALICE, latency_budget_ms='20')
        self.insert(uuids.dark, '192.0.2.1')
        tally, _ = self.rounds.round()
        found = Auditor(self.reader, self.troubles).findings()
        comparison = next(
            each for each in found if each.server == uuids.near
        ).comparison
        self.assertEqual(
            ServerStanding(
                server=uuids.near,
                project_id='mine',
                host='paris-1',
                site='paris',
                client=ALICE,
                verdict='within',
                judged_ms=comparison.judged_ms,
                budget_ms=20.0,
                best_site=None,
                best_ms=None,
                hour=Hour(self.now),
            ),
            self.standing(uuids.near),
        )
        self.assertIsNotNone(comparison.judged_ms)
        dark = self.standing(uuids.dark)
        self.assertEqual(
            ('unknown', None, None),
            (dark.verdict, dark.judged_ms, dark.budget_ms),
        )
        self.assertEqual('2 servers: 1 within, 0 over, 1 unknown', str(tally))

    def test_an_hour_is_told_from_round_to_round(self) -> None:
        self.insert(uuids.far, ALICE, latency_budget_ms='5')
        begun = self.now
        self.rounds.round()
        self.assertEqual(
            (begun, 0),
            (
                self.standing(uuids.far).hour.over_since,
                self.standing(uuids.far).hour.over_ratio,
            ),
        )
        for _ in range(6):
            self.now += 5 * MINUTE
            self.rounds.round()
        hour = self.standing(uuids.far).hour
        self.assertEqual((begun, 0.5), (hour.over_since, hour.over_ratio))
        self.assertEqual(self.now, hour.audited_at)

        self.measure('203.0.113.0/24', paris=1)
        self.now += 5 * MINUTE
        self.rounds.round()
        hour = self.standing(uuids.far).hour
        self.assertEqual((None, 35 / 60), (hour.over_since, hour.over_ratio))

    def test_another_auditor_goes_on_from_there(self) -> None:
        self.insert(uuids.far, ALICE, latency_budget_ms='0.1')
        begun = self.now
        self.rounds.round()
        self.now += 5 * MINUTE
        with Standings(self.settings) as standings:
            Rounds(self.reader, standings, clock=lambda: self.now).round()
        self.assertEqual(begun, self.standing(uuids.far).hour.over_since)

    def test_clock_that_is_behind_is_said_once(self) -> None:
        self.insert(uuids.far, ALICE, latency_budget_ms='0.1')
        self.rounds.round()
        right = self.now
        # No more than clocks differ that are kept in time.
        self.now -= 5
        self.rounds.round()
        self.assertEqual('', self.log.output)
        for _ in range(2):
            self.now -= 1
            self.rounds.round()
        (line,) = self.log.output.splitlines()
        self.assertIn('the clock of this auditor is behind', line)
        self.assertEqual(right, self.standing(uuids.far).hour.audited_at)

    def test_many_servers_are_written_some_at_a_time(self) -> None:
        for number in range(7):
            self.insert(f'server-{number}', ALICE)
        with mock.patch.object(module, '_BATCH', 3):
            tally, _ = self.rounds.round()
        self.assertEqual(7, tally.servers.total())
        self.assertEqual(7, len(read_standings(self.settings)))

    def test_a_server_that_is_gone_is_forgotten_after_an_hour(self) -> None:
        self.insert(uuids.gone, ALICE)
        self.rounds.round()
        with self.api.engine.begin() as connection:
            connection.execute(sa.delete(api_models.RequestSpec))
        self.now += 60 * MINUTE
        self.rounds.round()
        self.assertEqual(1, len(read_standings(self.settings)))
        self.now += 1
        self.rounds.round()
        self.assertEqual([], read_standings(self.settings))

    def test_servers_by_site_and_verdict(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='20')
        self.insert('b', ALICE, latency_budget_ms='0.1')
        self.insert('c', ALICE, latency_budget_ms='0.2')
        self.insert('d', '192.0.2.1', cell_id=2, host='lyon-1')
        tally, _ = self.rounds.round()
        self.assertEqual(
            {
                ('paris', 'within'): 1,
                ('paris', 'over'): 2,
                ('lyon', 'unknown'): 1,
            },
            tally.servers,
        )

    def test_clients_that_nobody_measured(self) -> None:
        home = [parse_prefix('198.51.100.0/24')]
        self.writer.set_client('home', home, 'mine')
        old = Latency('paris', '198.18.0.0/24', 5, 6, time.time() - 10_000)
        client = parse_client(old.client)
        self.writer.store_latencies([NewLatency(client, old)])
        self.insert('a', ALICE, '192.0.2.1', 'home')
        self.insert('b', '192.0.2.1', '198.18.0.1')
        self.insert('c', 'home', project='other')
        tally, _ = self.rounds.round()
        self.assertEqual(
            [
                ('192.0.2.1', ''),
                ('198.18.0.1', ''),
                ('home', 'mine'),
                ('home', 'other'),
            ],
            sorted((str(client), owner) for client, owner in tally.unmeasured),
        )

    def test_measuring_that_is_down_is_said_when_it_begins(self) -> None:
        self.insert('a', ALICE)
        self.writer.beat('1/1')
        self.conf.config(group='edge_sched', max_age=60)
        later = time.time() + 600
        with mock.patch('time.time', lambda: later):
            for _ in range(2):
                _, troubles = self.rounds.round()
                self.assertTrue(troubles.outage)
        self.assertEqual(1, self.log.output.count('measuring'))

    def test_what_was_said_in_a_round_that_failed_was_said(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='soon')
        for failing in (
            mock.patch.object(Standings, 'record', side_effect=OSError),
            mock.patch.object(module, '_batches', side_effect=OSError),
            mock.patch.object(Standings, 'record', side_effect=OSError),
        ):
            with failing:
                self.assertRaises(OSError, self.rounds.round)
        self.rounds.round()
        self.assertEqual(1, self.log.output.count('server a: '))
        # It goes unsaid, and begins again.
        with mock.patch.object(Auditor, 'findings', return_value=[]):
            self.rounds.round()
        self.rounds.round()
        self.assertEqual(2, self.log.output.count('server a: '))

    def test_what_is_amiss_is_said_when_it_begins(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='soon')
        self.rounds.round()
        self.assertEqual(1, self.log.output.count('server a: '))
        self.rounds.round()
        self.assertEqual(1, self.log.output.count('server a: '))
        with mock.patch.object(
            cell,
            '_ask',
            lambda cells, *args, **timeout: {
                each.uuid: TimeoutError('late') for each in cells
            },
        ):
            _, troubles = self.rounds.round()
        self.assertEqual({uuids.cell1}, troubles.away.keys())
        self.assertIn('cell cell1 is away: TimeoutError', self.log.output)
        self.rounds.round()
        # The request was read all the time.
        self.assertEqual(1, self.log.output.count('server a: '))
