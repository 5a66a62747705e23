# SPDX-License-Identifier: Apache-2.0

import time

from oslotest import base
from prometheus_client.exposition import generate_latest

from edge_sched.auditing import trouble
from edge_sched.auditing.metrics import Metrics
from edge_sched.auditing.tally import Tally
from edge_sched.auditing.trouble import Troubles
from edge_sched.model.client import parse_client

NOW = time.time()


class MetricsTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.metrics = Metrics()
        self.tally = Tally()
        self.troubles = Troubles(lambda line: None)

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)

    def end_round(self) -> None:
        self.metrics.round_ended(self.tally, self.troubles, 2.5, NOW)

    def test_before_the_first_round(self) -> None:
        self.assertEqual(0, self.value('edge_sched_audit_rounds_total'))
        self.assertEqual(0, self.value('edge_sched_audit_failures_total'))
        self.assertEqual(0, self.value('edge_sched_audit_overruns_total'))
        self.assertNotIn(
            'edge_sched_servers{',
            generate_latest(self.metrics.registry).decode(),
        )

    def test_each_site_has_all_verdicts(self) -> None:
        self.tally.servers.update(
            {('lyon', 'over'): 2, ('paris', 'within'): 3, ('', 'unknown'): 1}
        )
        self.end_round()
        for site, counts in {
            'lyon': (0, 2, 0),
            'paris': (3, 0, 0),
            '': (0, 0, 1),
        }.items():
            verdicts = 'within', 'over', 'unknown'
            for verdict, count in zip(verdicts, counts, strict=True):
                self.assertEqual(
                    count,
                    self.value(
                        'edge_sched_servers', verdict=verdict, site=site
                    ),
                )

    def test_a_site_without_servers_is_not_there_any_more(self) -> None:
        self.tally.servers['lyon', 'over'] = 2
        self.end_round()
        self.tally = Tally()
        self.end_round()
        self.assertIsNone(
            self.value('edge_sched_servers', verdict='over', site='lyon')
        )

    def test_how_the_round_went(self) -> None:
        self.tally.unmeasured.add((parse_client('192.0.2.1'), ''))
        for kind, count in (
            (trouble.UNREADABLE, 1),
            (trouble.SENSELESS, 2),
            (trouble.GONE, 3),
            (trouble.PLACELESS, 4),
        ):
            self.troubles.counts[kind] = count
        for number in range(2):
            self.troubles.cell_away(str(number), 'cell', 'late')
            self.troubles.away[str(number)].servers = 3
        self.end_round()
        for name, value in {
            'rounds_total': 1,
            'failures_total': 0,
            'duration_seconds': 2.5,
            'last_success_timestamp_seconds': NOW,
            'cells_away': 2,
            'outage': 0,
        }.items():
            self.assertEqual(
                value, self.value(f'edge_sched_audit_{name}'), name
            )
        for kind, value in {
            'unreadable': 1,
            'senseless': 2,
            'gone': 3,
            'placeless': 4,
            'cell_away': 6,
        }.items():
            self.assertEqual(
                value, self.value('edge_sched_audit_troubles', kind=kind), kind
            )
        self.assertEqual(1, self.value('edge_sched_clients_unmeasured'))

    def test_measuring_is_down(self) -> None:
        self.troubles.outage = True
        self.end_round()
        self.assertEqual(1, self.value('edge_sched_audit_outage'))

    def test_a_round_that_failed_changes_nothing_else(self) -> None:
        self.tally.servers['lyon', 'over'] = 2
        self.end_round()
        self.metrics.round_failed()
        self.metrics.overrun()
        self.assertEqual(2, self.value('edge_sched_audit_rounds_total'))
        self.assertEqual(1, self.value('edge_sched_audit_failures_total'))
        self.assertEqual(1, self.value('edge_sched_audit_overruns_total'))
        self.assertEqual(
            2, self.value('edge_sched_servers', verdict='over', site='lyon')
        )
        self.assertEqual(
            NOW, self.value('edge_sched_audit_last_success_timestamp_seconds')
        )
