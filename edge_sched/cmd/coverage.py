# SPDX-License-Identifier: Apache-2.0

"""``edge-sched coverage``: who is measured from where."""

import argparse
import collections
import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cliff import lister

from edge_sched.cmd import arguments
from edge_sched.cmd.nova.access import add_nova_configuration
from edge_sched.cmd.nova.access import read_nova_configuration
from edge_sched.cmd.stores import explained
from edge_sched.cmd.stores import patient_settings_of
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import WITHIN
from edge_sched.model.names import normal
from edge_sched.store.reader import reader
from edge_sched.store.settings import StoreSettings
from edge_sched.store.survey import fresh_vantages
from edge_sched.store.survey import survey

if TYPE_CHECKING:
    from edge_sched.auditing.coverage import Covered

STATES = ('fresh', 'stale', 'never')

BY_CLIENT = (
    'client',
    'project',
    'servers',
    'budget_ms',
    'percentile',
    *STATES,
    'within',
    'over',
)
BY_SITE = ('site', *STATES, 'servers')
MISSING = ('site', 'client', 'project', 'servers', 'missing')


class Coverage(lister.Lister):
    """Tell who is measured from where, of all clients that servers name.

    By client at how many sites it is measured, and at how many of these the
    smallest budget that any server has for it could be kept; by site how many
    of the clients are measured from there. --missing names each that is not,
    with what is amiss. Sites and servers are those of Nova.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_nova_configuration(parser)
        shown = parser.add_mutually_exclusive_group()
        shown.add_argument(
            '--by',
            choices=('client', 'site'),
            default='client',
            help='A row for each of these.',
        )
        shown.add_argument(
            '--missing',
            action='store_true',
            help='A row for each client that a site has not measured lately.',
        )
        parser.add_argument(
            '--project', metavar='ID', help='What servers of a project ask.'
        )
        parser.add_argument(
            '--site', metavar='NAME', help='As seen from one site.'
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        project_id = site = None
        if parsed_args.project is not None:
            project_id = arguments.project_of(parsed_args.project)
        if parsed_args.site is not None:
            site = arguments.site_of(normal(parsed_args.site))
        read_nova_configuration(parsed_args.nova_config_file)
        settings = patient_settings_of(self)
        with explained(settings):
            found = self._covered(settings, project_id, site)
            if parsed_args.missing:
                return MISSING, list(_missing(found, settings))
        if parsed_args.by == 'site':
            return BY_SITE, _by_site(found)
        return BY_CLIENT, [_by_client(each) for each in found]

    def _covered(
        self,
        settings: StoreSettings,
        project_id: str | None,
        site: str | None,
    ) -> 'list[Covered]':
        from edge_sched.auditing.audit import Auditor
        from edge_sched.auditing.coverage import cover
        from edge_sched.auditing.coverage import demands
        from edge_sched.auditing.trouble import Troubles
        from edge_sched.cmd.nova import databases
        from edge_sched.scheduler.topology.topology import TOPOLOGY

        store = reader(settings)
        troubles = Troubles(self._say)
        with databases.explained():
            batches = Auditor(store, troubles).batches(project_id)
            wanted = demands(itertools.chain.from_iterable(batches))
            topology = TOPOLOGY.get()
        for line in troubles.summary():
            self._say(line)
        if site is not None and not topology.locator.has_site(site):
            raise arguments.BadArgumentError(f'{site!r} is no site of Nova')
        return list(cover(wanted, store, topology, site))

    def _say(self, line: str) -> None:
        self.app.stderr.write(f'{line}\n')


def _by_client(covered: 'Covered') -> tuple[Any, ...]:
    from edge_sched.auditing.coverage import state_of

    states = collections.Counter(map(state_of, covered.sites.values()))
    standings = collections.Counter(
        verdict.standing for verdict in covered.sites.values()
    )
    return (
        str(covered.client),
        covered.project_id or None,
        covered.demand.servers,
        covered.demand.budget_ms,
        covered.demand.percentile,
        *(states[state] for state in STATES),
        standings[WITHIN],
        standings[OVER],
    )


def _by_site(found: 'Sequence[Covered]') -> list[tuple[Any, ...]]:
    """With how many servers ask for somebody who is not measured there."""
    from edge_sched.auditing.coverage import state_of

    states: dict[str, collections.Counter[str]] = {}
    servers: collections.Counter[str] = collections.Counter()
    for covered in found:
        for site, verdict in covered.sites.items():
            state = state_of(verdict)
            states.setdefault(site, collections.Counter())[state] += 1
            if state != 'fresh':
                servers[site] += covered.demand.servers
    return [
        (site, *(states[site][state] for state in STATES), servers[site])
        for site in sorted(states)
    ]


def _missing(
    found: 'Iterable[Covered]', settings: StoreSettings
) -> Iterator[tuple[Any, ...]]:
    from edge_sched.auditing.coverage import missing

    measured = survey(settings).vantages
    fresh = fresh_vantages(settings, time.time(), settings.max_age_seconds)
    for covered in found:
        for each in missing(covered, measured, fresh):
            client, project = str(covered.client), covered.project_id or None
            yield each.site, client, project, covered.demand.servers, each.why
