# SPDX-License-Identifier: Apache-2.0

"""Measurements as a person reads them, without a line of edge_sched.

What the demo expects is computed from this, so that it does not check the
plug-in against itself.
"""

import csv
import dataclasses
import ipaddress
import math
import pathlib
from collections.abc import Iterable, Mapping
from typing import Self

#: By how much figures of one path may differ, of 64 probes and 3 ms of jitter
#: (chosen: about four times what it comes to).
CHANCE_MS = 2.0

#: Between hosts of one site, as edge_sched is configured by default.
SAME_SITE_RTT_MS = 0.5

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: Clients, or ``site:paris``: what rows are of.
Place = Network | str

_SITE = 'site:'


def site_client(site: str) -> str:
    """``site:paris``: how a site is called where it is the client."""
    return f'{_SITE}{site}'


def place(text: str) -> Place:
    """A place as it stands in a measurement file."""
    return text if text.startswith(_SITE) else ipaddress.ip_network(text)


@dataclasses.dataclass(frozen=True, slots=True)
class Rtt:
    """Round trip between a site and a client, in milliseconds."""

    p50_ms: float
    p95_ms: float
    #: None where the file has no column for it.
    min_ms: float | None = None

    @property
    def jitter_ms(self) -> float | None:
        """How much later than the fastest probe the p95 is."""
        return None if self.min_ms is None else self.p95_ms - self.min_ms

    def agrees(self, other: Self) -> bool:
        """Whether the two are the same, but for what chance does."""
        return all(
            mine == its or abs(mine - its) < CHANCE_MS
            for mine, its in (
                (self.p50_ms, other.p50_ms),
                (self.p95_ms, other.p95_ms),
            )
        )

    def __str__(self) -> str:
        """``6.1/9.8``, or ``6.1`` where there is one figure only.

        What fell on a lost probe is ``lost``.
        """
        if self.p50_ms == self.p95_ms:
            return _shown(self.p50_ms)
        return f'{_shown(self.p50_ms)}/{_shown(self.p95_ms)}'


@dataclasses.dataclass(frozen=True)
class Measured:
    """Rows, and what each named client points at.

    :param rows: ``{('lyon', IPv4Network('203.0.113.0/24')): Rtt(...)}``, or
        ``('lyon', 'site:paris')``
    :param names: ``{'vehicle-42': '198.51.100.0/26'}``
    :param exact: whether these are the very figures that the store has
    """

    rows: Mapping[tuple[str, Place], Rtt]
    names: Mapping[str, str] = dataclasses.field(default_factory=dict)
    exact: bool = True

    @classmethod
    def read(
        cls, path: pathlib.Path, names: Mapping[str, str] | None = None
    ) -> Self:
        """Read a measurement file, CSV."""
        with path.open(newline='') as stream:
            return cls.of_lines(csv.DictReader(stream), names)

    @classmethod
    def of_lines(
        cls,
        lines: Iterable[Mapping[str, str]],
        names: Mapping[str, str] | None = None,
    ) -> Self:
        """From the lines of a measurement file."""
        rows = {
            (line['vantage'], place(line['client'])): Rtt(
                _or_lost(line['rtt_p50_ms']),
                _or_lost(line['rtt_p95_ms']),
                float(line['rtt_min_ms']) if line.get('rtt_min_ms') else None,
            )
            for line in lines
        }
        return cls(rows, names or {})

    def renamed(self, **names: str) -> Self:
        """The same after ``edge-sched client set``."""
        return dataclasses.replace(self, names={**self.names, **names})

    def at(self, site: str, client: str) -> Rtt | None:
        """The row of the longest prefix that holds all of the client.

        Of a client that is a site a row in either direction.
        """
        wanted = place(self.names.get(client, client))
        if isinstance(wanted, str):
            return self._between(site, wanted.removeprefix(_SITE))
        matching = {
            network.prefixlen: rtt
            for (vantage, network), rtt in self.rows.items()
            if vantage == site
            and not isinstance(network, str)
            and network.version == wanted.version
            and wanted.subnet_of(network)  # type: ignore[arg-type]
        }
        return matching[max(matching)] if matching else None

    def _between(self, one: str, other: str) -> Rtt | None:
        if one == other:
            return Rtt(SAME_SITE_RTT_MS, SAME_SITE_RTT_MS, SAME_SITE_RTT_MS)
        return self.rows.get((one, site_client(other))) or self.rows.get(
            (other, site_client(one))
        )


def _shown(rtt_ms: float) -> str:
    return 'lost' if math.isinf(rtt_ms) else f'{rtt_ms:.1f}'


def _or_lost(cell: str) -> float:
    return float(cell or 'inf')
