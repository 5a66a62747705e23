# SPDX-License-Identifier: Apache-2.0

"""``edge-sched wanted list`` on a real store."""

import time

from edge_sched.model.client import parse_client
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.model.wanted import WantedTarget
from edge_sched.store.settings import StoreSettings
from edge_sched.store.wanted import Wanted
from edge_sched.store.wanted_probes import Change
from edge_sched.store.writer import Writer
from edge_sched.wanted.admission import Ask
from tests.unit.cmd import base


class TestWanted(base.SyncedTestCase):
    def test_list(self):
        self.assertEqual([], self.listed('wanted', 'list'))
        settings = StoreSettings(f'sqlite:///{self.store}')
        target = WantedTarget('203.0.113.0/24', '203.0.113.7')
        with Wanted(settings) as wanted, Writer(settings) as writer:
            wanted.want([Ask(target, 'mine')], 8)
            (entry,) = wanted.entries()
            sites = ['oslo', 'ly\x1bon']
            wanted.change([Change(entry.id, 'measured', sites)])
            client = parse_client(target.client)
            latency = Latency('oslo', target.client, 5, 10, time.time())
            writer.store_latencies([NewLatency(client, latency)])
        (listed,) = self.listed('wanted', 'list')
        stamp = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(entry.asked_at))
        self.assertTrue(listed.pop('asked').startswith(stamp))
        self.assertEqual(
            {
                'client': target.client,
                'address': target.address,
                'sites': 'ly\\x1bon, oslo',
                'answered': 1,
                'state': 'measured',
            },
            listed,
        )
