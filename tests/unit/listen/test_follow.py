# SPDX-License-Identifier: Apache-2.0

import asyncio
import errno
import logging
import os
import pathlib
from unittest import mock

import fixtures
from oslotest import base

from edge_sched.listen.follow import PAUSE_SECONDS
from edge_sched.listen.follow import READ_OCTETS
from edge_sched.listen.follow import Follower
from edge_sched.listen.line import MAX_OCTETS
from edge_sched.listen.sources import Source
from tests.unit.listen.fakes import Clock
from tests.unit.listen.fakes import a_table

LINE = b'client=203.0.113.7 rtt_us=10000\n'


class FollowerTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = folder / 'rtt.log'
        self.source = Source('file', a_table(Clock()))
        self.follower = Follower(str(self.path), self.source)
        self.addCleanup(self.follower.close)

    def write(self, octets, path=None):
        with (path or self.path).open('ab') as log:
            log.write(octets)

    def begin(self, octets=b''):
        self.write(octets)
        self.follower.open(at_end=True)

    def read(self):
        """All there is; how many connections were taken since the start."""
        for _ in range(100):
            if not self.follower.read():
                return self.source.taken
        self.fail('it reads on and on')

    def test_what_was_there_is_left_out(self):
        self.begin(LINE * 3)
        self.assertEqual(0, self.read())
        self.write(LINE + LINE)
        self.assertEqual(1, self.read())

    def test_a_line_that_is_being_written_is_left_out(self):
        self.begin(b'x')
        self.write(b'y\n' + LINE)
        self.assertEqual(1, self.read())
        self.assertEqual({}, self.source.refused)

    def test_it_looks_again_and_again(self):
        pauses = []

        async def sleep(seconds):
            pauses.append(seconds)
            self.write(LINE if len(pauses) == 1 else b'')
            if len(pauses) == 3:
                raise asyncio.CancelledError

        self.write(LINE * 2)
        self.useFixture(fixtures.MonkeyPatch('asyncio.sleep', sleep))
        self.assertRaises(
            asyncio.CancelledError, asyncio.run, self.follower.run()
        )
        self.assertEqual([PAUSE_SECONDS, 0.0, PAUSE_SECONDS], pauses)
        # The first line might have been half written before.
        self.assertEqual((0, False), (self.source.taken, self.source.is_up))

    def test_a_line_in_two_parts_is_one(self):
        self.begin()
        self.write(LINE + LINE[:20])
        self.assertEqual(1, self.read())
        self.write(LINE[20:])
        self.assertEqual(2, self.read())
        self.assertEqual({}, self.source.refused)

    def test_a_file_that_is_not_there_yet_is_read_from_its_beginning(self):
        self.follower.open(at_end=True)
        self.assertEqual(0, self.read())
        self.assertFalse(self.source.is_up)
        self.write(LINE * 2)
        self.assertEqual(2, self.read())
        self.assertTrue(self.source.is_up)

    def test_a_file_that_is_moved_away_is_read_to_its_end(self):
        self.begin()
        moved = self.path.with_suffix('.1')
        self.path.rename(moved)
        self.write(LINE, moved)
        self.assertEqual(1, self.read())
        self.write(LINE * 2, moved)
        self.write(LINE * 4)
        self.assertEqual(7, self.read())
        self.write(LINE, moved)
        self.assertEqual(7, self.read())

    def test_a_half_line_of_a_file_that_was_moved_spoils_no_other(self):
        self.begin()
        self.write(LINE + LINE[:9])
        self.assertEqual(1, self.read())
        self.path.rename(self.path.with_suffix('.1'))
        self.write(LINE)
        self.assertEqual(2, self.read())
        self.assertEqual({}, self.source.refused)

    def test_a_file_that_is_cut_is_read_from_its_beginning(self):
        self.begin()
        self.write(LINE * 5 + LINE[:9])
        self.assertEqual(5, self.read())
        os.truncate(self.path, 0)
        self.write(LINE * 2)
        self.assertEqual(7, self.read())

    def test_a_long_line_counts_once(self):
        self.begin()
        self.write(b'x' * (MAX_OCTETS + READ_OCTETS * 3))
        self.assertEqual(0, self.read())
        self.write(b'x' * READ_OCTETS + b'\n' + LINE)
        self.assertEqual(1, self.read())
        self.assertEqual({'long': 1}, self.source.refused)

    def test_a_line_of_which_the_longest_part_has_come_may_go_on(self):
        self.begin()
        self.write(b'x' * MAX_OCTETS)
        self.read()
        self.write(b'x\n')
        self.read()
        self.assertEqual({'long': 1}, self.source.refused)

    def test_a_folder_that_is_closed_for_a_while_has_nothing_read_twice(self):
        self.begin()
        self.write(LINE)
        with mock.patch('os.stat', side_effect=PermissionError):
            self.assertEqual(1, self.read())
        self.write(LINE)
        self.assertEqual(2, self.read())

    def test_a_disk_that_fails_is_said_and_tried_again(self):
        self.begin()
        with mock.patch('os.fstat', side_effect=OSError(errno.EIO, 'oh')):
            self.assertEqual(0, self.read())
        self.assertFalse(self.source.is_up)
        self.write(LINE)
        self.assertEqual(1, self.read())
        self.assertTrue(self.source.is_up)

    def test_what_is_no_file_is_not_read(self):
        os.mkfifo(self.path)
        self.follower.open(at_end=True)
        self.assertEqual(0, self.read())
        self.assertFalse(self.source.is_up)

    def test_why_a_file_is_not_read_is_said_once(self):
        logged = self.useFixture(fixtures.FakeLogger(level=logging.WARNING))
        gone = f'{self.path} is not read: No such file or directory\n'
        self.follower.open(at_end=True)
        self.read()
        self.assertEqual(gone, logged.output)
        os.mkfifo(self.path)
        self.read()
        self.read()
        no_file = f'{self.path} is not read: not a regular file\n'
        self.assertEqual(gone + no_file, logged.output)
        self.path.unlink()
        self.write(LINE)
        self.read()
        self.follower.close()
        self.path.unlink()
        self.read()
        self.assertEqual(gone + no_file + gone, logged.output)
