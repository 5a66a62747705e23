# SPDX-License-Identifier: Apache-2.0

"""Driver ``file``: a directory of measurement files."""

import errno
import io
import os
import stat
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import BinaryIO, NamedTuple

from oslo_config import cfg

from edge_sched.collector.inputs.base import Deadline
from edge_sched.collector.inputs.base import Input
from edge_sched.collector.inputs.base import InputError
from edge_sched.collector.reading import Harvest
from edge_sched.collector.reading import Reading
from edge_sched.measurement.file import JSON_ENDINGS
from edge_sched.measurement.file import BadFileError
from edge_sched.measurement.file import form_of
from edge_sched.measurement.file import read_measurements
from edge_sched.measurement.lines import MAX_LINE_LENGTH
from edge_sched.model.latency import NewLatency
from edge_sched.model.latency import latest_time
from edge_sched.model.names import normal

OPTS = (
    cfg.StrOpt(
        'directory',
        help="""
The directory whose measurement files are read: ``*.csv``, and ``*.jsonl`` or
``*.ndjson`` for JSON lines. Others are left alone, and so are names that begin
with a dot.

A file is read when it is new or has changed. One with a bad line is not taken
at all, so write a file under another name and rename it when it is complete.
A link is not followed: whoever may write into the directory could have any
file of ours read, and shown in part by the log. The directory itself may be
one, as ``..data`` is of a volume of Kubernetes.
A row that does not say when it was measured was measured when the file was
written.

Possible values:

* An absolute path; required.
""",
    ),
    cfg.ListOpt(
        'vantages',
        default=[],
        help="""
The vantage points that the files may have measurements of.

Rows of any other one are refused and counted: whoever may write into the
directory does not speak for all sites.

Possible values:

* A list of one or more names.
* ``*``: the files are believed.
""",
    ),
    cfg.IntOpt(
        'max_files',
        default=1000,
        min=1,
        help="""
The most files of the directory that are read, in the order of their names.

The others are left out, which counts as one failure, until there are fewer.

Possible values:

* A positive integer.
""",
    ),
)

_ENDINGS = ('.csv', *JSON_ENDINGS)


class _Version(NamedTuple):
    """What tells one version of a file from the next."""

    inode: int
    size: int
    written_ns: int


class _BoundError(Exception):
    """A file that is too large, or takes too long."""


class FileInput(Input):
    """A source is one file; one that did not change has nothing to say.

    :param clock: UTC epoch seconds, for tests
    """

    OPTS = OPTS

    def __init__(
        self,
        name: str,
        conf: cfg.ConfigOpts,
        group: str,
        mine: Callable[[str], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(name, conf, group, mine)
        self._clock = clock
        self._directory = self.settings.directory
        self._vantages = frozenset(map(normal, self.settings.vantages))
        if not self._directory or not os.path.isabs(self._directory):
            raise self.bad_setting(
                'directory', self._directory, 'is not an absolute path'
            )
        if not self._vantages:
            raise self.bad_setting(
                'vantages', '', "is not a list of names, or '*'"
            )
        # Of each file read, why it was bad; '' if it was not.
        self._done: dict[str, tuple[_Version, str]] = {}

    def vantages(self) -> Collection[str]:
        return {v for v in self._vantages - {'*'} if self.mine(v)}

    def collect(self, deadline: Deadline) -> Iterator[Harvest]:
        try:
            names = sorted(
                name
                for name in os.listdir(self._directory)
                if name.lower().endswith(_ENDINGS) and not name.startswith('.')
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
            with open(path, 'rb', opener=_opened) as opened:
                found = os.fstat(opened.fileno())
                if not stat.S_ISREG(found.st_mode):
                    return _failed(path, 'is not a regular file')
                version = _Version(
                    found.st_ino, found.st_size, found.st_mtime_ns
                )
                done, why = self._done.get(name, (None, ''))
                if done == version:
                    return _failed(path, why) if why else Harvest(())
                new = self._read(opened, path, found.st_mtime, deadline)
        except OSError as error:
            if error.errno == errno.ELOOP:
                return _failed(path, 'is a link, which is not followed')
            return _failed(path, str(error.strerror))
        except _BoundError as error:
            return _failed(path, str(error))
        except BadFileError as error:
            why = str(error.bad[0])
            # Of a file from the future our clock may be what is wrong.
            if found.st_mtime <= latest_time(self._clock()):
                self._done[name] = (version, why)
            # Rows that were read, but not taken.
            return _failed(path, why)._replace(
                refused={'line': len(error.bad)}
            )
        self._done[name] = (version, '')
        return self._harvest(new, path)

    def _read(
        self,
        opened: BinaryIO,
        path: str,
        written_at: float,
        deadline: Deadline,
    ) -> list[NewLatency]:
        now = min(written_at, self._clock())
        with io.TextIOWrapper(
            opened, encoding='utf-8', errors='surrogateescape', newline='\n'
        ) as stream:
            return read_measurements(
                self._bounded(
                    iter(lambda: stream.readline(MAX_LINE_LENGTH + 1), ''),
                    deadline.within(self.limits.timeout_seconds),
                ),
                form_of(path),
                now,
            )

    def _bounded(
        self, lines: Iterator[str], deadline: Deadline
    ) -> Iterator[str]:
        size = 0
        for number, line in enumerate(lines):
            size += len(line)
            if size > self.limits.max_bytes:
                raise _BoundError(
                    f'is longer than {self.limits.max_bytes} bytes'
                )
            # The first line of CSV is no row.
            if number > self.limits.max_series:
                raise _BoundError(
                    f'has more than {self.limits.max_series} rows'
                )
            if deadline.passed():
                raise _BoundError('could not be read in time')
            yield line

    def _harvest(self, rows: list[NewLatency], path: str) -> Harvest:
        readings = []
        refused: Counter[str] = Counter()
        for row in rows:
            vantage = row.latency.vantage
            if not self._vantages & {vantage, '*'}:
                refused['vantage'] += 1
            elif self.mine(vantage):
                readings.append(_reading(row))
        return Harvest(readings, refused, source=path)


def _reading(row: NewLatency) -> Reading:
    latency = row.latency
    return Reading(
        vantage=latency.vantage,
        client=latency.client,
        project_id=row.project_id,
        rtt_p50_ms=latency.rtt_p50_ms,
        rtt_p95_ms=latency.rtt_p95_ms,
        rtt_p99_ms=latency.rtt_p99_ms,
        rtt_min_ms=latency.rtt_min_ms,
        pdv_ms=latency.pdv_ms,
        loss_ratio=latency.loss_ratio,
        samples=latency.samples,
        measured_at=latency.measured_at,
        source=latency.source,
        lost_stated=True,
        rtt_p50_hour_ms=latency.rtt_p50_hour_ms,
        rtt_p95_hour_ms=latency.rtt_p95_hour_ms,
        loss_hour_ratio=latency.loss_hour_ratio,
    )


def _failed(path: str, why: str) -> Harvest:
    return Harvest((), failed=why, source=path)


def _opened(path: str, flags: int) -> int:
    """For ``open``: no link is followed, and no pipe waited for."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
