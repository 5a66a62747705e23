# SPDX-License-Identifier: Apache-2.0

"""Whom the prober probes: the targets of the file, then who is served.

The file is the operator's: its targets are probed all, at their own rates.
Those that are served share a rate. Where it is used up the next ones wait in
line, in the order in which they came.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from edge_sched.probe.outcome import Address
from edge_sched.probe.prober import Prober
from edge_sched.probe.prober import Report
from edge_sched.probe.target import Target

LOG = logging.getLogger(__name__)

#: How long the last list goes on while no other comes. Chosen: the default of
#: ``max_age``, as long as rows judge that nobody renews. So a control plane
#: that is restarted costs no window, and one that is gone has nobody probed.
KEEP_SECONDS = 900.0

#: Who is probed and where: one that moves waits in line again.
_Id = tuple[tuple[str, str], tuple[Address, str, int]]


class Served(NamedTuple):
    """How many targets are served that the file does not have.

    :param waiting: in line, as the rate is used up
    """

    probed: int = 0
    waiting: int = 0


class Agenda:
    """Has the prober follow both; called from its loop, one call at a time.

    :param max_rate: packets a second to all targets that are served
    :param clock: seconds, for the age of a list
    """

    def __init__(
        self,
        prober: Prober,
        max_rate: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prober = prober
        self._max_rate = max_rate
        self._clock = clock
        self._own: Mapping[tuple[str, str], Target] = {}
        # In the order in which they came.
        self._line: Mapping[_Id, Target] = {}
        self._line_at = clock()
        self._probed: tuple[Target, ...] = ()
        self._complaint = ''
        self.served = Served()

    async def follow_file(self, targets: Iterable[Target]) -> None:
        """Probe the targets of the file from now on.

        :raises OSError: if a probe that they need cannot be opened; all is
            then as it was
        """
        own = {target.key: target for target in targets}
        await self._follow(own, self._line)

    async def follow_served(self, targets: Sequence[Target] | None) -> None:
        """Probe those that are served from now on, as far as the rate allows.

        To be called again and again: whose first window is sent makes room.

        If a probe that they need cannot be opened all is as it was.

        :param targets: ``None`` if there is no list: the last one goes on
        """
        line = self._line
        if targets is not None:
            line = _lined_up(line, targets)
            self._line_at = self._clock()
        elif self._clock() - self._line_at > KEEP_SECONDS:
            line = {}
        try:
            await self._follow(self._own, line)
        except OSError as error:
            self._complain(str(error))
        else:
            self._complaint = ''

    async def report(self) -> Report:
        """That of the prober, with what is known here.

        A stranger who has answered nothing yet has no figures: that he
        answers no probe does not tell that he is far from here.
        """
        probed, waiting = self.served
        report = await self._prober.report()
        silent = {
            target.key
            for target in self._probed
            if not self._prober.has_answered(target.key)
        }
        figures = [f for f in report.figures if f.target.key not in silent]
        return report._replace(figures=figures, served=probed, waiting=waiting)

    async def _follow(
        self,
        own: Mapping[tuple[str, str], Target],
        line: Mapping[_Id, Target],
    ) -> None:
        strangers = {
            id_: target
            for id_, target in line.items()
            if target.key not in own
        }
        probed = self._let_in(strangers)
        if own is not self._own or probed != self._probed:
            await self._prober.follow((*own.values(), *probed))
        self._own, self._line, self._probed = own, line, probed
        self.served = Served(len(probed), len(strangers) - len(probed))

    def _complain(self, why: str) -> None:
        """Once, while it is the same each time."""
        if why != self._complaint:
            LOG.error('Targets that are served cannot be probed: %s', why)
        self._complaint = why

    def _let_in(self, strangers: Mapping[_Id, Target]) -> tuple[Target, ...]:
        """Those that go on, then the next ones that there is a rate for."""
        before = {_id(target) for target in self._probed}
        let_in = [strangers[id_] for id_ in strangers if id_ in before]
        rate = sum(map(self._prober.rate, let_in))
        for id_, target in strangers.items():
            if id_ in before:
                continue
            rate += self._prober.rate(target)
            if rate > self._max_rate:
                break
            let_in.append(target)
        return tuple(let_in)


def _lined_up(
    line: Mapping[_Id, Target], targets: Iterable[Target]
) -> dict[_Id, Target]:
    """These, those first that stood in line before."""
    now = {_id(target): target for target in targets}
    return {id_: now[id_] for id_ in line if id_ in now} | now


def _id(target: Target) -> _Id:
    return target.key, target.place
