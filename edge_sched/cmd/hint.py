# SPDX-License-Identifier: Apache-2.0

"""``edge-sched hint``: what servers that live ask for, shown and changed.

The one command that needs Nova and its API database.
"""

import argparse
from collections.abc import Sequence
from typing import Any, TypeAlias

from cliff import lister

from edge_sched.asking.source import our_hints
from edge_sched.asking.source import read_hints
from edge_sched.cmd import arguments
from edge_sched.cmd.client import WITH_LISTS
from edge_sched.cmd.nova.access import add_nova_configuration
from edge_sched.cmd.nova.access import read_nova_configuration
from edge_sched.cmd.stores import explained
from edge_sched.cmd.stores import settings_of
from edge_sched.model.client import Client
from edge_sched.model.text import shorten
from edge_sched.store.reader import reader

#: ``{'edge:client': ['203.0.113.7'], 'group': ['5f7a...']}``
Hints: TypeAlias = dict[str, list[str]]


class _HintLister(lister.Lister):
    """A command on the hints of one server."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_nova_configuration(parser)
        parser.add_argument(
            'server', metavar='SERVER', help='The id of a server.'
        )
        return parser


class Show(_HintLister):
    """Show the hints of a server, those of others included."""

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        server_id = arguments.server_of(parsed_args.server)
        read_nova_configuration(parsed_args.nova_config_file)
        from edge_sched.cmd.nova import hints

        server = hints.read_server(server_id)
        return ('hint', 'values'), _rows(parsed_args, server.hints)


class Set(_HintLister):
    """Change edge: hints of a server; they count from its next move on.

    A key replaces what it has; one that is given several times is a list.
    Values are checked as on create, and nothing is changed if one is bad.
    Other hints stay as they are. Shows the hints before and after.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'hints',
            metavar='KEY=VALUE',
            nargs='*',
            help='edge:client=203.0.113.7, edge:latency_budget_ms=20, ...',
        )
        parser.add_argument(
            '--unset',
            metavar='KEY',
            action='append',
            default=[],
            help='An edge: hint to take away; can be repeated.',
        )
        parser.add_argument(
            '--force',
            action='store_true',
            help='Check neither that clients exist which have a name or an id '
            'nor that Nova is doing nothing with the server.',
        )
        # Options may stand between the server and the hints.
        parser.parse_args = (  # type: ignore[method-assign]
            parser.parse_intermixed_args
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        server_id = arguments.server_of(parsed_args.server)
        given = given_hints(parsed_args.hints)
        unset = _unset(parsed_args.unset, given)
        if not given and not unset:
            raise arguments.BadArgumentError('nothing to set or to unset')
        read_nova_configuration(parsed_args.nova_config_file)
        from edge_sched.cmd.nova import hints

        server = hints.read_server(server_id)
        for key in unset - server.hints.keys():
            raise arguments.BadArgumentError(
                f'server {server_id} has no hint {shorten(key)!r}'
            )
        if not parsed_args.force:
            clients = [near.client for near in read_hints(given).clients]
            self._check_names(clients, server.project_id)
            hints.check_places(clients, server.project_id, server_id)
            if task := hints.task_of(server_id):
                raise arguments.BadArgumentError(
                    f'server {server_id} is {task}, and Nova may take the '
                    'change back when that is over: wait, or use --force'
                )

        def changed(stored: Hints) -> Hints:
            left = {k: v for k, v in stored.items() if k not in unset}
            return left | given

        before = hints.change_hints(server_id, changed)
        columns = ('hint', 'before', 'after')
        return columns, _rows(parsed_args, before, changed(before))

    def _check_names(self, clients: Sequence[Client], project_id: str) -> None:
        """Look named clients up, as is done on create.

        :raises BadArgumentError: if one is unknown to the project
        """
        named = [client for client in clients if client.name]
        if not named:
            return
        settings = settings_of(self)
        with explained(settings):
            answers = reader(settings).look_up(named, project_id).answers
        for client in named:
            if not answers[client].known:
                raise arguments.BadArgumentError(
                    f'{client} is no client of project {project_id} and none '
                    'that is shared'
                )


def given_hints(texts: Sequence[str]) -> Hints:
    """Read ``KEY=VALUE``, and check it as on create.

    ``['edge:client=a', 'edge:client=b']`` -> ``{'edge:client': ['a', 'b']}``

    :raises BadArgumentError: for each that makes no sense, a line
    """
    given: Hints = {}
    for text in texts:
        key, equals, value = text.partition('=')
        if not equals:
            raise arguments.BadArgumentError(
                f'{shorten(text)!r} is not KEY=VALUE'
            )
        given.setdefault(_ours(key), []).append(value)
    if problems := read_hints(given).problems:
        raise arguments.BadArgumentError('\n'.join(map(str, problems)))
    return given


def _unset(names: Sequence[str], given: Hints) -> set[str]:
    for key in given.keys() & set(names):
        raise arguments.BadArgumentError(f'{key} is both set and unset')
    return {_ours(key) for key in names}


def _ours(key: str) -> str:
    """A key that we may change, a misspelt one included."""
    if not our_hints([key]):
        raise arguments.BadArgumentError(
            f'{shorten(key)!r} is not an edge: key'
        )
    return key


def _rows(
    parsed_args: argparse.Namespace, *versions: Hints
) -> list[tuple[Any, ...]]:
    """A row a key, with what it has in each version, ``None`` if nothing.

    They come from strangers: a terminal gets no control characters.
    """
    listed = parsed_args.formatter in WITH_LISTS

    def cell(values: list[str] | None) -> list[str] | str | None:
        if listed or values is None:
            return values
        return ', '.join(map(_printable, values))

    return [
        (
            key if listed else _printable(key),
            *(cell(hints.get(key)) for hints in versions),
        )
        for key in sorted(set().union(*versions))
    ]


def _printable(text: str) -> str:
    return repr(text)[1:-1]
