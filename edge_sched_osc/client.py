# SPDX-License-Identifier: Apache-2.0

"""``openstack edge client``: names for clients that move."""

import argparse
from typing import Any

from osc_lib.command import command

from edge_sched_osc import base
from edge_sched_osc import columns
from edge_sched_osc.shapes import NamedClient


class List(command.Lister):
    """List the project's own names, shared ones, and what they point at."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--all-projects',
            action='store_true',
            help='List those of all projects (admin only)',
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        clients = base.latency(self).clients(parsed_args.all_projects)
        names = ['name', 'prefixes', 'shared']
        if parsed_args.all_projects:
            names.append('project_id')
        rows = []
        for client in clients:
            shown = _shown(client)
            rows.append(
                columns.cells(
                    parsed_args.formatter, [shown[name] for name in names]
                )
            )
        return tuple(names), rows


class Show(command.ShowOne):
    """Show what a name points at.

    The project's own goes before a shared one.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        base.add_name(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        shown = _shown(base.latency(self).client(parsed_args.name))
        del shown['project_id']
        return tuple(shown), columns.cells(
            parsed_args.formatter, shown.values()
        )


class Set(command.Command):
    """Point a name of the project at prefixes, in place of those it has.

    It need not exist. Servers that have it in their hints are judged by the
    new place from their next move on.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        base.add_name(parser)
        parser.add_argument(
            'prefixes',
            metavar='<prefix>',
            nargs='+',
            help='203.0.113.0/24, 2001:db8::/56 or an address',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        base.latency(self).set_client(parsed_args.name, parsed_args.prefixes)


class Unset(command.Command):
    """Forget a name of the project."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        base.add_name(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        base.latency(self).unset_client(parsed_args.name)


def _shown(client: NamedClient) -> dict[str, Any]:
    return client._asdict() | {'prefixes': columns.Several(client.prefixes)}
