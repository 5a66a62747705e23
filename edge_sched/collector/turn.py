# SPDX-License-Identifier: Apache-2.0

"""One turn of one input, in a thread of its own."""

import queue
import threading
from collections.abc import Set
from typing import NamedTuple

from oslo_log import log as logging

from edge_sched.collector.inputs.base import Input
from edge_sched.collector.inputs.base import InputError
from edge_sched.collector.reading import Harvest
from edge_sched.http.deadline import Deadline

LOG = logging.getLogger(__name__)


class Event(NamedTuple):
    """What a turn says to the thread that began it.

    :param harvest: ``None`` at the end of the turn
    :param error: why the input as a whole failed, ``''`` if it did not
    """

    turn: 'Turn'
    harvest: Harvest | None
    error: str = ''


#: ``None`` only wakes up whoever waits.
Events = queue.SimpleQueue[Event | None]


class Turn:
    """Collects from the moment it is made; ends with an event without harvest.

    The thread may outlive its deadline, the round and the service: nobody
    waits for it. All else is of the thread that reads the events.
    """

    def __init__(
        self, input_: Input, deadline: Deadline, events: Events
    ) -> None:
        self.input = input_
        self.failures: set[str] = set()
        self._sources = 0
        self._failed = 0
        self._deadline = deadline
        self._events = events
        threading.Thread(
            target=self._run, name=f'input {input_.name}', daemon=True
        ).start()

    def count(self, harvest: Harvest, refused: Set[str]) -> None:
        """Note how a source went; one with nothing but refused rows failed.

        :param refused: why readings of it are no measurements
        """
        self._sources += 1
        # Without the numbers, which are others in each round.
        reasons = ', '.join(sorted({*harvest.refused, *refused}))
        why = harvest.failed
        if not why and harvest.refused and not harvest.readings:
            why = f'all rows are refused ({reasons})'
        if why:
            self._failed += 1
        elif reasons:
            why = f'rows are refused ({reasons})'
        if why and harvest.source:
            why = f'{harvest.source}: {why}'
        if why:
            self.failures.add(why)

    def all_failed(self) -> bool:
        return 0 < self._sources == self._failed

    def went_dark(self) -> bool:
        """Whether all of several sources failed.

        A single one may be silent by itself: that is no outage of measuring.
        """
        return self.all_failed() and self._sources > 1

    def _run(self) -> None:
        error = 'broke'
        try:
            for harvest in self.input.collect(self._deadline):
                if not isinstance(harvest, Harvest):
                    raise TypeError(f'{harvest!r} is no Harvest')
                self._events.put(Event(self, harvest))
            error = ''
        except InputError as failure:
            error = str(failure)
        except BaseException as failure:
            # Drivers are others' code as well; none may stop the others.
            LOG.exception('Input %s broke.', self.input.name)
            error = f'{type(failure).__name__}: {failure}'
        finally:
            # Without it the input would have no other turn, ever.
            self._events.put(Event(self, None, error))
