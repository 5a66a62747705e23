# SPDX-License-Identifier: Apache-2.0

"""What a fault has left behind, judged without the cloud.

Servers, allocations and logs are plain data here; ``estate`` fetches them.
"""

import dataclasses
import ipaddress
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Self

_ENDED = frozenset({'ACTIVE', 'ERROR'})
_ERROR_LEVELS = frozenset({'ERROR', 'CRITICAL'})

#: How oslo.log begins a line: time, pid, level, logger. What follows tells a
#: message, ``[req-...]`` or ``[-]``, from a line of its traceback.
_LINE = re.compile(
    r'\d{4}-\d\d-\d\d [\d:.]+ \d+ (?P<level>[A-Z]+) (?P<logger>\S+) '
    r'(?P<message>\[(?!instance: ))?'
)
#: A module of the package in a traceback, wherever that is installed. Not
#: the folder of a clone, below which all the rest may be installed too.
_FRAME = re.compile(
    r'edge_sched/(?!tests/|\.)(?:[a-z_]+/)*[a-z_]+\.py", line \d'
)


class Allocation(NamedTuple):
    """What Placement holds for a consumer, e.g. a server, on a host."""

    host: str
    consumer: str


class Row(NamedTuple):
    """What the store has: from which site, to whom, how far."""

    site: str
    prefix: str
    rtt_p95_ms: float


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """One server as an operator sees it.

    :param host: ``''`` if it has none
    :param fault: its message, ``''`` if it has none
    """

    id: str
    status: str
    task_state: str | None = None
    name: str = ''
    host: str = ''
    fault: str = ''

    @property
    def stuck(self) -> bool:
        """Whether it is neither one thing nor the other.

        Ask after a time in which nothing has changed any more.
        """
        return self.status not in _ENDED or self.task_state is not None


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """All servers and all allocations at one time."""

    servers: Sequence[Server] = ()
    allocations: frozenset[Allocation] = frozenset()

    def stuck(self) -> set[str]:
        """Ids of servers."""
        return {server.id for server in self.servers if server.stuck}

    def orphans(self) -> set[Allocation]:
        """Allocations whose consumer is no server on that host.

        Also those of a server in ERROR that never got to the host.
        """
        held = {Allocation(server.host, server.id) for server in self.servers}
        return set(self.allocations - held)

    def since(self, before: Self) -> Self:
        """The servers and allocations that were not there before."""
        known = {server.id for server in before.servers}
        return dataclasses.replace(
            self,
            servers=[s for s in self.servers if s.id not in known],
            allocations=self.allocations - before.allocations,
        )

    def without(self, names: Collection[str]) -> Self:
        """As if servers of these names had never been asked for."""
        ids = {server.id for server in self.servers if server.name in names}
        return dataclasses.replace(
            self,
            servers=[s for s in self.servers if s.id not in ids],
            allocations=frozenset(
                each for each in self.allocations if each.consumer not in ids
            ),
        )


class Damage(NamedTuple):
    """What did not end, and what was not given back."""

    stuck: int = 0
    orphans: int = 0

    def within(self, controls: Iterable['Damage']) -> bool:
        """Whether neither figure is above the worst of the controls."""
        worst = Damage(*map(max, zip(Damage(), *controls, strict=True)))
        return self.stuck <= worst.stuck and self.orphans <= worst.orphans


def damage(new: Snapshot) -> Damage:
    """What a fault did to the servers that it met."""
    return Damage(len(new.stuck()), len(new.orphans()))


def outside(
    servers: Iterable[Server],
    budgets_ms: Mapping[str, Mapping[str, float]],
    sites: Mapping[str, str],
    rows: Sequence[Row],
) -> list[Server]:
    """Those that run where a client of theirs is too far, or unmeasured.

    :param budgets_ms: that are required, by the server's name and client,
        ``{'game': {'203.0.113.7': 20.0}}``
    :param sites: of the hosts, ``{'lyon-1': 'lyon'}``
    """
    return [
        server
        for server in servers
        if server.status == 'ACTIVE'
        and any(
            _p95_ms(rows, sites.get(server.host, ''), client) > budget_ms
            for client, budget_ms in budgets_ms.get(server.name, {}).items()
        )
    ]


def _p95_ms(rows: Iterable[Row], site: str, client: str) -> float:
    """Of the longest prefix that has a row from the site, else infinite."""
    address = ipaddress.ip_address(client)
    found = [
        (network.prefixlen, row.rtt_p95_ms)
        for row in rows
        for network in [ipaddress.ip_network(row.prefix)]
        if row.site == site and address in network
    ]
    return max(found, default=(0, math.inf))[1]


def blamed(log: str, names: Iterable[str]) -> set[str]:
    """Which servers or requests an error of ours in a log speaks of.

    An error is ours if we have logged it, or if our code is in a traceback.

    :param names: their ids, ``instance`` uuids and ``req-...``
    """
    errors = '\n'.join(our_errors(log))
    return {name for name in names if name in errors}


def our_errors(log: str) -> list[str]:
    """The errors of ours, each with its traceback."""
    return [
        text
        for level, logger, text in _messages(log)
        if (level in _ERROR_LEVELS and logger.startswith('edge_sched'))
        or _FRAME.search(text)
    ]


def _messages(log: str) -> Iterator[tuple[str, str, str]]:
    """Level, logger and text, the lines of a traceback with it."""
    level, logger, lines = '', '', list[str]()
    for text in log.splitlines():
        line = _LINE.match(text)
        if line is not None and (
            line['message'] or line['level'] not in _ERROR_LEVELS
        ):
            yield level, logger, '\n'.join(lines)
            level, logger, lines = line['level'], line['logger'], []
        lines.append(text)
    yield level, logger, '\n'.join(lines)
