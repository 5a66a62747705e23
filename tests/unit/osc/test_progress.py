# SPDX-License-Identifier: Apache-2.0

"""One line on a terminal, and nothing anywhere else."""

import io

import testtools

from edge_sched_osc import progress
from tests.unit.osc.base import Terminal


class TestProgress(testtools.TestCase):
    def shown(self, stream: io.StringIO, *texts: str, **how: bool) -> str:
        with progress.Progress(stream, **how) as shown:
            for text in texts:
                shown.show(text)
        return stream.getvalue()

    def test_terminal_is_left_clean(self):
        self.assertEqual(
            '\rlonger\rless  \r    \r',
            self.shown(Terminal(), 'longer', 'less'),
        )

    def test_terminal_is_left_clean_after_an_error(self):
        stream = Terminal()
        with testtools.ExpectedException(KeyboardInterrupt):
            with progress.Progress(stream) as shown:
                shown.show('ab')
                raise KeyboardInterrupt

        self.assertEqual('\rab\r  \r', stream.getvalue())

    def test_nothing_to_show(self):
        self.assertEqual('', self.shown(Terminal()))

    def test_no_terminal(self):
        self.assertEqual('', self.shown(io.StringIO(), 'text'))

    def test_quiet(self):
        self.assertEqual('', self.shown(Terminal(), 'text', quiet=True))
