# SPDX-License-Identifier: Apache-2.0

"""A cloud whose sites measure for themselves."""

import pathlib
import sys
import time
from typing import Any

from testtools import content

from tests.emulation import fixture
from tests.emulation.network import Network
from tests.emulation.path import Path
from tests.emulation.services import REFLECTOR_PORT
from tests.emulation.services import Sections
from tests.emulation.services import Service
from tests.emulation.services import Services
from tests.functional import cloud
from tests.functional.base import HOST
from tests.functional.base import Server
from tests.functional.measured import MeasuredCloudTestCase

PHONE = '203.0.113.7'
PHONE_V6 = '2001:db8:7::7'
#: What is measured, the phone standing for it.
PREFIXES = {'203.0.113.0/24': PHONE, '2001:db8:7::/48': PHONE_V6}

CONTROL = 'control'
#: Between the control plane and a site.
BACKBONE = Path(rtt_ms=2)


class SelfMeasuringCloudTestCase(MeasuredCloudTestCase):
    """Nova, a prober in each site, a reflector in a phone, a collector.

    The services are processes in nodes of an emulated network. Nova is in
    this process and reads the store that the collector writes.
    """

    DEFAULT_TIMEOUT = 600

    sites = {
        'paris': ('cell1', ['paris-1']),
        'lille': ('cell1', ['lille-1']),
        'lyon': ('cell2', ['lyon-1']),
    }
    #: Round trips between site and phone, when all begins.
    rtts_ms = {'paris': 4, 'lille': 9, 'lyon': 14}

    #: Options of the services: 8 probes and a round each second.
    prober_options: dict[str, Any] = {'interval': 1}
    collector_options: dict[str, Any] = {'interval': 1}

    def prepare(self) -> None:
        self.network = fixture.use(self, Network())
        super().prepare()

    def setUp(self) -> None:
        super().setUp()
        self.services = Services(pathlib.Path(self.folder))
        self.addOnException(self._attach_logs)
        self.phone = self.network.node('phone', PHONE, PHONE_V6)
        for site, rtt_ms in self.rtts_ms.items():
            self.network.set_path(CONTROL, site, BACKBONE)
            self.set_path(site, rtt_ms)
            fixture.demand_accuracy(self, self.network, site, 'phone')
        self.reflector = self.services.reflector(self.phone)
        self.probers = {site: self.start_prober(site) for site in self.sites}
        self.collector = self.services.collector(
            self.network.node(CONTROL),
            self.store_url,
            self.inputs(),
            edge_sched=self.conf['edge_sched'],
            **self.collector_options,
        )

    def inputs(self) -> Sections:
        """What the collector reads: by default the probers themselves."""
        return {'openmetrics': {'prober': self._sources()}}

    def _attach_logs(self, error: object) -> None:
        """What the services have said, for who reads that a test failed."""
        for log in self.services.folder.glob('edge-sched-*.log'):
            self.addDetail(log.name, content.text_content(log.read_text()))

    def start_prober(self, site: str) -> Service:
        targets = [
            {'client': client, 'address': address, 'port': REFLECTOR_PORT}
            for client, address in PREFIXES.items()
        ]
        return self.services.prober(
            self.network.node(site), targets, **self.prober_options
        )

    def _sources(self) -> list[str]:
        return [f'{site} {p.url}' for site, p in self.probers.items()]

    def set_path(self, site: str, rtt_ms: float, **others: float) -> None:
        """Change the path between a site and the phone."""
        self.network.set_path(site, 'phone', Path(rtt_ms, **others))

    def wait_for_samples(self, samples: int) -> None:
        """Until every row in the store is of so many probes."""
        rows = len(self.sites) * len(PREFIXES)

        def are_there() -> bool:
            listed = self.writer.list_latencies()
            return len(listed) == rows and all(
                (each.latency.samples or 0) >= samples for each in listed
            )

        self.wait_for(f'{samples} samples in all of {rows} rows', are_there)

    def site_of(self, server: Server) -> str | None:
        """None if it was refused."""
        for site, fields in self.sites.items():
            if server[HOST] in cloud.Site(*fields).hosts:
                return site
        return None

    def wait_for_server_at(
        self, site: str, within: float, client: str = PHONE, **options: Any
    ) -> float:
        """Create servers near the client until one lands at the site.

        They are deleted again.

        :param within: seconds after which none may be elsewhere; a server is
            as old as its request, as a busy machine takes long to build it
        :param options: of ``near``
        :return: the seconds that it took
        """
        begun = time.monotonic()
        landed = None
        while landed != site:
            took = time.monotonic() - begun
            server = self.show(self.near(client, **options))
            landed = self.site_of(server)
            self.delete_server(server)
            self.assertLessEqual(took, within, f'the last one was at {landed}')
        print(f'{self.id()}: at {site} after {took:.1f} s', file=sys.stderr)
        return took

    def wait_for_refusal(
        self, reason: str, within: float, **options: Any
    ) -> None:
        """Create servers near the phone until one is refused for this."""
        begun = time.monotonic()
        fault = ''
        while reason not in fault:
            took = time.monotonic() - begun
            server = self.show(self.near(PHONE, **options))
            fault = self.fault(server)
            self.delete_server(server)
            self.assertLessEqual(took, within, fault)
        print(f'{self.id()}: refused after {took:.1f} s', file=sys.stderr)
