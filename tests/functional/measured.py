# SPDX-License-Identifier: Apache-2.0

"""A cloud with a latency store, and the means to measure in it."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import nova.conf

from edge_sched import conf as edge_conf
from edge_sched.model.client import parse_client
from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.scheduler.topology.topology import TOPOLOGY
from edge_sched.store import migrate
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer
from tests.functional import base

CONF = nova.conf.CONF

#: p50, or (p50, p95), or fields of a Latency.
Figures = float | tuple[float, float] | Mapping[str, Any]


class MeasuredCloudTestCase(base.EdgeCloudTestCase):
    """Rows are written straight to the store; requests are real."""

    #: Nothing is cached between two requests unless a test is about that.
    conf = {'edge_sched': {'cache_ttl': '0', 'membership_ttl': '0'}}

    #: Whether the store has its tables when Nova starts.
    store_exists = True

    def prepare(self) -> None:
        # Nova has not loaded the plug-in yet, so the options are not there.
        edge_conf.register_opts(CONF)
        # Another test of this process may have left its sites.
        TOPOLOGY.forget()
        self.writer = Writer(StoreSettings.from_conf(CONF))
        if self.store_exists:
            migrate.sync(StoreSettings.from_conf(CONF))

    def tearDown(self) -> None:
        # Whatever a test is about, nothing unexpected happened in ours.
        self.assertEqual([], self.log_lines(' ERROR [edge_sched'))
        super().tearDown()

    def measure(
        self,
        client: str,
        vantages: Mapping[str, Figures] | None = None,
        *,
        project: str = '',
        age: float = 5.0,
        **sites: Figures,
    ) -> None:
        """Store rows of a client: ``measure('192.0.2.0/24', lyon=9)``.

        A bare p50 has its p95 one millisecond above; 100 samples.

        :param age: how many seconds ago it was measured
        """
        measured_at = time.time() - age
        self.writer.store_latencies(
            [
                NewLatency(
                    client=parse_client(client),
                    latency=_latency(vantage, client, figures, measured_at),
                    project_id=project,
                )
                for vantage, figures in {**(vantages or {}), **sites}.items()
            ]
        )

    def set_client(
        self, name: str, prefixes: Sequence[str], project: str | None = None
    ) -> None:
        """Point a name at prefixes; shared unless it has a project."""
        self.writer.set_client(
            name, [parse_prefix(prefix) for prefix in prefixes], project
        )

    def near(self, client: str | list[str], **options: Any) -> base.Server:
        """Create a server near a client; options of ``create_server``.

        Keyword arguments that are keys of ours (``percentile='p99'``) become
        hints.
        """
        hints: dict[str, Any] = {'edge:client': client}
        for key in _HINT_KEYS & options.keys():
            hints[f'edge:{key}'] = options.pop(key)
        return self.create_server(hints, **options)

    def outcome(self) -> str:
        """The outcome of the newest decision record."""
        return str(self.decisions()[-1]['outcome'])


_HINT_KEYS = {
    'latency_budget_ms',
    'jitter_budget_ms',
    'loss_budget_pct',
    'percentile',
    'budget_mode',
    'unknown',
    'objective',
    'combine',
    'spread',
    'spread_mode',
}


def _latency(
    vantage: str, client: str, figures: Figures, measured_at: float
) -> Latency:
    if isinstance(figures, int | float):
        figures = (figures, figures + 1)
    if isinstance(figures, tuple):
        figures = {'rtt_p50_ms': figures[0], 'rtt_p95_ms': figures[1]}
    fields = {
        'samples': 100,
        'source': 'test',
        'measured_at': measured_at,
        **figures,
    }
    return Latency(vantage=vantage, client=client, **fields)
