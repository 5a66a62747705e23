# SPDX-License-Identifier: Apache-2.0

"""From an entry of the target file to a target, or to why it is none."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from edge_sched.model.client import MEASURED
from edge_sched.model.client import parse_client
from edge_sched.model.client import prefix_text
from edge_sched.model.plausible import RTT_MAX_MS
from edge_sched.model.text import shorten
from edge_sched.probe.outcome import Address
from edge_sched.probe.target import KINDS
from edge_sched.probe.target import ONE_HOST
from edge_sched.probe.target import STAMP_PORT
from edge_sched.probe.target import Kind
from edge_sched.probe.target import Rates
from edge_sched.probe.target import Target
from edge_sched.probe.target import one_host

#: Bounds of the rates. Chosen: what is beyond them is a mistake of unit, or
#: an attack; a window of a day at one packet every ten seconds has 8 640.
MAX_PACKETS = 100
MIN_INTERVAL_SECONDS = 0.1
MAX_INTERVAL_SECONDS = 86_400.0
MAX_WINDOW = 10_000

#: As wide as the store's column.
MAX_PROJECT_LENGTH = 255

_KEYS = (
    'client',
    'address',
    'probe',
    'port',
    'project',
    'access_ms',
    'packets',
    'interval_seconds',
    'window',
)


class BadTargetError(ValueError):
    """An entry that is no target; ``str()`` names the key and the value."""


def parse_target(entry: Mapping[str, Any], default: Rates) -> Target:
    """The target of one entry.

    :param entry: as YAML has it, ``{'client': '203.0.113.0/24', 'address':
        '203.0.113.7', 'probe': 'icmp'}``; a missing key and ``None`` are the
        same
    :param default: the rates that an entry does not state
    :raises BadTargetError: naming the first key that is wrong
    """
    for key in entry:
        if key not in _KEYS:
            raise BadTargetError(
                f'key {shorten(str(key))!r} is none of {", ".join(_KEYS)}'
            )
    given = {key: value for key, value in entry.items() if value is not None}
    access_ms = _number(given, 'access_ms', 0, 0, RTT_MAX_MS)
    client, project = _client(given)
    probe = _probe(given)
    return Target(
        client=client,
        project=project,
        address=_address(given, client, access_ms),
        probe=probe,
        port=_port(given, probe),
        access_ms=access_ms,
        rates=_rates(given, default),
    )


def _client(given: Mapping[str, Any]) -> tuple[str, str]:
    text = _text(given, 'client')
    try:
        client = parse_client(text)
    except ValueError:
        raise _bad('client', text, MEASURED) from None
    project = _text(given, 'project', '')
    if project and client.name is None:
        raise BadTargetError('key project: goes with a client that is a name')
    if (
        len(project) > MAX_PROJECT_LENGTH
        or not project.isprintable()
        or project != project.strip()
    ):
        raise _bad(
            'project',
            project,
            f'1..{MAX_PROJECT_LENGTH} printable characters',
        )
    return prefix_text(client.prefix) or client.canonical, project


def _address(
    given: Mapping[str, Any], client: str, access_ms: float
) -> Address:
    """Where the packets go: by default to the client, if it is an address.

    Without ``access_ms`` it must be the client's own, or a figure of some
    other place would pass for the client's.
    """
    prefix = parse_client(client).prefix
    if 'address' not in given:
        if prefix is None or prefix.prefixlen < prefix.max_prefixlen:
            raise BadTargetError(
                f'key address: is missing, and the client {client} is not a '
                f'single address'
            )
        return prefix.network_address
    text = _text(given, 'address')
    address = one_host(text)
    if address is None:
        raise _bad('address', text, ONE_HOST)
    if prefix is not None and address not in prefix and not access_ms:
        raise BadTargetError(
            f'key address: {address} is not in the client {client}; a gateway '
            f'on the way to it has access_ms > 0'
        )
    return address


def _probe(given: Mapping[str, Any]) -> Kind:
    text = _text(given, 'probe', 'stamp')
    for kind in KINDS:
        if text == kind:
            return kind
    raise _bad('probe', text, f'one of {", ".join(KINDS)}')


def _port(given: Mapping[str, Any], probe: Kind) -> int:
    if probe == 'icmp':
        if 'port' in given:
            raise BadTargetError('key port: the probe icmp has none')
        return 0
    if probe == 'tcp' and 'port' not in given:
        raise BadTargetError('key port: the probe tcp needs one')
    return _whole(given, 'port', STAMP_PORT, 1, 65_535)


def _rates(given: Mapping[str, Any], default: Rates) -> Rates:
    return dataclasses.replace(
        default,
        packets=_whole(given, 'packets', default.packets, 1, MAX_PACKETS),
        interval_seconds=_number(
            given,
            'interval_seconds',
            default.interval_seconds,
            MIN_INTERVAL_SECONDS,
            MAX_INTERVAL_SECONDS,
        ),
        window=_whole(given, 'window', default.window, 1, MAX_WINDOW),
    )


def _text(given: Mapping[str, Any], key: str, default: str = '') -> str:
    value = given.get(key, default)
    # YAML reads yes, 1e3 and 2026-01-01 as something else.
    if not isinstance(value, str):
        raise _bad(key, value, 'text; put it in quotes')
    return value


def _whole(
    given: Mapping[str, Any], key: str, default: int, least: int, most: int
) -> int:
    value = given.get(key, default)
    if type(value) is not int or not least <= value <= most:
        raise _bad(key, value, f'a whole number in {least}..{most}')
    return value


def _number(
    given: Mapping[str, Any],
    key: str,
    default: float,
    least: float,
    most: float,
) -> float:
    value = given.get(key, default)
    if type(value) not in (int, float) or not least <= value <= most:
        raise _bad(key, value, f'a number in {least:g}..{most:g}')
    return float(value)


def _bad(key: str, value: object, allowed: str) -> BadTargetError:
    shown = shorten(repr(value))
    return BadTargetError(f'key {key}: {shown} is not {allowed}')
