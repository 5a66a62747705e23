# SPDX-License-Identifier: Apache-2.0

"""The network of namespaces: everything that is IP passes."""

import contextlib
import dataclasses
import ipaddress
from collections.abc import Iterator

from tests.emulation import echo
from tests.emulation.echo import RoundTrips
from tests.emulation.link import Hub
from tests.emulation.namespace import Namespace
from tests.emulation.node import NamespaceNode
from tests.emulation.node import Node
from tests.emulation.path import Path
from tests.emulation.wire import Address
from tests.emulation.wire import Wire

#: Where addresses come from that were not asked for (RFC 5737, RFC 3849).
V4 = ipaddress.IPv4Network('198.51.100.0/24')
V6 = ipaddress.IPv6Network('2001:db8::/64')


class Network(Wire):
    """One network namespace a node, and a cable to the relay; as root.

    Nothing of the machine's own network is touched, and nothing has a name
    that could stay behind.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self._v4 = _strings(V4)
        self._v6 = _strings(V6)

    def endpoint(self, source: str, target: str, port: int) -> Address:
        return self.node(target).v4, port

    def _open(self) -> None:
        self._hub = Hub()
        self._stack.callback(self._hub.close)
        with contextlib.closing(Namespace()) as trial:
            self._hub.plug(trial, []).close()
        super()._open()

    def _make_node(self, name: str, v4: str, v6: str) -> Node:
        node = NamespaceNode(
            name,
            v4 or next(self._v4),
            v6 or next(self._v6),
            self._control,
        )
        with self._hub.plug(node.namespace, node.addresses) as end:
            self._control.order(
                'node', end.fileno(), name=name, addresses=node.addresses
            )
        return node

    def _set_path(self, source: str, target: str, path: Path) -> None:
        for one, other in ((source, target), (target, source)):
            self._control.order(
                'lane',
                source=one,
                target=other,
                seed=self._seed_of(one, other),
                way=dataclasses.asdict(path.way),
            )

    def measure(self, source: str, target: str, count: int) -> RoundTrips:
        with self.node(source).entered():
            return echo.ping(self.node(target).v4, count)


def _strings(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> Iterator[str]:
    return map(str, network.hosts())
