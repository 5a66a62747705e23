# SPDX-License-Identifier: Apache-2.0

"""Sites by clients: which are shown, and in what class."""

import dataclasses

import testtools

from edge_sched.auditing.coverage import Covered
from edge_sched.auditing.demand import Demand
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.verdict import STALE
from edge_sched.judging.verdict import UNMEASURED
from edge_sched.judging.verdict import Verdict
from edge_sched.model.client import Client
from edge_sched.model.client import parse_client
from edge_sched.report import heat
from edge_sched.report.heat import OWN
from edge_sched.report.heat import Cell
from edge_sched.report.heat import Heat
from edge_sched.report.heat import HeatMap
from tests.unit.factories import make_row


def verdict(standing: object, p50: float = 5.0, why: str = '') -> Verdict:
    return Verdict(standing, make_row(p50, p50 + 1), 40.0, why=why)  # type: ignore[arg-type]


NEAR, FAR = verdict(WITHIN), verdict(OVER, 50.0)
OLD = verdict(UNKNOWN, 7.0, STALE)


class CellTest(testtools.TestCase):
    def test_classes(self) -> None:
        for seen, has_budget, expected in (
            (NEAR, True, Cell('within', 5.0, 6.0, 40.0)),
            (NEAR, False, Cell('free', 5.0, 6.0, 40.0)),
            (FAR, True, Cell('over', 50.0, 51.0, 40.0)),
            (FAR, False, Cell('over', 50.0, 51.0, 40.0)),
            (OLD, True, Cell('unknown', 7.0, 8.0, 40.0, why='stale')),
            (OLD, False, Cell('unknown', 7.0, 8.0, 40.0, why='stale')),
            (UNMEASURED, True, Cell('never', why='never measured')),
        ):
            self.assertEqual(expected, heat.cell_of(seen, has_budget, False))
        self.assertTrue(heat.cell_of(NEAR, True, True).is_old)

    def test_of_two_the_worse(self) -> None:
        ranked = [
            Cell('over', 9.0),
            Cell('over', 8.0),
            Cell('unknown', 3.0),
            Cell('unknown', 0.5),
            Cell('unknown'),
            Cell('never'),
            Cell('within', 12.0),
            Cell('within', 11.0),
            Cell('free', 70.0),
        ]
        for number, one in enumerate(ranked):
            for other in ranked[number:]:
                self.assertEqual(one, heat.worse(one, other))
                self.assertEqual(one, heat.worse(other, one))


class HeatTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.wanted: dict[tuple[Client, str], Demand] = {}
        self.covered: list[Covered] = []

    def want(
        self,
        text: str,
        servers: int = 1,
        budget_ms: float | None = 20.0,
        project: str = '',
        **sites: Verdict,
    ) -> None:
        client, demand = parse_client(text), Demand(servers, budget_ms, 'p95')
        self.wanted[client, project] = demand
        self.covered.append(Covered(client, project, demand, True, sites, {}))

    def made(self, most: int = 40, **servers_at: int) -> HeatMap:
        made = Heat(self.wanted, most)
        for each in self.covered:
            made.add(each, ())
        return made.map(servers_at)

    def test_nothing_is_wanted(self) -> None:
        self.assertEqual(HeatMap([], [], 0, 0), self.made())

    def test_most_wanted_and_fullest_first(self) -> None:
        self.want('10.0.1.1', 2, lyon=NEAR, nice=FAR, oslo=UNMEASURED)
        self.want('10.0.3.1', 2, lyon=FAR, nice=FAR, oslo=FAR)
        self.want('10.0.2.1', 3, lyon=FAR, nice=FAR, oslo=FAR)
        made = self.made(oslo=2, nice=1)
        self.assertEqual(['oslo', 'nice', 'lyon'], made.sites)
        self.assertEqual(
            ['10.0.2.0/24', '10.0.1.0/24', '10.0.3.0/24'],
            [row.label for row in made.rows],
        )
        self.assertEqual(
            ['never', 'over', 'within'], [c.kind for c in made.rows[1].cells]
        )
        self.assertEqual((0, 0), (made.more_sites, made.more_rows))

    def test_what_is_left_out_is_counted(self) -> None:
        for number in range(5):
            self.want(
                f'10.0.{number}.1', 9 - number, lyon=FAR, nice=FAR, a=FAR
            )
        made = self.made(2, nice=4, a=1)
        self.assertEqual(['nice', 'a'], made.sites)
        self.assertEqual([9, 8], [row.servers for row in made.rows])
        self.assertEqual([2, 2], [len(row.cells) for row in made.rows])
        self.assertEqual((1, 3), (made.more_sites, made.more_rows))

    def test_clients_of_a_prefix_are_one(self) -> None:
        self.want('10.0.1.7', 2, 40.0, lyon=NEAR, nice=NEAR)
        self.want('10.0.1.8', 3, 12.0, lyon=FAR, nice=NEAR)
        self.want('10.0.1.9', 1, None, lyon=UNMEASURED, nice=NEAR)
        (row,) = self.made().rows
        self.assertEqual(
            ('10.0.1.0/24', 3, 6, 12.0, 'p95'),
            (
                row.label,
                row.clients,
                row.servers,
                row.budget_ms,
                row.percentile,
            ),
        )
        self.assertEqual(['over', 'within'], [c.kind for c in row.cells])

    def test_names_are_of_their_projects(self) -> None:
        self.want('crew', 2, project='4f2e917c3a', lyon=NEAR)
        self.want('crew', 1, project='77', lyon=FAR)
        self.want('site:oslo', 1, lyon=FAR)
        rows = self.made().rows
        self.assertEqual(
            [
                ('crew (4f2e91)', '4f2e917c3a', 'within'),
                ('crew (77)', '77', 'over'),
                ('site:oslo', '', 'over'),
            ],
            [(r.label, r.project_id, r.cells[0].kind) for r in rows],
        )

    def test_site_and_itself(self) -> None:
        self.want('site:oslo', 1, lyon=FAR)
        self.want('10.0.1.7', 1, lyon=FAR, oslo=FAR)
        made = self.made(oslo=1)
        self.assertEqual(['oslo', 'lyon'], made.sites)
        self.assertEqual(OWN, made.rows[1].cells[0])

    def test_site_that_measured_too_long_ago(self) -> None:
        self.want('10.0.1.7', 1, lyon=FAR, oslo=FAR)
        made = Heat(self.wanted)
        made.add(self.covered[0], ['oslo'])
        (row,) = made.map({}).rows
        self.assertEqual([False, True], [cell.is_old for cell in row.cells])

    def test_names_of_strangers(self) -> None:
        sites = {'a\x1b\u202e': FAR}
        self.want('10.0.1.7')
        self.covered = [dataclasses.replace(self.covered[0], sites=sites)]
        self.assertEqual(['a\\x1b\\u202e'], self.made().sites)
