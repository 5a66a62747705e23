# SPDX-License-Identifier: Apache-2.0

"""Lines of InfluxDB's line protocol, as Telegraf writes them. Pure.

https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from edge_sched.model.text import readable

#: What is escaped by a backslash is one character. None of the parts can take
#: what the next one begins with, so that a line is gone through once.
_MEASUREMENT = r'(?:\\.|[^\\, ])+'
_KEY = r'(?:\\.|[^\\,= ])+'
_VALUE = r'"(?:\\.|[^\\"])*"|[^", ]+'
_TAG = re.compile(rf',({_KEY})=({_KEY})')
_FIELD = re.compile(rf'({_KEY})=({_VALUE})')
_LINE = re.compile(
    rf'({_MEASUREMENT})((?:,{_KEY}={_KEY})*)'
    rf' +({_KEY}=(?:{_VALUE})(?:,{_KEY}=(?:{_VALUE}))*)'
    r'(?: +(-?[0-9]{1,19}))? *'
)
_NUMBER = re.compile(
    r'([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)[iu]?'
)
_ESCAPED = re.compile(r'\\([,= ])')


class Point(NamedTuple):
    """What one line says.

    :param tags: ``{'host': 'lyon-1', 'url': '203.0.113.7'}``
    :param fields: those that are numbers: ``{'ttl': 63.0}``
    :param time_ns: since the epoch
    """

    tags: Mapping[str, str]
    fields: Mapping[str, float]
    time_ns: int


def parse(line: str) -> Point:
    """A line without its end.

    :raises ValueError: saying what it is not
    """
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError(
            f'{readable(line, 64)!r} is not measurement,tag=value '
            'field=value,... time'
        )
    _, tags, fields, time_ns = found.groups()
    if time_ns is None:
        raise ValueError(f'{readable(line, 64)!r} has no time')
    return Point(
        {_plain(key): _plain(value) for key, value in _TAG.findall(tags)},
        {
            _plain(key): float(number[1])
            for key, value in _FIELD.findall(fields)
            if (number := _NUMBER.fullmatch(value))
        },
        int(time_ns),
    )


def _plain(text: str) -> str:
    return _ESCAPED.sub(r'\1', text)
