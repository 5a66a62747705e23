# SPDX-License-Identifier: Apache-2.0

"""Metrics over HTTP, for whoever is allowed to scrape them.

    endpoint = Endpoint.from_group(conf.edge_sched_prober)
    with MetricsServer(registry, endpoint):
        ...

prometheus-client renders; its own server is not used, since it shakes hands
for TLS in the thread that accepts, where a stranger who connects and says
nothing holds up everybody else, and since it knows no passwords.
"""

import contextlib
import ipaddress
import socket
import socketserver
import ssl
import sys
import threading
from collections import Counter
from typing import Any, Self
from wsgiref.simple_server import WSGIRequestHandler
from wsgiref.simple_server import WSGIServer
from wsgiref.types import WSGIApplication

from oslo_log import log as logging
from prometheus_client.registry import CollectorRegistry

from edge_sched.http.endpoint import Endpoint
from edge_sched.http.pages import Branch
from edge_sched.http.pages import Guard

LOG = logging.getLogger(__name__)

#: Silence, in either direction, after which a connection is cut. Chosen: the
#: default time-out of a Prometheus scrape.
TIMEOUT_SECONDS = 10.0

#: Connections at a time; the next one takes the place of the oldest of whoever
#: has the most, so that nobody keeps a scraper out by holding connections
#: open, nor by opening ever new ones. Chosen: far more than there are
#: scrapers, and few threads.
MAX_CONNECTIONS = 32

#: The part of an IPv6 address that is one network, or one customer (RFC 6177).
_SITE_BITS = 64


class MetricsServer:
    """Publishes a registry at ``/metrics`` from threads of its own.

    :param branch: pages besides
    :raises ValueError: if a setting or a file that it names makes no sense
    :raises OSError: if the address cannot be bound
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        endpoint: Endpoint,
        branch: Branch | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._authorization = endpoint.authorization()
        app = Guard(registry, lambda: self._authorization, branch)
        tls = endpoint.tls()
        try:
            self._server = _Server(endpoint, tls, app)
        except OSError as error:
            raise OSError(
                f'metrics_address {endpoint.address} metrics_port '
                f'{endpoint.port}: {error.strerror}'
            ) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, name='metrics', daemon=True
        )

    @property
    def port(self) -> int:
        """The port, also where the system chose it."""
        return self._server.server_port

    def __enter__(self) -> Self:
        self._thread.start()
        if self._endpoint.user and not self._endpoint.tls_cert:
            LOG.warning('The password of the metrics goes in clear text.')
        LOG.info(
            'Metrics are published on %(address)s port %(port)d.',
            {'address': self._endpoint.address, 'port': self.port},
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reload(self) -> None:
        """Read certificate, key and password anew, for new connections.

        :raises ValueError: if one makes no sense; the old ones then go on
        """
        tls = self._endpoint.tls()
        self._authorization = self._endpoint.authorization()
        self._server.tls = tls


class _Handler(WSGIRequestHandler):
    timeout = TIMEOUT_SECONDS
    server_version = 'edge-sched'
    sys_version = ''

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: strangers would fill the log."""


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    """One thread a connection; a connection that is cut ends its thread."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = MAX_CONNECTIONS

    def __init__(
        self,
        endpoint: Endpoint,
        tls: ssl.SSLContext | None,
        app: WSGIApplication,
    ) -> None:
        self.tls = tls
        # Who is at the other end.
        self._open: dict[socket.socket, str] = {}
        # Of connections that were cut, until their threads end.
        self._cut: dict[socket.socket, str] = {}
        self._opening = threading.Lock()
        if ipaddress.ip_address(endpoint.address).version == 6:
            self.address_family = socket.AF_INET6
        super().__init__((endpoint.address, endpoint.port), _Handler)
        self.set_app(app)

    def server_bind(self) -> None:
        # Without HTTPServer's look for the name of the address in the DNS.
        socketserver.TCPServer.server_bind(self)
        host, self.server_port = self.server_address[:2]
        self.server_name = str(host)
        self.setup_environ()

    def get_request(self) -> tuple[socket.socket, Any]:
        request, address = super().get_request()
        if self.tls is not None:
            # The thread of the connection shakes hands when it reads.
            request = self.tls.wrap_socket(
                request, server_side=True, do_handshake_on_connect=False
            )
        return request, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        # Threads are what is bounded, so those of cut connections count; and
        # there is room for others when one has all that it may have.
        with self._opening:
            peers = Counter([*self._open.values(), *self._cut.values()])
            return (
                peers[_peer(client_address)] < 2 * MAX_CONNECTIONS
                and peers.total() < 3 * MAX_CONNECTIONS
            )

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._opening:
            if len(self._open) >= MAX_CONNECTIONS:
                self._cut_oldest()
            self._open[request] = _peer(client_address)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._opening:
            self._open.pop(request, None)
            self._cut.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        LOG.debug('A scrape was cut off: %s', sys.exc_info()[1])

    def _cut_oldest(self) -> None:
        ((busiest, _),) = Counter(self._open.values()).most_common(1)
        oldest = next(
            each for each, peer in self._open.items() if peer == busiest
        )
        self._cut[oldest] = self._open.pop(oldest)
        with contextlib.suppress(OSError):
            socket.socket.shutdown(oldest, socket.SHUT_RDWR)


def _peer(address: tuple[str, int]) -> str:
    """Who connects: an IPv4 address, or the /64 of an IPv6 address."""
    # A zone, as in fe80::1%eth0, is of this machine.
    host = ipaddress.ip_address(address[0].partition('%')[0])
    if isinstance(host, ipaddress.IPv4Address):
        return str(host)
    if host.ipv4_mapped is not None:
        return str(host.ipv4_mapped)
    return str(ipaddress.ip_network((int(host), _SITE_BITS), strict=False))
