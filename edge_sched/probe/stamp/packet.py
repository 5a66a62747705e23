# SPDX-License-Identifier: Apache-2.0

"""The four packets of STAMP (RFC 8762, sections 4.2 and 4.3), as octets.

With the session identifier of RFC 8972, section 3. With a key it is the
authenticated mode: longer packets that end in an HMAC-SHA-256 of their first
96 octets, cut to 16 (RFC 8762, section 4.4). TLVs and padding come after the
packet and are no part of it.
"""

import hmac
import struct
from typing import NamedTuple

from edge_sched.probe.stamp import timestamp

#: Octets of a packet, the same both ways.
PLAIN_OCTETS = 44
AUTHENTICATED_OCTETS = 112

#: The shortest that a TWAMP-Light peer sends: up to the error estimate
#: (RFC 5357, section 4.1.2), and its reflector's, up to the sender's error
#: estimate; nokia/twampy sends no more than that.
TWAMP_REQUEST_OCTETS = 14
TWAMP_REPLY_OCTETS = 38

_HMAC_OCTETS = 16

_PLAIN_REQUEST = struct.Struct('!IQHH28x')
_PLAIN_REPLY = struct.Struct('!IQHHQIQH2xB3x')
_SEALED_REQUEST = struct.Struct('!I12xQHH68x')
_SEALED_REPLY = struct.Struct('!I12xQHH4xQ8xI12xQH6xB15x')

#: The Z bit of an error estimate: timestamps are PTPv2, not NTP (RFC 8186).
_PTP = 0x4000

#: S = 0, as it is not known here who keeps the clock; Scale 32, Multiplier 1:
#: within a second of UTC (chosen; RFC 4656, section 4.1.2, forbids Multiplier
#: 0). Nobody needs it for a round trip, where each clock is compared with
#: itself alone.
ERROR_ESTIMATE = 32 << 8 | 1


class BadPacketError(ValueError):
    """Octets that are no STAMP packet."""


class BadSealError(BadPacketError):
    """A packet whose HMAC does not match: it is not from who has the key."""


class Request(NamedTuple):
    """What a session-sender sends; timestamps are 64 bits as on the wire."""

    sequence: int
    timestamp: int
    error_estimate: int = ERROR_ESTIMATE
    ssid: int = 0

    @property
    def ptp(self) -> bool:
        return bool(self.error_estimate & _PTP)


class Reply(NamedTuple):
    """What a session-reflector sends back."""

    sequence: int
    #: T3, when it was sent.
    timestamp: int
    error_estimate: int
    #: As in the request; 0 from a peer that does not know RFC 8972.
    ssid: int
    #: T2, when the request arrived.
    receive_timestamp: int
    sender_sequence: int
    #: T1, as in the request.
    sender_timestamp: int
    sender_error_estimate: int
    #: TTL or hop limit with which the request arrived; 0 is unstated.
    sender_ttl: int = 0

    def residence_ns(self, now_ns: int) -> int:
        """T3 - T2, as the peer claims; anything at all if it lies."""
        ptp = bool(self.error_estimate & _PTP)
        received_ns = timestamp.decode(self.receive_timestamp, now_ns, ptp)
        return timestamp.decode(self.timestamp, received_ns, ptp) - received_ns


def error_estimate(ptp: bool) -> int:
    """Our error estimate, with the format of the timestamps beside it."""
    return ERROR_ESTIMATE | _PTP if ptp else ERROR_ESTIMATE


def packet_octets(key: bytes | None) -> int:
    """How long a packet is with this key, or without one."""
    return PLAIN_OCTETS if key is None else AUTHENTICATED_OCTETS


def pack_request(request: Request, key: bytes | None = None) -> bytes:
    if key is None:
        return _PLAIN_REQUEST.pack(*request)
    return _sealed(_SEALED_REQUEST.pack(*request), key)


def pack_reply(reply: Reply, key: bytes | None = None) -> bytes:
    if key is None:
        return _PLAIN_REPLY.pack(*reply)
    return _sealed(_SEALED_REPLY.pack(*reply), key)


def unpack_request(
    octets: bytes, key: bytes | None = None, shortest: int = PLAIN_OCTETS
) -> Request:
    """Read a request.

    :param shortest: octets that it must have without a key; what is missing
        of the 44 is taken for zeros
    :raises BadPacketError: if it is too short
    :raises BadSealError: if its HMAC does not match
    """
    if key is None:
        plain = _filled(octets, shortest)
        return Request._make(_PLAIN_REQUEST.unpack(plain))
    return Request._make(_SEALED_REQUEST.unpack(_opened(octets, key)))


def unpack_reply(octets: bytes, key: bytes | None = None) -> Reply:
    """Read a reply, also the shorter one of a TWAMP-Light reflector.

    :raises BadPacketError: if it is too short
    :raises BadSealError: if its HMAC does not match
    """
    if key is None:
        plain = _filled(octets, TWAMP_REPLY_OCTETS)
        return Reply._make(_PLAIN_REPLY.unpack(plain))
    return Reply._make(_SEALED_REPLY.unpack(_opened(octets, key)))


def _filled(octets: bytes, shortest: int) -> bytes:
    if len(octets) < shortest:
        raise BadPacketError(f'{len(octets)} octets, not {shortest} or more')
    return octets[:PLAIN_OCTETS].ljust(PLAIN_OCTETS, b'\0')


def _sealed(body: bytes, key: bytes) -> bytes:
    return body + _seal(body, key)


def _opened(octets: bytes, key: bytes) -> bytes:
    """What the HMAC covers, if it matches."""
    if len(octets) < AUTHENTICATED_OCTETS:
        raise BadPacketError(
            f'{len(octets)} octets, not {AUTHENTICATED_OCTETS} or more'
        )
    end = AUTHENTICATED_OCTETS - _HMAC_OCTETS
    body = octets[:end]
    if not hmac.compare_digest(
        octets[end:AUTHENTICATED_OCTETS], _seal(body, key)
    ):
        raise BadSealError('the HMAC does not match')
    return body


def _seal(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, body, 'sha256')[:_HMAC_OCTETS]
