# SPDX-License-Identifier: Apache-2.0

"""Servers land where the probers of the sites find the client nearest."""

from typing import Any

from tests.e2e.base import PHONE
from tests.e2e.base import PHONE_V6
from tests.e2e.base import SelfMeasuringCloudTestCase
from tests.functional import cloud

BUDGET = {'latency_budget_ms': '20'}
#: Probes that a p95 needs to stand on.
ENOUGH = 60
#: Seconds from a change of the network to a server at another site, with
#: 8 probes a second. More than half of a window of 64 is new after 34 slots,
#: and a round of the collector later it is stored.
FAST = 10.0
#: With 8 probes in 10 s and a round in 30 s: after 43 s and 30 s.
DEFAULT = 90.0
#: For a service to start, or the last lost probe to leave the window of 64.
START = 30.0

#: For paths that get better again, which an hour of memory would not forget.
NEWEST: dict[str, Any] = {'edge_sched': {'memory': 'window'}}


class MeasuredPlacementTest(SelfMeasuringCloudTestCase):
    """The network changes while everything runs."""

    @cloud.cloud(conf=NEWEST)
    def test_path_becomes_long_and_short_again(self) -> None:
        self.wait_for_samples(ENOUGH)
        self.wait_for_server_at('paris', START, **BUDGET)
        self.wait_for_server_at('paris', START, PHONE_V6, **BUDGET)
        self.set_path('paris', rtt_ms=60)
        self.wait_for_server_at('lille', FAST, **BUDGET)
        self.wait_for_server_at('lille', FAST, PHONE_V6, **BUDGET)
        self.set_path('paris', rtt_ms=4)
        self.wait_for_server_at('paris', FAST)

    def test_reason_has_the_measured_figure(self) -> None:
        self.wait_for_samples(ENOUGH)
        self.assertRefused(
            'no site within 2 ms (p95) of 203.0.113.7: nearest is paris at ',
            self.near(PHONE, latency_budget_ms='2'),
        )

    @cloud.cloud(conf=NEWEST)
    def test_nothing_comes_through(self) -> None:
        self.wait_for_samples(ENOUGH)
        self.set_path('paris', rtt_ms=4, loss_ratio=1)
        self.wait_for_server_at('lille', FAST, **BUDGET)
        self.set_path('paris', rtt_ms=4)
        self.wait_for_server_at('paris', START, **BUDGET)

    def test_three_of_five_packets_are_lost(self) -> None:
        self.wait_for_samples(ENOUGH)
        self.set_path('paris', rtt_ms=4, loss_ratio=0.6)
        # The p95 is lost first, then more than is allowed, then the median.
        self.wait_for_server_at('lille', FAST, **BUDGET)
        self.wait_for_server_at('lille', FAST, loss_budget_pct='20')
        self.wait_for_server_at('lille', FAST)

    @cloud.cloud(conf=NEWEST)
    def test_reflector_is_gone_and_back(self) -> None:
        self.wait_for_samples(ENOUGH)
        self.reflector.stop()
        self.wait_for_refusal('where probes are lost', FAST, **BUDGET)
        self.reflector.start()
        self.wait_for_server_at('paris', START, **BUDGET)

    @cloud.cloud(conf={'edge_sched': {'max_age': '4'}})
    def test_prober_is_gone_and_back(self) -> None:
        self.wait_for_samples(ENOUGH)
        self.wait_for_server_at('paris', START, **BUDGET)
        self.probers['paris'].kill()
        # What it said last is believed for as long as max_age says.
        self.wait_for_server_at('lille', START, **BUDGET)
        self.assertEqual(1, self.decisions()[-1]['hosts']['unknown'])
        self.probers['paris'].start()
        self.wait_for_server_at('paris', START, **BUDGET)


class DefaultSettingsTest(SelfMeasuringCloudTestCase):
    """As often as without any option."""

    prober_options: dict[str, object] = {}
    collector_options: dict[str, object] = {}
    conf = {'edge_sched': {}}
    patience = 180.0
    plugin_patience = 0

    def test_path_becomes_long(self) -> None:
        self.wait_for_samples(ENOUGH)
        self.wait_for_server_at('paris', START, **BUDGET)
        self.set_path('paris', rtt_ms=18)
        self.wait_for_server_at('lille', DEFAULT, **BUDGET)
