# SPDX-License-Identifier: Apache-2.0

"""What no measurement can be: refused wherever rows come from outside."""

import math
from collections.abc import Iterable, Mapping

from edge_sched.model.latency import Latency

#: Longest round trip that is taken for a measurement; above it is a mistake
#: of unit or a probe that should have been counted as lost (chosen: ten
#: seconds, as RFC 2681 asks for a finite waiting time).
RTT_MAX_MS = 10_000.0

#: The round trips of a row in their order, each by the share of the probes
#: sent that are not later; the shortest is of whatever came back.
_QUANTILES: Mapping[str, float] = {
    'rtt_min_ms': 0.0,
    'rtt_p50_ms': 0.5,
    'rtt_p95_ms': 0.95,
    'rtt_p99_ms': 0.99,
}

#: Of the windows of the last hour, in their order.
_OF_HOUR = ('rtt_p50_hour_ms', 'rtt_p95_hour_ms')

#: How far a loss ratio may be beyond a quantile before that is lost. Chosen:
#: more than binary fractions and rates of Prometheus lose, and less than one
#: probe makes in a window of 10 000.
_LOSS_ROUNDING = 1e-6

#: How far ``pdv_ms`` may be from p95 less the minimum: three figures that
#: were each rounded to whole milliseconds, the coarsest that tools print.
_PDV_ROUNDING_MS = 1.5


class BadLatencyError(ValueError):
    """A figure that no measurement can have; names the column and why."""

    def __init__(self, column: str, why: str) -> None:
        self.column = column
        self.why = why
        super().__init__(f'{column} {why}')


def check(latency: Latency) -> None:
    """Refuse what cannot have been measured.

    :raises BadLatencyError: naming the first column that is wrong
    """
    for column in (*_QUANTILES, *_OF_HOUR):
        _check_rtt(column, getattr(latency, column))
    _check_order(latency, _QUANTILES)
    _check_hour(latency)
    if latency.pdv_ms is not None and not 0 <= latency.pdv_ms <= RTT_MAX_MS:
        raise BadLatencyError('pdv_ms', f'is not in 0..{RTT_MAX_MS:g}')
    for column in ('loss_ratio', 'loss_hour_ratio'):
        ratio = getattr(latency, column)
        if ratio is not None and not 0 <= ratio <= 1:
            raise BadLatencyError(column, 'is not in 0..1')
    if latency.samples is not None and latency.samples < 1:
        raise BadLatencyError('samples', 'is not a number >= 1')
    if not (math.isfinite(latency.measured_at) and latency.measured_at >= 0):
        raise BadLatencyError('measured_at', 'is not a time')
    _check_loss(latency)
    check_variation(latency)


def check_variation(latency: Latency) -> None:
    """Refuse a PDV that is not p95 less min, where all three are there.

    :raises BadLatencyError: naming the column
    """
    if latency.pdv_ms is None or latency.rtt_min_ms is None:
        return
    variation_ms = latency.rtt_p95_ms - latency.rtt_min_ms
    if not abs(latency.pdv_ms - variation_ms) <= _PDV_ROUNDING_MS:
        raise BadLatencyError(
            'pdv_ms',
            f'{latency.pdv_ms:g} is not rtt_p95_ms '
            f'{latency.rtt_p95_ms:g} less rtt_min_ms {latency.rtt_min_ms:g}',
        )


def is_lost(quantile: float, loss_ratio: float) -> bool:
    """Whether a quantile of the probes sent fell on a lost one.

    Of n probes of which k came back the nearest rank, q n rounded up, is
    beyond k just where q > k / n. So it is the same for every n: at a loss of
    0.05 the 95th percentile came back, above it was lost.

    :param quantile: 0.95 for p95; 0 is the shortest
    """
    return loss_ratio >= 1 or quantile > 1 - loss_ratio + _LOSS_ROUNDING


def _check_hour(latency: Latency) -> None:
    of_hour = [getattr(latency, column) for column in _OF_HOUR]
    if None in of_hour and of_hour != [None, None]:
        raise BadLatencyError(
            _OF_HOUR[of_hour.index(None)],
            f'is missing: {" and ".join(_OF_HOUR)} go together',
        )
    _check_order(latency, _OF_HOUR)


def _check_rtt(column: str, rtt_ms: float | None) -> None:
    if rtt_ms is None or rtt_ms == math.inf:
        return
    if not 0 < rtt_ms <= RTT_MAX_MS:
        raise BadLatencyError(
            column, f'{rtt_ms:g} is not in 0..{RTT_MAX_MS:g} ms, 0 excluded'
        )


def _check_order(latency: Latency, columns: Iterable[str]) -> None:
    """Min <= p50 <= p95 <= p99; what is lost stays lost further up."""
    below = ('', 0.0)
    for column in columns:
        rtt_ms = getattr(latency, column)
        if rtt_ms is None:
            continue
        if rtt_ms < below[1]:
            raise BadLatencyError(
                column, f'{rtt_ms:g} is less than {below[0]} {below[1]:g}'
            )
        below = (column, rtt_ms)


def _check_loss(latency: Latency) -> None:
    """What the loss ratio says is lost is no round trip."""
    if latency.loss_ratio is None:
        return
    for column, quantile in _QUANTILES.items():
        rtt_ms = getattr(latency, column)
        if rtt_ms is None or math.isinf(rtt_ms):
            continue
        if is_lost(quantile, latency.loss_ratio):
            raise BadLatencyError(
                column,
                f'{rtt_ms:g} contradicts loss_ratio {latency.loss_ratio:g}: '
                'of the probes sent it is one that was lost (inf)',
            )
