# SPDX-License-Identifier: Apache-2.0

"""Made-up clients of a store: prefixes, who is in them, and their rows.

Prefixes come in groups of 256, a wide one and 255 narrow ones inside of it,
so that a look-up finds two of them at every size. Of four groups three are
IPv4, a /16 with its /24, and one is IPv6, a /32 with its /48. Where a group
lies is scattered over the addresses, as it is on the Internet.
"""

import ipaddress
import random
from collections.abc import Iterable, Iterator

from edge_sched.model.client import Client
from edge_sched.model.client import Prefix
from edge_sched.model.client import prefix_text
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency

VANTAGES = tuple(f'site-{number:02}' for number in range(16))

#: Of a group, with the wide prefix.
_GROUP = 256

#: Groups in a row, the last of them IPv6.
_FAMILIES = 4

#: IPv4 groups are below 128.0.0.0 and absent clients above.
_V4_GROUPS_BITS = 15

#: The first 16 bits of each IPv6 prefix: those of 2a00::/16.
_V6_HEAD = 0x2A00

#: Knuth's multiplier: it is odd, so that multiples of it modulo a power of two
#: are a permutation.
_SCATTER = 0x9E3779B1


def prefix(number: int) -> Prefix:
    """The prefix of a number; all are different, up to 10 million.

    0 -> ``0.0.0.0/16``, 1 -> ``0.0.1.0/24``, 256 -> ``121.177.0.0/16``
    """
    group, place = divmod(number, _GROUP)
    row, family = divmod(group, _FAMILIES)
    if family == _FAMILIES - 1:
        head = _V6_HEAD << 16 | _scattered(row, 16)
        network = (head << 16 | place) << 80
        return ipaddress.IPv6Network((network, 48 if place else 32))
    head = _scattered(row * (_FAMILIES - 1) + family, _V4_GROUPS_BITS)
    network = (head << 8 | place) << 8
    return ipaddress.IPv4Network((network, 24 if place else 16))


class Crowd:
    """Clients at random, of so many prefixes; the same ones in each run.

    :param prefixes: how many the store has, of number 0 and up
    """

    def __init__(self, prefixes: int) -> None:
        self._prefixes = prefixes
        # It need not be safe, only the same again.
        self._random = random.Random(prefixes)

    def anyone(self) -> Client:
        """An address that has rows."""
        around = prefix(self._random.randrange(self._prefixes))
        return _client(inside(around, self._random.randrange(1, 255)))

    def inside(self, version: int) -> Client:
        """An address of IP version 4 or 6 that has rows."""
        while True:
            client = self.anyone()
            if client.prefix and client.prefix.version == version:
                return client

    def absent(self) -> Client:
        """An IPv4 address that has none."""
        return _client(
            ipaddress.IPv4Network(self._random.randrange(1 << 31, 1 << 32))
        )

    def named(self, names: int) -> Client:
        """One of the first so many names."""
        return Client(name=f'vehicle-{self._random.randrange(names)}')


def inside(around: Prefix, place: int = 7) -> Prefix:
    """An address in a prefix: ``203.0.113.0/24`` -> ``203.0.113.7/32``.

    :param place: 1 to 254, or it may be in a narrower prefix
    """
    return type(around)(around.network_address + place)


def _client(around: Prefix) -> Client:
    return Client(prefix=around, text=prefix_text(around))


def rows(
    numbers: Iterable[int],
    measured_at: float,
    vantages: Iterable[str] = VANTAGES,
) -> Iterator[NewLatency]:
    """A row of each prefix and vantage, with every figure that there is."""
    places = tuple(vantages)
    for number in numbers:
        client = _client(prefix(number))
        for place, vantage in enumerate(places):
            p50_ms = 1 + (number * 7 + place * 13) % 9973 / 97
            yield NewLatency(
                client,
                Latency(
                    vantage=vantage,
                    client=client.text,
                    rtt_min_ms=p50_ms - 0.3,
                    rtt_p50_ms=p50_ms,
                    rtt_p95_ms=p50_ms * 1.1,
                    rtt_p99_ms=p50_ms * 1.3,
                    pdv_ms=p50_ms * 0.1 + 0.3,
                    loss_ratio=0.001,
                    samples=300,
                    measured_at=measured_at,
                    source='prober',
                    rtt_p50_hour_ms=p50_ms * 1.05,
                    rtt_p95_hour_ms=p50_ms * 1.2,
                    loss_hour_ratio=0.001,
                ),
            )


def _scattered(number: int, bits: int) -> int:
    return number * _SCATTER % (1 << bits)
