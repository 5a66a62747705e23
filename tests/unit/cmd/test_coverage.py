# SPDX-License-Identifier: Apache-2.0

"""What ``edge-sched coverage`` makes of what is seen.

All of it, on a real Nova, is in ``tests/functional``.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from unittest import mock

from edge_sched.auditing import stored
from edge_sched.auditing.coverage import Covered
from edge_sched.auditing.demand import Demand
from edge_sched.cmd import coverage
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.verdict import UNMEASURED
from edge_sched.judging.verdict import Verdict
from edge_sched.model.client import parse_client
from edge_sched.store.cache import Key
from tests.unit.cmd import base
from tests.unit.factories import make_row

ALICE = (parse_client('203.0.113.7'), '')
ALICES = (parse_client('203.0.113.0/24'), '')
CREW = (parse_client('crew'), 'a')

NEAR = Verdict(WITHIN, make_row(), 40.0, rank_ms=5.0), 6.0
FAR = Verdict(OVER, make_row(), 40.0, ('latency',), rank_ms=5), 26.0
LOST = Verdict(OVER, make_row(), 40.0, ('latency',)), math.inf
DARK = UNMEASURED, None

SEEN: dict[Key, dict[str, tuple[Verdict, float | None]]] = {
    ALICE: {'lyon': NEAR, 'nice': DARK, 'oslo': FAR},
    ALICES: {'lyon': NEAR, 'nice': DARK, 'oslo': FAR},
    CREW: {'lyon': DARK, 'nice': DARK, 'oslo': LOST},
}


class Demands:
    """12 servers ask for alice, and one of those, with another, for crew."""

    def of_each(self) -> dict[Key, Demand]:
        return {CREW: Demand(2), ALICE: Demand(12, 20.0, 'p95')}

    def by(self, names: Mapping[Key, Collection[Any]]) -> dict[Any, Demand]:
        both = {*names[ALICE]} & {*names[CREW]}
        either = {*names[ALICE]} ^ {*names[CREW]}
        found = dict.fromkeys(both, Demand(13, 20.0, 'p95'))
        for name in either:
            key = ALICE if name in names[ALICE] else CREW
            found[name] = self.of_each()[key]
        return found


class Sites:
    def __init__(self, *only: str) -> None:
        self._only = only

    def see(self, wanted: Mapping[Key, Demand]) -> Iterator[Covered]:
        for key, demand in wanted.items():
            sites = {
                site: seen
                for site, seen in SEEN[key].items()
                if not self._only or site in self._only
            }
            verdicts = {site: verdict for site, (verdict, _) in sites.items()}
            judged_ms = {site: ms for site, (_, ms) in sites.items()}
            yield Covered(*key, demand, True, verdicts, judged_ms)


class CoverageTest(base.CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.read = self.have(
            'edge_sched.cmd.coverage.Coverage._read', (Demands(), Sites())
        )
        for name, value in (
            ('read_nova_configuration', None),
            ('survey', mock.Mock(vantages={'lyon', 'oslo'})),
            ('fresh_vantages', {'lyon', 'oslo'}),
        ):
            self.have(f'edge_sched.cmd.coverage.{name}', value)
        self.have(
            'edge_sched.auditing.stored.answering', {ALICE: [ALICES], CREW: []}
        )

    def have(self, name: str, value: Any) -> mock.Mock:
        patcher = mock.patch(name, return_value=value)
        self.addCleanup(patcher.stop)
        return patcher.start()

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
                'nearest': 'lyon',
                'nearest_ms': 6.0,
            },
            first,
        )
        self.assertEqual(
            ('crew', 'a', 1, 2, 0, 1, 'oslo', 'inf'),
            tuple(
                second[name]
                for name in (
                    *('client', 'project', 'fresh', 'never'),
                    *('within', 'over', 'nearest', 'nearest_ms'),
                )
            ),
        )

    def test_no_terminal_obeys_the_name_of_a_site(self) -> None:
        odd = {key: {'a\x1b[2J': DARK, 'b\x9b': NEAR} for key in SEEN}
        with mock.patch.dict(SEEN, odd):
            for argv, column in (
                (['--by', 'site'], 'site'),
                (['--missing'], 'site'),
                (['--missing'], 'missing'),
            ):
                shown = self.rows(*argv)[0][column]
                self.assertTrue(shown.startswith('a\\x1b[2J'), shown)
            self.assertEqual('b\\x9b', self.rows()[0]['nearest'])

    def test_as_seen_from_one_site(self) -> None:
        self.read.return_value = Demands(), Sites('oslo')
        first, second = self.rows('--site', 'oslo')
        self.assertEqual(
            {
                'client': '203.0.113.7',
                'project': None,
                'servers': 12,
                'budget_ms': 20.0,
                'percentile': 'p95',
                'measured': 'fresh',
                'verdict': 'over',
                'judged_ms': 26.0,
            },
            first,
        )
        self.assertEqual('inf', second['judged_ms'])
        self.assertEqual((None, 'oslo'), self.read.call_args.args[1:])
        self.read.return_value = Demands(), Sites('nice')
        first, _ = self.rows('--site', 'nice')
        self.assertEqual(
            ('never', 'unknown', None),
            tuple(first[name] for name in coverage.AT_SITE[-3:]),
        )
        # A site is not measured from itself.
        self.read.return_value = Demands(), Sites('paris')
        first, _ = self.rows('--site', 'paris')
        self.assertEqual({None}, {first[n] for n in coverage.AT_SITE[-3:]})

    def test_by_site(self) -> None:
        rows = self.rows('--by', 'site')
        self.assertEqual([*coverage.BY_SITE], [*rows[0]])
        self.assertEqual(
            [
                ('lyon', 1, 0, 1, 1, 0, 2),
                # Who asks for both counts once.
                ('nice', 0, 0, 2, 0, 0, 13),
                ('oslo', 2, 0, 0, 0, 2, 0),
            ],
            [tuple(row.values()) for row in rows],
        )

    def test_by_prefix(self) -> None:
        pages = [{ALICES: Demand(12, 20.0, 'p95')}, {CREW: Demand()}]
        with mock.patch.object(
            stored, 'stored_demands', return_value=pages
        ) as asked:
            rows = self.rows('--by', 'prefix', '--project', 'a')
            self.assertEqual('a', asked.call_args.args[3])
            self.read.return_value = Demands(), Sites('oslo')
            row, _ = self.rows('--by', 'prefix', '--site', 'oslo')
        self.assertEqual(
            [('203.0.113.0/24', 12), ('crew', 0)],
            [(row['client'], row['servers']) for row in rows],
        )
        self.assertEqual([*coverage.BY_CLIENT], [*rows[0]])
        self.assertEqual([*coverage.AT_SITE], [*row])

    def test_missing(self) -> None:
        said = ', which 12 servers ask for, nor any other: it has no prober'
        crew = 'has not measured crew, which 2 servers ask for'
        rows = self.rows('--missing')
        self.assertEqual([*coverage.MISSING], [*rows[0]])
        for row, expected, words in zip(
            rows,
            (
                ('nice', '203.0.113.0/24', None, 12),
                ('lyon', 'crew', 'a', 2),
                ('nice', 'crew', 'a', 2),
            ),
            (
                f'nice has not measured 203.0.113.0/24{said}',
                f'lyon {crew}, but others: it is no target of its prober',
                f'nice {crew}, nor any other: it has no prober',
            ),
            strict=True,
        ):
            *cells, missing = row.values()
            self.assertEqual(expected, tuple(cells))
            self.assertTrue(missing.startswith(words), missing)

    def test_bad_arguments(self) -> None:
        result = self.run_command('coverage', '--missing', '--by', 'site')
        self.assertEqual(1, result.status)
        result = self.run_command('coverage', '--site', '')
        self.assertEqual(1, result.status)
