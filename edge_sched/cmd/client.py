# SPDX-License-Identifier: Apache-2.0

"""``edge-sched client``: stable names for prefixes that may change."""

import argparse
from typing import Any

from cliff import command
from cliff import lister

from edge_sched.cmd import arguments
from edge_sched.cmd.stores import writing

#: Formats that have lists; in the others a cell is one text.
WITH_LISTS = frozenset({'json', 'yaml'})


class Set(command.Command):
    """Name one or more prefixes, in place of those that the name has.

    Measurements of the name itself, of its old place, are deleted when the
    prefixes change.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('name', metavar='NAME')
        parser.add_argument(
            'prefixes',
            metavar='PREFIX',
            nargs='+',
            help='203.0.113.0/24, 2001:db8::/56 or an address',
        )
        arguments.add_owner(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        name = arguments.name_of(parsed_args.name)
        prefixes = arguments.prefixes_of(parsed_args.prefixes)
        project_id = arguments.owner_of(parsed_args)
        with writing(self) as writer:
            writer.set_client(name, prefixes, project_id)


class Unset(command.Command):
    """Forget a name and the measurements of it."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('name', metavar='NAME')
        arguments.add_owner(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        name = arguments.name_of(parsed_args.name)
        project_id = arguments.owner_of(parsed_args)
        with writing(self) as writer:
            writer.unset_client(name, project_id)


class List(lister.Lister):
    """List the names, whose they are and what they point at.

    A name without a project is shared.
    """

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        with writing(self) as writer:
            clients = writer.list_clients()
        listed = parsed_args.formatter in WITH_LISTS
        rows = []
        for client in clients:
            prefixes = [str(prefix) for prefix in client.prefixes]
            rows.append(
                (
                    client.name,
                    client.project_id or None,
                    prefixes if listed else ' '.join(prefixes),
                )
            )
        return ('name', 'project', 'prefixes'), rows
