# SPDX-License-Identifier: Apache-2.0

"""``edge-sched audit``: which servers are where they ought to be, by now."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cliff import lister

from edge_sched.cmd import arguments
from edge_sched.cmd.figures import milliseconds
from edge_sched.cmd.figures import name
from edge_sched.cmd.figures import timestamp
from edge_sched.cmd.nova.access import add_nova_configuration
from edge_sched.cmd.nova.access import read_nova_configuration
from edge_sched.cmd.stores import explained
from edge_sched.cmd.stores import patient_settings_of
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import Standing
from edge_sched.model.names import normal
from edge_sched.store.reader import reader
from edge_sched.store.standings import read_over_since

if TYPE_CHECKING:
    from edge_sched.auditing.audit import Finding

COLUMNS = (
    'server',
    'project',
    'site',
    'client',
    'verdict',
    'judged_ms',
    'budget_ms',
    'over_since',
    'best_site',
    'best_ms',
    'gain_ms',
    'movable',
)

#: Exit status with ``--fail-over``.
ANY_OVER = 3

VERDICTS = tuple(standing.word for standing in Standing)


class Audit(lister.Lister):
    """Judge every server with an edge: key at its place, by today's rows.

    As the scheduler would, with the configuration of Nova; nova-scheduler is
    not asked. best_site is the best other site of its cell; whether there is
    room nobody asks. What could not be judged is named on stderr.
    """

    any_over = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_nova_configuration(parser)
        parser.add_argument(
            '--verdict',
            choices=VERDICTS,
            action='append',
            default=[],
            help='Show servers with this verdict; can be repeated.',
        )
        parser.add_argument(
            '--project', metavar='ID', help='Audit the servers of a project.'
        )
        parser.add_argument(
            '--site', metavar='NAME', help='Show the servers at a site.'
        )
        parser.add_argument(
            '--max-rate',
            metavar='N',
            help='Look at no more than N servers of the cloud a second, those '
            'without a key included.',
        )
        parser.add_argument(
            '--fail-over',
            action='store_true',
            help=f'Exit with {ANY_OVER} if any server that is shown is over.',
        )
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        status = super().run(parsed_args)
        failed = parsed_args.fail_over and self.any_over
        return ANY_OVER if failed and not status else status

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        project_id = max_rate = None
        if parsed_args.project is not None:
            project_id = arguments.project_of(parsed_args.project)
        if parsed_args.max_rate is not None:
            max_rate = arguments.whole_of(
                '--max-rate', parsed_args.max_rate, 1, 1_000_000
            )
        site = None
        if parsed_args.site is not None:
            site = arguments.site_of(normal(parsed_args.site))
        is_shown = _filter(parsed_args.verdict, site)
        read_nova_configuration(parsed_args.nova_config_file)
        if site is not None:
            _check(site)
        return COLUMNS, self._rows(project_id, max_rate, is_shown)

    def _rows(
        self,
        project_id: str | None,
        max_rate: int | None,
        is_shown: 'Callable[[Finding], bool]',
    ) -> Iterator[tuple[Any, ...]]:
        """A row of each that is shown, as soon as it is known."""
        from edge_sched.auditing.audit import Auditor
        from edge_sched.auditing.trouble import Troubles
        from edge_sched.cmd.nova import databases

        settings = patient_settings_of(self)
        troubles = Troubles(self._say)
        auditor = Auditor(reader(settings), troubles, max_rate)
        with explained(settings), databases.explained():
            over_since = read_over_since(settings)
            for finding in auditor.findings(project_id):
                if is_shown(finding):
                    is_over = finding.comparison.standing is OVER
                    self.any_over |= is_over
                    since = over_since.get(finding.server) if is_over else None
                    yield _cells(finding, since)
        for line in troubles.summary():
            self._say(line)

    def _say(self, line: str) -> None:
        self.app.stderr.write(f'{line}\n')


def _check(site: str) -> None:
    """Let nobody take a site that there is not for one that is well.

    :raises BadArgumentError: if it is none
    """
    from edge_sched.cmd.nova import databases
    from edge_sched.scheduler.topology.topology import TOPOLOGY

    with databases.explained():
        is_one = TOPOLOGY.get().locator.has_site(site)
    if not is_one:
        raise arguments.BadArgumentError(f'{site!r} is no site of Nova')


def _filter(
    words: Sequence[str], site: str | None
) -> 'Callable[[Finding], bool]':
    verdicts = {Standing[each.upper()] for each in words}

    def is_shown(finding: 'Finding') -> bool:
        if verdicts and finding.comparison.standing not in verdicts:
            return False
        return site is None or site in finding.sites

    return is_shown


def _cells(finding: 'Finding', over_since: float | None) -> tuple[Any, ...]:
    comparison = finding.comparison
    client = comparison.client
    return (
        finding.server,
        finding.project_id,
        name(finding.site),
        None if client is None else str(client),
        comparison.standing.word,
        milliseconds(comparison.judged_ms),
        comparison.budget_ms,
        None if over_since is None else timestamp(over_since),
        name(finding.best_site),
        milliseconds(comparison.best_ms),
        milliseconds(comparison.gain_ms),
        finding.movable,
    )
