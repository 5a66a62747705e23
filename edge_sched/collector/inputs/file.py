# SPDX-License-Identifier: Apache-2.0

"""Driver ``file``: a directory of measurement files."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import TextIO

from oslo_config import cfg

from edge_sched.collector.inputs.directory import MAX_FILES
from edge_sched.collector.inputs.directory import BoundError
from edge_sched.collector.inputs.directory import DirectoryInput
from edge_sched.collector.reading import Harvest
from edge_sched.collector.reading import Reading
from edge_sched.http.deadline import Deadline
from edge_sched.measurement.file import JSON_ENDINGS
from edge_sched.measurement.file import form_of
from edge_sched.measurement.file import read_measurements
from edge_sched.measurement.lines import MAX_LINE_LENGTH
from edge_sched.model.latency import NewLatency
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
    MAX_FILES,
)


class FileInput(DirectoryInput):
    """CSV and JSON lines, which say themselves of which vantage they are.

    :param clock: UTC epoch seconds, for tests
    """

    OPTS = OPTS
    ENDINGS = ('.csv', *JSON_ENDINGS)

    def __init__(
        self,
        name: str,
        conf: cfg.ConfigOpts,
        group: str,
        mine: Callable[[str], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(name, conf, group, mine, clock)
        self._vantages = frozenset(map(normal, self.settings.vantages))
        if not self._vantages:
            raise self.bad_setting(
                'vantages', '', "is not a list of names, or '*'"
            )

    def vantages(self) -> Collection[str]:
        return {v for v in self._vantages - {'*'} if self.mine(v)}

    def read(
        self, stream: TextIO, path: str, written_at: float, deadline: Deadline
    ) -> Harvest:
        lines = iter(lambda: stream.readline(MAX_LINE_LENGTH + 1), '')
        return self._harvest(
            read_measurements(
                self._bounded(lines, deadline),
                form_of(path),
                min(written_at, self.clock()),
            )
        )

    def _bounded(
        self, lines: Iterator[str], deadline: Deadline
    ) -> Iterator[str]:
        size = 0
        for number, line in enumerate(lines):
            size += len(line)
            if size > self.limits.max_bytes:
                raise BoundError(
                    f'is longer than {self.limits.max_bytes} bytes'
                )
            # The first line of CSV is no row.
            if number > self.limits.max_series:
                raise BoundError(
                    f'has more than {self.limits.max_series} rows'
                )
            if deadline.passed():
                raise BoundError('could not be read in time')
            yield line

    def _harvest(self, rows: list[NewLatency]) -> Harvest:
        readings = []
        refused: Counter[str] = Counter()
        for row in rows:
            vantage = row.latency.vantage
            if not self._vantages & {vantage, '*'}:
                refused['vantage'] += 1
            elif self.mine(vantage):
                readings.append(_reading(row))
        return Harvest(readings, refused)


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
