# SPDX-License-Identifier: Apache-2.0

"""Which port each part of the cloud listens on."""

import contextlib
import os
import socket
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

#: Of the environment: the first of the ports.
VARIABLE = 'EDGE_SCHED_CLOUD_PORT'
#: Chosen: below the ports that Linux gives to outgoing connections (32768 and
#: above), and far from those that OpenStack uses.
DEFAULT_BASE = 28300

NAMES = (
    'keystone',
    'placement',
    'glance',
    'nova-api',
    'network',
    'mariadb',
    'mariadb-store',
    'rabbitmq',
    'rabbitmq-distribution',
    'epmd',
    'prober',
    'collector',
    'reflector',
    'auditor',
    'watcher-api',
    'edge-sched-api',
)
#: The others are of TCP.
UDP = frozenset({'reflector'})
HOST = '127.0.0.1'


class BadBaseError(ValueError):
    """What the environment says is no first port."""


class Taken(NamedTuple):
    """A port that somebody else has."""

    name: str
    port: int

    def __str__(self) -> str:
        """``port 28300 of keystone is taken: ...``"""
        return (
            f'port {self.port} of {self.name} is taken: stop what has it, or '
            f'set {VARIABLE} to the first of {len(NAMES)} free ports'
        )


def base_of(environment: Mapping[str, str]) -> int | None:
    """The first port that the environment asks for.

    :raises BadBaseError: if it is none
    """
    text = environment.get(VARIABLE, '')
    if not text:
        return None
    highest = 65536 - len(NAMES)
    if not text.isascii() or not text.isdigit():
        base = 0
    else:
        base = int(text)
    if not 1024 <= base <= highest:
        raise BadBaseError(
            f'{VARIABLE} {text!r} is not a number from 1024 to {highest}'
        )
    return base


class Ports:
    """``Ports(28300)['keystone'] == 28300``."""

    def __init__(self, base: int) -> None:
        self.base = base
        self._ports = {name: base + i for i, name in enumerate(NAMES)}

    def __getitem__(self, name: str) -> int:
        return self._ports[name]

    def url(self, name: str) -> str:
        """``http://127.0.0.1:28300``"""
        return f'http://{HOST}:{self[name]}'

    def taken(self, ours: Collection[str] = ()) -> Iterator[Taken]:
        """Those that cannot be had.

        :param ours: names of those that a part of ours has
        """
        for name, port in self._ports.items():
            if name not in ours and not can_be_had(port, name in UDP):
                yield Taken(name, port)


def can_be_had(port: int, udp: bool = False) -> bool:
    """Whether one may listen there now."""
    kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
    with contextlib.closing(socket.socket(socket.AF_INET, kind)) as probe:
        if not udp:
            # As servers do: connections that have ended take no port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def environment_base() -> int | None:
    """``base_of`` what this process was given."""
    return base_of(os.environ)
