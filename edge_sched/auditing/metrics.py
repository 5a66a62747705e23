# SPDX-License-Identifier: Apache-2.0

"""What the auditor publishes: how servers stand, and how its rounds went.

Clients are counted, not named: who they are is for those to see who may ask
the store (``edge-sched coverage --missing``), and tenants make them up.
"""

import collections
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client import Counter
from prometheus_client import Gauge
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from edge_sched.auditing import trouble
from edge_sched.auditing.tally import Tally
from edge_sched.auditing.trouble import Troubles
from edge_sched.auditing.wanting import Wanting
from edge_sched.judging.scoring import Standing
from edge_sched.wanted.progress import STATES

_PREFIX = 'edge_sched_audit'

_CELL_AWAY = 'cell_away'


class Metrics:
    """The families, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._servers = _Servers()
        self.registry.register(self._servers)
        self._rounds = Counter(
            f'{_PREFIX}_rounds',
            'Rounds, failed ones too.',
            registry=self.registry,
        )
        self._failures = Counter(
            f'{_PREFIX}_failures',
            'Rounds that did not come to an end.',
            registry=self.registry,
        )
        self._overruns = Counter(
            f'{_PREFIX}_overruns',
            'Rounds that took longer than the interval.',
            registry=self.registry,
        )
        self._duration = self._gauge(
            f'{_PREFIX}_duration_seconds', 'How long the last round took.'
        )
        self._last_success = self._gauge(
            f'{_PREFIX}_last_success_timestamp_seconds',
            'When a round last came to its end.',
        )
        self._cells_away = self._gauge(
            f'{_PREFIX}_cells_away', 'Cells that did not answer.'
        )
        self._outage = self._gauge(
            f'{_PREFIX}_outage',
            'Whether measuring was down, and older rows were used: 1 or 0.',
        )
        self._troubles = self._gauge(
            f'{_PREFIX}_troubles',
            'Servers that could not be judged, or not by all that they ask.',
            'kind',
        )
        self._unmeasured = self._gauge(
            'edge_sched_clients_unmeasured',
            'Clients that servers name and nobody has measured lately.',
        )

    def round_ended(
        self,
        tally: Tally,
        troubles: Troubles,
        took_seconds: float,
        now: float,
    ) -> None:
        """Publish what was found.

        :param now: UTC epoch seconds
        """
        self._rounds.inc()
        self._duration.set(took_seconds)
        self._last_success.set(now)
        self._servers.found = tally.servers
        self._unmeasured.set(len(tally.unmeasured))
        self._cells_away.set(len(troubles.away))
        self._outage.set(troubles.outage)
        for kind in trouble.SAID:
            self._troubles.labels(kind).set(troubles.counts[kind])
        self._troubles.labels(_CELL_AWAY).set(
            sum(cell.servers for cell in troubles.away.values())
        )

    def watch(self, wanting: Wanting) -> None:
        """Publish how it is with who is wanted, too."""
        self.registry.register(_Wanted(wanting))

    def round_failed(self) -> None:
        """What was found before stays."""
        self._rounds.inc()
        self._failures.inc()

    def overrun(self) -> None:
        self._overruns.inc()

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)


class _Servers(Collector):
    """All of a round or all of the one before, whenever it is read."""

    def __init__(self) -> None:
        self.found: Mapping[tuple[str, str], int] = collections.Counter()

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            'edge_sched_servers',
            'Servers that ask for something, by how they stand at their site.',
            labels=('verdict', 'site'),
        )
        found = self.found
        for site in sorted({site for site, _ in found}):
            for standing in Standing:
                count = found.get((site, standing.word), 0)
                family.add_metric((standing.word, site), count)
        yield family


class _Wanted(Collector):
    """What whoever looks after the list has come to."""

    def __init__(self, wanting: Wanting) -> None:
        self._wanting = wanting

    def collect(self) -> Iterator[Metric]:
        clients = GaugeMetricFamily(
            'edge_sched_wanted_clients',
            'Clients that are wanted, by how far it is with them.',
            labels=('state',),
        )
        states = self._wanting.seeking.states
        for state in STATES:
            clients.add_metric((state,), states.get(state, 0))
        yield clients
        yield CounterMetricFamily(
            'edge_sched_wanted_refused',
            'Times that a client was to be wanted and there was no place.',
            self._wanting.refused,
        )
        yield CounterMetricFamily(
            'edge_sched_wanted_failures',
            'Times that the list could not be looked after, or a part of it.',
            self._wanting.failures,
        )
