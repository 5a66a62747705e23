# SPDX-License-Identifier: Apache-2.0

"""Measure whether threads wait for each other because of the plug-in.

A worker of nova-scheduler serves up to 64 requests at a time. So many threads
let the default filters and all weighers of Nova pass over their hosts, with
and without ours. All of them share one core, as Python threads do, so what
counts is how many passes they make in all: less than ours cost in CPU time
would mean that they queue for a lock.
"""

import argparse
import concurrent.futures
import copy
import functools
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import nova.conf

from bench import latencies
from bench.configuration import FOREVER_SECONDS
from bench.configuration import configure
from bench.hosts import Stages
from bench.hosts import all_filtered
from bench.hosts import build
from bench.measure import Round
from bench.measure import take_turns
from bench.plan import SITE_SIZES
from bench.plan import make_plan
from bench.records import request_spec
from bench.result import Check
from bench.result import Section
from bench.result import table

CONF = nova.conf.CONF

THREADS = 64
#: As many as are surely in the store.
HOSTS = 1000
SHORT_HOSTS = 300

#: Hosts a site, in turn: few sites and many.
SHAPES = (SITE_SIZES, (1,))

ROUNDS = 5
TARGET = 0.85

WITHOUT = 'without the plug-in'
CACHED = 'with it, one client'
COLD = 'with it, a look-up each'

#: Who the request of a number is near.
Client = Callable[[int], int]


class Caller:
    """One thread's requests, on hosts of its own."""

    def __init__(
        self,
        states: Sequence[Any],
        default_filters: Sequence[str],
        client: Client | None,
    ) -> None:
        self._hosts = [copy.copy(host) for host in states]
        self._client = client
        self._stages = Stages(default_filters, with_ours=client is not None)

    def place(self, barrier: threading.Barrier, number: int) -> None:
        """Schedule a server once all threads are there.

        :param number: of the request
        """
        barrier.wait()
        spec = request_spec(
            {'edge:latency_budget_ms': f'{latencies.BUDGET_MS}'},
            latencies.near(self._client(number)) if self._client else {},
        )
        self._stages.begin(spec)
        left = all_filtered(self._stages.filters, self._hosts, spec)
        self._stages.weigh(left, spec)


def wall_seconds(
    callers: Sequence[Caller], ttl_seconds: int, number: int
) -> float:
    """How long all threads take together, once all have started.

    :param number: of the round
    """
    CONF.set_override('cache_ttl', ttl_seconds, 'edge_sched')
    barrier = threading.Barrier(len(callers) + 1)
    with concurrent.futures.ThreadPoolExecutor(len(callers)) as pool:
        placed = [
            pool.submit(caller.place, barrier, number * len(callers) + i)
            for i, caller in enumerate(callers)
        ]
        barrier.wait()
        start = time.perf_counter()
        for each in placed:
            each.result()
        return time.perf_counter() - start


def sections(options: argparse.Namespace) -> list[Section]:
    """Let them take turns, and compare within each round."""
    count = SHORT_HOSTS if options.short else HOSTS
    with tempfile.TemporaryDirectory() as folder:
        default_filters = configure(folder)
        return [
            _at_once(folder, default_filters, count, sizes) for sizes in SHAPES
        ]


def _at_once(
    folder: str,
    default_filters: Sequence[str],
    count: int,
    site_sizes: Sequence[int],
) -> Section:
    plan = make_plan(count, site_sizes)
    states = build(plan).all
    sites = list(plan.hosts_at)
    latencies.fill(f'{folder}/{len(sites)}.sqlite', sites)
    many = latencies.client_count(len(sites))
    clients: dict[str, tuple[Client | None, int]] = {
        WITHOUT: (None, FOREVER_SECONDS),
        CACHED: (lambda number: latencies.CLIENT, FOREVER_SECONDS),
        COLD: (lambda number: number % many, 0),
    }
    runs = {
        name: functools.partial(
            wall_seconds,
            [Caller(states, default_filters, of) for _ in range(THREADS)],
            ttl_seconds,
        )
        for name, (of, ttl_seconds) in clients.items()
    }
    return _section(take_turns(runs, ROUNDS), count, len(sites))


def _section(rounds: Sequence[Round], count: int, sites: int) -> Section:
    rows = [['', 'requests a second', 'of those without']]
    checks = []
    for name in rounds[0]:
        seconds = statistics.median(each[name] for each in rounds)
        share = statistics.median(
            each[WITHOUT] / each[name] for each in rounds
        )
        rows.append([name, f'{THREADS / seconds:.0f}', f'{share:.3f}'])
        if name != WITHOUT:
            title = f'throughput, {name}, {sites} sites'
            checks.append(Check(title, share, TARGET, at_most=False))
    return Section(
        f'{THREADS} threads at once, {sites} sites',
        f'Requests at once, on {count} hosts each; medians of {len(rounds)} '
        'rounds in which all take turns. With a `store_timeout` of '
        f'{CONF.edge_sched.store_timeout:g} s: the thread that asks the store '
        f'waits for the core as all others do.\n\n{table(rows)}',
        checks,
    )
