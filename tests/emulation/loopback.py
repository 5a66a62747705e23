# SPDX-License-Identifier: Apache-2.0

"""The network of whoever is not root: UDP on loopback addresses."""

import dataclasses
import ipaddress
import os
import socket

from tests.emulation import echo
from tests.emulation.echo import RoundTrips
from tests.emulation.node import Node
from tests.emulation.path import Path
from tests.emulation.wire import Address
from tests.emulation.wire import Wire

#: 127.64.0.0/10 in parts, one a process, so that tests that run in parallel
#: may use the same ports.
FIRST = int(ipaddress.IPv4Address('127.64.0.0'))
PARTS = 1 << 14
NODES = 1 << 8

#: Source, target and the target's port.
Key = tuple[str, str, int]


class Loopback(Wire):
    """Nodes share the machine's network; only endpoints are far away.

    A node is an address to listen at. What is sent there arrives at once,
    such as a request for metrics; what is sent to an endpoint takes the path.
    There is no IPv6.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self._fronts: dict[Key, Address] = {}

    def endpoint(self, source: str, target: str, port: int) -> Address:
        key = (source, target, port)
        if key not in self._fronts:
            self._fronts[key] = self._open_front(key)
            self._set_front(key, self.path(source, target))
        return self._fronts[key]

    def _make_node(self, name: str, v4: str, v6: str) -> Node:
        if v4 or v6:
            raise ValueError('on loopback no address can be asked for')
        number = os.getpid() % PARTS * NODES + len(self._nodes) + 1
        address = str(ipaddress.IPv4Address(FIRST + number))
        return Node(name, address, '', self._control)

    def _set_path(self, source: str, target: str, path: Path) -> None:
        for key in self._fronts:
            if {source, target} == {*key[:2]}:
                self._set_front(key, path)

    def _open_front(self, key: Key) -> Address:
        source, target, port = key
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as front:
            front.bind((self.node(source).v4, 0))
            self._control.order(
                'front',
                front.fileno(),
                name=str(key),
                far=[self.node(target).v4, port],
            )
            address: Address = front.getsockname()
            return address

    def _set_front(self, key: Key, path: Path) -> None:
        source, target, _ = key
        self._control.order(
            'front_lanes',
            name=str(key),
            seeds=[
                self._seed_of(source, target),
                self._seed_of(target, source),
            ],
            way=dataclasses.asdict(path.way),
        )

    def measure(self, source: str, target: str, count: int) -> RoundTrips:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
            far.bind((self.node(target).v4, 0))
            port = far.getsockname()[1]
            return echo.probe(self.endpoint(source, target, port), far, count)
