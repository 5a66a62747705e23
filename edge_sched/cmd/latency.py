# SPDX-License-Identifier: Apache-2.0

"""``edge-sched latency``: what the scheduler would make of a client."""

import argparse
import time
from typing import Any, cast

from cliff import lister
from oslo_config import cfg

from edge_sched.asking.intent import Intent
from edge_sched.cmd import arguments
from edge_sched.cmd.figures import figure
from edge_sched.cmd.figures import of_the_future
from edge_sched.cmd.shell import Shell
from edge_sched.cmd.stores import explained
from edge_sched.cmd.stores import settings_of
from edge_sched.conf.policy import policy_of
from edge_sched.judging.ages import of_outage
from edge_sched.judging.decision import is_outage
from edge_sched.judging.judge import Judge
from edge_sched.judging.verdict import Policy
from edge_sched.judging.verdict import Verdict
from edge_sched.model import keys
from edge_sched.model.client import Client
from edge_sched.model.latency import Answer
from edge_sched.store.reader import reader

COLUMNS = (
    'vantage',
    'client',
    'verdict',
    'rtt_p50_ms',
    'rtt_p95_ms',
    'rtt_p99_ms',
    'pdv_ms',
    'loss_ratio',
    'samples',
    'age_seconds',
    'source',
    'rtt_p50_hour_ms',
    'rtt_p95_hour_ms',
    'loss_hour_ratio',
)


class Show(lister.Lister):
    """Show the verdict on each vantage point that has a row of a client.

    As the scheduler judges it, with this configuration: within, over or
    unknown; the best first. The figures are those of the row that decides.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'client',
            metavar='CLIENT',
            help='An address, a prefix, a name or a site (site:lyon).',
        )
        parser.add_argument(
            '--project',
            metavar='ID',
            help='Whose names count, besides the shared ones.',
        )
        parser.add_argument(
            '--budget',
            metavar='MS',
            help='The latency budget, as of edge:latency_budget_ms.',
        )
        parser.add_argument(
            '--percentile',
            metavar='P',
            help='What it is judged by, as of edge:percentile: p50, p95 or '
            'p99.',
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        conf = cast(Shell, self.app).conf
        client = arguments.client_of(parsed_args.client)
        intent = _intent(client, parsed_args, conf)
        project_id = ''
        if parsed_args.project is not None:
            project_id = arguments.project_of(parsed_args.project)
        settings = settings_of(self)
        with explained(settings):
            found = reader(settings).look_up([client], project_id)
        answer = found.answers[client]
        if not answer.known:
            raise arguments.BadArgumentError(f'{client} is not a known client')
        if not any(answer.parts):
            self.app.stderr.write(f'{client} was never measured\n')
        policy = policy_of(conf)
        now = time.time()
        if is_outage([answer], policy, now):
            self.app.stderr.write(f'{of_outage(policy)}\n')
        verdicts = judge_vantages(answer, intent, policy, now)
        self.app.stderr.write(
            of_the_future(v.age_seconds or 0.0 for _, v in verdicts)
        )
        return COLUMNS, [_cells(*item) for item in verdicts]


def judge_vantages(
    answer: Answer, intent: Intent, policy: Policy, now: float
) -> list[tuple[str, Verdict]]:
    """The verdict on each vantage that has a row, the best first.

    :param intent: of one client
    """
    (target,) = intent.targets
    outage = is_outage([answer], policy, now)
    judge = Judge(target, intent, policy, now, outage)
    verdicts = [
        (vantage, judge.at((vantage,), answer))
        for vantage in sorted(set[str]().union(*answer.parts))
    ]
    return sorted(verdicts, key=lambda item: _order(item[1]))


def _order(verdict: Verdict) -> tuple[int, float]:
    rank_ms = verdict.rank_ms
    return -verdict.standing, float('inf') if rank_ms is None else rank_ms


def _cells(vantage: str, verdict: Verdict) -> tuple[Any, ...]:
    row = verdict.latency
    standing = verdict.standing.word
    if row is None:
        # One of the name's prefixes was never measured from here.
        return (vantage, None, standing, *[None] * (len(COLUMNS) - 3))
    return (
        vantage,
        row.client,
        standing,
        figure(row.rtt_p50_ms),
        figure(row.rtt_p95_ms),
        figure(row.rtt_p99_ms),
        figure(row.of_window().variation_ms()),
        row.loss_ratio,
        row.samples,
        round(verdict.age_seconds or 0.0, 1),
        row.source,
        figure(row.rtt_p50_hour_ms),
        figure(row.rtt_p95_hour_ms),
        row.loss_hour_ratio,
    )


def _intent(
    client: Client, parsed_args: argparse.Namespace, conf: cfg.ConfigOpts
) -> Intent:
    budget_ms = None
    if parsed_args.budget is not None:
        budget_ms = arguments.value_of(
            '--budget', keys.LATENCY_BUDGET, parsed_args.budget
        )
    percentile = conf.edge_sched.default_percentile
    if parsed_args.percentile is not None:
        percentile = arguments.value_of(
            '--percentile', keys.PERCENTILE, parsed_args.percentile
        )
    target = keys.NearClient(client, budget_ms)
    return Intent(targets=(target,), percentile=percentile)
