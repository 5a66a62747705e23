# SPDX-License-Identifier: Apache-2.0

"""Many sources at once, each given up for itself."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from oslo_log import log as logging

from edge_sched.http.deadline import Deadline

LOG = logging.getLogger(__name__)

Job = TypeVar('Job')
Result = TypeVar('Result')


def in_parallel(
    jobs: Sequence[Job],
    work: Callable[[Job], Result],
    concurrency: int,
    deadline: Deadline,
) -> Iterator[tuple[Job, Result | None]]:
    """Each job once with what ``work`` made of it, as they end.

    A job that does not end by the deadline has ``None``. Its thread is left
    behind, and keeps nobody waiting: neither a name server that does not
    answer nor the end of the process. One whose ``work`` raises has ``None``
    at once, and the log says why, unless the deadline cut it off.

    :param jobs: begun in this order
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, Result | None]] = queue.SimpleQueue()
    for number in range(len(jobs)):
        waiting.put(number)

    def run() -> None:
        while not deadline.passed():
            try:
                number = waiting.get_nowait()
            except queue.Empty:
                return
            result = None
            try:
                result = work(jobs[number])
            except Exception as error:
                _log_what_broke(jobs[number], error, deadline)
            done.put((number, result))

    for _ in range(min(concurrency, len(jobs))):
        threading.Thread(target=run, daemon=True).start()
    missing = dict(enumerate(jobs))
    while missing:
        try:
            number, result = done.get(timeout=deadline.remaining_seconds())
        except queue.Empty:
            break
        yield missing.pop(number), result
    for job in missing.values():
        yield job, None


def _log_what_broke(job: object, error: Exception, deadline: Deadline) -> None:
    # What the deadline cuts off may break in any way.
    if not deadline.passed():
        LOG.error('Reading %s broke.', job, exc_info=error)
