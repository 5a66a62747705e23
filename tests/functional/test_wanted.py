# SPDX-License-Identifier: Apache-2.0

"""Clients that nobody measured, beside a Nova: refused, probed, accepted."""

import time
from collections.abc import Sequence
from typing import Any
from unittest import mock

import nova.conf
import sqlalchemy as sa

from edge_sched.auditing import newest
from edge_sched.auditing.rounds import Rounds
from edge_sched.auditing.wanting import Wanting
from edge_sched.model.wanted import WantedTarget
from edge_sched.store import clock
from edge_sched.store.reader import reader
from edge_sched.store.settings import StoreSettings
from edge_sched.store.standings import Standings
from edge_sched.store.wanted import Wanted
from tests.functional import cloud
from tests.functional.base import Server
from tests.functional.commands import CommandCloudTestCase

CONF = nova.conf.CONF

STRANGER = '8.8.4.4'
STRANGERS = '8.8.4.0/24'
BUDGET = {'latency_budget_ms': '20', 'budget_mode': 'required'}
TARGET = WantedTarget(STRANGERS, STRANGER)

NEVER = 'no usable latency data for 8.8.4.4 (never measured)'
MEASURED = (
    'no usable latency data for 8.8.4.4: 8.8.4.0/24 is being measured, try '
    'again in 60 s'
)


class WantedTestCase(CommandCloudTestCase):
    """Each site asks whom it is to probe; the tests answer for clients."""

    conf = {
        'edge_sched': {
            'cache_ttl': '0',
            'membership_ttl': '0',
        },
        'edge_sched_wanted': {'allow': '8.0.0.0/8,2a00::/12'},
    }

    def setUp(self) -> None:
        super().setUp()
        self.settings = StoreSettings.from_conf(CONF)
        self.wanted = self.enterContext(Wanted(self.settings))
        self.standings = self.enterContext(Standings(self.settings))
        self.begin()

    def begin(self) -> None:
        """A new auditor."""
        self.wanting = Wanting(reader(self.settings), self.wanted)

    def round(self) -> None:
        Rounds(
            reader(self.settings), self.standings, also=self.wanting.standing
        ).round()

    def look(self) -> None:
        self.assertTrue(self.wanting.look())

    def ask(self, *sites: str) -> dict[str, list[WantedTarget]]:
        """Whom sites are to probe, all of them by default."""
        return {
            site: self.wanted.targets(site) for site in sites or self.sites
        }

    def probers(self, target: WantedTarget = TARGET) -> set[str]:
        return {s for s, targets in self.ask().items() if target in targets}

    def probed(self) -> dict[str, list[str]]:
        """The addresses that sites probe, of those that probe any."""
        return {
            site: [each.address for each in targets]
            for site, targets in self.ask().items()
            if targets
        }

    def clients(self) -> list[str]:
        return [each.target.client for each in self.wanted.entries()]

    def state(self) -> str:
        (entry,) = self.wanted.entries()
        return entry.state

    def later(self, seconds: float) -> Any:
        """As if so much time had passed."""
        now = clock.now
        return mock.patch.object(
            clock, 'now', lambda connection: now(connection) + seconds
        )

    def create(self, client: str = STRANGER, **options: Any) -> Server:
        return self.near(client, **{**BUDGET, **options})

    def listed(self) -> Sequence[dict[str, Any]]:
        return self.run_command('wanted', 'list', '-f', 'json').json


class WantedTest(WantedTestCase):
    def test_who_is_refused_is_measured_and_accepted(self) -> None:
        self.ask()
        self.look()
        self.assertEqual([], self.clients())
        self.assertRefused(MEASURED, self.create())
        record = self.decisions()[-1]
        self.assertEqual('no_data', record['outcome'])
        self.assertEqual(
            [{'client': STRANGERS, 'prefix': None, 'wanted': True}],
            record['clients'],
        )

        self.look()
        self.assertEqual([STRANGERS], self.clients())
        self.assertEqual({*self.sites}, self.probers())
        self.assertRefused(MEASURED, self.create())

        self.measure(STRANGERS, paris=40, lille=30, lyon=5, nice=7)
        server = self.create()
        self.assertLanded('lyon', server)
        self.assertNotIn('wanted', self.decisions()[-1]['clients'][0])
        self.look()
        self.assertEqual('measured', self.state())
        self.assertEqual({*self.sites}, self.probers())

    def test_a_server_that_stands_keeps_its_client_measured(self) -> None:
        self.ask()
        self.measure(STRANGERS, lyon=5)
        self.create()
        self.round()
        # It is measured, by whoever else.
        self.assertEqual([], self.clients())
        self.writer.purge()
        self.round()
        self.look()
        (entry,) = self.wanted.entries()
        self.assertTrue(entry.standing)
        self.measure(STRANGERS, lyon=5)
        with self.later(3000):
            self.round()
        with self.later(6000):
            self.look()
            self.assertEqual([STRANGERS], self.clients())
        with self.later(7000):
            self.look()
            self.assertEqual([], self.clients())

    def test_who_answers_no_probe_is_told_so(self) -> None:
        self.ask()
        self.look()
        self.create()
        self.look()
        with self.later(61):
            self.ask()
            self.look()
            self.assertEqual('silent', self.state())
            self.assertEqual(set(), self.probers())
        silent = 'no usable latency data for 8.8.4.4 (it answers no probe)'
        # Not at once: that would tell what others have asked for before.
        self.assertRefused(MEASURED, self.create())
        now = time.time
        with mock.patch('time.time', lambda: now() + 130):
            self.assertRefused(MEASURED, self.create())
        with self.later(240):
            self.ask()
            self.look()
        with mock.patch('time.time', lambda: now() + 241):
            self.assertRefused(silent, self.create())
            refused = self.create(by=self.other_user)
            self.assertIn(MEASURED, self.fault(refused, by=self.other_user))
        self.assertNotIn('wanted', self.decisions()[-2]['clients'][0])

    def test_neighbours_by_turns_are_probed_no_more_than_one(self) -> None:
        self.ask()
        self.create()
        self.look()
        with self.later(61):
            self.ask()
            self.look()
            for neighbour in '8.8.4.5', STRANGER, '8.8.4.6':
                self.create(neighbour)
                self.look()
                self.assertEqual('silent', self.state())
                self.look()
                self.assertEqual({}, self.probed())
        # A quarter of an hour later the one of them that was named last.
        with self.later(61 + 901):
            self.ask()
            self.look()
            self.look()
            self.assertEqual(
                {site: ['8.8.4.6'] for site in self.sites}, self.probed()
            )

    def test_who_is_denied_is_not_probed_any_more(self) -> None:
        self.ask()
        for client in STRANGER, '8.8.5.1', '2a00::1':
            self.create(client)
        self.look()
        self.flags(deny=['8.8.4.77/32'], group='edge_sched_wanted')
        self.begin()
        self.look()
        self.assertEqual(
            {site: ['2a00::1', '8.8.5.1'] for site in self.sites},
            {site: sorted(each) for site, each in self.probed().items()},
        )
        self.flags(allow=[], group='edge_sched_wanted')
        self.begin()
        self.wanting.end()
        self.assertEqual({}, self.probed())
        self.assertEqual([], self.clients())

    def test_nobody_is_promised_what_nobody_does(self) -> None:
        # No auditor has ever looked.
        self.assertRefused(NEVER, self.create())
        self.look()
        # No site asks whom to probe.
        self.assertRefused(NEVER, self.create())
        self.ask()
        self.look()
        self.assertRefused(MEASURED, self.create())
        now = time.time
        with mock.patch('time.time', lambda: now() + 121):
            self.assertRefused(NEVER, self.create())
        # Who may not be probed.
        for client in '9.9.9.9', '8.8.0.0/16':
            self.assertIn('(never measured)', self.fault(self.create(client)))
        self.look()
        self.assertEqual([STRANGERS], self.clients())

    def test_while_a_part_fails_nobody_is_promised_anything(self) -> None:
        with mock.patch.object(
            newest.nova_servers, 'next_page', side_effect=ValueError('away')
        ):
            self.create()
            for _ in range(2):
                self.assertFalse(self.wanting.look())
        self.assertEqual(
            1, len(self.log_lines('New requests are not looked at'))
        )
        self.assertRefused(NEVER, self.create())
        # The requests of then are read now.
        self.look()
        self.assertEqual([STRANGERS], self.clients())

    def test_what_was_refused_while_no_auditor_ran_is_found(self) -> None:
        self.create()
        self.begin()
        self.look()
        self.assertEqual([STRANGERS], self.clients())

    def test_a_request_is_counted_once(self) -> None:
        self.create()
        self.look()
        self.look()
        with self.later(3601):
            # It is read again, but nobody has asked again.
            self.look()
        self.assertEqual([], self.clients())

    def test_names(self) -> None:
        self.set_client('car', ['8.8.4.0/25', '10.0.0.1'])
        self.set_client('bike', ['2a00:1:2:3::/64'], self.user.project_id)
        self.look()
        self.assertEqual({STRANGERS, '2a00:1:2::/56'}, {*self.clients()})
        refused = self.create('car')
        self.assertIn('data for car (never measured)', self.fault(refused))
        self.assertNotIn('8.8', self.fault(refused))

    @cloud.cloud(conf={'edge_sched_wanted': {'named': 'false'}})
    def test_names_that_somebody_asks_for(self) -> None:
        self.set_client('car', ['8.8.4.0/25'])
        self.look()
        self.assertEqual([], self.clients())
        self.create('car')
        self.look()
        self.assertEqual([STRANGERS], self.clients())
        self.assertEqual(
            {self.user.project_id: False},
            {p.project_id: s for p, s in self.wanted.places().items()},
        )

    @cloud.cloud(conf={'edge_sched_wanted': {'max_clients': '8'}})
    def test_a_stranger_fills_no_more_than_his_share(self) -> None:
        self.ask()
        self.look()
        for number in range(8):
            addresses = [f'8.{number}.{n}.1' for n in range(16)]
            self.create(addresses)
        self.look()
        self.assertEqual(2, len(self.clients()))
        self.assertEqual(8 * 16 - 2, self.wanting.refused)
        self.assertRefused(NEVER, self.create())
        # It is no matter to others.
        refused = self.create(by=self.other_user)
        self.assertIn(MEASURED, self.fault(refused, by=self.other_user))
        self.look()
        self.assertIn(STRANGERS, self.clients())
        # Who has a place is wanted anew.
        client, *_ = self.clients()
        self.create(client.replace('.0/24', '.1'))
        with self.later(3000):
            self.look()
        with self.later(4000):
            self.look()
            self.assertEqual([client], self.clients())

    @cloud.cloud(conf={'edge_sched_wanted': {'max_clients': '1'}})
    def test_a_full_list_promises_nothing(self) -> None:
        self.create('8.1.1.1', by=self.other_user)
        self.look()
        self.assertRefused(NEVER, self.create())
        refused = self.create('8.1.1.1')
        self.assertIn('(never measured)', self.fault(refused))

    def test_one_question_of_a_request_that_is_refused(self) -> None:
        self.ask()
        self.look()
        texts: list[str] = []

        def add(connection: Any, cursor: Any, text: str, *args: Any) -> None:
            if 'edge_wanting' in text:
                texts.append(text)

        sa.event.listen(sa.Engine, 'before_cursor_execute', add)
        self.addCleanup(
            sa.event.remove, sa.Engine, 'before_cursor_execute', add
        )
        self.measure('8.1.1.0/24', lyon=5)
        self.create('8.1.1.1')
        self.create('9.9.9.9')
        self.assertEqual([], texts)
        self.assertRefused(MEASURED, self.create())
        self.assertEqual(1, len(texts))
