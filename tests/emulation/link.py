# SPDX-License-Identifier: Apache-2.0

"""A cable from each node to the relay: a pair of virtual Ethernet devices.

One device is in the node, its other end in a namespace of the relay's. What
is read from that end has the time at which the kernel sent it: how late the
relay comes to read it does not count.
"""

import array
import fcntl
import logging
import socket
import struct
from collections.abc import Sequence

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from tests.emulation import stamped
from tests.emulation.errors import NotPossibleError
from tests.emulation.namespace import Namespace

#: Of linux/if_ether.h, linux/if_addr.h, linux/sockios.h, linux/ethtool.h.
ETH_P_ALL = 3
IFA_F_NODAD = 0x02
SIOCETHTOOL = 0x8946
ETHTOOL_STXCSUM = 0x17
#: Of asm-generic/socket.h.
SO_RCVBUFFORCE = 33

DEVICE = 'eth0'
#: Of the device in every node. Without ARP a device sends all frames to its
#: own address, so each fits the other nodes as it is.
MAC = '02:00:00:00:00:01'
ANYWHERE = ('0.0.0.0/0', '::/0')
#: For frames that the relay has not read yet (chosen: 1000 long ones).
BUFFER_OCTETS = 4 << 20

# It writes pages at debug level about each thing that it is asked for.
logging.getLogger('pyroute2').setLevel(logging.INFO)


class Hub:
    """Where the relay's ends of all cables are."""

    def __init__(self) -> None:
        """:raises NotPossibleError: naming the right that is missing"""
        self._namespace = Namespace()
        self._plugged = 0

    def plug(self, node: Namespace, addresses: Sequence[str]) -> socket.socket:
        """Give a node a device towards all the rest, besides loopback.

        :param addresses: of the device, IPv4 or IPv6
        :return: whole frames, one a read: those that the node sends, and
            those written arrive there
        :raises NotPossibleError: naming what is missing
        """
        self._plugged += 1
        name = f'node{self._plugged}'
        try:
            with self._namespace.entered():
                _lay(name, node)
                end = _open(name)
            with node.entered():
                _configure(addresses)
        except (NetlinkError, OSError) as error:
            raise NotPossibleError(
                f'a virtual Ethernet device cannot be had: {error}'
            ) from error
        return end

    def close(self) -> None:
        self._namespace.close()


def _lay(name: str, node: Namespace) -> None:
    peer = {'ifname': DEVICE, 'address': MAC, 'net_ns_fd': node.fd}
    with IPRoute() as links:
        links.link('add', ifname=name, kind='veth', peer=peer)
        [index] = links.link_lookup(ifname=name)
        links.link('set', index=index, state='up')


def _open(name: str) -> socket.socket:
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    stamped.ask_for_stamps(end)
    end.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_OCTETS)
    end.bind((name, ETH_P_ALL))
    return end


def _configure(addresses: Sequence[str]) -> None:
    with IPRoute() as links:
        [loopback] = links.link_lookup(ifname='lo')
        links.link('set', index=loopback, state='up')
        [index] = links.link_lookup(ifname=DEVICE)
        links.link('set', index=index, arp=False, state='up')
        for address in addresses:
            links.addr('add', index=index, address=address, flags=IFA_F_NODAD)
        for destination in ANYWHERE:
            links.route('add', dst=destination, oif=index)
    _have_checksums()


def _have_checksums() -> None:
    """The sender computes them; the relay would not, as a real device does."""
    value = array.array('I', [ETHTOOL_STXCSUM, 0])
    address, _ = value.buffer_info()
    request = struct.pack('16sP16x', DEVICE.encode(), address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCETHTOOL, request)
