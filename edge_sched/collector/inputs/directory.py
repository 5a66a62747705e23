# SPDX-License-Identifier: Apache-2.0

"""Inputs that read the files of a directory, each when it has changed."""

import abc
import errno
import io
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, ClassVar, NamedTuple, TextIO

from oslo_config import cfg

from edge_sched.collector.inputs.base import Input
from edge_sched.collector.inputs.base import InputError
from edge_sched.collector.inputs.follow import open_safely
from edge_sched.collector.reading import Harvest
from edge_sched.http.deadline import Deadline
from edge_sched.measurement.file import BadFileError
from edge_sched.model.latency import latest_time

#: What all of them have, beside ``directory``.
MAX_FILES = cfg.IntOpt(
    'max_files',
    default=1000,
    min=1,
    help="""
The most files of the directory that are read, in the order of their names.

The others are left out, which counts as one failure, until there are fewer.

Possible values:

* A positive integer.
""",
)


class _Version(NamedTuple):
    """What tells one version of a file from the next."""

    inode: int
    size: int
    written_ns: int


class BoundError(Exception):
    """A file that is too large, or takes too long."""


class DirectoryInput(Input):
    """A source is one file; one that did not change has nothing to say.

    :param clock: UTC epoch seconds, for tests
    """

    #: How the names of files end that are read, in lower case.
    ENDINGS: ClassVar[Sequence[str]]

    def __init__(
        self,
        name: str,
        conf: cfg.ConfigOpts,
        group: str,
        mine: Callable[[str], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(name, conf, group, mine)
        self.clock = clock
        self._directory = self.settings.directory
        if not self._directory or not os.path.isabs(self._directory):
            raise self.bad_setting(
                'directory', self._directory, 'is not an absolute path'
            )
        # Of each file read, why it was bad; '' if it was not.
        self._done: dict[str, tuple[_Version, str]] = {}

    @abc.abstractmethod
    def read(
        self, stream: TextIO, path: str, written_at: float, deadline: Deadline
    ) -> Harvest:
        """What a file says.

        :param stream: UTF-8, with surrogates for what is none
        :param written_at: UTC epoch seconds
        :raises BadFileError: for one that is bad until it changes
        :raises BoundError: for one that may be read another time
        """

    def collect(self, deadline: Deadline) -> Iterator[Harvest]:
        try:
            names = sorted(
                name
                for name in os.listdir(self._directory)
                if name.lower().endswith(tuple(self.ENDINGS))
                and not name.startswith('.')
            )
        except OSError as error:
            raise InputError(
                f'cannot list {self._directory}: {error.strerror}'
            ) from error
        there = frozenset(names)
        self._done = {
            name: done for name, done in self._done.items() if name in there
        }
        most = self.settings.max_files
        for name in names[:most]:
            path = os.path.join(self._directory, name)
            yield self._read_if_new(name, path, deadline)
        if len(names) > most:
            # Once for all of them, however many there are.
            path = os.path.join(self._directory, names[most])
            yield _failed(path, 'and those after it are beyond max_files')

    def _read_if_new(
        self, name: str, path: str, deadline: Deadline
    ) -> Harvest:
        try:
            # In binary, so that nothing of it is read before it is known to
            # be a file.
            with open(path, 'rb', opener=open_safely) as opened:
                found = os.fstat(opened.fileno())
                if not stat.S_ISREG(found.st_mode):
                    return _failed(path, 'is not a regular file')
                version = _Version(
                    found.st_ino, found.st_size, found.st_mtime_ns
                )
                done, why = self._done.get(name, (None, ''))
                if done == version:
                    return _failed(path, why) if why else Harvest(())
                harvest = self._read(opened, path, found.st_mtime, deadline)
        except OSError as error:
            if error.errno == errno.ELOOP:
                return _failed(path, 'is a link, which is not followed')
            return _failed(path, str(error.strerror))
        except BoundError as error:
            return _failed(path, str(error))
        except BadFileError as error:
            why = str(error.bad[0])
            # Of a file from the future our clock may be what is wrong.
            if found.st_mtime <= latest_time(self.clock()):
                self._done[name] = (version, why)
            # Rows that were read, but not taken.
            return _failed(path, why)._replace(
                refused={'line': len(error.bad)}
            )
        self._done[name] = (version, '')
        return harvest._replace(source=path)

    def _read(
        self,
        opened: BinaryIO,
        path: str,
        written_at: float,
        deadline: Deadline,
    ) -> Harvest:
        with io.TextIOWrapper(
            opened, encoding='utf-8', errors='surrogateescape', newline='\n'
        ) as stream:
            return self.read(
                stream,
                path,
                written_at,
                deadline.within(self.limits.timeout_seconds),
            )


def _failed(path: str, why: str) -> Harvest:
    return Harvest((), failed=why, source=path)
