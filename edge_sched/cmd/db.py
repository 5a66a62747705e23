# SPDX-License-Identifier: Apache-2.0

"""``edge-sched db``: the tables of the latency store."""

import argparse
from typing import Any

from cliff import command
from cliff import lister

from edge_sched.cmd.stores import StoreProblemError
from edge_sched.cmd.stores import explained
from edge_sched.cmd.stores import settings_of
from edge_sched.store import migrate
from edge_sched.store.settings import StoreSettings


class Sync(command.Command):
    """Make the tables of the latency store, or upgrade them.

    An SQLite file is made where it is missing, and so is its directory.
    Doing it again changes nothing.

    While schedulers of the release before go on, upgrade in two steps:
    --expand before the first of them is replaced, --contract after the last.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        group = parser.add_mutually_exclusive_group()
        group.add_argument(
            '--expand',
            dest='phase',
            action='store_const',
            const='expand',
            help='Only add what is new; the release before can go on.',
        )
        group.add_argument(
            '--contract',
            dest='phase',
            action='store_const',
            const='contract',
            help='Only remove what this release does not need any more.',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        settings = settings_of(self)
        with explained(settings):
            _make_directory(settings)
            revision = migrate.sync(settings, parsed_args.phase)
        self.app.stdout.write(f'{settings.url} {_state(revision)}\n')


class Status(lister.Lister):
    """List the steps of the schema, and which of them are done.

    One that is not among those that this release knows is of a newer one.
    """

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        settings = settings_of(self)
        with explained(settings):
            revision = migrate.current(settings)
        pending = migrate.pending(revision)
        rows: list[tuple[Any, ...]] = [
            (step.name, step.phase, step not in pending, step.what)
            for step in migrate.revisions()
        ]
        if migrate.is_newer(revision):
            rows.append((revision, None, True, 'Of a newer release.'))
        return ('revision', 'phase', 'done', 'what'), rows


def _make_directory(settings: StoreSettings) -> None:
    """Make that of an SQLite file.

    :raises StoreProblemError: if it cannot be made
    """
    path = settings.sqlite_file
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreProblemError(
            f'cannot make {path.parent}: {error.strerror}'
        ) from error


def _state(revision: str | None) -> str:
    """``is at 0003; left to do: 0004 (contract)``."""
    if migrate.is_newer(revision):
        return f'is at {revision}, of a newer release; nothing is done'
    at = f'is at {revision}' if revision else 'has no tables'
    left = ', '.join(
        f'{step.name} ({step.phase})' for step in migrate.pending(revision)
    )
    return f'{at}; left to do: {left}' if left else at
