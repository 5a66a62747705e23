# SPDX-License-Identifier: Apache-2.0

"""The alert rules that are shipped: each fires when it should, and else not.

Series are in the notation of ``promtool test rules``, a value every 30 s from
epoch 0 on: ``0+30x60`` is a clock of half an hour, ``7x60`` stands still.
"""

import pathlib
import re
import shutil
import subprocess
import tempfile

import yaml
from oslotest import base

from edge_sched.auditing.metrics import Metrics as AuditMetrics
from edge_sched.collector.metrics import Metrics
from edge_sched.listen.exposition import ListenerCollector
from edge_sched.listen.listener import Report as Listened
from edge_sched.probe.exposition import ProbeCollector
from edge_sched.probe.prober import Report

DIRECTORY = pathlib.Path(__file__).parents[2] / 'etc' / 'prometheus'
RULES = DIRECTORY / 'edge_sched.rules.yml'

COLLECTOR = 'job="edge-sched-collector",instance="c:9863"'
AUDITOR = 'job="edge-sched-auditor",instance="a:9864"'
PROBER = 'job="edge-sched-prober",instance="p:9862"'
RUNNING = {f'edge_sched_collector_rounds_total{{{COLLECTOR}}}': '0+1x60'}


def read(**inputs):
    """When inputs were last read."""
    return {
        'edge_sched_collector_last_success_timestamp_seconds'
        f'{{{COLLECTOR},input="{name}"}}': values
        for name, values in inputs.items()
    }


def counted(name, values, labels=''):
    return {f'edge_sched_collector_{name}{{{COLLECTOR}{labels}}}': values}


def measured(fresh, stale):
    """So many vantage points with news, and without since epoch 0."""
    return {
        'edge_sched_vantage_newest_measurement_timestamp_seconds'
        f'{{{COLLECTOR},vantage="{number}"}}': values
        for number, values in enumerate(['0+30x60'] * fresh + ['0x60'] * stale)
    }


def skewed(values):
    return counted('clock_skew_seconds', values, ',vantage="lyon"')


def refused(reason, values):
    return counted('rows_refused_total', values, f',reason="{reason}"')


def audited(name, values):
    return {f'edge_sched_{name}{{{AUDITOR}}}': values}


def servers(site='lyon', auditor='a', **verdicts):
    """So many of each, all the time."""
    job = AUDITOR.replace('"a:', f'"{auditor}:')
    return {
        f'edge_sched_servers{{{job},site="{site}",verdict="{verdict}"}}': (
            f'{count}x60' if isinstance(count, int) else count
        )
        for verdict, count in verdicts.items()
    }


def prober(name, values):
    return {f'edge_sched_prober_{name}{{{PROBER}}}': values}


def probed(name, values):
    labels = f'{PROBER},client="192.0.2.1",project=""'
    return {f'edge_sched_probe_{name}{{{labels}}}': values}


def heard(values):
    labels = 'job="edge-sched-listener",instance="l:9865",source="syslog"'
    return {f'edge_sched_listener_connections_total{{{labels}}}': values}


#: For each alert, series after half an hour of which it fires, and others of
#: which it does not.
CASES = {
    'EdgeSchedCollectorAbsent': ([{}], [RUNNING]),
    'EdgeSchedInputSilent': (
        [read(a='0+30x60', b='0x60')],
        [read(a='0+30x60', b='0+30x51')],
    ),
    'EdgeSchedInputNeverRead': (
        [counted('inputs_failed_total', '0+1x60', ',input="a"')],
        [
            counted('inputs_failed_total', '0x60', ',input="a"'),
            counted('inputs_failed_total', '0+1x60', ',input="a"')
            | read(a='30x60'),
        ],
    ),
    'EdgeSchedCollectorSlow': (
        [counted('round_overruns_total', '0+1x60')],
        [counted('round_overruns_total', '0x30 1x10 2x20')],
    ),
    'EdgeSchedStoreErrors': (
        [counted('store_errors_total', '0+1x60')],
        [counted('store_errors_total', '0x50 1 2 2x10')],
    ),
    'EdgeSchedRowsWaiting': (
        [counted('rows_pending', '5000x60')],
        [counted('rows_pending', '5000x50 0 5000x10')],
    ),
    'EdgeSchedVantagesStale': (
        [measured(fresh=8, stale=1)],
        [measured(fresh=10, stale=1), measured(fresh=10, stale=0)],
    ),
    'EdgeSchedMostVantagesStale': (
        [measured(fresh=4, stale=5), measured(fresh=0, stale=1)],
        [measured(fresh=5, stale=5)],
    ),
    'EdgeSchedClockSkew': (
        [skewed('6x60'), skewed('-6x60')],
        [skewed('4x60'), skewed('0x50 60x10')],
    ),
    'EdgeSchedStoreClockSkew': (
        [
            counted('store_clock_skew_seconds', '6x60'),
            counted('store_clock_skew_seconds', '-7200x60'),
        ],
        [
            counted('store_clock_skew_seconds', '-4x60'),
            counted('store_clock_skew_seconds', '0x58 60x2'),
        ],
    ),
    'EdgeSchedRowsRefused': (
        [refused('zero', '0+2x60') | counted('rows_read_total', '0+100x60')],
        [
            refused('zero', '0+1x60') | counted('rows_read_total', '0+101x60'),
            refused('older', '0+90x60')
            | counted('rows_read_total', '0+100x60'),
        ],
    ),
    'EdgeSchedVantageForged': (
        [refused('vantage', '0+1x60')],
        [refused('vantage', '7x60'), refused('zero', '0+1x60')],
    ),
    'EdgeSchedProberSilent': (
        [prober('targets', '50x30 stale')],
        [prober('targets', '50x60'), prober('targets', '50x55 stale')],
    ),
    'EdgeSchedProberIdle': (
        [
            prober('time_seconds', '0+30x60')
            | probed('newest_sample_timestamp_seconds', '0+30x40 1200x20')
        ],
        [
            prober('time_seconds', '100+30x60')
            | probed('newest_sample_timestamp_seconds', '90+30x60')
        ],
    ),
    'EdgeSchedProberLag': (
        [prober('loop_lag_seconds', '0.2x60')],
        [prober('loop_lag_seconds', '0.05x60')],
    ),
    'EdgeSchedProberSendErrors': (
        [
            prober('send_errors_total', '0+2x60')
            | probed('packets_sent_total', '0+100x60')
        ],
        [
            prober('send_errors_total', '0+1x60')
            | probed('packets_sent_total', '0+101x60')
        ],
    ),
    'EdgeSchedReflectorUnlikely': (
        [probed('residence_refused_ratio', '0.3x60')],
        [
            probed('residence_refused_ratio', '0.2x60'),
            probed('residence_refused_ratio', '0x50 1x10'),
        ],
    ),
    'EdgeSchedProberClockSteps': (
        [prober('clock_steps_total', '0+1x60')],
        [prober('clock_steps_total', '0 1x60')],
    ),
    'EdgeSchedListenerDeaf': (
        [heard('7x60')],
        [heard('0+1x60'), heard('0x10 0+1x20 20x30')],
    ),
    'EdgeSchedAuditorAbsent': (
        [{}],
        [audited('audit_rounds_total', '0+1x60')],
    ),
    'EdgeSchedAuditOld': (
        [
            audited('audit_last_success_timestamp_seconds', '0x60'),
            audited('audit_last_success_timestamp_seconds', '0+30x20 600x40'),
        ],
        [
            audited('audit_last_success_timestamp_seconds', '0+30x40 1200x20'),
            # A restart, and a first round that takes 4 minutes.
            audited('audit_last_success_timestamp_seconds', '0+30x50 0x7'),
        ],
    ),
    'EdgeSchedAuditCellAway': (
        [audited('audit_cells_away', '1x60')],
        [
            audited('audit_cells_away', '0x60'),
            audited('audit_cells_away', '0x45 1x15'),
        ],
    ),
    'EdgeSchedServersOver': (
        [
            servers(over=1, within=17, unknown=1)
            | servers('nice', over=0, within=0, unknown=0)
        ],
        [
            servers(over=1, within=19, unknown=0),
            servers(over='0x40 9x20', within=19),
            # Two auditors see the same servers.
            servers(over=1, within=19) | servers(auditor='b', over=1),
        ],
    ),
    'EdgeSchedSiteOver': (
        [
            servers(over=3, within=2, unknown=0)
            | servers('nice', over=0, within=90, unknown=0)
        ],
        [
            servers(over=3, within=3, unknown=0),
            servers(over=4, within=0, unknown=0),
            servers(over=3, within=3) | servers(auditor='b', over=3, within=3),
        ],
    ),
    'EdgeSchedServersUnknown': (
        [servers(over=0, within=8, unknown=1)],
        [servers(over=0, within=9, unknown=1)],
    ),
    'EdgeSchedClientsUnmeasured': (
        [audited('clients_unmeasured', '1x60')],
        [
            audited('clients_unmeasured', '0x60'),
            audited('clients_unmeasured', '0x40 1x20'),
        ],
    ),
}


def elsewhere(series):
    """The same of another deployment, or of another product."""
    return {
        name.replace('job="edge', 'job="other'): values
        for name, values in series.items()
    }


def rules():
    loaded = yaml.safe_load(RULES.read_text())
    return {
        rule['alert']: rule
        for group in loaded['groups']
        for rule in group['rules']
    }


def promtool(*arguments):
    return subprocess.run(
        [shutil.which('promtool'), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def known_names():
    """Every name that the services publish."""
    report = Report(
        figures=(),
        time_seconds=0.0,
        lag_seconds=0.0,
        targets=0,
        clock_steps=0,
        send_errors=0,
    )
    prober = ProbeCollector(lambda: report, 'lyon', '1')
    heard = Listened((), 0, 0, 0, (), 0.0)
    for family in [
        *ListenerCollector(lambda: heard, 'lyon', '1').collect(),
        *Metrics().registry.collect(),
        *AuditMetrics().registry.collect(),
        *prober.collect(),
    ]:
        suffix = {'counter': '_total', 'info': '_info'}.get(family.type, '')
        yield family.name + suffix


class TestRules(base.BaseTestCase):
    def test_names_exist(self):
        used = set(
            re.findall(
                r'\bedge_sched_\w+',
                str([rule['expr'] for rule in rules().values()]),
            )
        )
        self.assertEqual(set(), used - set(known_names()))
        self.assertGreater(len(used), 10)

    def test_each_selects_by_job(self):
        for name, rule in rules().items():
            self.assertEqual(
                re.findall(r'\bedge_sched_\w+', rule['expr']),
                re.findall(
                    r'(edge_sched_\w+){job="edge-sched-[a-z]+"', rule['expr']
                ),
                name,
            )

    def test_each_says_what_to_do(self):
        for name, rule in rules().items():
            self.assertIn(rule['labels']['severity'], ('warning', 'critical'))
            self.assertEqual(
                {'summary', 'description', 'runbook'},
                set(rule['annotations']),
                name,
            )

    def test_each_has_a_case(self):
        self.assertEqual(set(rules()), set(CASES))


class TestWithPromtool(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        if shutil.which('promtool') is None:
            self.skipTest(
                'promtool is not installed (Debian package: prometheus)'
            )

    def run_tests(self, tests):
        with tempfile.NamedTemporaryFile('w', suffix='.yml') as stream:
            yaml.safe_dump(
                {
                    'rule_files': [str(RULES)],
                    'evaluation_interval': '30s',
                    'tests': tests,
                },
                stream,
            )
            stream.flush()
            finished = promtool('test', 'rules', stream.name)
        self.assertEqual(
            0, finished.returncode, finished.stdout + finished.stderr
        )

    @staticmethod
    def alert(name, series, fires):
        """Whether the alert fires after half an hour."""
        firing = f'ALERTS{{alertname="{name}",alertstate="firing"}}'
        return {
            'interval': '30s',
            'input_series': [
                {'series': name, 'values': values}
                for name, values in series.items()
            ],
            'promql_expr_test': [
                {
                    'expr': f'count({firing})',
                    'eval_time': '30m',
                    'exp_samples': [{'labels': '{}', 'value': 1}] * fires,
                }
            ],
        }

    def test_rules_and_examples_are_valid(self):
        for arguments in (
            ('check', 'rules', RULES),
            (
                'check',
                'config',
                '--syntax-only',
                DIRECTORY / 'prometheus.yml.example',
            ),
        ):
            finished = promtool(*arguments)
            self.assertEqual(
                0, finished.returncode, finished.stdout + finished.stderr
            )

    def test_each_fires_when_it_should(self):
        self.run_tests(
            [
                self.alert(name, series, fires=True)
                for name, (firing, _) in CASES.items()
                for series in firing
            ]
        )

    def test_what_others_publish_fires_none_and_silences_none(self):
        self.run_tests(
            [
                self.alert(name, elsewhere(series), fires=not series)
                for name, (firing, _) in CASES.items()
                for series in firing
            ]
            + [
                self.alert(name, elsewhere(near) | series, fires=True)
                for name, (firing, silent) in CASES.items()
                for series in firing
                for near in silent
            ]
        )

    def test_each_is_silent_when_it_should(self):
        self.run_tests(
            [
                self.alert(name, series, fires=False)
                for name, (_, silent) in CASES.items()
                for series in silent
            ]
        )
