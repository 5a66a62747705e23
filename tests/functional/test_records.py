# SPDX-License-Identifier: Apache-2.0

"""Records in full of a real Nova: what they name comes about."""

import json
from typing import Any

from edge_sched.replay.again import judge_again
from edge_sched.replay.lines import records_of
from edge_sched.replay.recorded import read
from edge_sched.replay.tally import unlike
from tests.functional.base import HOST
from tests.functional.measured import MeasuredCloudTestCase

ALICE = '203.0.113.7'


class FullRecordTest(MeasuredCloudTestCase):
    sites = {
        'paris': ('cell1', ['paris-1', 'paris-2']),
        'lille': ('cell1', ['lille-1']),
        'lyon': ('cell2', ['lyon-1']),
    }
    conf = {
        'edge_sched': {
            'cache_ttl': '0',
            'membership_ttl': '0',
            'record_detail': 'full',
        }
    }

    def test_first_host_is_the_one_that_the_server_is_built_on(self) -> None:
        self.measure(ALICE, paris=5, lille=5.4, lyon=(30, 41.7))
        self.measure('198.51.100.0/24', lille=9, lyon=3)
        self.set_client('crew', ['203.0.113.0/24', '198.51.100.0/24'])
        self.measure('203.0.113.0/24', paris=5, lyon=8)
        group = self.user.post_server_groups(
            {'name': 'replicas', 'policy': 'soft-anti-affinity'}
        )['id']
        spread = {'edge:client': ALICE, 'edge:spread': 'site', 'group': group}
        servers = [
            self.near(ALICE),
            self.near(ALICE, latency_budget_ms='20', flavor='2'),
            self.near(ALICE, objective='fit', latency_budget_ms='42'),
            self.near('crew', unknown='allow', latency_budget_ms='9'),
            self.near([ALICE, 'crew'], budget_mode='preferred'),
            self.create_server(spread),
            self.create_server(spread),
            self.near('192.0.2.1', budget_mode='preferred'),
        ]
        self.live_migrate(servers[0])
        refused = self.near(ALICE, latency_budget_ms='2')

        records = [record.record for record in self.found()]
        moved = records.pop(len(servers))
        first = [record['ranking']['first']['host'] for record in records[:-1]]
        self.assertEqual([server[HOST] for server in servers], first)
        self.assertEqual(
            self.show(servers[0])[HOST], moved['ranking']['first']['host']
        )
        self.assertEqual(refused['id'], records[-1]['instance'])
        self.assertNotIn('ranking', records[-1])
        for found in self.found():
            self.assertEqual('', unlike(read(found.record)), found)

    def test_what_would_be_by_other_settings_comes_about(self) -> None:
        # Paris has less RAM left than Lille, which is in a band of 5 ms.
        self.create_server(host='paris-1', flavor='3')
        self.create_server(host='paris-2', flavor='3')
        self.measure(ALICE, paris=5, lille=9, lyon=30)
        self.near(ALICE)
        record = self.found()[-1].record
        self.assertEqual('paris', record['ranking']['first']['site'])
        again = judge_again(read(record), {'tie_band_ms': 5.0})
        assert again.landing
        self.assertEqual('lille-1', again.landing.host)
        self.flags(tie_band_ms=5.0, group='edge_sched')
        self.assertEqual(again.landing.host, self.near(ALICE)[HOST])

    def found(self) -> list[Any]:
        lines = (f'edge decision {json.dumps(d)}' for d in self.decisions())
        return list(records_of(lines))
