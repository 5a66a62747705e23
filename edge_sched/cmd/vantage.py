# SPDX-License-Identifier: Apache-2.0

"""``edge-sched vantage``: where measurements were taken from."""

import argparse
import time
from typing import Any

from cliff import command
from cliff import lister

from edge_sched.cmd import arguments
from edge_sched.cmd.client import WITH_LISTS
from edge_sched.cmd.figures import of_the_future
from edge_sched.cmd.figures import timestamp
from edge_sched.cmd.stores import settings_of
from edge_sched.cmd.stores import stored_vantage
from edge_sched.cmd.stores import writing
from edge_sched.model.latency import age_seconds
from edge_sched.model.latency import is_fresh
from edge_sched.store.vantages import VantageTakenError

COLUMNS = (
    'vantage',
    'clients',
    'measured_at',
    'age_seconds',
    'stale',
    'sources',
)


class List(lister.Lister):
    """List the vantage points, and how fresh their measurements are.

    measured_at is that of the newest one that is not from the future; if it
    is older than max_age, or if there is none, none of them is used.
    """

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        with writing(self) as writer:
            vantages = writer.list_vantages()
        max_age_seconds = settings_of(self).max_age_seconds
        listed = parsed_args.formatter in WITH_LISTS
        now = time.time()
        ages = [age_seconds(each.measured_at, now) for each in vantages]
        self.app.stderr.write(of_the_future(ages))
        return COLUMNS, [
            (
                vantage.name,
                vantage.clients,
                timestamp(vantage.measured_at),
                round(age, 1),
                not is_fresh(age, max_age_seconds),
                list(vantage.sources)
                if listed
                else ', '.join(vantage.sources),
            )
            for vantage, age in zip(vantages, ages, strict=True)
        ]


class Rename(command.Command):
    """Give the measurements of a vantage point to another name.

    What others measured of it as a site goes along.

    It renames nothing in Nova and nothing in the collector's configuration,
    which goes on to write the old name. The operator's guide has the order
    in which all three are changed without a moment in which a site counts as
    unknown.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('old', metavar='OLD')
        parser.add_argument('new', metavar='NEW')
        parser.add_argument(
            '--keep',
            action='store_true',
            help='Leave them under the old name as well.',
        )
        parser.add_argument(
            '--merge',
            action='store_true',
            help='The new name may have measurements: of each client the '
            'newer one stays.',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        arguments.vantage_of(parsed_args.old)
        new = arguments.vantage_of(parsed_args.new)
        with writing(self) as writer:
            old = stored_vantage(writer, parsed_args.old)
            if old == new:
                raise arguments.BadArgumentError(f'{old!r} is both names')
            try:
                renamed = writer.rename_vantage(
                    old, new, keep=parsed_args.keep, merge=parsed_args.merge
                )
            except VantageTakenError as error:
                raise arguments.BadArgumentError(
                    f'{error}: with --merge the newer of each client stays'
                ) from None
        self.app.stdout.write(f'{renamed} rows of {old} given to {new}\n')


class Delete(command.Command):
    """Delete the measurements from a vantage point.

    A collector that still reads it brings them back.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('name', metavar='NAME')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        arguments.vantage_of(parsed_args.name)
        with writing(self) as writer:
            name = stored_vantage(writer, parsed_args.name)
            deleted = writer.delete_vantage(name)
        self.app.stdout.write(f'{deleted} rows deleted\n')
