# SPDX-License-Identifier: Apache-2.0

"""Which prefix a connection counts for, and as whose.

A *client* is an address of IPv4, or a /64 of IPv6: one device has many
addresses in its /64, and a household or a phone one /64 or few (RFC 6177,
RFC 7278). By addresses, five devices at home would make a /56 of five clients
that is a single customer's.
"""

import functools
import hashlib
import ipaddress
import secrets
from collections.abc import Sequence

from edge_sched.model.client import Prefix
from edge_sched.model.client import prefix_text

_V4_OCTETS = 4
_V6_CLIENT_OCTETS = 8

#: Tells prefixes of IPv6 from those of IPv4, above all of their bits.
_V6 = 1 << 128

#: Of prefixes whose usefulness is remembered: chosen, a few hundred KB.
_REMEMBERED = 4096


class Prefixes:
    """Prefixes as numbers, and clients as numbers that say nothing.

    The key of the latter is made here and goes with the process: who reads
    its memory later cannot tell whose they were.

    :param v4_length: 24
    :param v6_length: 56
    :param split: where proxies answer in the clients' place
    """

    def __init__(
        self, v4_length: int, v6_length: int, split: Sequence[Prefix] = ()
    ) -> None:
        self._v4_length = v4_length
        self._v6_length = v6_length
        self._v4_shift = 32 - v4_length
        self._v6_shift = 128 - v6_length
        self._split = tuple(split)
        self._key = secrets.token_bytes(16)
        self.why_not = functools.lru_cache(_REMEMBERED)(self._why_not)

    def number(self, address: bytes) -> int:
        """Of the prefix that an address is in."""
        value = int.from_bytes(address)
        if len(address) == _V4_OCTETS:
            return value >> self._v4_shift
        return value >> self._v6_shift | _V6

    def client(self, address: bytes) -> int:
        """64 bits, the same for the same client; of no use elsewhere."""
        digest = hashlib.blake2b(
            address[:_V6_CLIENT_OCTETS], digest_size=8, key=self._key
        )
        return int.from_bytes(digest.digest())

    def text(self, number: int) -> str:
        """``203.0.113.0/24``."""
        return prefix_text(self._prefix(number))

    def _prefix(self, number: int) -> Prefix:
        if number < _V6:
            value = number << self._v4_shift
            return ipaddress.IPv4Network((value, self._v4_length))
        value = (number ^ _V6) << self._v6_shift
        return ipaddress.IPv6Network((value, self._v6_length))

    def _why_not(self, number: int) -> str:
        """Why a prefix is left out: ``client``, ``split``; else ``''``."""
        prefix = self._prefix(number)
        address = prefix.network_address
        if (
            address.is_loopback
            or address.is_link_local
            or address.is_multicast
            or address.is_unspecified
        ):
            return 'client'
        if any(
            prefix.version == split.version and prefix.overlaps(split)
            for split in self._split
        ):
            return 'split'
        return ''
