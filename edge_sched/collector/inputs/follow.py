# SPDX-License-Identifier: Apache-2.0

"""Follow a file that another program adds lines to, as ``tail -F`` does."""

import errno
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO

from edge_sched.http.deadline import Deadline
from edge_sched.measurement.lines import MAX_LINE_LENGTH


class FollowError(Exception):
    """Nothing can be read of the file; the message says why."""


class Follower:
    """What was added since the last time.

    A file that is another one by now, or shorter, is read from its start: it
    was rotated. Of more than ``max_bytes`` only the end is read, which is the
    newest. A last line that has no end yet waits for the next time, and one
    that is longer than ``MAX_LINE_LENGTH`` is left out.

    A link is not followed, and no pipe waited for.
    """

    def __init__(self, path: str, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._inode = 0
        self._read_to = 0

    def lines(self, deadline: Deadline) -> Iterator[tuple[int, bytes]]:
        """Whole lines without their ends, and where in the file they begin.

        :raises FollowError: if it is no file, or cannot be read
        """
        try:
            # In binary, so that nothing of it is read before it is known to
            # be a file.
            with open(self._path, 'rb', opener=open_safely) as stream:
                found = os.fstat(stream.fileno())
                if not stat.S_ISREG(found.st_mode):
                    raise FollowError('is not a regular file')
                if (
                    found.st_ino != self._inode
                    or found.st_size < self._read_to
                ):
                    self._inode, self._read_to = found.st_ino, 0
                self._skip_old(stream, found.st_size)
                yield from self._new(stream, found.st_size, deadline)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise FollowError('is a link, which is not followed') from None
            raise FollowError(str(error.strerror)) from error

    def _skip_old(self, stream: BinaryIO, size: int) -> None:
        start = max(self._read_to, size - self._max_bytes)
        if start > self._read_to:
            # It is most likely within a line.
            stream.seek(start - 1)
            start += len(stream.readline(self._max_bytes)) - 1
        stream.seek(start)
        self._read_to = start

    def _new(
        self, stream: BinaryIO, size: int, deadline: Deadline
    ) -> Iterator[tuple[int, bytes]]:
        """To where the file ended when it was opened."""
        while self._read_to < size and not deadline.passed():
            line = piece = stream.readline(MAX_LINE_LENGTH)
            while piece and not piece.endswith(b'\n'):
                piece = stream.readline(MAX_LINE_LENGTH)
            if not piece:
                return
            start, self._read_to = self._read_to, stream.tell()
            if line is piece:
                yield start, line.rstrip(b'\r\n')


def open_safely(path: str, flags: int) -> int:
    """For ``open``: no link is followed, and no pipe waited for."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
