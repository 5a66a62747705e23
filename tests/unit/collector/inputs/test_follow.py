# SPDX-License-Identifier: Apache-2.0

import os
import pathlib

import fixtures
from oslotest import base

from edge_sched.collector.inputs.follow import Follower
from edge_sched.collector.inputs.follow import FollowError
from edge_sched.http.deadline import Deadline
from edge_sched.measurement.lines import MAX_LINE_LENGTH


class FollowerTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        home = self.useFixture(fixtures.TempDir()).path
        self.path = pathlib.Path(home, 'out')
        self.follower = Follower(str(self.path), 100_000)

    def add(self, text):
        with self.path.open('a', newline='') as stream:
            stream.write(text)

    def lines(self, seconds=60.0):
        return list(self.follower.lines(Deadline(seconds)))

    def why(self):
        return str(self.assertRaises(FollowError, self.lines))

    def test_what_was_added_is_read_once(self):
        self.add('one\ntwo\r\n')
        self.assertEqual([(0, b'one'), (4, b'two')], self.lines())
        self.assertEqual([], self.lines())
        self.add('three\n')
        self.assertEqual([(9, b'three')], self.lines())

    def test_a_line_without_its_end_waits_for_it(self):
        self.add('one\ntw')
        self.assertEqual([(0, b'one')], self.lines())
        self.assertEqual([], self.lines())
        self.add('o\n')
        self.assertEqual([(4, b'two')], self.lines())

    def test_a_file_that_was_rotated_is_read_from_its_start(self):
        self.add('one\n')
        self.lines()
        self.path.rename(self.path.with_name('old'))
        self.add('two, which is longer\n')
        self.assertEqual([(0, b'two, which is longer')], self.lines())

    def test_a_file_that_was_cut_is_read_from_its_start(self):
        self.add('one\ntwo\n')
        self.lines()
        self.path.write_text('x\n')
        self.assertEqual([(0, b'x')], self.lines())

    def test_of_too_much_only_the_newest_is_read(self):
        self.follower = Follower(str(self.path), 9)
        self.add('one\ntwo\nthree\n')
        # The last 9 are "o\nthree\n" and half of a line before it.
        self.assertEqual([(8, b'three')], self.lines())

    def test_a_line_that_begins_just_where_the_newest_does_is_whole(self):
        self.follower = Follower(str(self.path), 6)
        self.add('one\ntwo\nthree\n')
        self.assertEqual([(8, b'three')], self.lines())

    def test_a_line_that_is_too_long_is_left_out(self):
        self.add('x' * (3 * MAX_LINE_LENGTH) + '\n')
        self.add('y' * (MAX_LINE_LENGTH - 1) + '\none\n')
        lines = [line for _, line in self.lines()]
        self.assertEqual([b'y' * (MAX_LINE_LENGTH - 1), b'one'], lines)

    def test_one_that_is_too_long_and_has_no_end_waits(self):
        self.add('one\n' + 'x' * (2 * MAX_LINE_LENGTH))
        self.assertEqual([(0, b'one')], self.lines())
        self.add('\ntwo\n')
        self.assertEqual([b'two'], [line for _, line in self.lines()])

    def test_without_time_it_is_read_the_next_time(self):
        self.add('one\n')
        self.assertEqual([], self.lines(seconds=0))
        self.assertEqual([(0, b'one')], self.lines())

    def test_what_is_no_file(self):
        self.assertEqual('No such file or directory', self.why())
        os.mkfifo(self.path)
        self.assertEqual('is not a regular file', self.why())
        self.path.unlink()
        self.path.symlink_to('/etc/passwd')
        self.assertEqual('is a link, which is not followed', self.why())
