# SPDX-License-Identifier: Apache-2.0

"""Who may be probed because a stranger names him.

    rules = Permitted(allow=[parse_prefix('0.0.0.0/0')])
    rules.target(parse_prefix('192.0.2.7'))

What is wanted is a /24 or a /56 as a whole, and one address in it is probed:
so a list of them cannot be made to have all addresses of a network in it.
"""

import dataclasses
import ipaddress
from collections.abc import Sequence
from typing import NamedTuple

from edge_sched.model.client import Prefix
from edge_sched.model.client import is_part
from edge_sched.model.wanted import LENGTHS
from edge_sched.model.wanted import WantedProbe
from edge_sched.model.wanted import WantedTarget

#: All that the registries have handed out of IPv6 (RFC 4291, 2.4), and in it
#: what has an IPv4 address within, of a private network perhaps (RFC 3056).
_UNICAST6 = ipaddress.IPv6Network('2000::/3')
_WITH_IPV4 = ipaddress.IPv6Network('2002::/16')


class Gateway(NamedTuple):
    """What answers for clients behind it.

    :param prefix: of those clients
    :param port: 0 for ICMP
    :param access_ms: from the gateway on to them and back
    """

    prefix: Prefix
    address: str
    probe: WantedProbe = 'icmp'
    port: int = 0
    access_ms: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Permitted:
    """What an operator lets be wanted.

    :param allow: nothing else is wanted. What is private, or otherwise no
        address of the Internet, has to be within a prefix that is so as a
        whole: ``10.0.0.0/8`` allows it, ``0.0.0.0/0`` does not
    :param deny: nothing that overlaps with these is wanted
    :param gateways: the longest that contains a client is probed in its place
    """

    allow: Sequence[Prefix] = ()
    deny: Sequence[Prefix] = ()
    gateways: Sequence[Gateway] = ()

    def target(self, named: Prefix) -> WantedTarget | None:
        """Whom to probe for a client, ``None`` if that may not be.

        :param named: the address or the prefix that somebody named. One that
            is shorter than what is wanted is not: no address speaks for it.
        """
        client = cut(named)
        if client is None:
            return None
        address = _address(named, client)
        host = ipaddress.ip_network(address)
        special = is_special(client) or is_special(host)
        if not self._is_allowed(client, special):
            return None
        behind = [g for g in self.gateways if is_part(client, g.prefix)]
        if behind:
            gateway = max(behind, key=lambda g: g.prefix.prefixlen)
            return WantedTarget(str(client), *gateway[1:])
        return WantedTarget(str(client), str(address))

    def _is_allowed(self, client: Prefix, special: bool) -> bool:
        if any(_overlap(client, denied) for denied in self.deny):
            return False
        allowed = [each for each in self.allow if is_part(client, each)]
        return any(not special or is_special(each) for each in allowed)


def cut(named: Prefix) -> Prefix | None:
    """The /24 or /56 that it is in, ``None`` if it is shorter than that."""
    length = LENGTHS[named.version]
    if named.prefixlen < length:
        return None
    return named.supernet(new_prefix=length)


def is_special(prefix: Prefix) -> bool:
    """Whether no address of a prefix is one of the Internet.

    Private networks, loopback, link-local, multicast, documentation and
    whatever else the registries keep; of IPv6 all that is no global unicast.
    """
    if prefix.is_multicast or not prefix.is_global:
        return True
    if isinstance(prefix, ipaddress.IPv4Network):
        return False
    return not prefix.overlaps(_UNICAST6) or prefix.subnet_of(_WITH_IPV4)


def _overlap(a: Prefix, b: Prefix) -> bool:
    return is_part(a, b) or is_part(b, a)


def _address(
    named: Prefix, client: Prefix
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """What was named, if it is one host, else the first of the client.

    Never the first or last address of a network, which might be a broadcast.
    """
    host = named.network_address
    if named.num_addresses == 1 and host not in (client[0], client[-1]):
        return host
    return client[1]
