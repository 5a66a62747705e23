# SPDX-License-Identifier: Apache-2.0

"""Who must be near: an address, a prefix, a named client, or a place.

A prefix is kept in one canonical form, so that equal clients compare equal:
host bits are masked, a single address is a prefix of full length, and an
IPv4-mapped IPv6 address is the IPv4 address (RFC 4291, section 2.5.5.2).

A place is a site, which is measured like any client, or where a server or the
servers of a group are, which only Nova knows. Neither ``site:``, ``server:``
nor ``group:`` can begin an address: s and g are no hexadecimal digits.
"""

import dataclasses
import ipaddress
import re

from edge_sched.model.names import normal

Prefix = ipaddress.IPv4Network | ipaddress.IPv6Network

#: What a client is that can be measured; ends "... is not".
MEASURED = 'an address, a prefix, a name or a site (site:lyon)'

#: As any name in Nova.
MAX_SITE_LENGTH = 255

#: No client is written with more; a name has 63, as a DNS label (RFC 1035).
MAX_LENGTH = len('site:') + MAX_SITE_LENGTH

#: No single address speaks for a prefix that is wider: chosen, what a registry
#: allocates to a whole provider.
SHORTEST = {4: 16, 6: 32}

#: A name never looks like an address: it begins with a letter and has no
#: colon.
NAME = re.compile(r'[A-Za-z][A-Za-z0-9._-]{0,62}', re.ASCII)

#: What the name of a site has to do without to be a client: that is what ends
#: one client of several, and what its own budget begins with.
_NOT_IN_SITES = frozenset(',@')

_UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', re.ASCII)

_PREFIX = re.compile(r'[0-9A-Fa-f:.]{2,45}(/[0-9]{1,3})?', re.ASCII)
_MAPPED = ipaddress.IPv6Network('::ffff:0:0/96')


@dataclasses.dataclass(frozen=True, slots=True)
class Client:
    """One far end, by the one field that is set.

    Equality and hash are those of what is meant, not of how it was written:
    ``203.0.113.7`` and ``::ffff:203.0.113.7/128`` are the same client.

    :param prefix: an address is one of full length
    :param name: of a named client
    :param site: its name
    :param server: its UUID; it is wherever its host is
    :param group: the UUID of a server group, which is where its members are
    """

    prefix: Prefix | None = None
    name: str | None = None
    site: str | None = None
    server: str | None = None
    group: str | None = None
    #: As the user wrote it; what a user is shown.
    text: str = dataclasses.field(default='', compare=False)

    def __str__(self) -> str:
        return self.text or prefix_text(self.prefix) or self.canonical

    @property
    def canonical(self) -> str:
        """One text of all that are equal: ``2001:db8::7/128``, ``site:a``."""
        if self.prefix:
            return str(self.prefix)
        for kind in ('site', 'server', 'group'):
            if value := getattr(self, kind):
                return f'{kind}:{value}'
        return self.name or ''


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
    """Parse a client that can be measured, as a user writes it.

    :param text: ``203.0.113.7``, ``2001:db8::/56``, ``vehicle-42`` or
        ``site:lyon``
    :raises ValueError: if it is none of these
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f'{text[:64]!r} is longer than any client')
    if NAME.fullmatch(text):
        return Client(name=text, text=text)
    kind, colon, name = text.partition(':')
    if colon and kind == 'site':
        return Client(site=_site(name), text=text)
    return Client(prefix=parse_prefix(text), text=text)


def parse_peer(text: str) -> Client | None:
    """Parse a server or a group of servers; ``None`` if it is neither.

    :param text: ``server:`` or ``group:``, and a UUID
    :raises ValueError: if it has no UUID
    """
    kind, colon, uuid = text.partition(':')
    if not colon or kind not in ('server', 'group'):
        return None
    uuid = uuid.lower()
    if not _UUID.fullmatch(uuid):
        raise ValueError(f'{uuid[:64]!r} is no UUID')
    if kind == 'server':
        return Client(server=uuid, text=text)
    return Client(group=uuid, text=text)


def _site(name: str) -> str:
    # First, since that may make it longer.
    name = normal(name)
    usable = name.isprintable() and name == name.strip()
    # Who writes site: before the name where only that is wanted.
    if (
        not (0 < len(name) <= MAX_SITE_LENGTH and usable)
        or _NOT_IN_SITES.intersection(name)
        or name.startswith('site:')
    ):
        raise ValueError(f'{name[:64]!r} is not the name of a site')
    return name
