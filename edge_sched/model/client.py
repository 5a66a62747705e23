# SPDX-License-Identifier: Apache-2.0

"""Who must be near: an address, a prefix, or the name of a client.

A prefix is kept in one canonical form, so that equal clients compare equal:
host bits are masked, a single address is a prefix of full length, and an
IPv4-mapped IPv6 address is the IPv4 address (RFC 4291, section 2.5.5.2).
"""

import dataclasses
import ipaddress
import re

Prefix = ipaddress.IPv4Network | ipaddress.IPv6Network

#: No client is written with more: a name has at most 63 characters, as a DNS
#: label (RFC 1035), a prefix fewer.
MAX_LENGTH = 63

#: No single address speaks for a prefix that is wider: chosen, what a registry
#: allocates to a whole provider.
SHORTEST = {4: 16, 6: 32}

#: A name never looks like an address: it begins with a letter and has no
#: colon.
NAME = re.compile(r'[A-Za-z][A-Za-z0-9._-]{0,62}', re.ASCII)

_PREFIX = re.compile(r'[0-9A-Fa-f:.]{2,45}(/[0-9]{1,3})?', re.ASCII)
_MAPPED = ipaddress.IPv6Network('::ffff:0:0/96')


@dataclasses.dataclass(frozen=True, slots=True)
class Client:
    """One far end: ``prefix`` for an address or a prefix, else ``name``.

    Equality and hash are those of what is meant, not of how it was written:
    ``203.0.113.7`` and ``::ffff:203.0.113.7/128`` are the same client.
    """

    prefix: Prefix | None = None
    name: str | None = None
    #: As the user wrote it; what a user is shown.
    text: str = dataclasses.field(default='', compare=False)

    def __str__(self) -> str:
        return self.text or self.name or prefix_text(self.prefix)


def prefix_text(prefix: Prefix | None) -> str:
    """``203.0.113.7`` for a full-length prefix, else ``203.0.113.0/24``."""
    if prefix is None:
        return ''
    if prefix.prefixlen == prefix.max_prefixlen:
        return str(prefix.network_address)
    return str(prefix)


def parse_prefix(text: str) -> Prefix:
    """Parse an address or a prefix.

    :param text: ``203.0.113.7``, ``203.0.113.0/24``, ``2001:db8::/56``,
        ``::ffff:203.0.113.7``. Netmasks and zone ids are refused.
    :raises ValueError: if it is neither
    """
    if not _PREFIX.fullmatch(text):
        raise ValueError(f'{text[:64]!r} is not an address or a prefix')
    prefix = ipaddress.ip_network(text, strict=False)
    if (
        isinstance(prefix, ipaddress.IPv6Network)
        and prefix.prefixlen >= _MAPPED.prefixlen
        and prefix.subnet_of(_MAPPED)
    ):
        low_bits = int(prefix.network_address) & 0xFFFFFFFF
        length = prefix.prefixlen - _MAPPED.prefixlen
        return ipaddress.IPv4Network((low_bits, length))
    return prefix


def is_part(prefix: Prefix, of: Prefix) -> bool:
    """Whether a prefix is within another one; of IPv4 none is of IPv6."""
    if isinstance(prefix, ipaddress.IPv4Network):
        return isinstance(of, ipaddress.IPv4Network) and prefix.subnet_of(of)
    return isinstance(of, ipaddress.IPv6Network) and prefix.subnet_of(of)


def is_wide(prefix: Prefix) -> bool:
    """Whether no single address speaks for all of it."""
    return prefix.prefixlen < SHORTEST[prefix.version]


def parse_client(text: str) -> Client:
    """Parse one client as a user writes it.

    :param text: ``203.0.113.7``, ``2001:db8::/56`` or ``vehicle-42``
    :raises ValueError: if it is neither an address, a prefix nor a name
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f'{text[:64]!r} is longer than any client')
    if NAME.fullmatch(text):
        return Client(name=text, text=text)
    return Client(prefix=parse_prefix(text), text=text)
