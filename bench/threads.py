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

"""Measure whether threads wait for each other because of the plug-in.

    usage: python -m bench.threads [--short]

A worker of nova-scheduler serves up to 64 requests at a time. So many threads
let the default filters and all weighers of Nova pass over their hosts, with
and without ours. All of them share one core, as Python threads do, so what
counts is how many passes they make in all: less than ours cost in CPU time
would mean that they queue for a lock.
"""

import argparse
import copy
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence

import nova.conf
from nova import context as nova_context
from nova import objects
from nova.scheduler import filters
from nova.scheduler import weights

from bench import region
from bench import report
from bench import store
from bench.alone import run_alone
from bench.configuration import FOREVER_SECONDS
from bench.configuration import configure
from bench.measure import Round
from bench.measure import median
from bench.measure import ratio
from bench.measure import total
from bench.result import Check
from bench.result import Section
from bench.specs import request_spec
from bench.subjects import named_filters
from edge_sched.scheduler.filters import EdgeLatencyFilter
from edge_sched.scheduler.region import REGION
from edge_sched.scheduler.request_filter import edge_latency
from edge_sched.scheduler.weights import EdgeCellLatencyWeigher
from edge_sched.scheduler.weights import EdgeLatencyWeigher

CONF = nova.conf.CONF

THREADS = 64
#: As many as are surely in the store.
HOSTS = 1000
SHORT_HOSTS = 300
PASSES = 1

#: Hosts a site, in turn: few sites and many.
SITE_SIZES = (region.SITE_SIZES, (1,))

PATIENCE_SECONDS = 600
ROUNDS = 5

TARGET = 0.85

WITHOUT = 'without the plug-in'
CACHED = 'with it, one client'
COLD = 'with it, a look-up each'


class Caller:
    """One thread's requests, on hosts of its own.

    :param client: the address of its pass of that number
    """

    def __init__(
        self,
        hosts: Sequence[object],
        default_filters: Sequence[str],
        client: Callable[[int], str] | None,
    ) -> None:
        self._hosts = [copy.copy(host) for host in hosts]
        self._context = nova_context.RequestContext('user', 'project')
        self._filters = named_filters(default_filters)
        self._weighers = [cls() for cls in weights.all_weighers()]
        self._client = client
        if client:
            self._filters.append(EdgeLatencyFilter())
            self._weighers += [EdgeLatencyWeigher(), EdgeCellLatencyWeigher()]

    def passes(self, count: int, first: int) -> None:
        """Schedule one server after the other.

        :param first: the number of the first pass
        """
        for number in range(first, first + count):
            spec = self._spec(number)
            if self._client:
                edge_latency(self._context, spec)
            left = filters.HostFilterHandler().get_filtered_objects(
                self._filters, self._hosts, spec
            )
            if len(left) != len(self._hosts):
                raise RuntimeError(f'{len(left)} hosts passed')
            weights.HostWeightHandler().get_weighed_objects(
                self._weighers, left, spec
            )

    def _spec(self, number: int) -> objects.RequestSpec:
        hints = {}
        if self._client:
            hints['edge:client'] = [self._client(number)]
        return request_spec(
            self._context,
            {'edge:latency_budget_ms': f'{store.BUDGET_MS}'},
            hints,
        )


def wall_seconds(callers: Sequence[Caller], round_number: int) -> float:
    """How long all threads take together, once all have started."""
    barrier = threading.Barrier(len(callers) + 1)
    failed: list[BaseException] = []

    def run(number: int, caller: Caller) -> None:
        barrier.wait()
        try:
            first = (round_number * len(callers) + number) * PASSES
            caller.passes(PASSES, first)
        except BaseException as error:
            failed.append(error)

    threads = [
        threading.Thread(target=run, args=(number, caller))
        for number, caller in enumerate(callers)
    ]
    for thread in threads:
        thread.start()
    barrier.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return time.perf_counter() - start


def sections(options: argparse.Namespace) -> list[Section]:
    """Let them take turns, and compare within each round."""
    hosts = SHORT_HOSTS if options.short else HOSTS
    with tempfile.TemporaryDirectory() as folder:
        default_filters = configure(folder)
        # The thread that asks the store waits for the core as all others do.
        CONF.set_override('store_timeout', PATIENCE_SECONDS, 'edge_sched')
        return [
            _at_once(folder, default_filters, hosts, sizes)
            for sizes in SITE_SIZES
        ]


def _at_once(
    folder: str,
    default_filters: Sequence[str],
    hosts: int,
    site_sizes: Sequence[int],
) -> Section:
    built = region.build(hosts, site_sizes)
    sites = len(built.sites)
    store.fill(f'{folder}/latency-{sites}.sqlite', built.sites)
    REGION.forget()
    many = store.client_count(sites)
    clients = {
        WITHOUT: None,
        CACHED: lambda _: store.CLIENT,
        COLD: lambda number: store.client_address(number % many),
    }
    callers = {
        name: [
            Caller(built.hosts, default_filters, client)
            for _ in range(THREADS)
        ]
        for name, client in clients.items()
    }
    rounds = [_round(callers, number) for number in range(ROUNDS + 1)][1:]
    return _section(rounds, hosts, sites)


def _round(callers: dict[str, list[Caller]], number: int) -> Round:
    names = list(callers)
    turn = number % len(names)
    seconds = {}
    for name in [*names[turn:], *names[:turn]]:
        ttl_seconds = 0 if name == COLD else FOREVER_SECONDS
        CONF.set_override('cache_ttl', ttl_seconds, 'edge_sched')
        seconds[name] = wall_seconds(callers[name], number)
    return seconds


def _section(rounds: Sequence[Round], hosts: int, sites: int) -> Section:
    requests = THREADS * PASSES
    rows = [['', 'requests a second', 'of those without']]
    throughput = {
        name: median(rounds, ratio(total(WITHOUT), total(name)))
        for name in (WITHOUT, CACHED, COLD)
    }
    for name, share in throughput.items():
        seconds = median(rounds, total(name))
        rows.append([name, f'{requests / seconds:.0f}', f'{share:.3f}'])
    return Section(
        f'{THREADS} threads at once, {sites} sites',
        f'Requests at once, on {hosts} hosts each; medians of {len(rounds)} '
        'rounds in which all take turns. With a `store_timeout` of '
        f'{PATIENCE_SECONDS} s: the thread that asks the store waits for the '
        'core as all others do.\n\n' + report.table(rows),
        [
            Check(
                f'throughput, {name}, {sites} sites',
                throughput[name],
                TARGET,
                False,
            )
            for name in (CACHED, COLD)
        ],
    )


if __name__ == '__main__':
    sys.exit(run_alone(sections, __doc__))
