# SPDX-License-Identifier: Apache-2.0

r"""One line of a log: whose connection it was, and how long its round trip.

The line may have anything before, and ends with one of

    client=203.0.113.7 rtt_us=12345
    {"client": "203.0.113.7", "rtt_us": 12345}

Only the end counts, which is what the proxy writes last. What is before it is
a header of syslog (RFC 3164, RFC 5424), or what a client has said, who could
otherwise speak for another one.
"""

import json
import re
import socket
from typing import NamedTuple

from edge_sched.model.plausible import RTT_MAX_MS

#: The longest line that is looked at. Chosen: what syslog receivers take at
#: the most (rsyslog: 8 KiB); HAProxy writes 1 024 octets, nginx 2 048.
MAX_OCTETS = 8192

RTT_MAX_US = round(RTT_MAX_MS * 1000)

_NAME = b'client='
_PAIR = re.compile(rb'(\S{0,64}) rtt_us=(\S{0,64})')
_DIGITS = re.compile(r'[0-9]{1,8}', re.ASCII)
#: What nginx and HAProxy write of a variable that has no value.
_NONE = ('', '-')

_BLANK = b' \t\r\n\0'

#: RFC 4291, section 2.5.5.2.
_MAPPED = bytes(10) + b'\xff\xff'


class RefusedError(Exception):
    """A line that is of no use; ``reason`` is a word to count by."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Handshake(NamedTuple):
    """The round trip between SYN/ACK and ACK of one connection.

    :param address: of the client, 4 or 16 octets
    """

    address: bytes
    rtt_us: int


def parse(line: bytes) -> Handshake:
    """What a line says.

    :raises RefusedError: ``long``, ``malformed``, ``client`` (no address),
        ``none`` (a proxy has no round trip to tell, or told it before) or
        ``rtt`` (no network has it)
    """
    if len(line) > MAX_OCTETS:
        raise RefusedError('long')
    text = line.rstrip(_BLANK)
    before, name, pair = text.rpartition(_NAME)
    found = _PAIR.fullmatch(pair) if name else None
    if found is not None and before[-1:] in (b'', b' ', b'\t'):
        client, rtt = (
            part.decode('ascii', 'replace') for part in found.groups()
        )
        return handshake(client, _whole(rtt))
    if text.endswith(b'}'):
        return _parse_object(text[text.find(b'{') :])
    raise RefusedError('malformed')


def handshake(client: str, rtt_us: float) -> Handshake:
    """Checked, as it is kept.

    :param client: an address; one of IPv4 in IPv6 is that of IPv4
    :raises RefusedError: ``client`` or ``rtt``
    """
    try:
        address = socket.inet_pton(
            socket.AF_INET6 if ':' in client else socket.AF_INET, client
        )
    except (OSError, ValueError):
        raise RefusedError('client') from None
    if address.startswith(_MAPPED):
        address = address[len(_MAPPED) :]
    if not 1 <= rtt_us <= RTT_MAX_US:
        raise RefusedError('rtt')
    return Handshake(address, int(rtt_us))


def _whole(text: str) -> int:
    """The microseconds that a proxy has written.

    :raises RefusedError: ``none`` or ``rtt``
    """
    if text in _NONE:
        raise RefusedError('none')
    if not _DIGITS.fullmatch(text):
        raise RefusedError('rtt')
    return int(text)


def _parse_object(text: bytes) -> Handshake:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise RefusedError('malformed') from None
    if not isinstance(found, dict):
        raise RefusedError('malformed')
    client, rtt_us = found.get('client'), found.get('rtt_us')
    if not isinstance(client, str):
        raise RefusedError('client')
    if rtt_us is None:
        raise RefusedError('none')
    if isinstance(rtt_us, str):
        rtt_us = _whole(rtt_us)
    if isinstance(rtt_us, bool) or not isinstance(rtt_us, int | float):
        raise RefusedError('rtt')
    return handshake(client, rtt_us)
