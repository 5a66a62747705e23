# SPDX-License-Identifier: Apache-2.0

"""Files that commands write, whole or not at all."""

import io
import os
import pathlib
import stat
import threading

import fixtures
import testtools

from edge_sched.cmd.arguments import BadArgumentError
from edge_sched.cmd.output import written


class WrittenTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = self.folder / 'page.html'
        self.stdout = io.StringIO()

    def write(self, path: object, text: str = 'new \u2013') -> None:
        with written(str(path), self.stdout) as stream:
            stream.write(text)

    def test_new_file_has_the_mode_of_any(self) -> None:
        before = os.umask(0o027)
        self.addCleanup(os.umask, before)
        self.write(self.path)
        self.assertEqual('new \u2013', self.path.read_text('utf-8'))
        self.assertEqual(0o640, stat.S_IMODE(self.path.stat().st_mode))
        self.assertEqual([self.path], list(self.folder.iterdir()))
        self.assertEqual('', self.stdout.getvalue())

    def test_mode_of_the_old_one_stays(self) -> None:
        self.path.write_text('old')
        for mode in 0o600, 0o664:
            self.path.chmod(mode)
            with written(str(self.path), self.stdout):
                modes = {each.stat().st_mode for each in self.folder.iterdir()}
            self.assertEqual({mode}, set(map(stat.S_IMODE, modes)))
            self.assertEqual(mode, stat.S_IMODE(self.path.stat().st_mode))

    def test_old_one_is_there_until_all_went_well(self) -> None:
        self.path.write_text('old')
        with written(str(self.path), self.stdout) as stream:
            stream.write('new')
            stream.flush()
            self.assertEqual('old', self.path.read_text())
        self.assertEqual('new', self.path.read_text())

    def test_failure_leaves_what_was_there(self) -> None:
        self.path.write_text('old')
        for error in KeyboardInterrupt, OSError, ValueError:
            with testtools.ExpectedException(error):
                with written(str(self.path), self.stdout) as stream:
                    stream.write('half')
                    raise error
            self.assertEqual('old', self.path.read_text())
            self.assertEqual([self.path], list(self.folder.iterdir()))

    def test_failure_leaves_nothing_new(self) -> None:
        with testtools.ExpectedException(ZeroDivisionError):
            with written(str(self.path), self.stdout):
                raise ZeroDivisionError
        self.assertEqual([], list(self.folder.iterdir()))

    def test_link_stays_one(self) -> None:
        link = self.folder / 'link'
        link.symlink_to(self.path)
        self.write(link)
        self.assertTrue(link.is_symlink())
        self.assertEqual('new \u2013', self.path.read_text('utf-8'))

    def test_pipe_is_written_to(self) -> None:
        os.mkfifo(self.path)
        read: list[str] = []
        reader = threading.Thread(
            target=lambda: read.append(self.path.read_text('utf-8'))
        )
        reader.start()
        self.write(self.path)
        reader.join(30)
        self.assertEqual(['new \u2013'], read)
        self.assertTrue(self.path.is_fifo())

    def test_standard_output(self) -> None:
        self.write('-')
        self.assertEqual('new \u2013', self.stdout.getvalue())

    def test_what_cannot_be_written_is_named(self) -> None:
        for path, why in (
            (self.folder, 'Is a directory'),
            (self.folder / 'no' / 'page', 'No such file or directory'),
            (self.folder / ('x' * 300), 'File name too long'),
        ):
            error = self.assertRaises(BadArgumentError, self.write, path)
            self.assertIn(why, str(error))
