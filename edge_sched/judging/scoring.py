# SPDX-License-Identifier: Apache-2.0

"""Budget check and score: pure functions, floats in and floats out.

A host is *within*, *unknown* or *over* for a client, and the score keeps the
three apart: whatever the figures, a host within budget scores above one that
nobody measured, and that one above a host known to be over. What was derived
is unknown as well, and scores between that and within. The score is
absolute, in [0, 1], so that Nova's normalisation leaves it as it is.

Worked example, budget 20 ms, objective ``nearest``::

    within at  5 ms:  s = 1 / (1 +  5/20) = 0.8    (2 + s) / 3 = 0.933
    within at 19 ms:  s = 1 / (1 + 19/20) = 0.513  (2 + s) / 3 = 0.838
    derived,  5 ms:   s = 1 / (1 +  5/20) = 0.8    (3 + s) / 6 = 0.633
    unknown:                                        1 / 2       = 0.5
    over at 31 ms:    s = 1 / (1 + 31/20) = 0.392   s / 3       = 0.131
"""

import enum
import math
from collections.abc import Sequence

from edge_sched.model.latency import PERCENTILES
from edge_sched.model.latency import Latency
from edge_sched.model.latency import Percentile

#: The rule of three: a window says nothing of a quantile that fewer than
#: three of its samples are expected beyond (if none of n samples exceeds a
#: value, the 95 % upper bound of the share that does is 3 / n; Hanley and
#: Lippman-Hand, JAMA 1983). samples * (1 - q) >= 3 gives these.
SAMPLES_NEEDED: dict[Percentile, int] = {'p50': 6, 'p95': 60, 'p99': 300}

#: A tie band is at least this share of the best round trip: two sites that
#: differ by less than the measurement repeats are equal. Chosen: within 5 %
#: the medians of 64 probes on wired paths cannot be told apart.
TIE_BAND_RATIO = 0.05

#: Figures that are equal on paper differ in the last bits of a float: a loss
#: of 0.07 makes more than 7 %, and 0.4 - 0.1 more than 0.3 ms of jitter.
TOLERANCE = 1e-9


class Standing(enum.IntEnum):
    """How a host stands to a budget; the larger, the better."""

    OVER = 0
    UNKNOWN = 1
    WITHIN = 2

    @property
    def word(self) -> str:
        """As it is written: ``within``."""
        return self.name.lower()


#: By their own names: to read a member off its class takes ten times as long
#: (Python 3.11), and each row is compared with several.
OVER, UNKNOWN, WITHIN = Standing


def enough_samples(samples: int | None, percentile: Percentile) -> bool:
    """Whether a window says anything of a percentile.

    59 samples are too few for ``p95``, 60 are enough; a record that does not
    state its samples (``None``) is taken as it is.
    """
    return samples is None or samples >= SAMPLES_NEEDED[percentile]


def lower_bound(
    row: Latency, percentile: Percentile
) -> tuple[float, Percentile] | None:
    """What the round trip at a percentile is at the least, and by which.

    A quantile is no less than those below it, so that ``(50.0, 'p95')`` for
    ``p99`` is over a budget of 20 ms, whether p99 was measured or not.

    :return: that of the percentile itself if it is there with samples enough,
        or lost; ``None`` if nothing can be said
    """
    if row.held_ms(percentile) == math.inf:
        return math.inf, percentile
    for below in PERCENTILES[PERCENTILES.index(percentile) :: -1]:
        rtt_ms = row.held_ms(below)
        if rtt_ms is not None and enough_samples(row.samples, below):
            return rtt_ms, below
    return None


def check_budget(
    figure: float | None, budget: float, enough: bool = True
) -> Standing:
    """How one figure stands to its budget, in the same unit.

    :param figure: ``inf`` is a lost quantile and over every budget,
        ``None`` a figure that was not measured
    :param enough: whether there were samples enough to say
    """
    if figure is None:
        return UNKNOWN
    if math.isinf(figure):
        return OVER
    if not enough:
        return UNKNOWN
    return WITHIN if at_most(figure, budget) else OVER


def check_loss(loss_ratio: float | None, budget_pct: float) -> Standing:
    """How a loss ratio (0 to 1) stands to a budget in percent."""
    if loss_ratio is None:
        return UNKNOWN
    return check_budget(loss_ratio * 100, budget_pct)


def at_most(figure: float, limit: float) -> bool:
    """Whether a figure is within a limit, but for the last bits of both."""
    return figure <= most(limit)


def most(limit: float) -> float:
    """The largest figure that is within a limit."""
    return limit * (1 + TOLERANCE)


class Bands:
    """Tie bands: what lies in one is equally near.

    :param best_ms: where they are counted from, ``inf`` for no bands
    :param tie_band_ms: their width, or 5 % of the best if that is more
    """

    __slots__ = ('_best_ms', '_width_ms')

    def __init__(self, best_ms: float, tie_band_ms: float) -> None:
        self._best_ms = best_ms
        width_ms = max(tie_band_ms, TIE_BAND_RATIO * best_ms)
        # 0 for none, as if there is nothing to count them from.
        self._width_ms = width_ms if width_ms < math.inf else 0.0

    def floor(self, rtt_ms: float) -> float:
        """Where the band of a round trip begins.

        With the best at 4 ms and bands of 1 ms: 4.9 -> 4, 5.1 -> 5. A lost
        quantile stays lost.
        """
        width_ms = self._width_ms
        if not width_ms or rtt_ms == math.inf:
            return rtt_ms
        steps = (rtt_ms - self._best_ms) // width_ms
        floor_ms = self._best_ms + steps * width_ms
        if floor_ms < 0:
            return 0.0
        # The last bits may lift the edge of a band above what is in it.
        return floor_ms if floor_ms < rtt_ms else rtt_ms


def class_scores(
    standings: Sequence[Standing],
    rtts_ms: Sequence[float | None],
    tie_band_ms: float,
    scale_ms: float,
) -> list[float]:
    """The scores of hosts for one client, by the closeness of their bands.

    Over fills [0, 1/3], within [2/3, 1]. Unknown is 1/2, and what is ranked
    by a figure all the same fills [1/2, 2/3]. ``s`` is 1 at no distance, 1/2
    at the scale (the budget), 0 if lost. In one loop, which takes half the
    time where there are a thousand.

    :param rtts_ms: what each is ranked by, ``None`` counts as lost
    """
    bands = Bands(_best_ms(standings, rtts_ms), tie_band_ms)
    floor, lost = bands.floor, math.inf
    return [
        (
            1 / 2
            if rtt_ms is None
            else (3 + 1 / (1 + floor(rtt_ms) / scale_ms)) / 6
        )
        if standing is UNKNOWN
        else (
            standing
            + 1 / (1 + floor(lost if rtt_ms is None else rtt_ms) / scale_ms)
        )
        / 3
        for standing, rtt_ms in zip(standings, rtts_ms, strict=True)
    ]


def _best_ms(
    standings: Sequence[Standing], rtts_ms: Sequence[float | None]
) -> float:
    """The shortest round trip in the best class present, ``inf`` if none."""
    for best in (WITHIN, UNKNOWN, OVER):
        in_class = [
            rtt_ms
            for standing, rtt_ms in zip(standings, rtts_ms, strict=True)
            if standing is best and rtt_ms is not None
        ]
        if in_class:
            return min(in_class)
    return math.inf


def fit_score(score: float, has_headroom: bool) -> float:
    """The score of a host within budget, for the objective ``fit``.

    1 for every host that keeps the headroom, so that Nova's own weighers
    choose among them; those inside the strip rank below, nearest first, in
    [1/2, 5/8].

    :param score: with the objective ``nearest``, in [2/3, 1]
    """
    return 1.0 if has_headroom else (2 + 3 * score) / 8


def derived_fit_score(score: float) -> float:
    """The score of what was derived, for the objective ``fit``.

    In [1/2, 13/24]: below what is inside the strip, where nothing that is
    within a budget scores less than 9/16.

    :param score: with the objective ``nearest``, in [1/2, 2/3]
    """
    return (3 + 2 * score) / 8


def keeps_headroom(
    judged_ms: float, budget_ms: float, headroom: float
) -> bool:
    """Whether a figure leaves a share of its budget free.

    With a budget of 20 ms and a headroom of 0.1: 18 ms does, 18.1 does not.
    """
    return at_most(judged_ms, (1 - headroom) * budget_ms)


def combined(
    scores: Sequence[tuple[Standing, float]], combine: str
) -> tuple[Standing, float]:
    """One score of several clients'.

    :param scores: ``[(WITHIN, 0.9), (OVER, 0.1)]``
    :param combine: ``worst`` or ``mean``
    :return: the worst class, and the least or the mean of the scores in it:
        ``(OVER, 0.1)``
    """
    worst = min(standing for standing, _ in scores)
    in_class = [score for standing, score in scores if standing is worst]
    if combine == 'mean':
        return worst, math.fsum(in_class) / len(in_class)
    return worst, min(in_class)
