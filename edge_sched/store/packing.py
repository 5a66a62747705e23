# SPDX-License-Identifier: Apache-2.0

"""Addresses as 16 bytes, and which prefixes can contain a prefix.

An IPv4 address is stored as the IPv4-mapped IPv6 address (RFC 4291, section
2.5.5.2), so that one column holds both and sorts by number: ``203.0.113.0/24``
is ``::ffff:203.0.113.0/120``. The first bytes of IPv4 are part of its form:
the IPv6 default ``::/0`` is no prefix of it.
"""

import ipaddress
from typing import NamedTuple

from edge_sched.model.client import Prefix

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_BITS = 128
_ALL = (1 << _BITS) - 1
_MAPPED_BITS = 96
_MAPPED = 0xFFFF << 32


class Packed(NamedTuple):
    """A prefix as it is stored.

    :param network: its first address, 16 bytes
    :param last: its last address, 16 bytes
    :param length: in bits, 96 to 128 for IPv4
    """

    network: bytes
    last: bytes
    length: int


def pack(prefix: Prefix) -> Packed:
    """``203.0.113.0/24`` -> ``::ffff:203.0.113.0``, ``...255``, 120."""
    first = int(prefix.network_address)
    length = prefix.prefixlen
    if prefix.version == 4:
        first |= _MAPPED
        length += _MAPPED_BITS
    last = first | _ALL >> length
    return Packed(first.to_bytes(16), last.to_bytes(16), length)


def pack_address(address: Address) -> bytes:
    """``203.0.113.7`` and ``::ffff:203.0.113.7`` alike, to compare with."""
    mapped = _MAPPED if address.version == 4 else 0
    return (int(address) | mapped).to_bytes(16)


def unpack_address(packed: bytes) -> Address:
    """The reverse of ``pack_address``."""
    return unpack(packed, _BITS).network_address


def unpack(network: bytes, length: int) -> Prefix:
    """The prefix of a stored row, the reverse of ``pack``."""
    first = int.from_bytes(network)
    if length >= _MAPPED_BITS and first >> 32 == 0xFFFF:
        return ipaddress.IPv4Network(
            (first & 0xFFFFFFFF, length - _MAPPED_BITS)
        )
    return ipaddress.IPv6Network((first, length))


def candidates(prefix: Prefix) -> tuple[bytes, ...]:
    """First addresses of all prefixes that contain the whole of this one.

    A stored prefix contains ``prefix`` if and only if its ``network`` is one
    of these and its ``last`` is not below that of ``prefix``. Each is there
    once, shortest prefix first: at most 33 for IPv4 and 129 for IPv6.
    ``10.0.0.0/8`` -> those of ``0.0.0.0``, ``8.0.0.0`` and ``10.0.0.0``.
    """
    packed = pack(prefix)
    first = int.from_bytes(packed.network)
    shortest = _MAPPED_BITS if prefix.version == 4 else 0
    masked = (
        first & (_ALL << (_BITS - length))
        for length in range(shortest, packed.length + 1)
    )
    return tuple(network.to_bytes(16) for network in dict.fromkeys(masked))
