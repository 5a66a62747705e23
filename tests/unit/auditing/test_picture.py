# SPDX-License-Identifier: Apache-2.0

"""What a report shows, of tables that Nova might have."""

import time
from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.auditing import audit
from edge_sched.auditing.picture import picture
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.model.client import parse_client
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.report.freshness import Site
from edge_sched.report.groups import AtRisk
from edge_sched.report.page import Page
from edge_sched.report.refusals import Refused
from edge_sched.scheduler.nova_servers import ServerRow
from tests.unit.auditing.base import AuditTestCase
from tests.unit.scheduler.base import ALICE

BOB = '198.51.100.7'


class PictureTest(AuditTestCase):
    """Paris has measured alice at 9 and lyon at 15 ms."""

    def page(self, refused: Refused | None = None) -> Page:
        return picture(self.reader, self.troubles, refused)

    def test_no_server(self) -> None:
        page = self.page(Refused(3, [], 0))
        self.assertEqual(0, page.servers.total)
        self.assertEqual([], page.heat.rows)
        self.assertEqual(0, page.groups.total)
        self.assertEqual(Refused(3, [], 0), page.refused)
        self.assertLess(abs(page.made_at - time.time()), 60)

    def test_servers_and_clients_of_one_pass(self) -> None:
        client = parse_client('198.51.100.0/24')
        stale = Latency('lyon', str(client), 5, 6, time.time() - 7200)
        self.writer.store_latencies([NewLatency(client, stale)])
        self.insert('a', ALICE, latency_budget_ms='5')
        self.insert('b', f'{ALICE}@12')
        self.insert('c', BOB, latency_budget_ms='20')
        self.insert('d', ALICE, cell_id=2, host='lyon-1')
        self.insert('e', ALICE, host=None)
        with (
            mock.patch.object(audit, 'BATCH', 2),
            mock.patch.object(audit, 'PAGE', 2),
        ):
            page = self.page()
        self.assertEqual({OVER: 1, WITHIN: 2, UNKNOWN: 1}, page.servers.counts)
        (over,) = page.servers.over
        self.assertEqual(
            ('a', 'paris', 5.0, 5.0),
            (over.server, over.site, over.over_ms, over.budget_ms),
        )
        # Three are at paris, one at lyon.
        self.assertEqual(['paris', 'lyon'], page.heat.sites)
        self.assertEqual(
            [
                ('203.0.113.0/24', 3, 5.0, ['over', 'over']),
                ('198.51.100.0/24', 1, 20.0, ['never', 'unknown']),
            ],
            [
                (
                    row.label,
                    row.servers,
                    row.budget_ms,
                    [cell.kind for cell in row.cells],
                )
                for row in page.heat.rows
            ],
        )
        self.assertEqual(
            [False, True], [cell.is_old for cell in page.heat.rows[1].cells]
        )
        fresh = page.freshness
        self.assertEqual(Site('', 2, 1, 1, 2), fresh.total)
        self.assertEqual(
            [Site('lyon', 1, 1, 0, 1), Site('paris', 1, 0, 1, 1)], fresh.sites
        )
        self.assertLess(fresh.oldest_seconds, 3600)
        self.assertFalse(fresh.is_outage)
        self.assertEqual(('1 server without a host',), page.unjudged)

    def test_measuring_is_down(self) -> None:
        client = parse_client('198.51.100.0/24')
        # Lyon has measured it, paris never.
        row = Latency('lyon', str(client), 5, 6, time.time())
        self.writer.store_latencies([NewLatency(client, row)])
        self.insert('a', BOB)
        self.writer.beat('1/1')
        self.conf.config(group='edge_sched', max_age=60)
        later = time.time() + 600
        with mock.patch('time.time', lambda: later):
            self.assertTrue(self.page().freshness.is_outage)

    def test_group_at_one_site(self) -> None:
        members = [uuids.one, uuids.two]
        self.insert_group(
            dict.fromkeys(members, 'paris-1'),
            spread='site',
            spread_mode='required',
        )
        page = self.page()
        self.assertEqual(
            [AtRisk(uuids.group, 'mine', 'site', True, 2, 1, 'paris', 2)],
            page.groups.at_risk,
        )
        self.states[uuids.two] = ServerRow('lyon-1', 'active', None, False)
        page = self.page()
        self.assertEqual((1, []), (page.groups.total, page.groups.at_risk))
        # Of no site, both: one zone.
        for server in members:
            self.states[server] = ServerRow('new', 'active', None, False)
        (risk,) = self.page().groups.at_risk
        self.assertEqual(('nova', 2), (risk.site, risk.there))

    def test_group_that_nobody_spreads(self) -> None:
        members = [uuids.one, uuids.two]
        self.insert_group(dict.fromkeys(members, 'paris-1'), client=ALICE)
        self.assertEqual(0, self.page().groups.total)
