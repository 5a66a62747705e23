# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Measure what it costs a worker to know where all hosts are.

    usage: python -m bench.whereabouts [--short]

Sites, zones and cells of all hosts are read every ``membership_ttl`` and
kept. Printed are the CPU time of reading them, their memory, what they add to
a full garbage collection, and what a request spends on choosing its sites
(without Placement, which is asked for nothing here).
"""

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import NamedTuple
from unittest import mock

import nova.conf
from nova import context as nova_context
from oslo_utils import uuidutils

from bench import region
from bench import report
from bench import store
from bench.configuration import configure
from bench.pages import show
from bench.process import private_megabytes
from bench.result import Check
from bench.result import Growth
from bench.result import Section
from bench.roomy import Roomy
from bench.specs import request_spec
from edge_sched.scheduler import narrow
from edge_sched.scheduler.region import REGION
from edge_sched.scheduler.region import load_region
from edge_sched.scheduler.request_filter import edge_latency

CONF = nova.conf.CONF

SIZES = (1000, 10_000, 100_000)
SHORT_SIZES = (1000, 10_000)
HOSTS_PER_SITE = 100
#: Sites that a client is measured from.
MEASURED_SITES = 16
TURNS = 15

#: Chosen: what ten times as many hosts may cost a request in choosing sites.
TARGET_GROWTH = 3.0


class Figures(NamedTuple):
    """Of one number of hosts.

    :param sites: at so many sites
    :param gc_ms: of a full collection, without what is kept
    :param gc_more_ms: what it takes longer with it
    :param choose_ms: CPU time of our request filter, Placement apart
    """

    hosts: int
    sites: int
    load_seconds: float
    megabytes: float
    gc_ms: float
    gc_more_ms: float
    choose_ms: float


def measured(hosts: int) -> Figures:
    """Measure in a process of its own."""
    done = subprocess.run(
        [sys.executable, '-m', 'bench.whereabouts', '--hosts', str(hosts)],
        stdout=subprocess.PIPE,
        check=True,
    )
    return Figures(*json.loads(done.stdout))


def measure_here(hosts: int) -> Figures:
    """Measure in this process, which should do nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        configure(folder)
        CONF.set_override('narrow_candidates', 'always', 'edge_sched')
        sites = _write(hosts)
        store.fill(f'{folder}/latency.sqlite', sites[:MEASURED_SITES])
        # What is imported and pooled at the first time is not counted.
        load_region()
        before = private_megabytes()
        gc_seconds = _gc_seconds()
        start = time.thread_time()
        kept = REGION.get()
        load_seconds = time.thread_time() - start
        megabytes = private_megabytes() - before
        gc_more_seconds = _gc_seconds() - gc_seconds
        choose_seconds = _choose_seconds()
        assert kept is REGION.get()
    return Figures(
        hosts,
        len(sites),
        load_seconds,
        megabytes,
        1000 * gc_seconds,
        1000 * gc_more_seconds,
        1000 * choose_seconds,
    )


def _write(hosts: int) -> list[str]:
    """Hosts, cells and aggregates; returns the sites."""
    names = [f'host-{number}' for number in range(hosts)]
    site_of = {
        name: f'site-{number // HOSTS_PER_SITE}'
        for number, name in enumerate(names)
    }
    cells = [
        uuidutils.generate_uuid()
        for _ in range(0, hosts, region.HOSTS_PER_CELL)
    ]
    region.write_api_database(cells, list(region.aggregates(names, site_of)))
    region.map_hosts(names)
    return list(dict.fromkeys(site_of.values()))


def _gc_seconds() -> float:
    gc.collect()
    turns = []
    for _ in range(TURNS):
        start = time.thread_time()
        gc.collect()
        turns.append(time.thread_time() - start)
    return statistics.median(turns)


def _choose_seconds() -> float:
    """The CPU time of our request filter with a Placement that has room."""
    context = nova_context.RequestContext('user', 'project')
    turns = []
    with mock.patch.object(narrow, 'Query', Roomy):
        for _ in range(TURNS):
            spec = request_spec(
                context,
                {'edge:latency_budget_ms': f'{store.BUDGET_MS}'},
                {'edge:client': [store.CLIENT]},
            )
            start = time.thread_time()
            edge_latency(context, spec)
            turns.append(time.thread_time() - start)
    if not spec.requested_destination.aggregates:
        raise RuntimeError('the request was not narrowed')
    return statistics.median(turns)


def sections(options: argparse.Namespace) -> list[Section]:
    """A table by the number of hosts."""
    figures = [measured(n) for n in (SHORT_SIZES if options.short else SIZES)]
    rows = [
        [
            'hosts',
            'sites',
            'reading, CPU s',
            'memory, MB',
            'full GC, ms',
            'GC more, ms',
            'choosing, ms',
        ]
    ]
    rows += [
        [
            f'{each.hosts}',
            f'{each.sites}',
            f'{each.load_seconds:.2f}',
            f'{each.megabytes:.1f}',
            f'{each.gc_ms:.0f}',
            f'{each.gc_more_ms:.1f}',
            f'{each.choose_ms:.2f}',
        ]
        for each in figures
    ]
    *_, fewer, most = figures
    return [
        Section(
            'Knowing where hosts are',
            'Read from the API database (SQLite) every `membership_ttl`; '
            f'{HOSTS_PER_SITE} hosts a site, three aggregates a host, a '
            f'client measured from {MEASURED_SITES} sites.\n\n'
            + report.table(rows),
            [
                Check(
                    f'choosing sites, {most.hosts} hosts / {fewer.hosts}',
                    most.choose_ms / fewer.choose_ms,
                    TARGET_GROWTH,
                )
            ],
            [
                Growth(
                    'Choosing sites',
                    'hosts',
                    'CPU ms a request',
                    {'': [(f.hosts, f.choose_ms) for f in figures]},
                )
            ],
        )
    ]


def main(arguments: Sequence[str]) -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--short', action='store_true')
    parser.add_argument('--hosts', type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.hosts:
        print(json.dumps(measure_here(options.hosts)))
        return 0
    return show(sections(options))


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
