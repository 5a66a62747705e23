# SPDX-License-Identifier: Apache-2.0

"""A clock that is set, and a table that goes by it."""

import socket

from edge_sched.listen.line import Handshake
from edge_sched.listen.prefixes import Prefixes
from edge_sched.listen.table import Table


class Clock:
    """Seconds since whenever; begins within an hour of it."""

    def __init__(self, now: float = 3000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def a_table(clock, **options):
    """With windows of 50 s: slices of 10 s."""
    split = options.pop('split', ())
    default = {'min_clients': 5, 'max_prefixes': 100, 'window_seconds': 50.0}
    return Table(Prefixes(24, 56, split), **default | options, clock=clock)


def a_handshake(address: str = '203.0.113.7', rtt_us: int = 10_000):
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    return Handshake(socket.inet_pton(family, address), rtt_us)


def connect(table, prefix: str, clients: int, each: int = 12) -> None:
    """Connections of several clients, ``203.0.113.`` or ``2001:db8:0:``.

    Of each as many as count of a slice: five clients are published.
    """
    end = '::1' if ':' in prefix else ''
    for client in range(1, clients + 1):
        for _ in range(each):
            table.add(a_handshake(f'{prefix}{client}{end}'))
