# SPDX-License-Identifier: Apache-2.0

"""An audit of tables that Nova might have, with a real store."""

import time
from typing import Any
from unittest import mock

import nova.conf
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.auditing import audit as module
from edge_sched.auditing import intake
from edge_sched.auditing.audit import Auditor
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.model.client import parse_client
from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.scheduler.nova_servers import Page
from edge_sched.scheduler.nova_servers import RequestRow
from edge_sched.scheduler.topology import cell
from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.reader import Reader
from edge_sched.store.settings import StoreSettings
from tests.unit.auditing.base import AuditTestCase
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.topology.test_topology import CELL1
from tests.unit.scheduler.topology.test_topology import SITE
from tests.unit.scheduler.topology.test_topology import topology

CONF = nova.conf.CONF

BOB = '198.51.100.7'


class AuditTest(AuditTestCase):
    def test_no_server(self) -> None:
        self.assertEqual({}, self.findings())
        self.assertEqual([], self.asked)

    def test_many_pages_are_as_one(self) -> None:
        for number in range(7):
            self.insert(f'server-{number}', ALICE, latency_budget_ms='20')
        expected = self.findings()
        self.assertEqual(7, len(expected))
        for page, batch in (2, 1), (3, 4), (1, 99):
            with (
                mock.patch.object(module, 'PAGE', page),
                mock.patch.object(module, 'BATCH', batch),
            ):
                found = self.findings()
            self.assertEqual([*expected], [*found])
            self.assertEqual(
                [each.comparison.standing for each in expected.values()],
                [each.comparison.standing for each in found.values()],
            )
        found = self.findings(max_rate=1_000_000)
        self.assertEqual([*expected], [*found])

    def test_slow_audit_judges_each_page_by_itself(self) -> None:
        for number in range(5):
            self.insert(f'server-{number}', ALICE)
        next_page = module.next_page
        for most, max_rate, sizes, batches in (
            (2500, None, [5], [5, 0]),
            (2, None, [2, 2, 1], [4, 1]),
            (2, 1, [1] * 5, [1] * 5 + [0]),
            (2, 9_000, [2, 2, 1], [2, 2, 1, 0]),
            (2500, 3, [3, 2], [3, 2, 0]),
        ):
            taken: list[int] = []
            with (
                mock.patch.object(module, 'PAGE', most),
                mock.patch.object(module, 'BATCH', 4),
                mock.patch.object(module, 'next_page', wraps=next_page),
                mock.patch.object(module, 'Pace') as pace,
            ):
                pace.return_value.take = taken.append
                auditor = Auditor(self.reader, self.troubles, max_rate)
                found = [len(batch) for batch in auditor.batches(None)]
                pace.assert_called_once_with(max_rate)
            self.assertEqual((sizes, batches), (taken, found))

    def test_page_of_servers_that_ask_for_nothing(self) -> None:
        self.insert('idle')
        self.insert('other')
        auditor = Auditor(self.reader, self.troubles, max_rate=1_000_000)
        with mock.patch.object(module, 'PAGE', 1):
            self.assertEqual([[]], [*auditor.batches(None)])

    def test_servers_that_ask_alike_are_looked_up_once(self) -> None:
        for number in range(40):
            self.insert(f'server-{number}', ALICE)
        with mock.patch.object(
            self.reader, 'answers', wraps=self.reader.answers
        ) as answers:
            self.findings()
        answers.assert_called_once()

    def test_clients_are_looked_up_some_at_a_time(self) -> None:
        for number in range(40):
            self.insert(f'server-{number}', f'192.0.2.{number}')
        with mock.patch.object(
            self.reader, 'answers', wraps=self.reader.answers
        ) as answers:
            self.findings()
        sizes = [len(call.args[0]) for call in answers.mock_calls]
        self.assertEqual([16, 16, 8], sizes)

    def test_client_of_two_cells_is_looked_up_once(self) -> None:
        for cell_id, host in (1, 'paris-1'), (2, 'lyon-1'):
            for number in range(40):
                server = f'{host}-{number}'
                client = f'192.0.2.{number}'
                self.insert(server, client, cell_id=cell_id, host=host)
        with mock.patch.object(
            self.reader, 'answers', wraps=self.reader.answers
        ) as answers:
            self.assertEqual(80, len(self.findings()))
        sizes = [len(call.args[0]) for call in answers.mock_calls]
        self.assertEqual([16, 16, 8], sizes)

    def test_best_site_is_a_site(self) -> None:
        cells = self.topology.return_value.cells
        self.topology.return_value = topology(
            Aggregate('1', {SITE: 'paris'}, ['paris-1']),
            Aggregate('2', {SITE: 'nice'}, ['nice-1']),
            cell_of=dict.fromkeys(('paris-1', 'nice-1', 'x'), CELL1),
        )
        self.topology.return_value.cells = cells
        self.measure(BOB, paris=9, nice=7, nova=1)
        self.insert('a', BOB)
        found = self.findings()['a']
        self.assertEqual(('paris', 'nice'), (found.site, found.best_site))
        self.assertEqual(2, found.comparison.gain_ms)

    def test_host_that_is_measured_by_itself(self) -> None:
        self.measure(BOB, **{'paris-2': 2, 'paris': 9})
        for host in 'paris-1', 'paris-2':
            self.insert(host, BOB, host=host)
        found = self.findings()
        self.assertEqual(
            {'paris-1': 9, 'paris-2': 2},
            {host: each.comparison.judged_ms for host, each in found.items()},
        )

    def test_names_are_of_their_projects(self) -> None:
        self.writer.set_client('home', [parse_prefix('203.0.113.0/24')], 'a')
        for project in 'a', 'b':
            self.insert(f'of-{project}', 'home', project=project)
            self.insert(f'crew-{project}', 'crew', project=project)
        found = self.findings()
        standings = {s: f.comparison.standing for s, f in found.items()}
        self.assertEqual(
            {'of-a': WITHIN, 'of-b': UNKNOWN}
            | dict.fromkeys(('crew-a', 'crew-b'), WITHIN),
            standings,
        )

    def test_near_another_server_wherever_that_is(self) -> None:
        self.measure('site:lyon', paris=9)
        self.insert(uuids.web, f'server:{uuids.db}', latency_budget_ms='5')
        self.insert(uuids.foreign, f'server:{uuids.db}', project='other')
        self.insert(
            uuids.db, ALICE, cell_id=2, host='lyon-1', latency_budget_ms='20'
        )
        found = self.findings()
        self.assertEqual(OVER, found[uuids.web].comparison.standing)
        self.assertEqual(10, found[uuids.web].comparison.judged_ms)
        self.assertEqual(UNKNOWN, found[uuids.foreign].comparison.standing)
        self.assertEqual('lyon', found[uuids.db].site)
        # All in one question.
        self.assertEqual([{uuids.web, uuids.db, uuids.foreign}], self.asked)

    def test_near_nobody_but_itself(self) -> None:
        self.insert(uuids.web, f'server:{uuids.web}', latency_budget_ms='5')
        found = self.findings()[uuids.web].comparison
        self.assertEqual((WITHIN, None), (found.standing, found.client))

    def test_what_makes_no_sense_is_named_and_left_out(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='soon')
        self.insert('b', '999.1.1.1', ALICE)
        found = self.findings()
        self.assertEqual(
            [WITHIN, WITHIN],
            [each.comparison.standing for each in found.values()],
        )
        self.assertEqual(2, len(self.said))
        self.assertIn("server a: edge:latency_budget_ms 'soon'", self.said[0])

    def test_older_rows_judge_while_measuring_is_down(self) -> None:
        hour = 3600.0
        self.insert('a', BOB, latency_budget_ms='20')
        self.insert('b', BOB, cell_id=2, host='lyon-1', latency_budget_ms='20')
        row = Latency('paris', BOB, 9, 10, time.time() - hour, samples=100)
        self.writer.store_latencies([NewLatency(parse_client(BOB), row)])
        for ago, standing, outage in (
            (10.0, UNKNOWN, False),
            (hour, WITHIN, True),
            (7 * hour, UNKNOWN, False),
        ):
            with self.subTest(ago=ago):
                self.begin()
                self.beat(ago)
                found = self.findings()
                self.assertEqual(standing, found['a'].comparison.standing)
                self.assertEqual(UNKNOWN, found['b'].comparison.standing)
                self.assertEqual(outage, self.troubles.outage)
                said = 'measuring is down: measurements are used up to an age '
                self.assertEqual([f'{said}of 6 h'] * outage, self.said)

    def test_hints_that_count_for_nothing(self) -> None:
        self.conf.config(group='edge_sched', hints='flavor')
        self.insert('a', ALICE)
        self.assertEqual({}, self.findings())

    def test_servers_without_a_place(self) -> None:
        self.insert('new', ALICE, cell_id=None)
        self.insert('shelved', ALICE, host=None)
        self.assertEqual({}, self.findings())
        self.assertEqual(
            ['2 servers without a host'], [*self.troubles.summary()]
        )

    def test_cell_that_is_away_is_asked_once(self) -> None:
        for number in range(3):
            self.insert(f'server-{number}', ALICE)
        self.insert('far', ALICE, cell_id=2, host='lyon-1')

        def ask(
            cells: Any, question: Any, uuids_in: Any, **timeout: float
        ) -> Any:
            answers = self.ask(cells, question, uuids_in)
            if uuids.cell1 in answers:
                answers[uuids.cell1] = TimeoutError('late')
            return answers

        with (
            mock.patch.object(cell, '_ask', ask),
            mock.patch.object(module, 'PAGE', 1),
        ):
            self.assertEqual({'far'}, self.findings().keys())
        self.assertEqual(['cell cell1 is away: TimeoutError: late'], self.said)
        self.assertEqual(
            ['3 servers of cell cell1 are not judged'],
            [*self.troubles.summary()],
        )
        asked = [each for each in self.asked if each]
        self.assertEqual([{'server-0'}, {'far'}], asked)

    def test_store_that_is_away(self) -> None:
        self.insert('a', ALICE)
        gone = f'sqlite:///{self.id()}/none.sqlite'
        self.reader = Reader(StoreSettings(connection=gone))
        self.assertRaises(StoreUnavailableError, self.findings)

    @hypothesis_settings(max_examples=50)
    @given(st.text(max_size=60))
    def test_anything_may_be_stored(self, garbage: str) -> None:
        row = RequestRow('s', 'mine', 1, f'{garbage}"edge:')
        with mock.patch.object(intake, 'read_requests', return_value=[row]):
            found = intake.subjects(
                Page(0, 1, 1), None, self.topology.return_value, self.troubles
            )
        self.assertEqual([], found)
