# SPDX-License-Identifier: Apache-2.0

"""Namespaces, and what passes between them."""

import ctypes
import errno
import os
import pathlib
import socket
import sys
import threading

import fixtures
from oslotest import base

from tests.emulation import echo
from tests.emulation import namespace
from tests.emulation.errors import NotPossibleError
from tests.emulation.network import Network
from tests.emulation.node import NamespaceNode
from tests.emulation.path import Path
from tests.unit.emulation.base import WireTestCase
from tests.unit.emulation.base import WireTests

TOLERANCE_MS = 0.3


def own_namespace() -> int:
    return os.stat(namespace.OWN).st_ino


class NetworkTest(WireTests, WireTestCase):
    kind = Network
    wire: Network

    def connect(self, path: Path) -> tuple[NamespaceNode, NamespaceNode]:
        self.wire.set_path('a', 'b', path)
        return self.wire.node('a'), self.wire.node('b')

    def test_ipv6(self) -> None:
        a, b = self.connect(Path(rtt_ms=10))
        with a.entered():
            trips = echo.ping(b.v6, 50)
        self.assertEqual(0, trips.loss_ratio)
        self.assertAlmostEqual(10, trips.median_ms, delta=TOLERANCE_MS)

    def test_addresses_that_are_asked_for(self) -> None:
        phone = self.wire.node('phone', '203.0.113.7', '2001:db8:7::1')
        self.assertEqual(
            ['203.0.113.7', '2001:db8:7::1'],
            phone.addresses,
        )
        self.wire.set_path('lyon', 'phone', Path(rtt_ms=0))
        with self.wire.node('lyon').entered():
            # The first may be late while neighbours look for each other.
            for address in phone.addresses:
                self.assertLess(echo.ping(address, 5).loss_ratio, 1, address)

    def test_nodes_without_a_path_do_not_reach_one_another(self) -> None:
        self.connect(Path(rtt_ms=0))
        self.wire.set_path('b', 'c', Path(rtt_ms=0))
        self.assertEqual(0, self.wire.measure('b', 'c', 3).loss_ratio)
        self.assertEqual(1, self.wire.measure('a', 'c', 3).loss_ratio)

    def test_tcp_in_full_packets(self) -> None:
        a, b = self.connect(Path(rtt_ms=2, jitter_ms=1))
        sent = os.urandom(1_000_000)
        with b.entered():
            listener = socket.create_server((b.v4, 0))
        self.addCleanup(listener.close)
        with a.entered():
            near = socket.create_connection(listener.getsockname(), 20)
        far, _ = listener.accept()
        far.settimeout(20)
        sender = threading.Thread(target=_send_all, args=(near, sent))
        sender.start()
        with far:
            received = b''.join(iter(lambda: far.recv(65536), b''))
        sender.join()
        self.assertEqual(sent, received)

    def test_thread_alone_enters(self) -> None:
        home = own_namespace()
        node = self.wire.node('a')
        inside = threading.Event()
        seen = threading.Event()
        elsewhere: list[int] = []

        def enter() -> None:
            with node.entered():
                elsewhere.append(own_namespace())
                inside.set()
                seen.wait(20)
            elsewhere.append(own_namespace())

        thread = threading.Thread(target=enter)
        thread.start()
        self.assertTrue(inside.wait(20))
        self.assertEqual(home, own_namespace())
        seen.set()
        thread.join()
        self.assertEqual([node.namespace.number, home], elsewhere)

    def test_thread_comes_back_from_an_error(self) -> None:
        home = own_namespace()
        node = self.wire.node('a')
        with self.assertRaisesRegex(ValueError, 'inside'):
            with node.entered():
                raise ValueError('inside')
        self.assertEqual(home, own_namespace())

    def test_processes_run_inside(self) -> None:
        node = self.wire.node('a')
        command = [
            sys.executable,
            '-c',
            f'import os; print(os.stat({namespace.OWN!r}).st_ino)',
        ]
        done = node.run(command, capture_output=True, check=True)
        self.assertEqual(node.namespace.number, int(done.stdout))

    def test_no_namespace_stays_behind(self) -> None:
        self.connect(Path(rtt_ms=0))
        numbers = {
            self.wire.node(name).namespace.number for name in ('a', 'b')
        }
        self.assertEqual(numbers, numbers & _namespaces())
        self.wire.close()
        self.assertEqual(set(), numbers & _namespaces())


class NotPossibleTest(base.BaseTestCase):
    """The sentence that a test skips with."""

    def test_no_right_to_make_a_namespace(self) -> None:
        def refuse(flags: int) -> int:
            ctypes.set_errno(errno.EPERM)
            return -1

        self.useFixture(
            fixtures.MockPatchObject(namespace._libc, 'unshare', refuse)
        )
        error = self.assertRaises(NotPossibleError, Network().__enter__)
        self.assertEqual(
            'a network namespace cannot be had: Operation not permitted',
            str(error),
        )


def _send_all(near: socket.socket, content: bytes) -> None:
    with near:
        near.sendall(content)


def _namespaces() -> set[int]:
    """All that any process is in or has a descriptor of."""
    found = set()
    for pattern in ('[0-9]*/ns/net', '[0-9]*/fd/*'):
        for link in pathlib.Path('/proc').glob(pattern):
            try:
                target = os.readlink(link)
            except OSError:
                continue  # it has ended meanwhile
            if target.startswith('net:['):
                found.add(int(target[5:-1]))
    return found
