# SPDX-License-Identifier: Apache-2.0

"""A site is served a client that nobody has measured, and measures it."""

import contextlib
import pathlib
import sys
import time
from collections.abc import Sequence
from typing import Any

import fixtures
from oslotest import base
from prometheus_client import CollectorRegistry
from testtools import content

from edge_sched.collector.targets import Serving
from edge_sched.collector.targets import TargetPages
from edge_sched.http.endpoint import Endpoint
from edge_sched.http.endpoint import basic
from edge_sched.http.serving import MetricsServer
from edge_sched.model.wanted import WantedTarget
from edge_sched.store import migrate
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer
from tests.e2e.base import BACKBONE
from tests.e2e.base import CONTROL
from tests.emulation import fixture
from tests.emulation.network import Network
from tests.emulation.path import Path
from tests.emulation.services import Services

STRANGER = '203.0.113.7'
#: There is nobody.
SILENT = '192.0.2.7'
ADDRESSES = {'203.0.113.0/24': STRANGER, '192.0.2.0/24': SILENT}
RTT_MS = 12.0
#: Probes that a p95 needs to stand on.
ENOUGH = 60
START = 30.0


class ServedTargetsTestCase(base.BaseTestCase):
    """A prober without a file, a collector, and who tells whom to probe."""

    prober_options: dict[str, Any] = {}
    collector_options: dict[str, Any] = {}

    def setUp(self) -> None:
        super().setUp()
        self.network = fixture.use(self, Network())
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.services = Services(self.folder)
        self.addOnException(self._attach_logs)
        self.wanted: list[WantedTarget] = []
        site = self.network.node('lyon')
        control = self.network.node(CONTROL)
        self.network.node('phone', STRANGER)
        self.network.set_path(CONTROL, 'lyon', BACKBONE)
        self.network.set_path('lyon', 'phone', Path(rtt_ms=RTT_MS))
        fixture.demand_accuracy(self, self.network, 'lyon', 'phone')
        password = self.folder / 'password'
        password.write_text('sesame\n')
        self.prober = self.services.prober(
            site,
            [],
            target_file='',
            targets_url=self._serve(),
            targets_user='lyon',
            targets_password_file=password,
            **self.prober_options,
        )
        store_url = f'sqlite:///{self.folder}/store.sqlite'
        settings = StoreSettings(store_url)
        migrate.sync(settings)
        self.store = Writer(settings)
        self.addCleanup(self.store.close)
        self.collector = self.services.collector(
            control,
            store_url,
            {'openmetrics': {'prober': f'lyon {self.prober.url}'}},
            **self.collector_options,
        )
        # All have started, and the collector had a round.
        self.collector.wait_for(
            'round', lambda text: 'rounds_total 0' not in text, START
        )

    def _serve(self) -> str:
        """The URL of the pages of targets, in the control plane."""
        control = self.network.node(CONTROL)
        pages = TargetPages(
            Serving(
                self._targets_of,
                authorizations={'lyon': basic('lyon', 'sesame')},
            )
        )
        with control.entered():
            server = MetricsServer(
                CollectorRegistry(), Endpoint(str(control.v4), 0), pages
            )
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        stack.enter_context(server)
        return f'http://{control.v4}:{server.port}/targets/lyon'

    def _targets_of(self, vantage: str) -> Sequence[WantedTarget]:
        return self.wanted if vantage == 'lyon' else []

    def _attach_logs(self, error: object) -> None:
        for log in self.folder.glob('edge-sched-*.log'):
            self.addDetail(log.name, content.text_content(log.read_text()))

    def assertMeasured(self, within: float) -> None:
        """Who answers is, for a budget at p95, after so many seconds."""
        begun = time.monotonic()
        self.wanted = [
            WantedTarget(client, address)
            for client, address in ADDRESSES.items()
        ]
        while True:
            took = time.monotonic() - begun
            rows = {
                row.latency.client: row.latency
                for row in self.store.list_latencies()
            }
            if rows and all(
                (row.samples or 0) >= ENOUGH for row in rows.values()
            ):
                break
            self.assertLess(took, within, rows)
            time.sleep(0.05)
        print(f'{self.id()}: measured after {took:.1f} s', file=sys.stderr)
        answered = rows['203.0.113.0/24']
        self.assertAlmostEqual(RTT_MS, answered.rtt_p50_ms or 0, delta=1)
        self.assertEqual('icmp', answered.source)
        # Who answers nobody is not far from here.
        self.assertNotIn('192.0.2.0/24', rows)


class FastTest(ServedTargetsTestCase):
    prober_options = {'targets_interval': 1}
    collector_options = {'interval': 2}

    def test_a_stranger_is_measured(self) -> None:
        self.assertMeasured(within=15)


class DefaultSettingsTest(ServedTargetsTestCase):
    def test_a_stranger_is_measured(self) -> None:
        self.assertMeasured(within=50)
