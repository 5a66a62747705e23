# SPDX-License-Identifier: Apache-2.0

"""Rounds: every input is read once, and what is new goes into the store.

The thread that calls ``run`` does it all but reading the inputs, which have
threads of their own: what they bring comes as events. One that is late is
left behind; it has no other turn until that one ends, and what it brings then
counts all the same.
"""

import queue
import time
from collections.abc import Callable

from oslo_log import log as logging

from edge_sched.collector.complaints import Complaints
from edge_sched.collector.delivery import Delivery
from edge_sched.collector.equipment import Equipment
from edge_sched.collector.metrics import Metrics
from edge_sched.collector.tally import Tally
from edge_sched.collector.turn import Event
from edge_sched.collector.turn import Events
from edge_sched.collector.turn import Turn
from edge_sched.http.deadline import Deadline

LOG = logging.getLogger(__name__)

#: Shares of the interval after which inputs must have ended, and are left
#: behind. Chosen: those that keep the time can say what failed, and the rest
#: is for the store.
_INPUT_SHARE = 0.8
_WAIT_SHARE = 0.85


class Collector:
    """The service, but for configuration, signals and the metrics' port.

    :param clock: UTC epoch seconds
    """

    def __init__(
        self,
        equipment: Equipment,
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._metrics = metrics
        self._clock = clock
        self._delivery = Delivery(
            equipment, metrics, lambda: self._stopping, clock
        )
        self._events: Events = queue.SimpleQueue()
        self._turns: dict[str, Turn] = {}
        self._complaints = Complaints()
        self._tally = Tally()
        self._number = 0
        self._stopping = False
        self._reloading = False
        self.equip(equipment)

    def equip(self, equipment: Equipment) -> None:
        """Go on with these from the next round; what waits goes on waiting."""
        self._equipment = equipment
        self._delivery.equip(equipment)
        self._complaints.keep({input_.name for input_ in equipment.inputs})
        self._metrics.set_inputs([input_.name for input_ in equipment.inputs])
        self._metrics.watch_vantages(
            {v for input_ in equipment.inputs for v in input_.vantages()}
        )

    def run(self, reload: Callable[[], None]) -> None:
        """Make rounds until ``stop``.

        :param reload: called between two rounds after ``ask_to_reload``
        """
        while not self._stopping:
            begun = time.monotonic()
            if self._reloading:
                self._reloading = False
                reload()
            self.round()
            interval_seconds = self._equipment.interval_seconds
            rest_seconds = begun + interval_seconds - time.monotonic()
            if rest_seconds < 0:
                self._metrics.overrun()
                LOG.warning(
                    'Round %(number)d took %(late).1f s longer than the '
                    'interval of %(interval).0f s.',
                    {
                        'number': self._number,
                        'late': -rest_seconds,
                        'interval': interval_seconds,
                    },
                )
            self._serve(
                Deadline(rest_seconds),
                lambda: self._stopping or self._reloading,
            )

    def stop(self) -> None:
        """End ``run`` after the batch that is being written.

        This and ``ask_to_reload`` may be called by a signal handler.
        """
        self._stopping = True
        self._events.put(None)

    def ask_to_reload(self) -> None:
        """Have ``reload`` called before the next round, and that at once."""
        self._reloading = True
        self._events.put(None)

    def round(self) -> bool:
        """Read every input once; whether one did and the store took it."""
        begun = time.monotonic()
        self._number += 1
        self._delivery.begin_round()
        self._begin_turns()
        self._serve(
            Deadline(self._equipment.interval_seconds * _WAIT_SHARE),
            lambda: self._stopping or not self._turns,
        )
        late = () if self._stopping else tuple(self._turns)
        self._tally.dark += len(late)
        for name in late:
            self._metrics.input_ended(name, True, self._clock())
            self._complaints.note(name, {'did not end in time'})
        delivered = self._delivery.end_round(self._tally)
        succeeded = delivered and self._tally.inputs > 0
        self._report(time.monotonic() - begun)
        return succeeded

    def _begin_turns(self) -> None:
        deadline = Deadline(self._equipment.interval_seconds * _INPUT_SHARE)
        for input_ in self._equipment.inputs:
            if input_.name not in self._turns:
                self._turns[input_.name] = Turn(input_, deadline, self._events)

    def _serve(self, deadline: Deadline, enough: Callable[[], bool]) -> None:
        """Take what comes until the deadline, or until it is enough."""
        while not enough():
            try:
                event = self._events.get(timeout=deadline.remaining_seconds())
            except queue.Empty:
                return
            if event is not None:
                self._handle(event)

    def _handle(self, event: Event) -> None:
        turn, harvest = event.turn, event.harvest
        if harvest is None:
            self._end_turn(turn, event.error)
            return
        if harvest.failed:
            self._metrics.source_failed(turn.input.name)
        refused = set()
        try:
            harvest = turn.input.scope.within(harvest)
            refused = self._delivery.take(harvest, self._tally)
        except (TypeError, AttributeError):
            # Drivers are others' code as well, and bring what they like.
            LOG.exception('Input %s brought no harvest.', turn.input.name)
            turn.failures.add('brought something that is no harvest')
        turn.count(harvest, refused)

    def _end_turn(self, turn: Turn, error: str) -> None:
        name = turn.input.name
        del self._turns[name]
        failed = bool(error) or turn.all_failed()
        self._tally.inputs += not failed
        self._tally.dark += bool(error) or turn.went_dark()
        self._metrics.input_ended(name, failed, self._clock())
        self._complaints.note(name, turn.failures | ({error} - {''}))

    def _report(self, took_seconds: float) -> None:
        waiting = len(self._delivery)
        self._metrics.round_ended(
            self._tally, waiting, took_seconds, self._clock()
        )
        LOG.info(
            'round %d: %s',
            self._number,
            self._tally.summary(waiting, took_seconds),
        )
        self._tally = Tally()
