# SPDX-License-Identifier: Apache-2.0

"""What a session-reflector makes of a request: octets in, octets out."""

import time
from collections.abc import Callable

from edge_sched.probe.stamp import timestamp
from edge_sched.probe.stamp import tlv
from edge_sched.probe.stamp.packet import AUTHENTICATED_OCTETS
from edge_sched.probe.stamp.packet import PLAIN_OCTETS
from edge_sched.probe.stamp.packet import TWAMP_REQUEST_OCTETS
from edge_sched.probe.stamp.packet import BadPacketError
from edge_sched.probe.stamp.packet import Reply
from edge_sched.probe.stamp.packet import Request
from edge_sched.probe.stamp.packet import error_estimate
from edge_sched.probe.stamp.packet import pack_reply
from edge_sched.probe.stamp.packet import packet_octets
from edge_sched.probe.stamp.packet import unpack_request

#: Where a reply has its receive timestamp and the sequence number of the
#: request (RFC 8762, sections 4.3.1 and 4.3.2).
_RECEIVED = {
    PLAIN_OCTETS: (slice(16, 24), slice(24, 28)),
    AUTHENTICATED_OCTETS: (slice(32, 40), slice(48, 52)),
}


def _at_once() -> None:
    """No time between receiving and sending but our own."""


class Mirror:
    """Stateless: the reply has the sequence number of its request.

    It is as long as its request, so that nobody can have more sent to a
    victim than he sends himself; a request of TWAMP-Light may be shorter.

    Nothing that it makes is answered by it, or by another with the same key:
    a reply has a receive timestamp, and the sequence number of its request
    twice. In a request of STAMP there are zeros (RFC 8762, section 4.2). The
    random padding of TWAMP-Light looks like a reply once in 2**32 packets.

    :param key: if there is one, requests without its HMAC are not answered
    :param twamp_light: answer requests of 14 to 43 octets with 44, which is
        72 octets for 42 with the headers of IPv4 and UDP
    :param hold: called between receiving and sending; for tests
    :param now_ns: the wall clock; T3 is its time
    """

    def __init__(
        self,
        key: bytes | None = None,
        twamp_light: bool = False,
        hold: Callable[[], None] = _at_once,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._key = key
        self._shortest = TWAMP_REQUEST_OCTETS if twamp_light else PLAIN_OCTETS
        self._hold = hold
        self._now_ns = now_ns

    def read(self, octets: bytes) -> Request:
        """The request, if it is one that may be answered.

        :raises BadSealError: if its HMAC does not match
        :raises BadPacketError: if it is no request
        """
        request = unpack_request(octets, self._key, self._shortest)
        if self._is_reply(octets):
            raise BadPacketError('a reply, which has no reply')
        return request

    def reflect(
        self, request: Request, octets: bytes, received_ns: int, ttl: int
    ) -> bytes:
        """The reply to a request; send it at once, T3 is in it.

        Its timestamps have the format of the request's.

        :param octets: that the request was read from
        :param received_ns: T2
        :param ttl: with which the request arrived
        """
        tail = tlv.reflected(octets[packet_octets(self._key) :])
        ptp = request.ptp
        received = timestamp.encode(received_ns, ptp)
        self._hold()
        reply = Reply(
            request.sequence,
            timestamp.encode(self._now_ns(), ptp),
            error_estimate(ptp),
            request.ssid,
            received,
            request.sequence,
            request.timestamp,
            request.error_estimate,
            ttl,
        )
        return pack_reply(reply, self._key) + tail

    def _is_reply(self, octets: bytes) -> bool:
        received, sequence = _RECEIVED[packet_octets(self._key)]
        return any(octets[received]) and octets[sequence] == octets[:4]
