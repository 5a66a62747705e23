# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

import dataclasses
import math
import unittest

from bench import store_lookups
from bench import store_memory
from bench import store_report
from bench import store_volume
from bench import store_writes
from bench.store_databases import Part
from bench.store_lookups import subject_name
from bench.store_result import Once
from bench.store_result import Result
from bench.store_result import Size
from bench.store_worker import NOVA
from bench.store_worker import PLUGINS
from bench.store_worker import Stage

SMALL, LARGE = 1000, 1_000_000

STAGES = [
    Stage(NOVA, 0, 100.0),
    Stage(PLUGINS, 0, 102.0),
    Stage('after 1', 1, 103.0),
    Stage('after 1001', 1001, 113.0),
    Stage('after 2000', 2000, 114.0),
    Stage('after 8000', 8000, 117.0),
]


def _round(factor, *kinds):
    """A second each in the small store, and more in the large one."""
    return {
        subject_name(what, prefixes): seconds
        for what in kinds
        for prefixes, seconds in ((SMALL, 1.0), (LARGE, factor))
    }


def _size(prefixes):
    return Size(
        prefixes,
        Once(2.0, 16 * prefixes),
        [
            Part('edge_latencies', '', 1600 * prefixes),
            Part('edge_latencies', 'i', 320 * prefixes),
            Part('edge_clients', '', 100 * prefixes),
        ],
        {what: Once(1.0, 16) for what in store_writes.ONCE},
        STAGES,
    )


def _result(factor=2.0, **others):
    look_ups = (
        *store_lookups.COLD,
        store_lookups.CACHED,
        store_lookups.FLOOR,
    )
    writes = (
        store_writes.LOAD,
        store_writes.UPDATE,
        store_writes.PURGE_CLIENT,
    )
    return dataclasses.replace(
        Result(
            'SQLite',
            'SQLite 3',
            [_size(SMALL), _size(LARGE)],
            [_round(factor, *look_ups)],
            {what: [_round(factor, what)] for what in writes},
            {what: [] for what in store_lookups.COLD},
            [1.0, 1.0],
        ),
        **others,
    )


def _missed(*results):
    return [
        check
        for section in store_report.sections(results)
        for check in section.checks
        if not check.holds
    ]


def _cells(line):
    return [cell.strip() for cell in line.strip('|').split('|')]


class ReportTestCase(unittest.TestCase):
    def test_what_grows_gently_passes(self):
        self.assertEqual([], _missed(_result()))

    def test_each_cold_look_up_that_grows_is_named(self):
        self.assertEqual(
            [f'SQLite: {what}, 1000000 / 1000' for what in store_lookups.COLD],
            [check.name for check in _missed(_result(3.1))],
        )

    def test_growth_is_compared_within_a_round(self):
        rounds = [
            {
                subject_name('x', SMALL): slow,
                subject_name('x', LARGE): 2 * slow,
            }
            for slow in (1.0, 50.0, 3.0)
        ]
        self.assertEqual(2.0, _result(look_ups=rounds).growth('x'))
        self.assertEqual(3.0, _result(look_ups=rounds).seconds('x', SMALL))

    def test_a_step_without_an_index_is_shown(self):
        (check,) = _missed(
            _result(unindexed={'a name': ['Seq Scan of edge_clients']})
        )
        self.assertEqual('a name: Seq Scan of edge_clients', check.beside)

    def test_plans_of_small_tables_are_not_judged(self):
        few = _size(5000)
        result = _result(
            sizes=[_size(SMALL), few],
            unindexed={'a name': ['Seq Scan of edge_clients']},
        )
        *_, check = store_report._checks(
            dataclasses.replace(
                result,
                look_ups=[
                    {
                        subject_name(what, prefixes): 1.0
                        for what in (*store_lookups.COLD, store_lookups.FLOOR)
                        for prefixes in (SMALL, 5000)
                    }
                ],
            )
        )
        self.assertTrue(check.holds)

    def test_what_the_store_refuses_is_missed(self):
        failed = Once(60.0, 0, 'lost connection')
        sizes = [
            _size(SMALL),
            dataclasses.replace(
                _size(LARGE),
                once={
                    **_size(LARGE).once,
                    store_writes.PURGE_ALL: failed,
                },
            ),
        ]
        (check,) = _missed(_result(sizes=sizes))
        self.assertEqual(
            'SQLite, 1000000: purge of everything: lost connection', check.name
        )
        self.assertTrue(math.isnan(check.figure))

    def test_rows_a_second(self):
        text = store_report.sections([_result()])[1].text
        (line,) = (x for x in text.splitlines() if 'new rows' in x)
        self.assertEqual(
            ['SQLite: new rows a second', '1600', '800', '2.00'], _cells(line)
        )


class VolumeTestCase(unittest.TestCase):
    def test_bytes_a_row(self):
        *_, line = store_volume.section([_result()]).text.splitlines()
        self.assertEqual(
            ['SQLite', '1000000', '120', '20', '100', '0', '0', '2020.0'],
            _cells(line)[:8],
        )

    def test_factors_are_beside_the_size_that_was_rewritten(self):
        *_, small, large = store_volume.section([_result()]).text.splitlines()
        for line, prefixes, factor in (
            (small, '1000', 'x 1.00'),
            (large, '1000000', ''),
        ):
            self.assertEqual(prefixes, _cells(line)[1])
            self.assertEqual([factor, factor], _cells(line)[8:])

    def test_the_largest_size_that_is_not_too_large_is_rewritten(self):
        self.assertEqual(
            100_000, store_volume.rewritten_size([1000, 100_000, 1_000_000])
        )
        self.assertEqual(200_000, store_volume.rewritten_size([200_000]))


class MemoryTestCase(unittest.TestCase):
    def test_extra_is_without_nova_and_the_loaded_plugin(self):
        self.assertEqual(15.0, store_memory.extra_megabytes(STAGES))

    def test_growth_is_a_client_to_a_client(self):
        # 3 MB for 6000 clients, after 10 MB for 1000.
        self.assertAlmostEqual(0.05, store_memory.growth(STAGES))

    def test_too_much_is_missed(self):
        fat = [*STAGES[:-1], Stage('after 8000', 8000, 122.1)]
        sizes = [dataclasses.replace(_size(LARGE), stages=fat)]
        section = store_memory.section([_result(sizes=sizes)])
        self.assertEqual(
            [False, False], [check.holds for check in section.checks]
        )


class OnceTestCase(unittest.TestCase):
    def test_texts(self):
        self.assertEqual('16 rows, 1.2 s', Once(1.2, 16).text)
        self.assertEqual('failed after 60 s', Once(60.2, 0, 'lost').text)
