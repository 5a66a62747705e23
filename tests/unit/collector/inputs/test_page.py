# SPDX-License-Identifier: Apache-2.0

import math

import ddt
from oslotest import base
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest

from edge_sched.collector import door
from edge_sched.collector.inputs import page
from edge_sched.collector.inputs.exposition import MalformedError
from edge_sched.collector.reading import Reading
from edge_sched.model.client import parse_client
from edge_sched.model.latency import Latency
from edge_sched.probe.exposition import ProbeCollector
from edge_sched.probe.memory import Hour
from edge_sched.probe.prober import Report
from edge_sched.probe.series import Figures
from edge_sched.probe.window import Statistics
from tests.unit.collector.fakes import CLIENT
from tests.unit.collector.fakes import NOW
from tests.unit.collector.inputs.pages import Prober
from tests.unit.model.test_names import ONE
from tests.unit.model.test_names import TWO
from tests.unit.probe.fakes import a_target


def harvest(prober, vantage='lyon', scraped_at=NOW):
    read = page.read(prober.text(), 1000, 9)
    return page.harvest(read, vantage, scraped_at)


@ddt.ddt
class PageTest(base.BaseTestCase):
    def test_a_vantage_that_looks_the_same_is_the_same(self):
        harvested = harvest(Prober(vantage=TWO).add(), vantage=ONE)
        self.assertEqual(({}, 1), (harvested.refused, len(harvested.readings)))

    def test_a_target_is_a_reading(self):
        prober = Prober().add(
            'car',
            'p1',
            quantiles={'0.5': 0.01, '0.95': 0.012, '0.99': 0.0205},
            info={'source': 'icmp', 'address': '203.0.113.7'},
        )
        harvested = harvest(prober)
        self.assertEqual(
            [
                Reading(
                    vantage='lyon',
                    client='car',
                    project_id='p1',
                    rtt_p50_ms=10.0,
                    rtt_p95_ms=12.0,
                    rtt_p99_ms=20.5,
                    rtt_min_ms=9.0,
                    pdv_ms=3.0,
                    loss_ratio=0.0,
                    samples=64.0,
                    measured_at=NOW - 4,
                    source='icmp',
                    address='203.0.113.7',
                )
            ],
            harvested.readings,
        )
        self.assertEqual(
            ({}, {'lyon': 0.0}, ''),
            (harvested.refused, harvested.skews, harvested.failed),
        )

    def published(self, target):
        """The only reading of what our prober publishes of a target."""
        statistics = Statistics(
            samples=64,
            loss_ratio=0.25,
            rtt_p50_ms=10.0,
            rtt_p95_ms=math.inf,
            rtt_p99_ms=None,
            rtt_min_ms=9.0,
            raw_min_ms=9.5,
            pdv_ms=None,
            refused_ratio=0.0,
        )
        hour = Hour(9.5, math.inf, 0.07)
        figures = Figures(target, statistics, 80, 16, NOW - 1.5, hour)
        report = Report([figures], 1, 0.002, 0, 0, NOW)
        registry = CollectorRegistry()
        registry.register(ProbeCollector(lambda: report, 'lyon', '1.2'))
        text = generate_latest(registry).decode()
        harvested = page.harvest(page.read(text, 1000, 9), 'lyon', NOW + 60)
        (reading,) = harvested.readings
        self.assertEqual({'lyon': -60.0}, harvested.skews)
        return reading

    def test_it_reads_what_our_prober_publishes(self):
        reading = self.published(a_target())
        self.assertEqual(
            Latency(
                vantage='lyon',
                client=str(parse_client(reading.client).prefix),
                rtt_p50_ms=10.0,
                rtt_p95_ms=math.inf,
                rtt_p99_ms=math.inf,
                rtt_min_ms=9.0,
                loss_ratio=0.25,
                samples=64,
                measured_at=NOW + 58.5,
                source=reading.source,
                rtt_p50_hour_ms=9.5,
                rtt_p95_hour_ms=math.inf,
                loss_hour_ratio=0.07,
            ),
            door.admit(reading, NOW + 60, NOW).latency,
        )
        self.assertTrue(reading.source)

    @ddt.data('paris', ONE, 'S\u00e3o "Paulo" \\n {1=2}:862')
    def test_a_site_that_our_prober_publishes(self, site):
        client = f'site:{site}'
        target = a_target('192.0.2.9', client=client)
        row = door.admit(self.published(target), NOW + 60, NOW)
        self.assertEqual((client, site), (row.latency.client, row.client.site))
        self.assertIsNone(row.address)

    def test_what_is_not_published_is_not_there(self):
        prober = Prober().add(
            rtt_min_seconds=None,
            pdv_seconds=None,
            loss_ratio=1.0,
            quantiles={'0.5': math.inf, '0.95': math.inf},
        )
        (reading,) = harvest(prober).readings
        self.assertEqual(
            (math.inf, math.inf, None, None, None),
            (
                reading.rtt_p50_ms,
                reading.rtt_p95_ms,
                reading.rtt_p99_ms,
                reading.rtt_min_ms,
                reading.pdv_ms,
            ),
        )

    @ddt.data(10, 3600, -10, -3600)
    def test_a_clock_that_is_wrong_loses_nothing(self, ahead_seconds):
        prober = Prober(now=NOW + ahead_seconds).add(age_seconds=4)
        harvested = harvest(prober)
        (reading,) = harvested.readings
        self.assertEqual(NOW - 4, reading.measured_at)
        self.assertEqual({'lyon': ahead_seconds}, harvested.skews)

    def test_without_the_clock_of_the_prober_nothing_is_taken(self):
        for now in (None, math.nan, math.inf):
            harvested = harvest(Prober(now=now).add().add('car'))
            self.assertEqual(
                ([], {'clock': 2}, {}),
                (
                    list(harvested.readings),
                    harvested.refused,
                    harvested.skews,
                ),
            )

    def test_a_target_without_a_time_has_none(self):
        (reading,) = harvest(Prober().add(age_seconds=None)).readings
        self.assertIsNone(reading.measured_at)

    def test_a_prober_that_says_it_is_elsewhere_is_refused(self):
        prober = Prober(vantage='paris').add().add('car')
        harvested = harvest(prober)
        self.assertEqual(([], {'vantage': 2}), harvested[:2])
        self.assertEqual(2, len(harvest(prober, vantage='paris').readings))

    def test_a_target_with_a_forged_label_is_refused(self):
        lines = Prober().add(CLIENT).add('car').text().splitlines()
        forged = [
            line.replace('{client="car"', '{vantage="paris",client="car"')
            if 'loss' in line
            else line
            for line in lines
        ]
        self.assertNotEqual(lines, forged)
        read = page.read('\n'.join(forged), 1000, 9)
        harvested = page.harvest(read, 'lyon', NOW)
        self.assertEqual({'vantage': 1}, harvested.refused)
        self.assertEqual([CLIENT], [r.client for r in harvested.readings])

    def test_a_quantile_that_is_not_known_is_left_alone(self):
        prober = Prober().add(quantiles={'0.5': 0.01, '0.999': 0.5})
        (reading,) = harvest(prober).readings
        self.assertEqual(
            (10.0, None), (reading.rtt_p50_ms, reading.rtt_p95_ms)
        )

    def test_a_series_that_is_there_twice_is_malformed(self):
        line = f'edge_sched_probe_samples{{client="{CLIENT}",project=""}} 64\n'
        error = self.assertRaises(
            MalformedError, page.read, f'{line}{line}# EOF\n', 1000, 9
        )
        self.assertIn(f"'{CLIENT}' is there twice", str(error))

    def test_a_prober_without_targets_brings_nothing(self):
        harvested = harvest(Prober())
        self.assertEqual(([], {}), harvested[:2])

    @ddt.data('', 'go_goroutines 7\n')
    def test_what_is_no_prober_says_what_it_is(self, text):
        error = self.assertRaises(
            MalformedError, page.read, f'{text}# EOF\n', 1000, 9
        )
        self.assertEqual(
            'it is the page of no prober, without '
            f"edge_sched_prober_time_seconds; it begins with '"
            f"{text.replace(chr(10), ' ')}# EOF'",
            str(error),
        )

    def test_clients_are_bounded(self):
        text = Prober().add('a').add('b').text()
        self.assertEqual(2, len(page.read(text, 1000, 2).targets))
        error = self.assertRaises(MalformedError, page.read, text, 1000, 1)
        self.assertEqual('there are more than 1 clients', str(error))
