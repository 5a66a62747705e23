# SPDX-License-Identifier: Apache-2.0

"""``edge-sched coverage``: who is measured from where."""

import argparse
import collections
import itertools
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cliff import lister

from edge_sched.cmd import arguments
from edge_sched.cmd.figures import figure
from edge_sched.cmd.figures import name
from edge_sched.cmd.nova.access import add_nova_configuration
from edge_sched.cmd.nova.access import read_nova_configuration
from edge_sched.cmd.stores import explained
from edge_sched.cmd.stores import patient_settings_of
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import WITHIN
from edge_sched.model.names import normal
from edge_sched.model.text import readable
from edge_sched.store.reader import reader
from edge_sched.store.settings import StoreSettings
from edge_sched.store.survey import fresh_vantages
from edge_sched.store.survey import survey

if TYPE_CHECKING:
    from edge_sched.auditing.coverage import Covered
    from edge_sched.auditing.coverage import Sites
    from edge_sched.auditing.demand import Demands

STATES = ('fresh', 'stale', 'never')

ASKED = ('client', 'project', 'servers', 'budget_ms', 'percentile')
BY_CLIENT = (*ASKED, *STATES, 'within', 'over', 'nearest', 'nearest_ms')
AT_SITE = (*ASKED, 'measured', 'verdict', 'judged_ms')
BY_SITE = ('site', *STATES, 'within', 'over', 'servers')
MISSING = ('site', 'client', 'project', 'servers', 'missing')

#: Of what is missing: with the longest names of site and client.
_WHY_LENGTH = 1000

Rows = Iterator[tuple[Any, ...]]


class Coverage(lister.Lister):
    """Tell who is measured from where, of all clients that servers name.

    By client at how many sites it is measured, at how many of these the
    smallest budget that any server has for it could be kept, and which is the
    nearest; with --site the same as seen from one. By site how many of the
    clients are measured from there. By prefix what has measurements, though
    nobody asks for it. --missing says what is not measured from where, and
    what is amiss. Sites and servers are those of Nova.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_nova_configuration(parser)
        shown = parser.add_mutually_exclusive_group()
        shown.add_argument(
            '--by',
            choices=('client', 'site', 'prefix'),
            default='client',
            help='A row for each of these: prefixes are all that was '
            'measured, as the store has it, names and sites too.',
        )
        shown.add_argument(
            '--missing',
            action='store_true',
            help='A row for each client that a site has not measured lately.',
        )
        parser.add_argument(
            '--project',
            metavar='ID',
            help='What servers of a project ask for.',
        )
        parser.add_argument(
            '--site', metavar='NAME', help='As seen from one site.'
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], Rows]:
        project_id = site = None
        if parsed_args.project is not None:
            project_id = arguments.project_of(parsed_args.project)
        if parsed_args.site is not None:
            site = arguments.site_of(normal(parsed_args.site))
        read_nova_configuration(parsed_args.nova_config_file)
        settings = patient_settings_of(self)
        with explained(settings):
            demands, sites = self._read(settings, project_id, site)
        columns: tuple[str, ...]
        rows: Rows
        if parsed_args.missing:
            columns, rows = MISSING, _missing(demands, sites, settings)
        elif parsed_args.by == 'site':
            columns, rows = BY_SITE, _by_site(demands, sites)
        else:
            found = _by_client(demands, sites)
            if parsed_args.by == 'prefix':
                found = _by_prefix(demands, sites, settings, project_id)
            columns = AT_SITE if site else BY_CLIENT
            rows = map(_at_site if site else _at_all, found)
        return columns, _guarded(rows, settings)

    def _read(
        self, settings: StoreSettings, project_id: str | None, site: str | None
    ) -> 'tuple[Demands, Sites]':
        """What servers ask for, and from where it is to be seen."""
        from edge_sched.auditing.audit import Auditor
        from edge_sched.auditing.coverage import Sites
        from edge_sched.auditing.demand import Demands
        from edge_sched.auditing.trouble import Troubles
        from edge_sched.cmd.nova import databases
        from edge_sched.scheduler.topology.topology import TOPOLOGY

        store = reader(settings)
        troubles = Troubles(self._say)
        with databases.explained():
            batches = Auditor(store, troubles).batches(project_id)
            demands = Demands(itertools.chain.from_iterable(batches))
            topology = TOPOLOGY.get()
        for line in troubles.summary():
            self._say(line)
        if site is not None and not topology.locator.has_site(site):
            raise arguments.BadArgumentError(f'{site!r} is no site of Nova')
        return demands, Sites(store, topology, troubles, site)

    def _say(self, line: str) -> None:
        self.app.stderr.write(f'{line}\n')


def _guarded(rows: Rows, settings: StoreSettings) -> Rows:
    """The same, as they are read."""
    with explained(settings):
        yield from rows


def _by_client(demands: 'Demands', sites: 'Sites') -> 'Iterator[Covered]':
    from edge_sched.auditing.coverage import most_asked_first

    return sites.see(most_asked_first(demands.of_each()))


def _by_prefix(
    demands: 'Demands',
    sites: 'Sites',
    settings: StoreSettings,
    project_id: str | None,
) -> 'Iterator[Covered]':
    from edge_sched.auditing import stored

    found = stored.answering(demands, reader(settings))
    for some in stored.stored_demands(demands, found, settings, project_id):
        yield from sites.see(some)


def _asked(covered: 'Covered') -> tuple[Any, ...]:
    """The cells of ``ASKED``."""
    demand = covered.demand
    return (
        str(covered.client),
        covered.project_id or None,
        demand.servers,
        demand.budget_ms,
        demand.percentile,
    )


def _at_all(covered: 'Covered') -> tuple[Any, ...]:
    """At how many sites it is how."""
    from edge_sched.auditing.coverage import state_of

    verdicts = covered.sites.values()
    states = collections.Counter(map(state_of, verdicts))
    standings = collections.Counter(v.standing for v in verdicts)
    nearest_ms, nearest = min(
        (
            (judged_ms, site)
            for site, judged_ms in covered.judged_ms.items()
            if judged_ms is not None
        ),
        default=(None, None),
    )
    return (
        *_asked(covered),
        *(states[state] for state in STATES),
        standings[WITHIN],
        standings[OVER],
        name(nearest or ''),
        figure(nearest_ms),
    )


def _at_site(covered: 'Covered') -> tuple[Any, ...]:
    """How it is at the only one that is looked from."""
    from edge_sched.auditing.coverage import state_of

    for site, verdict in covered.sites.items():
        return (
            *_asked(covered),
            state_of(verdict),
            verdict.standing.word,
            figure(covered.judged_ms[site]),
        )
    # To itself.
    return *_asked(covered), None, None, None


def _by_site(demands: 'Demands', sites: 'Sites') -> Rows:
    """With how many servers ask for somebody who is not measured there."""
    from edge_sched.auditing.coverage import FRESH
    from edge_sched.auditing.coverage import state_of

    counts = collections.defaultdict[str, collections.Counter[Any]](
        collections.Counter
    )
    # Most are missing at the same sites.
    alike: dict[frozenset[str], frozenset[str]] = {}
    missing_at = {}
    for covered in sites.see(demands.of_each()):
        states = {s: state_of(each) for s, each in covered.sites.items()}
        for site, verdict in covered.sites.items():
            counts[site].update((states[site], verdict.standing))
        at = frozenset(s for s, state in states.items() if state != FRESH)
        key = covered.client, covered.project_id
        missing_at[key] = alike.setdefault(at, at)
    missing = demands.by(missing_at)
    for site, count in sorted(counts.items()):
        servers = missing[site].servers if site in missing else 0
        kinds = (*STATES, WITHIN, OVER)
        yield name(site), *(count[kind] for kind in kinds), servers


def _missing(
    demands: 'Demands', sites: 'Sites', settings: StoreSettings
) -> Rows:
    from edge_sched.auditing import stored
    from edge_sched.auditing.coverage import missing
    from edge_sched.auditing.coverage import most_asked_first

    found = stored.answering(demands, reader(settings))
    asked = most_asked_first(demands.by(stored.as_measured(found)))
    measured = survey(settings).vantages
    fresh = fresh_vantages(settings, time.time(), settings.max_age_seconds)
    for covered in sites.see(asked):
        for each in missing(covered, measured, fresh):
            client, project = str(covered.client), covered.project_id or None
            site, why = name(each.site), readable(each.why, _WHY_LENGTH)
            yield site, client, project, covered.demand.servers, why
