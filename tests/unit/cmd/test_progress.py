# SPDX-License-Identifier: Apache-2.0

"""What is seen of a long job."""

import io

import testtools

from edge_sched.cmd import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestProgress(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.patch(progress, 'STEP', 3)

    def run_job(self, stream: io.StringIO, quiet: bool = False) -> str:
        shown = progress.Progress(stream, quiet=quiet)
        lines = [str(i) for i in range(7)]
        self.assertEqual(lines, list(shown.reading(lines)))
        store = shown.storing(7)
        for done in range(8):
            store(done)
        shown.end()
        return stream.getvalue()

    def test_log_gets_lines(self):
        self.assertEqual(
            '3 lines read\n6 lines read\n3 of 7 rows stored\n'
            '6 of 7 rows stored\n',
            self.run_job(io.StringIO()),
        )

    def test_terminal_is_left_clean(self):
        shown = self.run_job(Terminal())

        self.assertNotIn('\n', shown)
        self.assertTrue(shown.endswith('\r' + ' ' * 18 + '\r'))

    def test_quiet(self):
        self.assertEqual('', self.run_job(Terminal(), quiet=True))

    def test_short_job_shows_nothing(self):
        stream = io.StringIO()
        shown = progress.Progress(stream)
        list(shown.reading(['a', 'b']))
        shown.storing(2)(2)
        shown.end()

        self.assertEqual('', stream.getvalue())
