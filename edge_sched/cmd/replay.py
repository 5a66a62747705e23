# SPDX-License-Identifier: Apache-2.0

"""``edge-sched replay``: recorded decisions, judged anew."""

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TextIO, cast

from cliff import lister

from edge_sched.cmd import arguments
from edge_sched.cmd import logs
from edge_sched.cmd.figures import milliseconds
from edge_sched.cmd.shell import Shell
from edge_sched.model.text import readable
from edge_sched.model.text import shorten
from edge_sched.replay.again import judge_again
from edge_sched.replay.lines import Found
from edge_sched.replay.recorded import BadRecordError
from edge_sched.replay.recorded import NotInFullError
from edge_sched.replay.recorded import read
from edge_sched.replay.settings import NAMES
from edge_sched.replay.tally import Tally
from edge_sched.replay.tally import unlike

#: How many of the records that make trouble are named.
_NAMED = 10


class Replay(lister.Lister):
    """Judge the decisions of a log anew, as they were or by other settings.

    Takes decision records in full ([edge_sched] record_detail = full) from
    any log that has them. Without --set each decision has to come out as it
    was; those that do not are named. With it the last column tells what would
    have become of the same requests: first order only, since what would have
    been chosen would have changed what is left for the next.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'logs',
            metavar='LOG',
            nargs='+',
            help=f'A log of nova-scheduler, {logs.HELP}',
        )
        parser.add_argument(
            '--set',
            metavar='OPTION=VALUE',
            dest='options',
            action='append',
            default=[],
            help=f'Another value of an option of [edge_sched]: '
            f'{", ".join(NAMES)}. Can be repeated.',
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        options = _options(cast(Shell, self.app), parsed_args.options)
        seen = _Seen(self.app.stderr, options)
        for path in parsed_args.logs:
            for found in logs.records_in(path, self.app.stdin):
                seen.add(path, found)
        seen.end()
        if not seen.records:
            paths = ', '.join(map(shorten, parsed_args.logs))
            raise arguments.BadArgumentError(f'no decision record in {paths}')
        columns = ('figure', 'recorded')
        return (*columns, 'replayed') if options else columns, seen.rows()


@dataclasses.dataclass
class _Seen:
    """What was found in the logs so far.

    :param options: other settings, none if decisions are as they were
    """

    stderr: TextIO
    options: Mapping[str, Any]
    records: int = 0
    unjudged: int = 0
    short: int = 0
    broken: int = 0
    unlike: int = 0
    before: Tally = dataclasses.field(default_factory=Tally)
    after: Tally = dataclasses.field(default_factory=Tally)

    def add(self, path: str, found: Found) -> None:
        """Count one, and name what is wrong with it."""
        self.records += 1
        where = f'{shorten(path)}, line {found.line}'
        try:
            if found.problem:
                raise BadRecordError(found.problem)
            recorded = read(found.record)
        except NotInFullError as error:
            self.unjudged += error.unjudged
            self.short += not error.unjudged
            return
        except BadRecordError as error:
            self.broken += 1
            self._name(self.broken, f'{where}: {error}')
            return
        if difference := unlike(recorded):
            self.unlike += 1
            request = f'request {shorten(recorded.request_id)}'
            self._name(self.unlike, f'{where}, {request}: {difference}')
        as_it_was = judge_again(recorded)
        landing = as_it_was.landing
        site = landing.site if landing else ''
        self.before.add(recorded, as_it_was, site)
        if self.options:
            self.after.add(recorded, judge_again(recorded, self.options), site)

    def end(self) -> None:
        """Say what was not named, and what could not be done."""
        for count, what in (
            (self.broken, 'broken'),
            (self.unlike, 'not reproduced'),
        ):
            if count > _NAMED:
                self.stderr.write(f'{count - _NAMED} more are {what}\n')
        if self.short:
            self.stderr.write(
                f'{self.short} are in short: [edge_sched] record_detail = '
                'full makes them full\n'
            )
        if self.options:
            self.stderr.write(
                'First order only: what would have been chosen would have '
                'changed what is left.\n'
            )

    def rows(self) -> list[tuple[Any, ...]]:
        """The sums, with a column more if there are other settings."""
        before, after = (
            {name: milliseconds(value) for name, value in tally.rows().items()}
            for tally in (self.before, self.after)
        )
        empty = (None,) if self.options else ()
        judged = self.records - self.unjudged - self.short - self.broken
        counts = {
            'records': self.records,
            'not judged': self.unjudged,
            'in short': self.short,
            'broken': self.broken,
            'reproduced': judged - self.unlike,
            'not reproduced': self.unlike,
        }
        return [
            *((name, count, *empty) for name, count in counts.items()),
            *(
                (name, value, *([after[name]] if self.options else ()))
                for name, value in before.items()
            ),
        ]

    def _name(self, count: int, text: str) -> None:
        if count <= _NAMED:
            self.stderr.write(f'{readable(text)}\n')


def _options(app: Shell, texts: Sequence[str]) -> dict[str, Any]:
    """Other settings, checked as oslo.config checks them.

    ``['tie_band_ms=5']`` -> ``{'tie_band_ms': 5.0}``
    """
    options = {}
    for text in texts:
        name, equals, value = text.partition('=')
        if not equals or name not in NAMES:
            raise arguments.BadArgumentError(
                f'--set {shorten(text)!r} is not OPTION=VALUE with one of '
                f'{", ".join(NAMES)}'
            )
        try:
            app.conf.set_override(name, value, 'edge_sched')
        except ValueError as error:
            raise arguments.BadArgumentError(
                f'--set {name} {shorten(value)!r}: {error}'
            ) from None
        options[name] = app.conf.edge_sched[name]
    return options
