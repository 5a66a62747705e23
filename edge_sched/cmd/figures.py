# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""How figures are shown: numbers as numbers, a lost quantile as a word."""

import datetime
import math
from collections.abc import Iterable
from typing import Any

from cliff import columns

from edge_sched.judging.reason import future


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


def figure(value: float | None) -> float | Lost | None:
    """A figure as it is shown; ``None`` is one that is not carried."""
    return Lost() if value == math.inf else value


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
