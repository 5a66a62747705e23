# SPDX-License-Identifier: Apache-2.0

"""A client that nobody has measured: refused, measured, accepted."""

import sys
import time
from typing import Any

import nova.conf

from edge_sched.auditing.wanting import Wanting
from edge_sched.cmd.auditor import Looking
from edge_sched.store.reader import reader
from edge_sched.store.settings import StoreSettings
from edge_sched.store.wanted import Wanted
from tests.e2e.base import CONTROL
from tests.e2e.base import PHONE
from tests.e2e.base import SelfMeasuringCloudTestCase
from tests.emulation.services import COLLECTOR_PORT
from tests.emulation.services import Service

CONF = nova.conf.CONF

BUDGET = {'latency_budget_ms': '20'}
#: Seconds from the refusal to a create that is accepted.
FAST = 15.0
DEFAULT = 90.0
#: That a stranger gets until then, of each site: a window, and what goes out
#: slowly from then on until the row is stored, one in 7.5 s.
MOST_PACKETS = 64 + 2
#: For all sites to ask whom they are to probe.
START = 30.0


class StrangersTestCase(SelfMeasuringCloudTestCase):
    """Probers without a target file, and an auditor's eye on requests."""

    conf: dict[str, Any] = {
        'edge_sched': {'cache_ttl': '1'},
        'edge_sched_wanted': {'allow': '203.0.113.0/24', 'interval': '1'},
    }
    prober_options: dict[str, Any] = {'targets_interval': 1}
    collector_options: dict[str, Any] = {'interval': 2}

    def setUp(self) -> None:
        super().setUp()
        settings = StoreSettings.from_conf(CONF)
        wanted = self.enterContext(Wanted(settings))
        self.wait_for(
            'all sites that ask for targets',
            lambda: len(wanted.sites()) == len(self.sites),
        )
        looking = Looking(Wanting(reader(settings), wanted))
        self.enterContext(looking)

    def start_prober(self, site: str) -> Service:
        control = self.network.node(CONTROL).v4
        return self.services.prober(
            self.network.node(site),
            [],
            target_file='',
            targets_url=f'http://{control}:{COLLECTOR_PORT}/targets/{site}',
            **self.prober_options,
        )

    def assertMeasuredOnceRefused(self, within: float) -> None:
        self.assertRefused(
            'no usable latency data for 203.0.113.7: 203.0.113.0/24 is being '
            'measured, try again in ',
            self.near(PHONE, **BUDGET),
        )
        begun = time.monotonic()
        site = None
        while site is None:
            server = self.show(self.near(PHONE, **BUDGET))
            site = self.site_of(server)
            took = time.monotonic() - begun
            self.assertLessEqual(took, within, self.fault(server))
        print(f'{self.id()}: accepted after {took:.1f} s', file=sys.stderr)
        self.assertEqual('paris', site)
        for prober in self.probers.values():
            self.assertLessEqual(_sent(prober), MOST_PACKETS)


class FastTest(StrangersTestCase):
    def test_a_stranger_is_measured_once_refused(self) -> None:
        self.assertMeasuredOnceRefused(FAST)


class DefaultSettingsTest(StrangersTestCase):
    """As often as without any option."""

    prober_options: dict[str, Any] = {}
    collector_options: dict[str, Any] = {}
    conf: dict[str, Any] = {
        'edge_sched': {},
        'edge_sched_wanted': {'allow': '203.0.113.0/24'},
    }
    patience = 180.0
    plugin_patience = 0

    def test_a_stranger_is_measured_once_refused(self) -> None:
        self.assertMeasuredOnceRefused(DEFAULT)


def _sent(prober: Service) -> float:
    """Packets to strangers, by now."""
    return sum(
        float(line.split()[-1])
        for line in prober.metrics().splitlines()
        if line.startswith('edge_sched_probe_packets_sent_total{')
    )
