# SPDX-License-Identifier: Apache-2.0

"""``edge-sched coverage``, on tables that Nova might have."""

from typing import Any
from unittest import mock

from edge_sched.auditing.coverage import Covered
from edge_sched.auditing.coverage import Demand
from edge_sched.cmd import coverage
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.verdict import UNMEASURED
from edge_sched.judging.verdict import Verdict
from edge_sched.model.client import parse_client
from tests.unit.cmd import base
from tests.unit.factories import make_row

NEAR = Verdict(WITHIN, make_row(), 40.0, rank_ms=5.0)
FAR = Verdict(OVER, make_row(), 40.0, ('latency',), rank_ms=50.0)


def covered(client: str, servers: int, **sites: Verdict) -> Covered:
    demand = Demand(servers, 20.0, 'p95')
    return Covered(parse_client(client), '', demand, True, sites)


FOUND = [
    covered('203.0.113.7', 12, lyon=NEAR, nice=UNMEASURED, oslo=FAR),
    covered('crew', 2, lyon=UNMEASURED, nice=UNMEASURED, oslo=NEAR),
]


class CoverageTest(base.CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        for name, value in (
            ('read_nova_configuration', None),
            ('Coverage._covered', FOUND),
            ('survey', mock.Mock(vantages={'lyon', 'oslo'})),
            ('fresh_vantages', {'lyon', 'oslo'}),
        ):
            patcher = mock.patch(
                f'edge_sched.cmd.coverage.{name}', return_value=value
            )
            patcher.start()
            self.addCleanup(patcher.stop)

    def rows(self, *argv: str) -> list[dict[str, Any]]:
        result = self.run_command('coverage', '-f', 'json', *argv)
        self.assertEqual(0, result.status, result.err)
        rows: list[dict[str, Any]] = result.json
        return rows

    def test_by_client(self) -> None:
        first, second = self.rows()
        self.assertEqual(
            {
                'client': '203.0.113.7',
                'project': None,
                'servers': 12,
                'budget_ms': 20.0,
                'percentile': 'p95',
                'fresh': 2,
                'stale': 0,
                'never': 1,
                'within': 1,
                'over': 1,
            },
            first,
        )
        self.assertEqual(
            ('crew', 1, 2, 1, 0),
            tuple(
                second[name]
                for name in ('client', 'fresh', 'never', 'within', 'over')
            ),
        )

    def test_by_site(self) -> None:
        self.assertEqual(
            [
                ('lyon', 1, 0, 1, 2),
                ('nice', 0, 0, 2, 14),
                ('oslo', 2, 0, 0, 0),
            ],
            [tuple(row.values()) for row in self.rows('--by', 'site')],
        )
        self.assertEqual([*coverage.BY_SITE], [*self.rows('--by', 'site')[0]])

    def test_missing(self) -> None:
        self.assertEqual(
            [
                ('nice', '203.0.113.7', 12, 'nothing is measured from there:'),
                ('lyon', 'crew', 2, 'others are: it is no target of its'),
                ('nice', 'crew', 2, 'nothing is measured from there:'),
            ],
            [
                (
                    row['site'],
                    row['client'],
                    row['servers'],
                    row['missing'][: len(words)],
                )
                for row, words in zip(
                    self.rows('--missing'),
                    (
                        'nothing is measured from there:',
                        'others are: it is no target of its',
                        'nothing is measured from there:',
                    ),
                    strict=True,
                )
            ],
        )

    def test_bad_arguments(self) -> None:
        result = self.run_command('coverage', '--missing', '--by', 'site')
        self.assertEqual(1, result.status)
        result = self.run_command('coverage', '--site', '')
        self.assertEqual(1, result.status)
