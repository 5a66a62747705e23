# SPDX-License-Identifier: Apache-2.0

"""All sources, and what they amount to."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from edge_sched.listen.beacon import Beacon
from edge_sched.listen.follow import Follower
from edge_sched.listen.sources import Source
from edge_sched.listen.syslog import Datagrams
from edge_sched.listen.syslog import unix_socket
from edge_sched.listen.table import Table
from edge_sched.model.client import Prefix
from edge_sched.probe import sockets
from edge_sched.probe.outcome import Address
from edge_sched.probe.prober import BATCH
from edge_sched.probe.series import Figures

#: Between two looks at what is old.
SETTLE_SECONDS = 1.0


class Report(NamedTuple):
    """What the listener knows, at one time.

    :param figures: of prefixes with enough clients and connections
    :param withheld: prefixes that had enough clients in the last hour, and
        have too few of either now
    :param waiting: prefixes of which too few clients were seen
    :param pushed_out: prefixes that made way to others, since the start
    :param time_seconds: UTC epoch, by the clock here
    """

    figures: list[Figures]
    withheld: int
    waiting: int
    pushed_out: int
    sources: Sequence[Source]
    time_seconds: float


class Listener:
    """Reads its sources from the thread of an asyncio loop.

    What is opened is open until ``close``.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, table: Table) -> None:
        self._loop = loop
        self._table = table
        self._stack = contextlib.ExitStack()
        self._sources: list[Source] = []
        self._run(self._settle())

    def hear(
        self, bind: Sequence[Address], port: int, allow: Sequence[Prefix]
    ) -> None:
        """Take in syslog by UDP.

        :raises OSError: naming an address and port that cannot be had
        """
        source = self._source('syslog')
        for address in bind:
            udp = sockets.open_socket(address, port)
            self._enter(Datagrams(self._loop, udp, source, allow).close)

    def hear_socket(self, path: str) -> None:
        """Take in syslog at a socket of Unix.

        :raises OSError: naming a path that cannot be had
        """
        unix = self._stack.enter_context(unix_socket(path))
        source = self._source('socket')
        self._enter(Datagrams(self._loop, unix, source).close)

    def follow(self, path: str) -> None:
        """Take in the lines of a file from now on."""
        self._run(Follower(path, self._source(f'file:{path}')).run())

    def attract(self, bind: Sequence[Address], port: int) -> None:
        """Take in connections to a port of our own.

        :raises OSError: naming an address and port that cannot be had
        """
        beacon = Beacon(self._loop, self._source('beacon'))
        self._enter(beacon.close)
        beacon.open(bind, port)

    @property
    def sources(self) -> Sequence[str]:
        """The names of those there are."""
        return [source.name for source in self._sources]

    async def report(self) -> Report:
        """What is known now, summed up in small portions."""
        figures = []
        withheld = 0
        for number, each in enumerate(
            self._table.figures(time.time()), start=1
        ):
            if each is None:
                withheld += 1
            else:
                figures.append(each)
            if number % BATCH == 0:
                await asyncio.sleep(0)
        return Report(
            figures,
            withheld,
            self._table.waiting,
            self._table.pushed_out,
            tuple(self._sources),
            time.time(),
        )

    def close(self) -> None:
        """Take in no more."""
        self._stack.close()

    def _source(self, name: str) -> Source:
        source = Source(name, self._table)
        self._sources.append(source)
        return source

    def _enter(self, close: Callable[[], None]) -> None:
        self._stack.callback(close)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._stack.callback(self._loop.create_task(work).cancel)

    async def _settle(self) -> None:
        while True:
            await asyncio.sleep(SETTLE_SECONDS)
            self._table.settle()
