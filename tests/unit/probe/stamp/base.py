# SPDX-License-Identifier: Apache-2.0

"""Both ends on the loopback, and a peer that does as it is told."""

import asyncio
import contextlib
import ipaddress
import socket
import threading
import time
import unittest
from collections.abc import Iterator

from edge_sched.probe.stamp.gate import Gate
from edge_sched.probe.stamp.mirror import Mirror
from edge_sched.probe.stamp.reflector import Reflector

V4 = ipaddress.ip_address('127.0.0.1')
V6 = ipaddress.ip_address('::1')
KEY = bytes(range(32))

#: Longest that a test waits for what must come.
WAIT_SECONDS = 20.0


def gate(*allow, rate=1e6, source_rate=1e6, **options):
    networks = map(ipaddress.ip_network, allow or ('127.0.0.0/8', '::1'))
    return Gate(networks, rate, source_rate, **options)


def skip_without_v6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(('::1', 0))
    except OSError as error:
        raise unittest.SkipTest(f'no ::1 on this machine: {error}') from None


@contextlib.contextmanager
def serving(bind=(V4,), mirror=None, **options) -> Iterator[Reflector]:
    """A reflector that answers in a thread of its own."""
    reflector = Reflector(
        bind,
        options.pop('port', 0),
        options.pop('gate', None) or gate(),
        mirror or Mirror(),
        **options,
    )
    with contextlib.closing(reflector):
        reflector.open()
        thread = threading.Thread(target=reflector.serve)
        thread.start()
        try:
            yield reflector
        finally:
            reflector.stop()
            thread.join(WAIT_SECONDS)


def client(host='127.0.0.1'):
    """A blocking socket to ask a reflector from."""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    asking = socket.socket(family, socket.SOCK_DGRAM)
    asking.settimeout(WAIT_SECONDS)
    asking.bind((host, 0))
    return asking


def reflected(mirror, octets, received_ns, ttl=64):
    """The reply to what somebody sent, if there is one."""
    return mirror.reflect(mirror.read(octets), octets, received_ns, ttl)


class Peer:
    """A far end, in the loop of the test, that answers nothing by itself."""

    def __init__(self, address=V4):
        self.socket = client(str(address))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]

    async def receive(self):
        """The next datagram and where it came from."""
        return await asyncio.wait_for(
            asyncio.get_running_loop().sock_recvfrom(self.socket, 2048),
            WAIT_SECONDS,
        )

    async def answer(self, mirror, change=lambda reply: reply):
        """Answer the next datagram with what a mirror makes of it."""
        octets, peer = await self.receive()
        reply = change(reflected(mirror, octets, time.time_ns()))
        self.socket.sendto(reply, peer)
        return reply, peer
