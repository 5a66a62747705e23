# SPDX-License-Identifier: Apache-2.0

"""Lines of a log file, as they are written.

What is there when it is opened first is old, and left out. A file that is
moved away is read to its end, and then the new one from its beginning; one
that became shorter (``copytruncate``) is read from its beginning.
"""

import asyncio
import logging
import os
import stat
from typing import BinaryIO

from edge_sched.listen.line import MAX_OCTETS
from edge_sched.listen.sources import Source

LOG = logging.getLogger(__name__)

#: Between two looks at a file that has nothing new.
PAUSE_SECONDS = 1.0

#: Octets that are read before others have their turn. Chosen: a thousand
#: lines, 10 ms.
READ_OCTETS = 65_536


class Follower:
    """Reads one file; ``is_up`` of its source says whether it is there.

    :param path: of a regular file, which may not be there yet
    """

    def __init__(self, path: str, source: Source) -> None:
        self._path = path
        self._source = source
        self._file: BinaryIO | None = None
        self._rest = b''
        self._skipping = False
        #: Why it is not read, as was said last.
        self._said = ''

    async def run(self) -> None:
        """Until it is cancelled."""
        self.open(at_end=True)
        try:
            while True:
                pause = 0.0 if self.read() else PAUSE_SECONDS
                await asyncio.sleep(pause)
        finally:
            self.close()

    def open(self, *, at_end: bool) -> None:
        """Have the file that is there now, if one is."""
        self.close()
        try:
            # Not for ever, as of a named pipe that nobody writes to.
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            self._say(str(error.strerror))
            return
        opened = os.fdopen(descriptor, 'rb', buffering=0)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            opened.close()
            self._say('not a regular file')
            return
        if at_end:
            # A line that is being written is left out as well.
            self._skipping = opened.seek(0, os.SEEK_END) > 0
        self._file = opened
        self._source.is_up = True
        self._said = ''

    def _say(self, why: str) -> None:
        """Tell the operator why it is not read, but not at every look."""
        if why != self._said:
            LOG.warning('%s is not read: %s', self._path, why)
        self._said = why

    def read(self) -> bool:
        """Take in some lines; whether there may be more at once."""
        try:
            octets = self._file.read(READ_OCTETS) if self._file else b''
            if octets:
                self._take(octets)
                return True
            return self._turn()
        except OSError:
            self.close()
            return False

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None
        self._rest = b''
        self._skipping = False
        self._source.is_up = False

    def _turn(self) -> bool:
        """At the end: whether there is another file, or a new beginning."""
        if self._file is None:
            self.open(at_end=False)
            return self._file is not None
        ours = os.fstat(self._file.fileno())
        try:
            there = os.stat(self._path)
        except OSError:
            # It is being moved: who writes it may go on with it for a while.
            # Or it may not be looked at, which is no reason to begin again.
            return False
        if (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino):
            self.open(at_end=False)
            return True
        if ours.st_size < self._file.tell():
            self._file.seek(0)
            self._rest = b''
            self._skipping = False
            return True
        return False

    def _take(self, octets: bytes) -> None:
        """Take in whole lines; the beginning of one waits for its end."""
        *lines, rest = (self._rest + octets).split(b'\n')
        for line in lines:
            if not self._skipping:
                self._source.take_line(line)
            self._skipping = False
        if len(rest) > MAX_OCTETS:
            # Counted once, and the rest of it left out.
            if not self._skipping:
                self._source.take_line(rest)
            self._skipping = True
        self._rest = b'' if self._skipping else rest
