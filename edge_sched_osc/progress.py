# SPDX-License-Identifier: Apache-2.0

"""One line on a terminal that says what is waited for."""

from types import TracebackType
from typing import Self, TextIO


class Progress:
    """A line that the next one replaces, and that is gone in the end.

    Nothing at all where stderr is no terminal.
    """

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._stream = stream
        self._shows = stream.isatty() and not quiet
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._width:
            self.show('')
            self._stream.write('\r')
            self._stream.flush()

    def show(self, text: str) -> None:
        """Put a text in place of the one before."""
        if not self._shows:
            return
        self._stream.write('\r' + text.ljust(self._width))
        self._stream.flush()
        self._width = len(text)
