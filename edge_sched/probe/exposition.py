# SPDX-License-Identifier: Apache-2.0

"""Figures as OpenMetrics, and what a prober says of itself.

A target is published once one of its probes has ended. ``access_ms`` of a
gateway is in the quantiles and in the minimum.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.core import InfoMetricFamily
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from edge_sched.probe.prober import Report
from edge_sched.probe.series import Figures

_LABELS = ('client', 'project')
_PROBE = 'edge_sched_probe'
_PROBER = 'edge_sched_prober'

Read = Callable[[Figures], float | None]

#: Gauges of a target: name, whether it is in seconds, what it says, value.
_GAUGES: tuple[tuple[str, str, str, Read], ...] = (
    (
        'rtt_min_seconds',
        'seconds',
        'Shortest round trip in the window.',
        lambda each: _reached(each, each.statistics.rtt_min_ms),
    ),
    (
        'rtt_raw_min_seconds',
        'seconds',
        'Shortest round trip on the clock: nothing credited, nothing added.',
        lambda each: _seconds(each.statistics.raw_min_ms),
    ),
    (
        'pdv_seconds',
        'seconds',
        'Round-trip delay variation: p95 minus min.',
        lambda each: _seconds(each.statistics.pdv_ms),
    ),
    (
        'loss_ratio',
        '',
        'Probes in the window that were lost, 0 to 1.',
        lambda each: each.statistics.loss_ratio,
    ),
    (
        'loss_hour_ratio',
        '',
        'Probes in the windows of the last hour that were lost, 0 to 1.',
        lambda each: each.hour and each.hour.loss_ratio,
    ),
    (
        'residence_refused_ratio',
        '',
        'Probes in the window with a claimed residence not credited, 0 to 1.',
        lambda each: each.statistics.refused_ratio,
    ),
    (
        'samples',
        '',
        'Probes in the window, lost ones included.',
        lambda each: each.statistics.samples,
    ),
    (
        'newest_sample_timestamp_seconds',
        'seconds',
        'When the newest probe ended, by the clock of the prober.',
        lambda each: each.newest_at,
    ),
)

_COUNTERS: tuple[tuple[str, str, Read], ...] = (
    ('packets_sent', 'Probes sent.', lambda each: each.sent),
    ('packets_lost', 'Probes sent and lost.', lambda each: each.lost),
)


class ProbeCollector(Collector):
    """Asks the prober for a report at each scrape.

    The report is made in the thread of the loop, so that probing needs no
    locks; the text in the thread of the scrape.

    :param ask: called in the thread of the scrape; may raise, which fails it
    :param vantage: ``''`` says nothing of it
    """

    def __init__(
        self, ask: Callable[[], Report], vantage: str, version: str
    ) -> None:
        self._ask = ask
        self._info = prober_info(vantage, version)

    def collect(self) -> Iterator[Metric]:
        report = self._ask()
        yield from of_targets(report.figures)
        yield from of_prober(report.time_seconds, self._info)
        yield from self._own(report)

    def _own(self, report: Report) -> Iterator[Metric]:
        """What concerns the prober itself."""
        yield GaugeMetricFamily(
            f'{_PROBER}_loop_lag_seconds',
            'How late the prober was at the worst in the last minute.',
            report.lag_seconds,
            unit='seconds',
        )
        yield GaugeMetricFamily(
            f'{_PROBER}_targets',
            'Targets that are probed.',
            report.targets,
        )
        yield GaugeMetricFamily(
            f'{_PROBER}_targets_served',
            'Those of them that the control plane has served.',
            report.served,
        )
        yield GaugeMetricFamily(
            f'{_PROBER}_targets_waiting',
            'Targets that were served and that there is no rate for yet.',
            report.waiting,
        )
        yield CounterMetricFamily(
            f'{_PROBER}_clock_steps',
            'How often the clock of the prober was stepped.',
            report.clock_steps,
        )
        yield CounterMetricFamily(
            f'{_PROBER}_send_errors',
            'Probes that could not be sent; they count as lost.',
            report.send_errors,
        )


def prober_info(vantage: str, version: str) -> dict[str, str]:
    """What a prober says of itself; ``''`` is no vantage."""
    return {'version': version} | ({'vantage': vantage} if vantage else {})


def of_targets(figures: Collection[Figures]) -> Iterator[Metric]:
    """What the collector, or Prometheus, makes rows of."""
    yield _quantiles(figures)
    yield _hours(figures)
    for name, unit, text, read in _GAUGES:
        gauge = GaugeMetricFamily(
            f'{_PROBE}_{name}', text, labels=_LABELS, unit=unit
        )
        _fill(gauge, figures, read)
        yield gauge
    for name, text, read in _COUNTERS:
        counter = CounterMetricFamily(f'{_PROBE}_{name}', text, labels=_LABELS)
        _fill(counter, figures, read)
        yield counter
    yield _targets(figures)


def of_prober(
    time_seconds: float, info: Mapping[str, str]
) -> Iterator[Metric]:
    """By what clock the figures are, and whose they are.

    :param info: ``{'version': '1.0', 'vantage': 'lyon'}``
    """
    yield GaugeMetricFamily(
        f'{_PROBER}_time_seconds',
        'The clock of the prober at this scrape.',
        time_seconds,
        unit='seconds',
    )
    yield InfoMetricFamily(_PROBER, 'The prober.', dict(info))


def _quantiles(figures: Iterable[Figures]) -> Metric:
    family = GaugeMetricFamily(
        f'{_PROBE}_rtt_seconds',
        'Round trip, quantile of the probes sent; +Inf is a lost probe.',
        labels=(*_LABELS, 'quantile'),
        unit='seconds',
    )
    for each in figures:
        for quantile, rtt_ms in (
            ('0.5', each.statistics.rtt_p50_ms),
            ('0.95', each.statistics.rtt_p95_ms),
            ('0.99', each.statistics.rtt_p99_ms),
        ):
            seconds = _reached(each, rtt_ms)
            if seconds is not None:
                family.add_metric((*each.target.key, quantile), seconds)
    return family


def _hours(figures: Iterable[Figures]) -> Metric:
    family = GaugeMetricFamily(
        f'{_PROBE}_rtt_hour_seconds',
        'Round trip, of the windows of the last hour: the median of their '
        'medians, and what nine in ten of their p95 did not exceed.',
        labels=(*_LABELS, 'quantile'),
        unit='seconds',
    )
    for each in figures:
        if each.hour is None:
            continue
        for quantile, rtt_ms in (
            ('0.5', each.hour.rtt_p50_ms),
            ('0.95', each.hour.rtt_p95_ms),
        ):
            seconds = (rtt_ms + each.target.access_ms) / 1e3
            family.add_metric((*each.target.key, quantile), seconds)
    return family


def _targets(figures: Iterable[Figures]) -> Metric:
    family = InfoMetricFamily(
        f'{_PROBE}_target',
        'How a client is probed; the address unless it is of a gateway.',
        labels=_LABELS,
    )
    for each in figures:
        target = each.target
        address = '' if target.access_ms else str(target.address)
        family.add_metric(
            target.key, {'source': target.source, 'address': address}
        )
    return family


def _fill(
    family: GaugeMetricFamily | CounterMetricFamily,
    figures: Iterable[Figures],
    read: Read,
) -> None:
    for each in figures:
        value = read(each)
        if value is not None:
            family.add_metric(each.target.key, value)


def _reached(each: Figures, rtt_ms: float | None) -> float | None:
    """A round trip as far as the client, which may be behind a gateway."""
    if rtt_ms is None:
        return None
    return _seconds(rtt_ms + each.target.access_ms)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1e3
