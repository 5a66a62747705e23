# SPDX-License-Identifier: Apache-2.0

"""Files in the MaxMind DB format, as its specification 2.0 has them.

Only what tests need: a tree of IPv6, in which IPv4 is below ``::/96``, with
records of 24 bits.
"""

import ipaddress
import struct
from collections.abc import Mapping
from typing import Any

_SEPARATOR = bytes(16)
_MARKER = b'\xab\xcd\xefMaxMind.com'
_EXTENDED = {'uint64': 2, 'array': 4}


def made(values: Mapping[str, Any]) -> bytes:
    """A file.

    :param values: by prefix, ``{'203.0.113.0/24': {'location': {...}}}``
    """
    nodes: list[list[Any]] = [[None, None]]
    data = b''
    for prefix, value in values.items():
        _put(nodes, ipaddress.ip_network(prefix), len(data))
        data += _field(value)
    tree = b''.join(
        _record(record, len(nodes)) for node in nodes for record in node
    )
    return tree + _SEPARATOR + data + _MARKER + _field(_about(len(nodes)))


def _put(nodes: list[list[Any]], network: Any, at: int) -> None:
    bits = f'{int(network.network_address):0128b}'
    length = network.prefixlen + (96 if network.version == 4 else 0)
    node = nodes[0]
    for bit in map(int, bits[: length - 1]):
        if node[bit] is None:
            node[bit] = len(nodes)
            nodes.append([None, None])
        node = nodes[node[bit]]
    node[int(bits[length - 1])] = ('data', at)


def _record(record: Any, count: int) -> bytes:
    if record is None:
        number = count
    elif isinstance(record, int):
        number = record
    else:
        number = count + len(_SEPARATOR) + record[1]
    return number.to_bytes(3, 'big')


def _about(count: int) -> dict[str, Any]:
    return {
        'binary_format_major_version': ('uint16', 2),
        'binary_format_minor_version': ('uint16', 0),
        'build_epoch': ('uint64', 1_767_225_600),
        'database_type': 'Test',
        'description': {'en': 'made by a test'},
        'ip_version': ('uint16', 6),
        'languages': ('array', ['en']),
        'node_count': ('uint32', count),
        'record_size': ('uint16', 24),
    }


def _field(value: Any) -> bytes:
    if isinstance(value, dict):
        inner = b''.join(_field(k) + _field(v) for k, v in value.items())
        return _control(7, len(value)) + inner
    if isinstance(value, float):
        return _control(3, 8) + struct.pack('>d', value)
    if isinstance(value, str):
        raw = value.encode()
        return _control(2, len(raw)) + raw
    kind, found = value
    if kind == 'array':
        inner = b''.join(map(_field, found))
        return bytes([len(found), _EXTENDED[kind]]) + inner
    raw = found.to_bytes((found.bit_length() + 7) // 8, 'big')
    if kind == 'uint64':
        return bytes([len(raw), _EXTENDED[kind]]) + raw
    return _control(5 if kind == 'uint16' else 6, len(raw)) + raw


def _control(kind: int, size: int) -> bytes:
    """Sizes of 29 and more have a byte of their own."""
    if size < 29:
        return bytes([kind << 5 | size])
    return bytes([kind << 5 | 29, size - 29])
