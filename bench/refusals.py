# SPDX-License-Identifier: Apache-2.0

"""Try to learn of servers of others, by words, by queries and by time.

A server is to be near another that is not one of its project, or that was, or
that there never was. Each is refused by our request filter.
"""

import argparse
import functools
import operator
import time

from nova import exception
from oslo_utils import uuidutils

from bench import hosts
from bench.configuration import configured
from bench.deployment import write_servers
from bench.latencies import request_near_servers
from bench.measure import count_statements
from bench.measure import median
from bench.measure import take_turns
from bench.quality_cloud import Sites
from bench.result import Check
from bench.result import Section
from bench.result import row
from bench.result import table
from edge_sched.model import keys

#: Of each kind. So few as in short runs do not tell times apart.
FULL_TRIES, SHORT_TRIES = 3400, 50

PROJECT, ANOTHER = 'project', 'another'

FOREIGN, DELETED, MADE_UP = 'of another project', 'deleted', 'made up'

#: The median of the slowest kind by that of the quickest.
TIME_TARGET = 1.05


def sections(options: argparse.Namespace) -> list[Section]:
    """Try each kind in turns, each UUID once."""
    tries = SHORT_TRIES if options.short else FULL_TRIES
    with configured() as folder:
        sites = Sites(folder)
        # One more, to warm up.
        made_up = [uuidutils.generate_uuid() for _ in range(tries + 1)]
        uuids = {
            FOREIGN: _servers(sites, tries + 1, ANOTHER),
            DELETED: _servers(sites, tries + 1, PROJECT, deleted=True),
            MADE_UP: made_up,
        }
        refusals = Refusals()
        runs = {
            kind: functools.partial(refusals.refuse, each)
            for kind, each in uuids.items()
        }
        rounds = take_turns(runs, tries)
        own = request_near_servers(*_servers(sites, keys.MAX_CLIENTS, PROJECT))
        queries = count_statements(lambda: refusals.begin(own))
    medians_ms = {
        kind: 1e3 * median(rounds, operator.itemgetter(kind)) for kind in runs
    }
    rows = [['', *runs], row('median ms', medians_ms.values(), '.3f')]
    told = ', '.join(sorted(refusals.words))
    return [
        Section(
            'What a refusal tells of a server',
            f'{tries} tries of each kind, in turns: a server is to be near '
            f'another that is not one of its project. They are told: {told}'
            f'\n\n{table(rows)}',
            [
                Check('different words', len(refusals.words), 1),
                Check(
                    'median time of the slowest kind / of the quickest',
                    max(medians_ms.values()) / min(medians_ms.values()),
                    None if options.short else TIME_TARGET,
                ),
                Check(
                    f'queries of a request that names {keys.MAX_CLIENTS} '
                    'servers of a cell, the look-up included',
                    queries,
                    3,
                ),
            ],
        )
    ]


def _servers(
    sites: Sites, count: int, project_id: str, *, deleted: bool = False
) -> list[str]:
    """Add servers, on any hosts; their UUIDs."""
    names = [host.name for host in sites.plan.hosts]
    host_of = {
        uuidutils.generate_uuid(): names[number % len(names)]
        for number in range(count)
    }
    write_servers(sites.cell, host_of, project_id, deleted=deleted)
    return list(host_of)


class Refusals:
    """Requests that are refused before Placement is asked."""

    def __init__(self) -> None:
        self.begin = hosts.Stages().begin
        #: What they were told, without the UUID.
        self.words: set[str] = set()

    def refuse(self, uuids: list[str], number: int) -> float:
        """Ask for a server near one of them; seconds.

        :raises RuntimeError: if that is not refused
        """
        spec = request_near_servers(uuids[number])
        start = time.perf_counter()
        try:
            self.begin(spec)
        except exception.RequestFilterFailed as refusal:
            seconds = time.perf_counter() - start
            self.words.add(str(refusal).replace(uuids[number], '...'))
            return seconds
        raise RuntimeError(f'{uuids[number]} is not refused')
