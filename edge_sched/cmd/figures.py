# SPDX-License-Identifier: Apache-2.0

"""How figures are shown: numbers as numbers, a lost quantile as a word."""

import datetime
import math
from collections.abc import Iterable
from typing import Any

from cliff import columns

from edge_sched.judging.ages import future
from edge_sched.measurement.record import MAX_NAME_LENGTH
from edge_sched.model.text import readable


class Lost(columns.FormattableColumn[float]):
    """A quantile that fell on a lost probe: later than any number.

    JSON has no infinity, so machines read the text ``inf``, which is also
    what a measurement file has in its place.
    """

    def __init__(self) -> None:
        super().__init__(math.inf)

    def human_readable(self) -> str:
        return 'lost'

    def machine_readable(self) -> Any:
        return 'inf'

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return not isinstance(other, Lost)


def name(text: str) -> str | None:
    """A name as Nova has it, whole, with nothing that a terminal obeys."""
    return readable(text, MAX_NAME_LENGTH) or None


def figure(value: float | None) -> float | Lost | None:
    """A figure as it is shown; ``None`` is one that is not carried."""
    return Lost() if value == math.inf else value


def milliseconds(value: float | None) -> float | Lost | None:
    """To the microsecond: what was computed has digits of no meaning."""
    return value if value is None else figure(round(value, 3))


def timestamp(epoch_seconds: float) -> str:
    """``2026-08-22T10:15:00+00:00``: ISO 8601 with zone."""
    return datetime.datetime.fromtimestamp(
        epoch_seconds, datetime.UTC
    ).isoformat()


def of_the_future(ages_seconds: Iterable[float]) -> str:
    """A line on ages below 0, whose measurements are not used; else ``''``."""
    ahead = [age for age in ages_seconds if age < 0]
    if not ahead:
        return ''
    return f'{len(ahead)} of these {future(max(ahead))}\n'
