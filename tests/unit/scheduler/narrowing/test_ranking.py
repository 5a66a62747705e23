# SPDX-License-Identifier: Apache-2.0

import dataclasses
import time
from typing import Any

import nova.conf
from oslo_config import fixture as config_fixture
from oslotest import base

from edge_sched.judging.place import Place
from edge_sched.judging.place import answer_of
from edge_sched.model.latency import Answer
from edge_sched.model.latency import Latency
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.narrowing.ranking import nearest_first
from edge_sched.scheduler.spec import CREATE
from edge_sched.scheduler.spec import Request
from edge_sched.scheduler.topology.membership import Aggregate
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.scheduler.topology.test_topology import CELL1
from tests.unit.scheduler.topology.test_topology import SITE
from tests.unit.scheduler.topology.test_topology import topology

ALLOWED = {'required': False, 'reject_unknown': False}


class NearestFirstTest(base.BaseTestCase):
    """Three sites of two hosts each."""

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(config_fixture.Config(nova.conf.CONF))
        self.topology = topology(
            *(
                Aggregate(
                    f'u-{site}', {SITE: site}, [f'{site}-1', f'{site}-2']
                )
                for site in ('lyon', 'nice', 'oslo')
            )
        )

    def ranked(
        self, p95_ms: dict[str, float], **asked: Any
    ) -> list[tuple[str, str]] | None:
        """Site and hosts of each area that may be used, best first.

        The budget is 20 ms, and what was measured was so just now.
        """
        return self.ranked_by(Answer(True, (self.rows(p95_ms),)), **asked)

    def rows(self, p95_ms: dict[str, float]) -> dict[str, Latency]:
        return {
            vantage: make_row(
                figure / 2, figure, measured_at=time.time(), vantage=vantage
            )
            for vantage, figure in p95_ms.items()
        }

    def ranked_by(
        self, answer: Answer, **asked: Any
    ) -> list[tuple[str, str]] | None:
        """The same of any answer for the one client."""
        intent = make_intent(**asked)
        answers = {target.client: answer for target in intent.targets}
        case = Case(Request(CREATE, 'mine'), intent, answers)
        areas = [*self.topology.areas(case.measured)]
        found = nearest_first(case, areas, {}, ())
        if found is None:
            return None
        return [
            (area.site, ''.join(sorted(h[-1] for h in area.hosts)))
            for area in found
        ]

    def test_required_budget_takes_near_sites_only(self) -> None:
        self.assertEqual(
            [('nice', '12'), ('lyon', '12')],
            self.ranked({'lyon': 15, 'nice': 5, 'oslo': 31}),
        )

    def test_near_servers_at_several_places(self) -> None:
        """By the one that is farther, and by what is assumed."""
        places = [
            Place(chain, ('lyon', 'nice'))
            for chain in (('lyon-1', 'lyon', 'nova'), ('nice', 'nova'))
        ]
        measured: dict[str, dict[str, float]] = {
            'lyon-1': {},
            'lyon': {'nice': 15, 'oslo': 4},
            'nice': {'lyon': 9, 'oslo': 21},
            'nova': {},
        }
        answer = answer_of(
            places,
            {n: Answer(True, (self.rows(m),)) for n, m in measured.items()},
            0.5,
            time.time(),
        )
        self.assertEqual(
            [('lyon', '12'), ('nice', '12')], self.ranked_by(answer)
        )
        self.assertEqual(
            [('lyon', '12'), ('nice', '12'), ('oslo', '12')],
            self.ranked_by(answer, **ALLOWED),
        )
        # One of them may be farther from there.
        unplaced = dataclasses.replace(answer, unplaced=True)
        self.assertEqual([], self.ranked_by(unplaced))

    def test_near_a_server_that_cannot_be_placed(self) -> None:
        answer = Answer(True, unplaced=True)
        self.assertIsNone(self.ranked_by(answer, **ALLOWED))

    def test_what_was_not_measured_goes_before_what_is_too_far(self) -> None:
        # Equals come by chance, and would so once in 1000 times.
        for _ in range(10):
            self.assertEqual(
                [('lyon', '12'), ('oslo', '12'), ('nice', '12')],
                self.ranked({'lyon': 15, 'nice': 31}, **ALLOWED),
            )
            found = self.ranked({'nice': 31}, **ALLOWED)
            self.assertEqual(('nice', '12'), found and found[-1])

    def test_measured_too_little_is_as_good_as_not_at_all(self) -> None:
        # p99 takes more samples than there are.
        self.assertEqual(
            [('lyon', '12'), ('oslo', '12'), ('nice', '12')],
            self.ranked({'lyon': 15, 'nice': 31}, percentile='p99', **ALLOWED),
        )

    def test_equals_come_in_any_order(self) -> None:
        orders = {
            str(self.ranked({'lyon': 5, 'nice': 5, 'oslo': 5}))
            for _ in range(99)
        }
        self.assertEqual(6, len(orders))

    def test_hosts_of_no_site_go_last_among_equals(self) -> None:
        sites = [
            Aggregate(f'u-{n}', {SITE: f'site-{n}'}, [f'{n}'])
            for n in range(9)
        ]
        hosts = {f'{n}': CELL1 for n in range(9)} | {'outside': CELL1}
        self.topology = topology(*sites, cell_of=hosts)
        found = self.ranked({'site-0': 5}, reject_unknown=False)
        assert found is not None
        self.assertEqual(10, len(found))
        self.assertEqual(('', 'e'), found[-1])

    def test_hosts_farther_than_the_best_of_their_site_come_later(
        self,
    ) -> None:
        self.assertEqual(
            [('lyon', '1'), ('oslo', '12'), ('lyon', '2'), ('nice', '12')],
            self.ranked({'lyon': 15, 'lyon-1': 5, 'nice': 19, 'oslo': 7}),
        )

    def test_hosts_over_a_required_budget_may_not_be_used(self) -> None:
        self.assertEqual(
            [('lyon', '1')], self.ranked({'lyon': 50, 'lyon-1': 5})
        )

    def test_hosts_of_an_unmeasured_site_that_are_too_far(self) -> None:
        found = self.ranked({'lyon-1': 31, 'nice': 5}, **ALLOWED)
        assert found is not None
        self.assertEqual(('nice', '12'), found[0])
        self.assertCountEqual([('lyon', '2'), ('oslo', '12')], found[1:3])
        self.assertEqual([('lyon', '1')], found[3:])

    def test_nothing_was_measured_of_any(self) -> None:
        self.assertIsNone(self.ranked({}))
        self.assertIsNone(self.ranked({'paris': 5}, **ALLOWED))
