# SPDX-License-Identifier: Apache-2.0

"""Progress of a long job, on stderr."""

from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

#: Chosen: about a second apart, and nothing for a file that takes less.
STEP = 10_000


class Progress:
    """Counts of one phase after the other, at least ``STEP`` apart.

    A terminal sees one line that changes, a log file a line each::

        20000 lines read
        20000 of 100000 rows stored
    """

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._stream = stream
        self._quiet = quiet
        self._terminal = stream.isatty()
        self._width = 0

    def reading(self, lines: Iterable[str]) -> Iterator[str]:
        """Hand the lines on and show how many there were."""
        for count, line in enumerate(lines, start=1):
            if count % STEP == 0:
                self._show(f'{count} lines read')
            yield line

    def storing(self, total: int) -> Callable[[int], None]:
        """What a store calls with the number of rows it has got so far."""
        shown = 0

        def show(done: int) -> None:
            nonlocal shown
            if done - shown >= STEP:
                shown = done
                self._show(f'{done} of {total} rows stored')

        return show

    def end(self) -> None:
        """Leave a terminal with an empty line to write on."""
        if self._width:
            self._stream.write('\r' + ' ' * self._width + '\r')
            self._width = 0

    def _show(self, text: str) -> None:
        if self._quiet:
            return
        if self._terminal:
            self._stream.write('\r' + text.ljust(self._width))
            self._width = len(text)
        else:
            self._stream.write(text + '\n')
        self._stream.flush()
