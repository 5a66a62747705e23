# SPDX-License-Identifier: Apache-2.0

"""Who is answered, and how often."""

import collections
import ipaddress
import time
from collections.abc import Callable, Iterable

import cachetools

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Sources whose rate is remembered; the least recently heard go first.
#: Chosen: many times the probers that a client has around it; 0.9 MB.
MAX_SOURCES = 4096


class Bucket:
    """Tokens that come back at a steady rate; one second's worth at most."""

    __slots__ = ('_at', '_tokens')

    def __init__(self, rate: float, now: float) -> None:
        self._tokens = rate
        self._at = now

    def take(self, rate: float, now: float) -> bool:
        """Take one token, if one is there."""
        passed_seconds = now - self._at
        self._tokens = min(rate, self._tokens + passed_seconds * rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Gate:
    """The prefixes that may ask, and how many packets a second.

    :param allow: nobody else is answered
    :param rate: packets a second that are answered in all
    :param source_rate: and to one address
    """

    def __init__(
        self,
        allow: Iterable[Network],
        rate: float,
        source_rate: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allow = collections.defaultdict(list)
        for network in allow:
            self._allow[network.version].append(network)
        self._rate = rate
        self._source_rate = source_rate
        self._now = now
        self._all = Bucket(rate, now())
        self._sources: cachetools.LRUCache[str, Bucket] = cachetools.LRUCache(
            MAX_SOURCES
        )

    def allows(self, host: str) -> bool:
        """Whether packets from this address are looked at; leaves no trace."""
        # To read an address and compare it takes longer than all else.
        return host in self._sources or self._is_in_prefix(host)

    def admit(self, host: str) -> bool:
        """Whether one more packet to this address is within the rates.

        For packets that are to be answered only. An address can be forged:
        what is charged before a packet has proved to come from there, anybody
        can use up. Who asks too often takes nothing from the others.
        """
        now = self._now()
        source = self._sources.get(host)
        if source is None:
            source = self._sources[host] = Bucket(self._source_rate, now)
        return source.take(self._source_rate, now) and self._all.take(
            self._rate, now
        )

    def _is_in_prefix(self, host: str) -> bool:
        address = ipaddress.ip_address(host)
        return any(
            address in network for network in self._allow[address.version]
        )
