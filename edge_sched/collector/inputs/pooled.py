# SPDX-License-Identifier: Apache-2.0

"""Figures of probes that somebody else has sent, one by one. Pure."""

import math
from collections.abc import Sequence
from typing import TypedDict

from edge_sched.probe.window import nearest_rank

#: The samples that a mean counts for, whatever it is of: enough to rank by,
#: too few for any budget at p95 or above, which so stays unknown. Chosen: the
#: default history of ping_exporter, which has means likewise.
MEAN_SAMPLES = 10


class Figures(TypedDict):
    """Fields of a reading."""

    rtt_p50_ms: float
    rtt_p95_ms: float
    rtt_p99_ms: float
    rtt_min_ms: float | None
    loss_ratio: float
    samples: int


def figures(rtts_ms: Sequence[float]) -> Figures:
    """Of probes sent, as our prober has them: by nearest rank.

    :param rtts_ms: one or more; ``inf`` of those that were lost
    """
    ranked = sorted(rtts_ms)
    shortest_ms = ranked[0]
    return Figures(
        rtt_p50_ms=nearest_rank(ranked, 50),
        rtt_p95_ms=nearest_rank(ranked, 95),
        rtt_p99_ms=nearest_rank(ranked, 99),
        rtt_min_ms=None if math.isinf(shortest_ms) else shortest_ms,
        loss_ratio=ranked.count(math.inf) / len(ranked),
        samples=len(ranked),
    )
