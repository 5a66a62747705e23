# SPDX-License-Identifier: Apache-2.0

"""The Grafana dashboard that is shipped: every question of it has an answer.

A real Prometheus reads what our services publish, each with a figure of
everything that they can publish, and is asked as Grafana would.
"""

import contextlib
import json
import pathlib
import re
import time

import requests
from oslotest import base
from prometheus_client import CollectorRegistry

from edge_sched.auditing import metrics as auditor_metrics
from edge_sched.auditing import tally as auditor_tally
from edge_sched.auditing.trouble import Troubles
from edge_sched.collector import metrics as collector_metrics
from edge_sched.collector import tally as collector_tally
from edge_sched.http.endpoint import Endpoint
from edge_sched.http.serving import MetricsServer
from edge_sched.probe.exposition import ProbeCollector
from edge_sched.probe.prober import Report
from tests.unit.collector import prometheus
from tests.unit.probe.test_exposition import a_figure

DASHBOARD = (
    pathlib.Path(__file__).parents[2] / 'etc' / 'grafana' / 'edge_sched.json'
)

#: For two scrapes, a second apart, on a busy machine.
PATIENCE_SECONDS = 60.0

#: Of 24 columns.
WIDTH = 24


def panels():
    """All but the titles of rows, by title."""
    found = json.loads(DASHBOARD.read_text())['panels']
    return {p['title']: p for p in found if p['type'] != 'row'}


def expressions():
    """``{'Servers over budget A': 'sum(...)'}``"""
    return {
        f'{title} {target["refId"]}': target['expr']
        for title, panel in panels().items()
        for target in panel['targets']
    }


def auditor():
    metrics = auditor_metrics.Metrics()
    tally = auditor_tally.Tally()
    tally.servers.update({('lyon', 'over'): 2, ('paris', 'within'): 5})
    metrics.round_ended(tally, Troubles(print), 2.5, time.time())
    return metrics.registry


def collector():
    metrics = collector_metrics.Metrics()
    metrics.set_inputs(['openmetrics'])
    tally = collector_tally.Tally(
        read=9,
        written=8,
        skews={'lyon': 0.5},
        newest={'lyon': time.time() - 900, 'paris': time.time()},
    )
    tally.refused['zero'] += 1
    metrics.round_ended(tally, 0, 1.5, time.time())
    return metrics.registry


def prober():
    report = Report([a_figure()], 3, 0.002, 1, 7, time.time())
    registry = CollectorRegistry()
    registry.register(ProbeCollector(lambda: report, 'lyon', '1'))
    return registry


class DashboardTest(base.BaseTestCase):
    def test_panels_are_explained_and_beside_each_other(self):
        board = json.loads(DASHBOARD.read_text())
        taken = set()
        for panel in board['panels']:
            place = panel['gridPos']
            self.assertLessEqual(place['x'] + place['w'], WIDTH)
            cells = {
                (x, y)
                for x in range(place['x'], place['x'] + place['w'])
                for y in range(place['y'], place['y'] + place['h'])
            }
            self.assertEqual(set(), taken & cells, panel['title'])
            taken |= cells
            if panel['type'] != 'row':
                self.assertTrue(panel['description'].endswith('.'))
        ids = [panel['id'] for panel in board['panels']]
        self.assertEqual(len(ids), len(set(ids)))

    def test_every_series_is_of_a_job_that_is_chosen(self):
        for name, expression in expressions().items():
            self.assertEqual(
                re.findall(r'\bedge_sched_\w+', expression),
                re.findall(
                    r'(edge_sched_\w+){job=~"\$(?:auditor|collector|prober)"',
                    expression,
                ),
                name,
            )


class AnswersTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        stack = self.enterContext(contextlib.ExitStack())
        self.jobs = {}
        for make in auditor, collector, prober:
            server = MetricsServer(make(), Endpoint('127.0.0.1', 0))
            stack.enter_context(server)
            self.jobs[make.__name__] = f'127.0.0.1:{server.port}'
        configs = [
            {
                'job_name': f'my-{name}',
                'scrape_interval': '1s',
                'static_configs': [{'targets': [address]}],
            }
            for name, address in self.jobs.items()
        ]
        try:
            self.prometheus = stack.enter_context(
                prometheus.Prometheus(scrape_configs=configs)
            )
        except prometheus.NotInstalledError as error:
            self.skipTest(f'{error} (Debian package: prometheus)')
        # Before, some of it is 0 as well.
        self.wait_for_answer('count(up == 1) == 3')

    def ask(self, expression):
        """As Grafana does, with its variables replaced.

        :returns: the series
        """
        for name in self.jobs:
            expression = expression.replace(f'${name}', f'my-{name}')
        expression = expression.replace('$__rate_interval', '1m')
        self.assertNotIn('$', expression)
        answer = requests.get(
            f'{self.prometheus.url}/api/v1/query',
            {'query': expression},
            timeout=30,
        ).json()
        self.assertEqual('success', answer['status'], answer)
        return answer['data']['result']

    def wait_for_answer(self, expression):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if found := self.ask(expression):
                return found
            time.sleep(0.2)
        self.fail(f'no answer to {expression}')

    def test_each_question_has_an_answer(self):
        for name, expression in expressions().items():
            with self.subTest(name):
                self.wait_for_answer(expression)

    def test_each_variable_has_its_jobs(self):
        board = json.loads(DASHBOARD.read_text())
        variables = {
            variable['name']: variable
            for variable in board['templating']['list']
        }
        self.assertEqual({'datasource', *self.jobs}, variables.keys())
        for name in self.jobs:
            metric = re.fullmatch(
                r'label_values\((\w+), job\)', variables[name]['definition']
            )[1]
            (series,) = self.wait_for_answer(f'count by (job) ({metric})')
            self.assertEqual(f'my-{name}', series['metric']['job'])

    def test_figures_are_those_that_were_published(self):
        by_title = {
            title: panel['targets'][0]['expr']
            for title, panel in panels().items()
        }
        for title, value in {
            'Servers over budget': 2,
            'Of all servers': 2 / 7,
            'Unknown': 0,
            'Sites that are silent': 1,
            'Of all sites': 0.5,
            'Collectors': 1,
        }.items():
            (series,) = self.wait_for_answer(by_title[title])
            self.assertAlmostEqual(value, float(series['value'][1]), 5, title)
