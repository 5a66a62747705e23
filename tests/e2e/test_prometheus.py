# SPDX-License-Identifier: Apache-2.0

"""The same, with what operators have: Prometheus and blackbox_exporter."""

import pathlib
import shutil
import subprocess
import time
from typing import Any

import requests
import yaml

from tests.e2e.base import BACKBONE
from tests.e2e.base import CONTROL
from tests.e2e.base import PHONE
from tests.e2e.base import SelfMeasuringCloudTestCase
from tests.emulation.node import Node
from tests.emulation.services import PROBER_PORT
from tests.emulation.services import Sections

PROMETHEUS = 'prometheus'
BLACKBOX = 'prometheus-blackbox-exporter'
PROMETHEUS_PORT = 9090
BLACKBOX_PORT = 9115

#: Seconds from a change of the network to a server at another site: some
#: probes or pings, a scrape, and a round, all within seconds.
FAST = 15.0
START = 60.0


class PrometheusTestCase(SelfMeasuringCloudTestCase):
    """Prometheus in a node of its own, between probers and collector."""

    def setUp(self) -> None:
        for program in (PROMETHEUS, BLACKBOX):
            if shutil.which(program) is None:
                self.skipTest(f'the package {program} is not installed')
        super().setUp()

    def scrape_configs(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    def start_prometheus(self) -> str:
        """Its URL, when it answers."""
        node = self.network.node(PROMETHEUS)
        self.network.set_path(CONTROL, PROMETHEUS, BACKBONE)
        for site in self.sites:
            self.network.set_path(PROMETHEUS, site, BACKBONE)
        folder = pathlib.Path(self.folder)
        settings = folder / 'prometheus.yml'
        settings.write_text(
            yaml.safe_dump(
                {
                    'global': {'scrape_interval': '1s'},
                    'scrape_configs': self.scrape_configs(),
                }
            )
        )
        self._command = [
            PROMETHEUS,
            f'--config.file={settings}',
            f'--storage.tsdb.path={folder / "prometheus"}',
            f'--web.listen-address={node.v4}:{PROMETHEUS_PORT}',
        ]
        self._url = f'http://{node.v4}:{PROMETHEUS_PORT}'
        self.run_prometheus()
        return self._url

    def run_prometheus(self) -> None:
        node = self.network.node(PROMETHEUS)
        self.prometheus = self.run_in(node, self._command)
        self.wait_until_ready(node, f'{self._url}/-/ready')

    def run_in(self, node: Node, command: list[str]) -> Any:
        return node.popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def wait_until_ready(self, node: Node, url: str) -> None:
        deadline = time.monotonic() + START
        while True:
            try:
                with node.entered():
                    requests.get(url, timeout=5).raise_for_status()
                return
            except requests.RequestException:
                self.assertLess(time.monotonic(), deadline, url)
                time.sleep(0.05)


class ProberByPrometheusTest(PrometheusTestCase):
    """Prometheus scrapes our probers, and the collector asks Prometheus."""

    def scrape_configs(self) -> list[dict[str, Any]]:
        nodes = [self.network.node(site) for site in self.sites]
        targets = [f'{node.v4}:{PROBER_PORT}' for node in nodes]
        return [{'job_name': 'p', 'static_configs': [{'targets': targets}]}]

    def inputs(self) -> Sections:
        vantages = [
            f'{site} {self.network.node(site).v4}:{PROBER_PORT}'
            for site in self.sites
        ]
        return {
            PROMETHEUS: {
                'url': self.start_prometheus(),
                'recipe': 'prober',
                'vantage': vantages,
            }
        }

    def test_path_becomes_long(self) -> None:
        self.wait_for_samples(60)
        self.wait_for_server_at('paris', START, latency_budget_ms='20')
        self.set_path('paris', rtt_ms=60)
        self.wait_for_server_at('lille', FAST, latency_budget_ms='20')

    def test_prometheus_is_gone_and_back(self) -> None:
        self.wait_for_samples(60)
        self.prometheus.kill()
        self.prometheus.wait()
        self.collector.wait_for(
            'failed round',
            lambda text: (
                'inputs_failed_total{input="prometheus"} 0' not in text
            ),
            START,
        )
        self.wait_for_server_at('paris', START, latency_budget_ms='20')
        self.set_path('paris', rtt_ms=60)
        self.run_prometheus()
        self.wait_for_server_at('lille', START, latency_budget_ms='20')


class BlackboxByPrometheusTest(PrometheusTestCase):
    """No prober of ours: blackbox_exporter pings the phone at each site."""

    #: Of which a budget at p50 needs six.
    WINDOW_SECONDS = 10

    def scrape_configs(self) -> list[dict[str, Any]]:
        return [
            {
                'job_name': f'blackbox-icmp-{site}',
                'metrics_path': '/probe',
                'params': {'module': ['icmp_edge']},
                'static_configs': [
                    {
                        'targets': [PHONE],
                        'labels': {
                            'vantage': site,
                            'client_prefix': '203.0.113.0/24',
                        },
                    }
                ],
                'relabel_configs': [
                    {
                        'source_labels': ['__address__'],
                        'target_label': '__param_target',
                    },
                    {
                        'source_labels': ['__param_target'],
                        'target_label': 'instance',
                    },
                    {
                        'target_label': '__address__',
                        'replacement': (
                            f'{self.network.node(site).v4}:{BLACKBOX_PORT}'
                        ),
                    },
                ],
            }
            for site in self.sites
        ]

    def inputs(self) -> Sections:
        settings = pathlib.Path(self.folder) / 'blackbox.yml'
        modules = {'icmp_edge': {'prober': 'icmp', 'timeout': '900ms'}}
        settings.write_text(yaml.safe_dump({'modules': modules}))
        for site in self.sites:
            node = self.network.node(site)
            at = f'{node.v4}:{BLACKBOX_PORT}'
            command = [
                BLACKBOX,
                f'--config.file={settings}',
                f'--web.listen-address={at}',
            ]
            self.run_in(node, command)
            self.wait_until_ready(node, f'http://{at}/-/healthy')
        return {
            'blackbox': {
                'driver': PROMETHEUS,
                'url': self.start_prometheus(),
                'recipe': 'blackbox_icmp',
                'match': 'job=~"blackbox-icmp-.*"',
                'client_label': 'client_prefix',
                'vantage': list(self.sites),
                'window': self.WINDOW_SECONDS,
                'step': 1,
            }
        }

    def wait_for_source(self, source: str) -> None:
        """Until it has given enough samples of every site."""

        def are_there() -> bool:
            samples = [
                row.latency.samples or 0
                for row in self.writer.list_latencies()
                if row.latency.source == source
            ]
            return len(samples) == len(self.sites) and min(samples) >= 6

        self.wait_for(f'6 samples of {source} at each site', are_there)

    def test_path_becomes_long_then_lossy(self) -> None:
        budget = {'latency_budget_ms': '20', 'percentile': 'p50'}
        self.wait_for_source('blackbox icmp')
        self.wait_for_server_at('paris', START, **budget)
        self.set_path('paris', rtt_ms=60)
        self.wait_for_server_at('lille', FAST, **budget)
        self.set_path('lille', rtt_ms=9, loss_ratio=1)
        self.wait_for_server_at('lyon', FAST + 2, **budget)
