# SPDX-License-Identifier: Apache-2.0

"""The measuring plane of the demo: real services on an emulated network."""

import contextlib
import ipaddress
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent import futures
from types import TracebackType
from typing import Any, Self

from demo.commands import Operator
from demo.paths import Paths
from tests.emulation.errors import NotPossibleError
from tests.emulation.loopback import Loopback
from tests.emulation.network import Network
from tests.emulation.node import Node
from tests.emulation.path import Path
from tests.emulation.services import COLLECTOR_PORT
from tests.emulation.services import REFLECTOR_PORT
from tests.emulation.services import Service
from tests.emulation.services import Services
from tests.emulation.wire import Wire

#: The fast settings of the measuring guide: eight probes a second, a round
#: every two.
PROBER = {'interval': 1, 'targets_interval': 1}
COLLECTOR = {'interval': 2}

#: Where clients are served that answer no probe: here the listener's own port
#: stands for a proxy.
SERVING = 'marseille'
PORT = 8080

CONTROL = 'control'
#: Of the control plane and the sites: a range for test networks (RFC 2544).
SITES = [f'198.18.0.{number}' for number in range(1, 255)]
#: Between the control plane and a site.
BACKBONE = Path(rtt_ms=2)
#: On loopback a relay stands for the client, as a gateway would.
RELAY_MS = 0.01


class Measuring:
    """A reflector at each client, one and a prober at each site, a collector.

    :param operator: whose store has tables
    :param folder: for configuration files and logs
    """

    def __init__(
        self, paths: Paths, operator: Operator, folder: pathlib.Path
    ) -> None:
        self.paths = paths
        self._operator = operator
        self._services = Services(folder)
        self._running: list[Service] = []
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Start it all and say on what kind of network."""
        with contextlib.ExitStack() as stack:
            self._wire = _wire(stack)
            self._emulated = isinstance(self._wire, Network)
            self._start()
            print(
                'Settings are the fast ones of the measuring guide: eight '
                'probes a second.'
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def check(self) -> None:
        """:raises ServiceError: if a service has ended, with its last words"""
        for service in self._running:
            service.check()

    def change(self, site: str, client: str, path: Path) -> None:
        """From now on the path is like this."""
        self._wire.set_path(site, _node_name(client), path)
        self.paths = self.paths.changed(site, client, path)

    @property
    def emulated(self) -> bool:
        """Whether more nodes can have addresses of their own."""
        return self._emulated

    def join(self, address: str, rtts_ms: Mapping[str, float]) -> Node:
        """Somebody new, so far from the sites that he can reach."""
        node = self._wire.node(f'client {address}', address)
        for site, rtt_ms in rtts_ms.items():
            self._wire.set_path(site, node.name, Path(rtt_ms=rtt_ms))
        return node

    def address(self, site: str) -> str:
        """Where it is in the network."""
        return self._wire.node(site).v4

    def _start(self) -> None:
        control = self._wire.node(CONTROL, **self._own(SITES[0]))
        clients = {
            client: self._wire.node(_node_name(client), **self._own(address))
            for client, address in self.paths.addresses.items()
        }
        sites = {
            site: self._wire.node(site, **self._own(address))
            for site, address in zip(self.paths.sites, SITES[1:], strict=False)
        }
        self._set_paths()
        for node in (*clients.values(), *sites.values()):
            self._running.append(self._services.reflector(node))
        for site, node in sites.items():
            self._operator.run(
                *('reflector', 'set', site, node.v4),
                *('--port', str(REFLECTOR_PORT)),
            )
        probers = []
        with futures.ThreadPoolExecutor() as pool:
            others = pool.map(self._operator.targets, sites)
        for (site, node), listed in zip(sites.items(), others, strict=True):
            targets = [*self._clients(node), *self._others(node, listed)]
            served = self._served(site, control)
            prober = self._services.prober(node, targets, **PROBER, **served)
            self._running.append(prober)
            probers.append(f'{site} {prober.url}')
        if self._emulated:
            listener = self._services.listener(
                sites[SERVING], beacon_port=PORT
            )
            self._running.append(listener)
            probers.append(f'{SERVING} {listener.url}')
        collector = self._services.collector(
            control,
            self._operator.store_url,
            {'openmetrics': {'prober': probers}},
            **COLLECTOR,
        )
        self._running.append(collector)

    def _set_paths(self) -> None:
        """Between nodes that are there already."""
        for site in self.paths.sites:
            self._wire.set_path(CONTROL, site, BACKBONE)
        for (site, client), path in self.paths.paths.items():
            self._wire.set_path(site, _node_name(client), path)
        for (one, other), path in self.paths.mesh.items():
            self._wire.set_path(one, other, path)

    def _own(self, address: str) -> dict[str, str]:
        """The address of a node, where it can have one of its own."""
        version = ipaddress.ip_address(address).version
        return {f'v{version}': address} if self._emulated else {}

    def _served(self, site: str, control: Node) -> dict[str, str]:
        """Where the prober asks whom to probe besides."""
        if not self._emulated:
            return {}
        url = f'http://{control.v4}:{COLLECTOR_PORT}/targets/{site}'
        return {'targets_url': url}

    def _clients(self, site: Node) -> Iterator[dict[str, Any]]:
        """What the prober of the site has in its target file of them."""
        for client, address in self.paths.addresses.items():
            target = {'client': client, 'address': address}
            yield self._reached(target, site, _node_name(client))

    def _others(
        self, site: Node, listed: Iterable[dict[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        """What it has of the other sites, as an operator lists them."""
        for target in listed:
            other = target['client'].removeprefix('site:')
            yield self._reached(target, site, other)

    def _reached(
        self, target: dict[str, Any], site: Node, node: str
    ) -> dict[str, Any]:
        """With the port, and where nodes have no addresses, with the relay."""
        if self._emulated:
            return target | {'port': REFLECTOR_PORT}
        address, port = self._wire.endpoint(site.name, node, REFLECTOR_PORT)
        relay = {'address': address, 'port': port, 'access_ms': RELAY_MS}
        return target | relay


def _wire(stack: contextlib.ExitStack) -> Wire:
    try:
        wire: Wire = stack.enter_context(Network())
    except NotPossibleError as error:
        wire = stack.enter_context(Loopback())
        print(
            f'No network namespaces here: {error}.\nSo the network is a relay '
            'on loopback that delays UDP.'
        )
    else:
        print(
            'The network: a namespace for each site and client, and real '
            'packets that a relay\ndelays and loses.'
        )
    return wire


def _node_name(client: str) -> str:
    """Files are named by it as well."""
    return client.replace('/', '-')
