# SPDX-License-Identifier: Apache-2.0

"""``edge-sched measurement``: rows of latency in, shown, and out again."""

import argparse
from collections.abc import Iterator
from typing import Any

from cliff import command
from cliff import lister

from edge_sched.cmd import arguments
from edge_sched.cmd.figures import figure
from edge_sched.cmd.figures import timestamp
from edge_sched.cmd.progress import Progress
from edge_sched.cmd.stores import stored_vantage
from edge_sched.cmd.stores import writing
from edge_sched.measurement.file import BadFileError
from edge_sched.measurement.file import form_of
from edge_sched.measurement.file import read_measurements
from edge_sched.measurement.lines import MAX_LINE_LENGTH
from edge_sched.measurement.lines import OPTIONAL
from edge_sched.measurement.lines import REQUIRED
from edge_sched.model.latency import NewLatency
from edge_sched.store.errors import UnknownClientError
from edge_sched.store.measurements import StoredLatency
from edge_sched.store.writer import Writer

STDIN = '-'

COLUMNS = REQUIRED + OPTIONAL


class Import(command.Command):
    """Store the measurements of a file, all of them or none.

    CSV with a header, or JSON lines where the name ends in .jsonl
    or .ndjson. A row
    that is older than the stored one is skipped and counted.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'file', metavar='FILE', help='- is CSV on standard input'
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        path = parsed_args.file
        quiet = self.app.options.verbose_level == 0
        progress = Progress(self.app.stderr, quiet=quiet)
        try:
            with writing(self) as writer:
                read = read_file(path, progress, writer.now())
                stored = writer.store_latencies(
                    read, progress.storing(len(read))
                )
        except BadFileError as error:
            raise arguments.BadArgumentError(
                '\n'.join(f'{path}: {bad}' for bad in error.bad)
            ) from None
        except UnknownClientError as error:
            raise arguments.BadArgumentError(
                f'{path}: line {error.line}, column client: {error}'
            ) from None
        finally:
            progress.end()
        rows = '1 row' if stored.written == 1 else f'{stored.written} rows'
        self.app.stdout.write(
            f'{rows} stored, {stored.older} older than the stored ones '
            'skipped\n'
        )


class List(lister.Lister):
    """List the stored measurements, with the columns of a measurement file.

    What -f csv prints can be imported again.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--client',
            metavar='C',
            help='Only of this very prefix, or of this name or site.',
        )
        parser.add_argument(
            '--vantage', metavar='V', help='Only from this vantage point.'
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        chosen = _chosen(parsed_args)
        with writing(self) as writer:
            _find_vantage(writer, chosen)
            rows = writer.list_latencies(**chosen)
        return COLUMNS, [_cells(row) for row in rows]


class Purge(command.Command):
    """Delete measurements; names and what they point at stay.

    Piece by piece: what an error leaves is deleted by the next call.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        group = parser.add_mutually_exclusive_group(required=True)
        group.add_argument('--all', action='store_true', help='All of them.')
        group.add_argument(
            '--older-than',
            metavar='SECONDS',
            help='Those that were measured longer ago.',
        )
        group.add_argument(
            '--client',
            metavar='C',
            help='Those of this very prefix, or of this name or site.',
        )
        group.add_argument(
            '--vantage', metavar='V', help='Those from this vantage point.'
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        chosen = _chosen(parsed_args)
        if parsed_args.older_than is not None:
            chosen['older_than_seconds'] = arguments.seconds_of(
                '--older-than', parsed_args.older_than
            )
        # With nothing chosen the store would take it for all.
        assert chosen or parsed_args.all
        with writing(self) as writer:
            _find_vantage(writer, chosen)
            purged = writer.purge(**chosen)
        self.app.stdout.write(f'{purged} rows deleted\n')


def read_file(path: str, progress: Progress, now: float) -> list[NewLatency]:
    """The measurements of a file.

    :param path: ``-`` is standard input
    :param now: UTC epoch seconds, by the clock of the store
    :raises BadArgumentError: if it cannot be read
    :raises BadFileError: if a line of it is bad
    """
    try:
        with open(
            0 if path == STDIN else path,
            encoding='utf-8',
            errors='surrogateescape',
            newline='\n',
            closefd=path != STDIN,
        ) as stream:
            # In pieces, so that a file without line breaks is not read whole.
            lines: Iterator[str] = iter(
                lambda: stream.readline(MAX_LINE_LENGTH + 1), ''
            )
            return read_measurements(
                progress.reading(lines), form_of(path), now
            )
    except OSError as error:
        raise arguments.BadArgumentError(
            f'cannot read {path}: {error.strerror}'
        ) from error


def _chosen(parsed_args: argparse.Namespace) -> dict[str, Any]:
    """``{'client': Client(...), 'vantage': 'lyon'}``, what is given of it."""
    chosen: dict[str, Any] = {}
    if parsed_args.client is not None:
        chosen['client'] = arguments.client_of(parsed_args.client)
    if parsed_args.vantage is not None:
        chosen['vantage'] = parsed_args.vantage
    return chosen


def _find_vantage(writer: Writer, chosen: dict[str, Any]) -> None:
    if 'vantage' in chosen:
        chosen['vantage'] = stored_vantage(writer, chosen['vantage'])


def _cells(row: StoredLatency) -> tuple[Any, ...]:
    latency = row.latency
    return (
        latency.vantage,
        latency.client,
        figure(latency.rtt_p50_ms),
        figure(latency.rtt_p95_ms),
        latency.rtt_min_ms,
        figure(latency.rtt_p99_ms),
        latency.pdv_ms,
        latency.loss_ratio,
        latency.samples,
        timestamp(latency.measured_at),
        latency.source,
        row.project_id or None,
        figure(latency.rtt_p50_hour_ms),
        figure(latency.rtt_p95_hour_ms),
        latency.loss_hour_ratio,
    )
