# SPDX-License-Identifier: Apache-2.0

"""``edge-sched replay``."""

import json
import math

from edge_sched.model.latency import Answer
from edge_sched.replay import lines
from tests.unit.cmd import base
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.replay.factories import record_of

ROWS = {
    site: make_row(p50, p50 + 1, vantage=site)
    for site, p50 in (('lyon', 5), ('nice', 7))
}
RECORD = record_of(
    make_intent(), [Answer(True, (ROWS,))], {'lyon': [0.5], 'nice': [2.0]}
)
SHORT = {k: v for k, v in RECORD.items() if k not in ('places', 'settings')}
SHORT['hosts'] = {'within': 2, 'unknown': 0, 'over': 0}
NOT_JUDGED = SHORT | {'hosts': {'within': 0, 'unknown': 0, 'over': 0}}


class ReplayTest(base.CommandTestCase):
    def log(self, *records: object, name: str = 'scheduler.log') -> str:
        path = self.home / name
        path.write_text(
            ''.join(
                f'INFO [-] edge decision {json.dumps(record)}\n'
                if isinstance(record, dict)
                else f'{record}\n'
                for record in records
            )
        )
        return str(path)

    def figures(self, *arguments: str) -> tuple[dict, str]:
        result = self.run_command('replay', *arguments, '-f', 'json')
        self.assertEqual(0, result.status, result.err)
        rows = {row.pop('figure'): row for row in result.json}
        return rows, result.err

    def test_decisions_come_out_as_they_were(self) -> None:
        rows, err = self.figures(self.log(RECORD, 'boot', RECORD))
        self.assertEqual({'recorded': 2}, rows['reproduced'])
        self.assertEqual({'recorded': 0}, rows['not reproduced'])
        self.assertEqual({'recorded': 5}, rows['rtt_median_ms'])
        self.assertEqual('', err)

    def test_by_other_settings(self) -> None:
        rows, err = self.figures(
            self.log(RECORD), '--set', 'tie_band_ms=5', '--set', 'max_age=100'
        )
        self.assertEqual(
            {'recorded': 0, 'replayed': 1}, rows['at another site']
        )
        self.assertEqual({'recorded': 5, 'replayed': 7}, rows['rtt_p95_ms'])
        self.assertEqual({'recorded': 1, 'replayed': None}, rows['records'])
        self.assertIn('First order only', err)

    def test_round_trips_that_are_lost_or_have_many_digits(self) -> None:
        for p50, shown in ((math.inf, 'inf'), (4.119644975325393, 4.12)):
            row = make_row(p50, math.inf)
            record = record_of(
                make_intent(required=False),
                [Answer(True, ({'lyon': row},))],
                {'lyon': [0.5]},
            )
            rows, _ = self.figures(self.log(record))
            self.assertEqual({'recorded': shown}, rows['rtt_median_ms'])

    def test_what_is_not_reproduced_is_named(self) -> None:
        other = json.loads(json.dumps(RECORD))
        other['ranking']['first']['host'] = 'oslo\x1b[2J'
        path = self.log(RECORD, other)
        rows, err = self.figures(path)
        self.assertEqual({'recorded': 1}, rows['not reproduced'])
        self.assertIn(
            r'line 2, request req-1: lyon-0 is first, not oslo\x1b[2J', err
        )

    def test_garbage_is_counted_and_the_rest_is_answered(self) -> None:
        half = f'edge decision {json.dumps(RECORD)[:-9]}'
        odd = json.loads(json.dumps(RECORD))
        odd['judged_at'] = None
        path = self.log(half, SHORT, odd, NOT_JUDGED, RECORD)
        rows, err = self.figures(path)
        self.assertEqual(
            [5, 1, 1, 2, 1],
            [
                rows[name]['recorded']
                for name in (
                    'records',
                    'not judged',
                    'in short',
                    'broken',
                    'reproduced',
                )
            ],
        )
        self.assertIn('line 1: is broken off, or no JSON', err)
        self.assertIn('line 3: judged_at is None', err)
        self.assertIn('1 are in short: [edge_sched] record_detail', err)

    def test_few_of_many_are_named(self) -> None:
        _, err = self.figures(self.log(*['edge decision {'] * 13, RECORD))
        self.assertEqual(11, len(err.splitlines()))
        self.assertIn('3 more are broken', err)

    def test_several_logs(self) -> None:
        rows, _ = self.figures(self.log(RECORD), self.log(RECORD, name='b'))
        self.assertEqual({'recorded': 2}, rows['records'])

    def test_no_more_of_a_line_is_held_than_is_looked_at(self) -> None:
        path = self.log('edge decision ' + 'x' * 3 * lines.LONGEST, RECORD)
        rows, err = self.figures(path)
        self.assertEqual({'recorded': 1}, rows['broken'])
        self.assertIn('line 1: has more than', err)

    def test_bad_arguments(self) -> None:
        path = self.log(RECORD)
        for arguments, words in (
            ([path, '--set', 'tie_band_ms'], 'is not OPTION=VALUE'),
            ([path, '--set', 'cache_ttl=5'], 'is not OPTION=VALUE'),
            ([path, '--set', 'tie_band_ms=0'], '--set tie_band_ms'),
            ([path, '--set', 'rank_percentile=p42'], 'p42'),
            (['missing.log'], 'missing.log: No such file'),
            ([str(self.home)], 'Is a directory'),
            ([self.log('nothing')], 'no decision record in'),
        ):
            result = self.run_command('replay', *arguments)
            self.assertEqual(1, result.status)
            self.assertIn(words, result.err)
