# SPDX-License-Identifier: Apache-2.0

"""What a socket says about a datagram."""

import errno
import ipaddress
import socket
import time

from oslotest import base

from edge_sched.probe import sockets
from tests.unit.probe.stamp.base import V4
from tests.unit.probe.stamp.base import V6
from tests.unit.probe.stamp.base import client
from tests.unit.probe.stamp.base import skip_without_v6


class UdpTest(base.BaseTestCase):
    def open(self, address=V4, opening=sockets.open_socket, **options):
        opened = opening(address, 0, **options)
        self.addCleanup(opened.close)
        return opened

    def test_does_not_block(self):
        self.assertRaises(BlockingIOError, sockets.receive, self.open())

    def test_says_what_came_from_where(self):
        opened, asking = self.open(), client()
        self.addCleanup(asking.close)
        asking.sendto(b'one', opened.getsockname())
        datagram = sockets.receive(opened)
        self.assertEqual(
            (b'one', asking.getsockname(), 0, None),
            (datagram.octets, datagram.peer, datagram.ttl, datagram.local),
        )

    def test_the_time_is_the_kernels_not_that_of_reading(self):
        # The kernel takes a moment to begin with it, if nobody else asked.
        self.assertTrue(any(self.is_stamped() for _ in range(200)))

    def is_stamped(self):
        """Whether a datagram has a time before that of reading."""
        opened, asking = self.open(), client()
        self.addCleanup(asking.close)
        before_ns = time.time_ns()
        asking.sendto(b'one', opened.getsockname())
        reading_ns = time.time_ns()
        received_ns = sockets.receive(opened).received_ns
        self.assertLessEqual(before_ns, received_ns)
        return received_ns < reading_ns

    def test_a_datagram_for_many_has_no_address_to_answer_from(self):
        # in_pktinfo and in6_pktinfo, as linux/in.h and ipv6.h lay them out.
        ours, many = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 255])
        interface = (2).to_bytes(4, 'little')
        v4, v6 = sockets._LOCAL4, sockets._LOCAL6
        self.assertEqual(
            (*v4, bytes(4) + ours + bytes(4)),
            self.local(v4, interface + ours + ours),
        )
        self.assertIsNone(self.local(v4, interface + ours + many))
        for address, answered in (('2001:db8::1', True), ('ff02::1', False)):
            packed = ipaddress.ip_address(address).packed
            self.assertEqual(
                (*v6, packed + bytes(4)) if answered else None,
                self.local(v6, packed + interface),
            )

    def local(self, kind, data):
        return sockets._with_ancillary(b'', (), [(*kind, data)]).local

    def test_without_a_stamp_it_is_now(self):
        before_ns = time.time_ns()
        datagram = sockets._with_ancillary(b'', (), [])
        self.assertLessEqual(before_ns, datagram.received_ns)
        self.assertLessEqual(datagram.received_ns, time.time_ns())

    def test_dscp_is_set_for_both_versions(self):
        opened = self.open(dscp=46)
        self.assertEqual(
            46 << 2, opened.getsockopt(socket.IPPROTO_IP, socket.IP_TOS)
        )
        skip_without_v6()
        opened = self.open(V6, dscp=46)
        self.assertEqual(
            46 << 2, opened.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS)
        )

    def test_hosts_are_as_the_kernel_has_them(self):
        for text in (
            '192.0.2.1',
            '2001:db8::',
            '::ffff:192.0.2.1',
            '::1.2.3.4',
        ):
            self.assertEqual(text, sockets.host(ipaddress.ip_address(text)))

    def test_a_version_that_is_missing_is_told_from_other_errors(self):
        def refuse(*args):
            raise OSError(errno.EAFNOSUPPORT, 'no')

        self.patch(sockets.socket, 'socket', refuse)
        error = self.assertRaises(OSError, sockets.open_socket, V6, 7)
        self.assertTrue(sockets.is_missing(error))
        self.assertEqual("[Errno 97] no: '::1 port 7'", str(error))
        self.assertFalse(sockets.is_missing(OSError(errno.EADDRINUSE, 'no')))
