# SPDX-License-Identifier: Apache-2.0

"""``edge-sched report``: is it good, on one page."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cliff import command

from edge_sched.cmd import logs
from edge_sched.cmd.nova.access import add_nova_configuration
from edge_sched.cmd.nova.access import read_nova_configuration
from edge_sched.cmd.output import STDOUT
from edge_sched.cmd.output import written
from edge_sched.cmd.stores import explained
from edge_sched.cmd.stores import patient_settings_of
from edge_sched.model.text import readable
from edge_sched.report.page import render
from edge_sched.report.refusals import Refusals
from edge_sched.report.refusals import Refused
from edge_sched.store.reader import reader

if TYPE_CHECKING:
    from edge_sched.report.page import Page

#: How many of the records that make trouble are named.
_NAMED = 10


class Report(command.Command):
    """Write one page on how good it is: an HTML file that loads nothing.

    Servers over their budget with their better site, how far clients are from
    the sites, how fresh that is, groups at risk of one site and, with the logs
    of nova-scheduler, what was refused and why. For operators: it names all
    projects. Nova's databases and the latency store are only read.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_nova_configuration(parser)
        parser.add_argument(
            '-o',
            '--output',
            metavar='FILE',
            required=True,
            help=f'The file to write, whole or not at all; {STDOUT} is '
            'standard output.',
        )
        parser.add_argument(
            '--log',
            metavar='FILE',
            dest='logs',
            action='append',
            default=[],
            help=f'A log of nova-scheduler, {logs.HELP} Can be repeated.',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        # First, so that nobody waits for what cannot be written.
        with written(parsed_args.output, self.app.stdout) as stream:
            refused = self._refused(parsed_args.logs)
            read_nova_configuration(parsed_args.nova_config_file)
            stream.write(render(self._page(refused)))

    def _page(self, refused: Refused | None) -> 'Page':
        from edge_sched.auditing.picture import picture
        from edge_sched.auditing.trouble import Troubles
        from edge_sched.cmd.nova import databases

        settings = patient_settings_of(self)
        troubles = Troubles(self._say)
        with explained(settings), databases.explained():
            page = picture(reader(settings), troubles, refused)
        for line in page.unjudged:
            self._say(line)
        return page

    def _refused(self, paths: Sequence[str]) -> Refused | None:
        """What the logs tell, ``None`` if there are none."""
        if not paths:
            return None
        refusals = Refusals()
        for path in paths:
            for found in logs.records_in(path, self.app.stdin):
                problem = refusals.add(found)
                if problem and refusals.broken <= _NAMED:
                    where = f'{path}, line {found.line}'
                    self._say(readable(f'{where}: {problem}'))
        return refusals.refused()

    def _say(self, line: str) -> None:
        self.app.stderr.write(f'{line}\n')
