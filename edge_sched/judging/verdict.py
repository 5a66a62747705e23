# SPDX-License-Identifier: Apache-2.0

"""The verdict on one client at one place, and what it depends on."""

import dataclasses
from typing import NamedTuple

from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import Standing
from edge_sched.model.latency import Latency
from edge_sched.model.latency import Memory
from edge_sched.model.latency import Percentile

#: The places a host measures from, most specific first, e.g.
#: ``('lyon-1', 'lyon', 'eu-west', 'cell1')``.
Chain = tuple[str, ...]

LATENCY, JITTER, LOSS = 'latency', 'jitter', 'loss'

NEVER_MEASURED = 'never measured'
ONLY_DERIVED = 'only what is around it was measured'
STALE = 'stale'
FUTURE = 'measured in the future: check the clocks'
TOO_FEW_SAMPLES = 'too few samples'
NOT_CARRIED = 'not carried'
NOT_PLACED = 'where it is cannot be told now'


@dataclasses.dataclass(frozen=True, slots=True)
class Policy:
    """The operator's settings that a judgement depends on.

    See the options of the same names in group ``[edge_sched]``.
    """

    max_age_seconds: float = 900.0
    outage_max_age_seconds: float = 21_600.0
    memory: Memory = 'hour'
    rank_percentile: Percentile = 'p50'
    reference_latency_ms: float = 20.0
    tie_band_ms: float = 1.0
    fit_headroom: float = 0.1


# A tuple, because a request makes one for each client at each place, and a
# frozen dataclass takes three times as long.
class Verdict(NamedTuple):
    """How one client stands at one host or vantage.

    :param latency: the row that decided, ``None`` if never measured
    :param age_seconds: its age, below 0 if it is from the future
    :param over: the metrics over their budgets, ``('latency', 'loss')``
    :param why: if not all that is asked for is known, one of the words above;
        else ``''``. What is known may be over all the same
    :param rank_ms: what it is ranked by, ``inf`` if lost; ``None`` unless
        the row is usable, or would be if it had not been derived
    :param stale: whether the row is older than ``max_age`` and judged all the
        same, since measuring is down
    """

    standing: Standing
    latency: Latency | None = None
    age_seconds: float | None = None
    over: tuple[str, ...] = ()
    why: str = ''
    rank_ms: float | None = None
    stale: bool = False

    def judged_ms(self, percentile: Percentile) -> float | None:
        """The figure that a latency budget is judged by."""
        return self.latency.held_ms(percentile) if self.latency else None


UNMEASURED = Verdict(UNKNOWN, why=NEVER_MEASURED)
#: Of a server, at every place.
UNPLACED = Verdict(UNKNOWN, why=NOT_PLACED)
