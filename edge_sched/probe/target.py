# SPDX-License-Identifier: Apache-2.0

"""Targets: whom to probe, where, how, and how often."""

import dataclasses
import ipaddress
from typing import Literal, get_args

from edge_sched.probe.outcome import Address

Kind = Literal['stamp', 'icmp', 'tcp']
KINDS: tuple[Kind, ...] = get_args(Kind)

#: RFC 8762, section 4.1.
STAMP_PORT = 862

#: What ``one_host`` takes, in words.
ONE_HOST = 'an IPv4 or IPv6 address of one host (no name, no zone)'


@dataclasses.dataclass(frozen=True, slots=True)
class Rates:
    """How often a target is probed, and how much of it is remembered.

    :param packets: probes in an interval, spread evenly
    :param window: probes that the statistics are made of
    :param fill_seconds: how long the first window takes; ``None`` if as long
        as any other
    """

    packets: int = 8
    interval_seconds: float = 10.0
    window: int = 64
    fill_seconds: float | None = None

    @property
    def slot_seconds(self) -> float:
        """What there is one probe in."""
        return self.interval_seconds / self.packets

    def slot_seconds_after(self, sent: int) -> float:
        """What the next probe is in, after so many."""
        if self.fill_seconds is None or sent >= self.window:
            return self.slot_seconds
        return self.fill_seconds / self.window


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """The client itself, or a gateway on the way to it.

    :param client: whom the figures stand for, canonical: ``203.0.113.7``,
        ``203.0.113.0/24``, ``vehicle-42`` or ``site:paris``
    :param project: the owner of a client that is a name, ``''`` if shared
    :param address: where the packets go
    :param port: 0 for ICMP
    :param access_ms: from the gateway on to the client and back; 0 if the
        address is the client's own
    """

    client: str
    project: str
    address: Address
    probe: Kind
    port: int
    access_ms: float
    rates: Rates

    @property
    def key(self) -> tuple[str, str]:
        """What there is one target of."""
        return self.client, self.project

    @property
    def place(self) -> tuple[Address, str, int]:
        """What is measured: figures of one place say nothing of another."""
        return self.address, self.probe, self.port

    @property
    def source(self) -> str:
        """``stamp``; of a gateway ``stamp gateway+12ms``."""
        if not self.access_ms:
            return self.probe
        return f'{self.probe} gateway+{self.access_ms:g}ms'


def one_host(text: str) -> Address | None:
    """Where packets can go to: ``203.0.113.7``; ``None`` if they cannot.

    An IPv4-mapped IPv6 address is the IPv4 address.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return None
        address = address.ipv4_mapped or address
    if address.is_multicast or address.is_unspecified:
        return None
    return address
