# SPDX-License-Identifier: Apache-2.0

"""What a prober publishes, made with prometheus_client."""

from prometheus_client import CollectorRegistry
from prometheus_client import Gauge
from prometheus_client import Info
from prometheus_client.openmetrics.exposition import generate_latest

from tests.unit.collector.fakes import CLIENT
from tests.unit.collector.fakes import NOW

FIGURES = {
    'rtt_min_seconds': 0.009,
    'rtt_raw_min_seconds': 0.0095,
    'pdv_seconds': 0.003,
    'loss_ratio': 0.0,
    'samples': 64,
    'packets_sent': 1234,
}
QUANTILES = {'0.5': 0.01, '0.95': 0.012}


class Prober:
    """A prober with a clock of its own.

    :param now: of that clock; ``None`` is not published
    :param vantage: what it says it is; ``''`` is not published
    """

    def __init__(self, now=NOW, vantage=''):
        self.now = now
        self.registry = CollectorRegistry()
        self._gauges = {}
        if now is not None:
            self._gauge('edge_sched_prober_time_seconds', {}).set(now)
        info = {'version': '1'} | ({'vantage': vantage} if vantage else {})
        Info('edge_sched_prober', '', registry=self.registry).info(info)
        self._target = Info(
            'edge_sched_probe_target',
            '',
            ('client', 'project'),
            registry=self.registry,
        )

    def add(
        self,
        client=CLIENT,
        project='',
        age_seconds=4.0,
        quantiles=QUANTILES,
        info=None,
        **figures,
    ):
        """Publish a target; a figure that is ``None`` is left out."""
        labels = {'client': client, 'project': project}
        if age_seconds is not None:
            figures['newest_sample_timestamp_seconds'] = (
                self.now or NOW
            ) - age_seconds
        for name, value in {**FIGURES, **figures}.items():
            if value is not None:
                self._gauge(f'edge_sched_probe_{name}', labels).set(value)
        for quantile, value in quantiles.items():
            self._gauge(
                'edge_sched_probe_rtt_seconds',
                {**labels, 'quantile': quantile},
            ).set(value)
        self._target.labels(client, project).info(
            info or {'source': 'stamp', 'address': ''}
        )
        return self

    def text(self):
        return generate_latest(self.registry).decode()

    def _gauge(self, name, labels):
        if name not in self._gauges:
            self._gauges[name] = Gauge(
                name, '', tuple(labels), registry=self.registry
            )
        gauge = self._gauges[name]
        return gauge.labels(**labels) if labels else gauge
