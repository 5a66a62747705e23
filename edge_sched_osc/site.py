# SPDX-License-Identifier: Apache-2.0

"""``openstack edge site``: what is near whom."""

import argparse
from typing import Any

from osc_lib.command import command

from edge_sched_osc import api
from edge_sched_osc import asking
from edge_sched_osc import base
from edge_sched_osc import columns
from edge_sched_osc.shapes import Site

SHORT = (
    'rank',
    'name',
    'verdict',
    'judged_ms',
    'age_seconds',
    'room',
    'why_not',
)
LONG = (*SHORT, 'kind', 'accepted', 'rtt_p50_ms', 'assumed')


class List(command.Lister):
    """List sites as a create would judge them, the best first.

    Nothing is created. If no site would be accepted, the reason is on stderr.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        asking.add_options(parser)
        parser.add_argument(
            '--long', action='store_true', help='List all that is told'
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        answer = asking.ask(self, parsed_args)
        if answer.detail == 'none':
            base.say(self, 'this cloud does not tell users of its sites')
        names = LONG if parsed_args.long else SHORT
        rows = []
        for site in api.read_all(Site, answer.sites):
            shown = _shown(site)
            rows.append(
                columns.cells(
                    parsed_args.formatter, [shown[name] for name in names]
                )
            )
        return names, rows


def _shown(site: Site) -> dict[str, Any]:
    return site._asdict() | {
        'judged_ms': columns.milliseconds(site.judged_ms),
        'rtt_p50_ms': columns.milliseconds(site.rtt_p50_ms),
        'age_seconds': columns.age(site.age_seconds),
    }
