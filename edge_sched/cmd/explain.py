# SPDX-License-Identifier: Apache-2.0

"""``edge-sched explain``: why a server is where it is, and not elsewhere."""

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cliff import columns
from cliff import show

from edge_sched.cmd import arguments
from edge_sched.cmd import logs
from edge_sched.cmd.figures import figure
from edge_sched.cmd.figures import name
from edge_sched.cmd.nova.access import add_nova_configuration
from edge_sched.cmd.nova.access import read_nova_configuration
from edge_sched.cmd.stores import explained
from edge_sched.cmd.stores import patient_settings_of
from edge_sched.model.text import readable
from edge_sched.replay.budgets import without_budgets
from edge_sched.replay.lines import Found
from edge_sched.replay.recorded import BadRecordError
from edge_sched.replay.recorded import NotInFullError
from edge_sched.replay.recorded import read
from edge_sched.store.reader import reader

if TYPE_CHECKING:
    from edge_sched.auditing.explain import Explanation
    from edge_sched.auditing.explain import Site

SITE_COLUMNS = (
    'site',
    'cell',
    'hosts',
    'room',
    'verdict',
    'rtt_p50_ms',
    'rtt_p95_ms',
    'rtt_p50_hour_ms',
    'rtt_p95_hour_ms',
    'age_seconds',
    'members',
    'why_not',
)


class Explain(show.ShowOne):
    """Tell why a server is where it is, and why not at any other site.

    What it asks for, the verdict on its place and on each site by today's
    rows, and what keeps it from going there. With the log of nova-scheduler
    also what was decided then, and without which weigher or budget it would
    have gone elsewhere ([edge_sched] record_detail = full).
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_nova_configuration(parser)
        parser.add_argument(
            '--log',
            metavar='FILE',
            dest='logs',
            action='append',
            default=[],
            help=f'A log of nova-scheduler, {logs.HELP} Can be repeated.',
        )
        parser.add_argument(
            '--room',
            action='store_true',
            help='Ask Placement which of the sites that a move may end at '
            'have room.',
        )
        parser.add_argument(
            'server', metavar='SERVER', help='The id of a server.'
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        server = arguments.server_of(parsed_args.server)
        decisions = list(self._decisions(server, parsed_args.logs))
        read_nova_configuration(parsed_args.nova_config_file)
        told = _told(self._explanation(server, parsed_args.room))
        if parsed_args.logs:
            told['decisions'] = Lines(decisions, list(map(_line, decisions)))
        return tuple(told), tuple(told.values())

    def _explanation(self, server: str, asks_room: bool) -> 'Explanation':
        from edge_sched.auditing.explain import explain
        from edge_sched.auditing.trouble import Troubles
        from edge_sched.cmd.nova import databases

        settings = patient_settings_of(self)
        troubles = Troubles(self._say)
        with explained(settings), databases.explained():
            found = explain(server, reader(settings), troubles, asks_room)
        if found is None:
            raise arguments.BadArgumentError(
                f'there is nothing to explain of server {server}: it has no '
                'edge: key, or no host, or there is none'
            )
        return found

    def _decisions(self, server: str, paths: Sequence[str]) -> Any:
        """What was decided of it, in the order of the logs."""
        for path in paths:
            for found in logs.records_in(path, self.app.stdin):
                if found.problem:
                    where = f'{path}, line {found.line}'
                    self._say(readable(f'{where}: {found.problem}'))
                elif found.record.get('instance') == server:
                    yield _decision(found)

    def _say(self, line: str) -> None:
        self.app.stderr.write(f'{line}\n')


class Lines(columns.FormattableColumn[Any]):
    """Something with parts: lines for people, as it is for machines."""

    def __init__(self, value: Any, lines: Sequence[str]) -> None:
        super().__init__(value)
        self._lines = lines

    def human_readable(self) -> str:
        return '\n'.join(self._lines)


def _told(explanation: 'Explanation') -> dict[str, Any]:
    finding, intent = explanation.finding, explanation.intent
    comparison = finding.comparison
    asks = intent.written()
    sites = [_site(site) for site in explanation.sites]
    return {
        'server': finding.server,
        'project': finding.project_id,
        'host': finding.host,
        'site': name(finding.site),
        'asks': Lines(asks, [f'{k} {_text(v)}' for k, v in asks.items()]),
        'clamped': Lines(list(intent.clamped), intent.clamped),
        'verdict': comparison.standing.word,
        'judged_ms': figure(comparison.judged_ms),
        'budget_ms': comparison.budget_ms,
        'best_site': name(finding.best_site),
        'best_ms': figure(comparison.best_ms),
        'movable': finding.movable,
        'room_problem': explanation.room_problem or None,
        'sites': Lines(sites, _table(sites)),
    }


def _site(site: 'Site') -> dict[str, Any]:
    deciding = site.verdict.deciding
    row = deciding.latency
    age_seconds = deciding.age_seconds
    values = (
        site.site or f'({site.zone})',
        site.cell,
        site.hosts,
        site.room,
        site.verdict.standing.word,
        figure(row.rtt_p50_ms) if row else None,
        figure(row.rtt_p95_ms) if row else None,
        figure(row.rtt_p50_hour_ms) if row else None,
        figure(row.rtt_p95_hour_ms) if row else None,
        None if age_seconds is None else round(age_seconds, 1),
        list(site.members),
        site.why_not,
    )
    return dict(zip(SITE_COLUMNS, map(_plain, values), strict=True))


def _plain(value: Any) -> Any:
    """Nested values are not formatted by cliff."""
    if isinstance(value, columns.FormattableColumn):
        return value.machine_readable()
    return value


def _table(sites: Sequence[Mapping[str, Any]]) -> list[str]:
    """Aligned, with a header."""
    rows = [SITE_COLUMNS, *(map(_text, site.values()) for site in sites)]
    texts = [[readable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return ['  '.join(map(str.ljust, row, widths)).rstrip() for row in texts]


def _text(value: Any) -> str:
    if value is None:
        return '-'
    if isinstance(value, list):
        return ', '.join(map(str, value)) or '-'
    return str(value)


def _decision(found: Found) -> dict[str, Any]:
    """What was decided, as far as the record tells."""
    record = found.record
    told = {'logged_at': found.logged_at or None} | {
        name: record.get(name)
        for name in ('request_id', 'operation', 'mode', 'outcome')
    }
    try:
        recorded = read(record)
    except (BadRecordError, NotInFullError) as error:
        return told | {'not_explained': str(error)}
    return told | {
        'first': recorded.first,
        'next': recorded.next,
        'without_weigher': recorded.without,
        'turns': recorded.turns,
        'without_budget': without_budgets(recorded),
    }


def _line(decision: Mapping[str, Any]) -> str:
    """``create req-1: judged, lyon-1 first; without RAMWeigher lyon-2``.

    After when it was logged, if that is known.
    """
    said = [f'{at} '] if (at := decision['logged_at']) else []
    said.append(f'{decision["operation"]} {decision["request_id"]}: ')
    said.append(f'{decision["outcome"]}')
    if why := decision.get('not_explained'):
        return readable(f'{"".join(said)} (the record {why})')
    if first := decision['first']:
        said.append(f', {first} first')
    for weigher, host in decision['without_weigher'].items():
        said.append(f'; without {weigher} {host}')
    for budget, site in decision['without_budget'].items():
        said.append(f'; without the budget of {budget} {site or "nowhere"}')
    return readable(''.join(said), 1000)
