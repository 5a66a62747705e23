# SPDX-License-Identifier: Apache-2.0

"""The listener's figures, on a page as a prober has it.

The collector, and Prometheus' recipe, read it as that of a prober. What a
connection cannot tell is not there: loss, PDV, probes sent.
"""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import CounterMetricFamily
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from edge_sched.listen.listener import Report
from edge_sched.listen.sources import Source
from edge_sched.probe.exposition import of_prober
from edge_sched.probe.exposition import of_targets
from edge_sched.probe.exposition import prober_info

_LISTENER = 'edge_sched_listener'


class ListenerCollector(Collector):
    """Asks the listener for a report at each scrape.

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
        yield _prefixes(report)
        yield CounterMetricFamily(
            f'{_LISTENER}_prefixes_pushed_out',
            'Prefixes that made way to others, as there were too many.',
            report.pushed_out,
        )
        yield from _sources(report.sources)


def _prefixes(report: Report) -> Metric:
    family = GaugeMetricFamily(
        f'{_LISTENER}_prefixes',
        'Prefixes that connections came from: published; withheld, as they '
        'have too few clients or connections now; and waiting, as they never '
        'had enough clients.',
        labels=('state',),
    )
    for state, number in (
        ('published', len(report.figures)),
        ('withheld', report.withheld),
        ('waiting', report.waiting),
    ):
        family.add_metric((state,), number)
    return family


def _sources(sources: Iterable[Source]) -> Iterator[Metric]:
    up = GaugeMetricFamily(
        f'{_LISTENER}_source_up',
        'Whether a source can be read.',
        labels=('source',),
    )
    newest = GaugeMetricFamily(
        f'{_LISTENER}_source_newest_timestamp_seconds',
        'When the newest connection of a source was taken.',
        labels=('source',),
        unit='seconds',
    )
    taken = CounterMetricFamily(
        f'{_LISTENER}_connections',
        'Connections that were taken.',
        labels=('source',),
    )
    refused = CounterMetricFamily(
        f'{_LISTENER}_refused',
        'Lines, or connections, that were not taken, and why.',
        labels=('source', 'reason'),
    )
    for source in sources:
        up.add_metric((source.name,), source.is_up)
        taken.add_metric((source.name,), source.taken)
        if source.taken:
            newest.add_metric((source.name,), source.newest_at)
        for reason, number in tuple(source.refused.items()):
            refused.add_metric((source.name, reason), number)
    yield from (up, newest, taken, refused)
