# SPDX-License-Identifier: Apache-2.0

"""Clients that somebody asked for and that nobody has measured yet."""

from typing import Literal, NamedTuple

#: The clients that strangers are, by version of IP: what one site has of an
#: access network (RFC 6177), as with DNS client subnets (RFC 7871, 11.1).
LENGTHS = {4: 24, 6: 56}

#: How a stranger may be probed: what answers to anybody, or on purpose. A TCP
#: connection would reach into what is his.
WantedProbe = Literal['icmp', 'stamp']


class WantedTarget(NamedTuple):
    """Whom one site is to probe.

    :param client: whom the figures stand for, ``203.0.113.0/24`` or
        ``2001:db8:a:100::/56``
    :param address: where the packets go, ``203.0.113.7``: in the prefix, or
        of the gateway that stands before it
    :param port: 0 for ICMP
    :param access_ms: from the gateway on to the client and back; 0 if the
        address is in the prefix
    """

    client: str
    address: str
    probe: WantedProbe = 'icmp'
    port: int = 0
    access_ms: float = 0.0
