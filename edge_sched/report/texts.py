# SPDX-License-Identifier: Apache-2.0

"""How figures and names stand on the page.

What is missing is a dash, since an empty cell might be a mistake.
"""

import datetime
import math

from edge_sched.judging.ages import duration
from edge_sched.judging.record import private
from edge_sched.model.client import Client
from edge_sched.model.text import readable

NONE = '\N{EN DASH}'

#: Of a name. Chosen: all of a UUID or a client's name (63).
NAME_LENGTH = 63

#: From here on figures are in seconds.
_SECOND_MS = 1000.0


def milliseconds(value: float | None) -> str:
    """``5.2``, ``51``, ``1.2s``, ``lost``: no longer than a small cell.

    The unit is that of the heading, but for seconds.
    """
    if value is None:
        return NONE
    if value == math.inf:
        return 'lost'
    # By what is shown: 9.96 is 10, and 999.6 a second.
    if abs(value) < 9.95:
        return f'{value:.1f}'
    if abs(value) < _SECOND_MS - 0.5:
        return f'{value:.0f}'
    return f'{value / _SECOND_MS:.2g}s'


def budget(value: float | None) -> str:
    """As it was given: ``20``, ``2.5``."""
    return NONE if value is None else f'{value:g}'


def age(seconds: float | None) -> str:
    """``40 s``, ``2 h``."""
    return NONE if seconds is None else duration(seconds)


def time_utc(epoch_seconds: float) -> str:
    """``2026-08-22 10:15:00 UTC``."""
    at = datetime.datetime.fromtimestamp(epoch_seconds, datetime.UTC)
    return f'{at:%Y-%m-%d %H:%M:%S} UTC'


def name(text: str) -> str:
    """A name of a stranger, on one line and not too long."""
    return readable(text, NAME_LENGTH)


def client_name(client: Client) -> str:
    """A client without the end of its address: ``203.0.113.0/24``."""
    return name(private(client))


def squeezed(text: str, length: int) -> str:
    """A name as it fits: ``edge-eu…lyon-2``.

    The middle goes, since names of a kind begin alike and differ at the end.
    """
    if len(text) <= length:
        return text
    tail = (length - 1) // 2
    head = length - 1 - tail
    return f'{text[:head]}\N{HORIZONTAL ELLIPSIS}{text[-tail:]}'


def counted(count: int, noun: str) -> str:
    """``1 server``, ``12 servers``."""
    return f'{count} {noun}' if count == 1 else f'{count} {noun}s'
