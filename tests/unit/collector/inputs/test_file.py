# SPDX-License-Identifier: Apache-2.0

import datetime
import math
import os
from unittest import mock

import fixtures

from edge_sched.collector.inputs import file
from edge_sched.collector.inputs.base import InputError
from edge_sched.collector.inputs.file import FileInput
from edge_sched.collector.reading import Harvest
from edge_sched.collector.reading import Reading
from edge_sched.http.deadline import Deadline
from tests.unit.collector.fakes import CLIENT
from tests.unit.collector.fakes import NOW
from tests.unit.collector.inputs.base import InputTestCase
from tests.unit.model.test_names import ONE
from tests.unit.model.test_names import TWO

HEADER = 'vantage,client,rtt_p50_ms,rtt_p95_ms'
ROW = f'lyon,{CLIENT},10,12'


class FileInputTest(InputTestCase):
    NAME = 'file'

    def setUp(self):
        super().setUp()
        self.directory = self.home / 'measured'
        self.directory.mkdir()

    def write(self, name, *lines, at=NOW - 60):
        path = self.directory / name
        path.write_text('\n'.join(lines) + '\n')
        os.utime(path, (at, at))
        return path

    def input(self, *lines, vantages='lyon', **how):
        make = self.make if how else self.make_with_clock
        return make(
            f'directory = {self.directory}',
            f'vantages = {vantages}',
            *lines,
            **how,
        )

    def failure(self, made):
        """Why the only file failed."""
        (harvest,) = self.collect(made)
        self.assertEqual((), harvest.readings)
        return f'{harvest.source}: {harvest.failed}'

    def test_settings_that_make_no_sense(self):
        self.assertRefused('directory: None is not an absolute path')
        self.assertRefused(
            "directory: 'here' is not an absolute path", 'directory = here'
        )
        self.assertRefused(
            "vantages: '' is not a list of names, or '*'", 'directory = /tmp'
        )

    def test_every_option_says_what_it_does(self):
        for option in FileInput.OPTS:
            self.assertGreater(len(option.help), 80, option.name)

    def test_rows_are_readings(self):
        moment = datetime.datetime.fromtimestamp(NOW - 90, datetime.UTC)
        self.write(
            'a.csv',
            HEADER + ',rtt_min_ms,rtt_p99_ms,pdv_ms,loss_ratio,samples,'
            'measured_at,source,project',
            f'lyon,car,10,12,9,15,3,0,64,{moment.isoformat()},ping,p1',
        )
        self.write(
            'b.NDJSON',
            f'{{"vantage": "lyon", "client": "{CLIENT}", "rtt_p50_ms": 10,'
            ' "rtt_p95_ms": null}',
        )
        first, second = self.collect(self.input())
        self.assertEqual(
            [
                Reading(
                    vantage='lyon',
                    client='car',
                    project_id='p1',
                    rtt_p50_ms=10.0,
                    rtt_p95_ms=12.0,
                    rtt_p99_ms=15.0,
                    rtt_min_ms=9.0,
                    pdv_ms=3.0,
                    loss_ratio=0.0,
                    samples=64,
                    measured_at=NOW - 90,
                    source='ping',
                    lost_stated=True,
                )
            ],
            first.readings,
        )
        (lost,) = second.readings
        self.assertEqual(
            (CLIENT, math.inf, True),
            (lost.client, lost.rtt_p95_ms, lost.lost_stated),
        )

    def test_a_row_without_time_is_as_old_as_its_file(self):
        self.write('a.csv', HEADER, ROW, at=NOW - 5000)
        # Of a clock that is ahead of ours.
        self.write('b.csv', HEADER, ROW, at=NOW + 5000)
        self.assertEqual(
            [NOW - 5000, NOW],
            [h.readings[0].measured_at for h in self.collect(self.input())],
        )

    def test_a_file_is_read_when_it_is_new_or_has_changed(self):
        made = self.input()
        self.assertEqual([], self.collect(made))
        self.write('a.csv', HEADER, ROW)
        self.assertEqual(1, len(self.collect(made)[0].readings))
        self.assertEqual([Harvest(())], self.collect(made))
        self.write('a.csv', HEADER, ROW, at=NOW - 30)
        self.assertEqual(1, len(self.collect(made)[0].readings))
        # Another one of the same size and time in its place.
        other = self.write('other', HEADER, ROW, at=NOW - 30)
        other.rename(self.directory / 'a.csv')
        self.assertEqual(1, len(self.collect(made)[0].readings))
        (self.directory / 'a.csv').unlink()
        self.assertEqual([], self.collect(made))
        self.write('a.csv', HEADER, ROW, at=NOW - 30)
        self.assertEqual(1, len(self.collect(made)[0].readings))

    def test_what_is_not_a_measurement_file_is_left_alone(self):
        for name in ('.a.csv', 'a.csv.tmp', 'README'):
            self.write(name, 'nonsense')
        self.assertEqual([], self.collect(self.input()))

    def test_of_a_bad_file_nothing_is_taken(self):
        path = self.write('a.csv', HEADER, ROW, f'lyon,{CLIENT},10,5')
        made = self.input()
        why = 'line 3, column rtt_p95_ms: 5 is less than rtt_p50_ms 10'
        (harvest,) = self.collect(made)
        self.assertEqual(
            Harvest((), {'line': 1}, failed=why, source=str(path)), harvest
        )
        # It goes on failing, without being read.
        with mock.patch.object(file, 'read_measurements'):
            self.assertEqual(
                [Harvest((), failed=why, source=str(path))],
                self.collect(made),
            )
        self.write('a.csv', HEADER, ROW)
        (harvest,) = self.collect(made)
        self.assertEqual(('', 1), (harvest.failed, len(harvest.readings)))

    def test_a_file_that_our_clock_made_bad_is_read_again(self):
        moment = datetime.datetime.fromtimestamp(NOW + 3600, datetime.UTC)
        self.write(
            'a.csv',
            f'{HEADER},measured_at',
            f'{ROW},{moment.isoformat()}',
            at=NOW + 3600,
        )
        made = self.input()
        for _ in range(2):
            self.assertIn('3600 s ahead of the clock', self.failure(made))
        self.clock.now += 3600
        (harvest,) = self.collect(made)
        self.assertEqual(NOW + 3600, harvest.readings[0].measured_at)

    def test_a_bad_file_stops_no_other(self):
        self.write('a.csv', 'nonsense')
        self.write('b.csv', HEADER, ROW)
        (self.directory / 'c.csv').mkdir()
        os.mkfifo(self.directory / 'd.csv')
        bad, good, folder, fifo = self.collect(self.input())
        self.assertTrue(bad.failed)
        self.assertEqual(1, len(good.readings))
        self.assertEqual('Is a directory', folder.failed)
        self.assertEqual('is not a regular file', fifo.failed)

    def test_a_link_is_not_followed(self):
        secret = self.home / 'secret'
        secret.write_text('password')
        (self.directory / 'a.csv').symlink_to(secret)
        self.write('b.csv', HEADER, ROW)
        link, good = self.collect(self.input())
        self.assertEqual('is a link, which is not followed', link.failed)
        self.assertEqual(1, len(good.readings))

    def test_the_directory_may_be_a_link(self):
        self.write('a.csv', HEADER, ROW)
        data = self.home / '..data'
        data.symlink_to(self.directory)
        made = self.make_with_clock(f'directory = {data}', 'vantages = lyon')
        self.assertEqual(1, len(self.collect(made)[0].readings))

    def test_what_becomes_a_pipe_as_it_is_opened_holds_nobody_up(self):
        path = self.write('a.csv', HEADER, ROW)
        look = os.stat

        def changed(*args, **kwargs):
            found = look(*args, **kwargs)
            path.unlink(missing_ok=True)
            os.mkfifo(path)
            return found

        # Whoever looks first and opens then is held for ever.
        self.useFixture(fixtures.Timeout(10, gentle=True))
        with mock.patch('os.stat', changed):
            self.collect(self.input())
        path.unlink()
        os.mkfifo(path)
        (harvest,) = self.collect(self.input())
        self.assertEqual('is not a regular file', harvest.failed)

    def test_vantages_are_listed_by_their_one_form(self):
        self.assertEqual({ONE}, self.input(vantages=TWO).vantages())

    def test_vantages_that_are_not_listed_are_refused(self):
        self.write('a.csv', HEADER, ROW, f'paris,{CLIENT},1,2')
        (harvest,) = self.collect(self.input())
        self.assertEqual(['lyon'], [r.vantage for r in harvest.readings])
        self.assertEqual({'vantage': 1}, harvest.refused)
        (harvest,) = self.collect(self.input(vantages='*'))
        self.assertEqual((2, {}), (len(harvest.readings), harvest.refused))

    def test_rows_of_other_shards_are_left_out(self):
        self.write('a.csv', HEADER, ROW, f'paris,{CLIENT},1,2')
        made = self.input(vantages='*', mine='paris'.__eq__)
        (harvest,) = self.collect(made)
        self.assertEqual(['paris'], [r.vantage for r in harvest.readings])
        self.assertEqual({}, harvest.refused)

    def test_limits(self):
        path = self.write('a.csv', HEADER, *[ROW] * 50)
        self.assertEqual(
            f'{path}: has more than 49 rows',
            self.failure(self.input('max_series = 49')),
        )
        self.assertEqual(1, len(self.collect(self.input('max_series = 50'))))
        self.assertEqual(
            f'{path}: is longer than 1024 bytes',
            self.failure(self.input('max_bytes = 1024')),
        )
        (harvest,) = self.input().collect(Deadline(0))
        self.assertEqual(
            (str(path), 'could not be read in time'),
            (harvest.source, harvest.failed),
        )

    def test_there_may_be_too_many_files(self):
        for name in 'abcd':
            self.write(f'{name}.csv', HEADER, ROW)
        harvests = self.collect(self.input('max_files = 2'))
        self.assertEqual([1, 1, 0], [len(h.readings) for h in harvests])
        self.assertTrue(harvests[2].source.endswith('c.csv'))
        self.assertEqual(
            'and those after it are beyond max_files', harvests[2].failed
        )

    def test_without_the_directory_the_input_fails(self):
        self.directory.rmdir()
        error = self.assertRaises(InputError, self.collect, self.input())
        self.assertEqual(
            f'cannot list {self.directory}: No such file or directory',
            str(error),
        )
