# SPDX-License-Identifier: Apache-2.0

import math

from oslotest import base
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from edge_sched.probe.exposition import ProbeCollector
from edge_sched.probe.memory import Hour
from edge_sched.probe.prober import Report
from edge_sched.probe.series import Figures
from edge_sched.probe.window import Statistics
from tests.unit.probe.fakes import a_target

CLIENT = {'client': '203.0.113.7', 'project': ''}


def statistics(**figures):
    default = {
        'samples': 64,
        'loss_ratio': 0.25,
        'rtt_p50_ms': 10.0,
        'rtt_p95_ms': 12.0,
        'rtt_p99_ms': None,
        'rtt_min_ms': 9.0,
        'raw_min_ms': 9.5,
        'pdv_ms': 3.0,
        'refused_ratio': 0.5,
    }
    return Statistics(**default | figures)


def a_figure(target=None, hour=None, **figures):
    return Figures(
        target or a_target(),
        statistics(**figures),
        80,
        16,
        1_800_000_000.5,
        hour,
    )


class ExpositionTestCase(base.BaseTestCase):
    def text(self, *figures, vantage='lyon'):
        report = Report(list(figures), 3, 0.002, 1, 7, 1_800_000_001.0, 2, 5)
        registry = CollectorRegistry()
        registry.register(ProbeCollector(lambda: report, vantage, '1.2'))
        return generate_latest(registry).decode()

    def samples(self, *figures, **more):
        """By name, each with its labels and value."""
        found = {}
        text = self.text(*figures, **more)
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found.setdefault(sample.name, []).append(
                    (sample.labels, sample.value)
                )
        return found

    def test_families_of_a_target(self):
        samples = self.samples(a_figure())
        for name, value in (
            ('rtt_min_seconds', 0.009),
            ('rtt_raw_min_seconds', 0.0095),
            ('pdv_seconds', 0.003),
            ('loss_ratio', 0.25),
            ('residence_refused_ratio', 0.5),
            ('samples', 64),
            ('newest_sample_timestamp_seconds', 1_800_000_000.5),
            ('packets_sent_total', 80),
            ('packets_lost_total', 16),
        ):
            self.assertEqual(
                [(CLIENT, value)], samples[f'edge_sched_probe_{name}']
            )
        self.assertEqual(
            [
                (CLIENT | {'quantile': '0.5'}, 0.010),
                (CLIENT | {'quantile': '0.95'}, 0.012),
            ],
            samples['edge_sched_probe_rtt_seconds'],
        )
        self.assertEqual(
            [(CLIENT | {'source': 'stamp', 'address': '203.0.113.7'}, 1)],
            samples['edge_sched_probe_target_info'],
        )

    def test_p99_where_there_is_one(self):
        samples = self.samples(a_figure(rtt_p99_ms=15.0))
        self.assertIn(
            (CLIENT | {'quantile': '0.99'}, 0.015),
            samples['edge_sched_probe_rtt_seconds'],
        )

    def test_the_hour(self):
        gateway = a_target(access_ms=3.0)
        for target, hour, seconds in (
            (None, Hour(10.0, 25.0, 0.0), [0.010, 0.025]),
            (gateway, Hour(10.0, math.inf, 0.25), [0.013, math.inf]),
        ):
            samples = self.samples(a_figure(target, hour))
            self.assertEqual(
                [
                    (CLIENT | {'quantile': quantile}, value)
                    for quantile, value in zip(
                        ('0.5', '0.95'), seconds, strict=True
                    )
                ],
                samples['edge_sched_probe_rtt_hour_seconds'],
            )
            self.assertEqual(
                [(CLIENT, hour.loss_ratio)],
                samples['edge_sched_probe_loss_hour_ratio'],
            )
        self.assertNotIn(
            'edge_sched_probe_rtt_hour_seconds', self.samples(a_figure())
        )

    def test_a_lost_quantile_is_infinite(self):
        samples = self.samples(a_figure(rtt_p95_ms=math.inf, pdv_ms=None))
        self.assertIn(
            (CLIENT | {'quantile': '0.95'}, math.inf),
            samples['edge_sched_probe_rtt_seconds'],
        )
        self.assertNotIn('edge_sched_probe_pdv_seconds', samples)

    def test_all_lost_has_no_minimum(self):
        samples = self.samples(
            a_figure(
                rtt_p50_ms=math.inf,
                rtt_p95_ms=math.inf,
                rtt_min_ms=None,
                raw_min_ms=None,
                pdv_ms=None,
            )
        )
        self.assertNotIn('edge_sched_probe_rtt_min_seconds', samples)
        self.assertNotIn('edge_sched_probe_rtt_raw_min_seconds', samples)
        self.assertEqual(2, len(samples['edge_sched_probe_rtt_seconds']))

    def test_a_gateway_adds_its_access_time(self):
        target = a_target(
            '198.51.100.1', client='car', project='p1', access_ms=12.0
        )
        samples = self.samples(a_figure(target, rtt_p95_ms=math.inf))
        car = {'client': 'car', 'project': 'p1'}
        self.assertEqual(
            [
                (car | {'quantile': '0.5'}, 0.022),
                (car | {'quantile': '0.95'}, math.inf),
            ],
            samples['edge_sched_probe_rtt_seconds'],
        )
        for name, value in (
            ('rtt_min_seconds', 0.021),
            ('rtt_raw_min_seconds', 0.0095),
            ('pdv_seconds', 0.003),
        ):
            self.assertEqual(
                [(car, value)], samples[f'edge_sched_probe_{name}']
            )
        self.assertEqual(
            [(car | {'source': 'stamp gateway+12ms', 'address': ''}, 1)],
            samples['edge_sched_probe_target_info'],
        )

    def test_the_prober_itself(self):
        samples = self.samples()
        for name, value in (
            ('time_seconds', 1_800_000_001.0),
            ('loop_lag_seconds', 0.002),
            ('targets', 3),
            ('targets_served', 2),
            ('targets_waiting', 5),
            ('clock_steps_total', 1),
            ('send_errors_total', 7),
        ):
            self.assertEqual(
                [({}, value)], samples[f'edge_sched_prober_{name}']
            )
        self.assertEqual(
            [({'vantage': 'lyon', 'version': '1.2'}, 1)],
            samples['edge_sched_prober_info'],
        )

    def test_a_vantage_that_is_not_set_is_not_published(self):
        self.assertEqual(
            [({'version': '1.2'}, 1)],
            self.samples(vantage='')['edge_sched_prober_info'],
        )

    def test_every_family_says_what_it_is(self):
        for line in self.text(a_figure()).splitlines():
            if line.startswith('# HELP'):
                self.assertGreater(len(line.split(maxsplit=3)[3]), 10)

    def test_it_ends_as_openmetrics_does(self):
        self.assertTrue(self.text(a_figure()).endswith('# EOF\n'))

    def test_a_prober_that_gives_no_report_fails_the_scrape(self):
        def ask():
            raise TimeoutError

        registry = CollectorRegistry()
        registry.register(ProbeCollector(ask, '', '1.2'))
        self.assertRaises(TimeoutError, generate_latest, registry)
