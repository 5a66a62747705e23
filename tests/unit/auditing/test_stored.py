# SPDX-License-Identifier: Apache-2.0

"""What is stored, and who asks for it, with a real store."""

import nova.conf

from edge_sched.auditing import stored
from edge_sched.auditing.demand import Demand
from edge_sched.model.client import parse_client
from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.store.cache import Key
from edge_sched.store.settings import StoreSettings
from tests.unit.auditing.test_coverage import CoverageTestCase
from tests.unit.scheduler.base import ALICE

CONF = nova.conf.CONF

ALICES = '203.0.113.0/24'
BOB, BOBS, ISP = '198.51.100.7', '198.51.100.0/24', '198.51.0.0/16'


def text(key: Key) -> str:
    client, project_id = key
    return f'{client.canonical} {project_id}'.strip()


class StoredTest(CoverageTestCase):
    def answering(self) -> dict[str, list[str]]:
        found = stored.answering(self.demands(), self.reader)
        return {text(k): sorted(map(text, v)) for k, v in found.items()}

    def stored(self, project_id: str | None = None) -> dict[str, Demand]:
        demands = self.demands()
        found = stored.answering(demands, self.reader)
        settings = StoreSettings.from_conf(CONF)
        return {
            text(key): demand
            for page in stored.stored_demands(
                demands, found, settings, project_id
            )
            for key, demand in page.items()
        }

    def measured_as(self) -> dict[str, list[str]]:
        found = stored.answering(self.demands(), self.reader)
        names = stored.as_measured(found)
        return {text(k): [*map(text, v)] for k, v in names.items()}

    def name(self, project: str | None, *prefixes: str) -> None:
        """A client that is measured by itself as well."""
        self.writer.set_client('car', map(parse_prefix, prefixes), project)
        row = Latency('lyon', 'car', 5, 6, 1_700_000_000.0)
        self.writer.store_latencies(
            [NewLatency(parse_client('car'), row, project or '')]
        )

    def test_address_is_asked_for_by_its_prefix(self) -> None:
        self.insert('a', ALICE, latency_budget_ms='20')
        self.insert('b', '203.0.113.8', ALICE)
        self.insert('c', BOB)
        self.assertEqual(
            {
                f'{ALICE}/32': [ALICES],
                '203.0.113.8/32': [ALICES],
                f'{BOB}/32': [],
            },
            self.answering(),
        )
        self.assertEqual({ALICES: Demand(2, 20.0, 'p95')}, self.stored())
        self.assertEqual(
            [[ALICES], [ALICES], [f'{BOB}/32']],
            [
                self.measured_as()[f'{e}/32']
                for e in (ALICE, '203.0.113.8', BOB)
            ],
        )

    def test_several_prefixes_answer_for_one_address(self) -> None:
        self.measure(ISP, paris=9)
        self.measure(BOBS, lyon=9)
        self.insert('a', BOB)
        self.assertEqual([ISP, BOBS], self.answering()[f'{BOB}/32'])
        self.assertEqual([BOBS], self.measured_as()[f'{BOB}/32'])
        asked = self.stored()
        self.assertEqual(
            {ALICES: 0, ISP: 1, BOBS: 1},
            {client: demand.servers for client, demand in asked.items()},
        )
        self.assertEqual(Demand(), asked[ALICES])

    def test_prefix_that_never_answers_is_asked_for_by_nobody(self) -> None:
        self.measure(ISP, paris=9)
        self.measure(BOBS, paris=9)
        self.insert('a', BOB)
        self.assertEqual([BOBS], self.answering()[f'{BOB}/32'])
        self.assertEqual(0, self.stored()[ISP].servers)

    def test_name_is_that_of_its_project_or_the_shared_one(self) -> None:
        self.name(None)
        self.name('a')
        for project in 'a', 'b', 'c':
            self.insert(f'of-{project}', 'car', project=project)
        self.assertEqual(
            {ALICES: 0, 'car': 2, 'car a': 1},
            {client: each.servers for client, each in self.stored().items()},
        )
        self.assertEqual({ALICES, 'car'}, self.stored('b').keys())
        self.assertEqual({ALICES, 'car', 'car a'}, self.stored('a').keys())
        # It is no target by any prefix.
        self.assertEqual(['car a'], self.measured_as()['car a'])

    def test_name_has_the_prefixes_that_it_points_at(self) -> None:
        self.measure(ISP, paris=9)
        self.name('a', ALICE, BOB)
        self.insert('a', 'car', project='a')
        self.assertEqual([ISP, ALICES, 'car a'], self.answering()['car a'])
        self.assertEqual(
            {ALICES: 1, ISP: 1, 'car a': 1},
            {client: each.servers for client, each in self.stored().items()},
        )

    def test_name_of_a_project_that_was_not_measured_by_itself(self) -> None:
        self.name(None)
        self.writer.set_client('car', [parse_prefix(ALICE)], 'a')
        self.insert('a', 'car', project='a')
        self.assertEqual(
            {ALICES: 1, 'car': 0},
            {client: each.servers for client, each in self.stored().items()},
        )

    def test_sites_are_asked_for_by_their_names(self) -> None:
        self.measure('site:lyon', paris=9)
        self.insert('a', 'site:lyon', 'site:paris')
        # Turned round it is of paris as well.
        self.assertEqual(
            {'site:lyon': ['site:lyon'], 'site:paris': ['site:paris']},
            self.answering(),
        )
        self.assertEqual(
            {ALICES: 0, 'site:lyon': 1},
            {client: each.servers for client, each in self.stored().items()},
        )

    def test_clients_are_looked_up_some_at_a_time(self) -> None:
        for number in range(40):
            self.insert(f's-{number}', f'203.0.113.{number}')
        self.assertEqual({ALICES: Demand(40, None, 'p95')}, self.stored())
