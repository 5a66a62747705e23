# SPDX-License-Identifier: Apache-2.0

"""Measure whether requests leave anything behind in nova-scheduler.

One request after the other, as it comes over RPC and with HostStates of its
own, through all of our stages: narrowed, judged and weighed, refused in each
stage, or ended by an error in one or between two. The memory of the process
is taken after each part of them.
"""

import argparse
import copy
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from unittest import mock

from nova import exception
from nova import objects

from bench import latencies
from bench.configuration import configured
from bench.hosts import Stages
from bench.hosts import build
from bench.measure import private_megabytes
from bench.plan import make_plan
from bench.records import over_rpc
from bench.records import request_spec
from bench.result import Check
from bench.result import Section
from bench.result import table
from edge_sched.scheduler.narrowing import narrow
from edge_sched.scheduler.narrowing.rings import MAX_AGGREGATES
from edge_sched.scheduler.topology import cell

HOSTS = 1000
REQUESTS, SHORT_REQUESTS = 2000, 800

#: By then all kinds came from all clients.
PART = 200
#: So many parts warm up. In the second there is one MB that is left for good;
#: from there on it is flat (measured: 0.05 MB in 1000 requests).
WARM_UP = 2
CLIENTS = 25

#: What the others may leave. Chosen: some hundred bytes a request, less than
#: a HostState takes. What is measured is a tenth of it.
MAX_MEGABYTES = 1.0

#: A leak is shown, and does not take the machine down.
FAR_TOO_MANY_MEGABYTES = 100.0

#: A p95 that no site is within.
TOO_LITTLE_MS = '0.1'


class FailedError(Exception):
    """What another plug-in raises in the middle of a request."""


#: What is special about each kind of request, and what must become of it.
KINDS: Sequence[tuple[Mapping[str, Any], type[Exception] | None]] = (
    ({}, None),
    ({'client': '999.1.1.1'}, exception.RequestFilterFailed),
    ({'budget_ms': TOO_LITTLE_MS}, exception.RequestFilterFailed),
    # Of a server that lives, with a hint that cannot be read.
    ({'budget_ms': 'soon', 'moves': True}, None),
    # Not narrowed, and without any host near enough.
    (
        {'budget_ms': TOO_LITTLE_MS, 'narrowed': False},
        exception.NoValidHost,
    ),
    ({'ends_before': 'filter'}, FailedError),
    ({'ends_before': 'weighers'}, FailedError),
    # With a host that cannot be judged.
    ({'others': [object()]}, exception.NoValidHost),
)


class Worker:
    """Our stages in nova-scheduler, and requests of every kind for them."""

    def __init__(self, states: Sequence[Any]) -> None:
        self._hosts = states
        self._stages = Stages()

    def serve(self, number: int) -> None:
        """One request; each kind has its turn with each client."""
        turn, kind = divmod(number, len(KINDS))
        special, ends_with = KINDS[kind]
        client = latencies.client_address(turn % CLIENTS)
        ended = None
        try:
            self._place(**{'client': client, **special})
        except (
            exception.NoValidHost,
            exception.RequestFilterFailed,
            FailedError,
        ) as error:
            ended = type(error)
        if ended is not ends_with:
            raise RuntimeError(f'a request {special} ended with {ended}')

    def _place(
        self,
        client: str,
        budget_ms: str = f'{latencies.BUDGET_MS}',
        moves: bool = False,
        narrowed: bool = True,
        ends_before: str = '',
        others: Sequence[object] = (),
    ) -> None:
        spec = request_spec(
            {'edge:percentile': 'p50'},
            {'edge:client': [client], 'edge:latency_budget_ms': [budget_ms]},
        )
        if moves:
            spec.requested_destination = objects.Destination(
                cell=objects.CellMapping(uuid=self._hosts[0].cell_uuid)
            )
        spec = over_rpc(spec)
        if narrowed:
            self._stages.begin(spec)
        if ends_before == 'filter':
            raise FailedError
        # Of one request only, as Nova makes them.
        states = [copy.copy(host) for host in self._hosts]
        left = self._stages.filter([*states, *others], spec)
        if ends_before == 'weighers':
            raise FailedError
        self._stages.weigh(left, spec)


def parts(serve: Callable[[int], None], requests: int) -> list[float]:
    """Serve requests; the memory in MB after each part of them."""
    found: list[float] = []
    for served in range(0, requests, PART):
        for number in range(served, served + PART):
            serve(number)
        found.append(private_megabytes())
        if found[-1] - found[0] > FAR_TOO_MANY_MEGABYTES:
            break
    return found


def sections(options: argparse.Namespace) -> list[Section]:
    """Serve requests, and see whether the memory is flat."""
    requests = SHORT_REQUESTS if options.short else REQUESTS
    # Room everywhere, at no cost; a mock would keep what it is asked.
    roomy = types.SimpleNamespace(
        limit=HOSTS,
        aggregates=MAX_AGGREGATES,
        disk_gb=0,
        # Of more than one host has by itself.
        texts=[''],
        count=lambda aggregates, nodes: HOSTS,
    )
    none_is_down = cell.Down(0, frozenset())
    with configured(narrow_candidates='always') as folder:
        plan = make_plan(HOSTS)
        worker = Worker(build(plan).all)
        latencies.fill(folder, list(plan.hosts_at))
        with (
            mock.patch.object(narrow, 'Query', lambda *arguments: roomy),
            # There are no cells here to say that none is.
            mock.patch.object(
                cell, 'count_down', lambda *arguments: none_is_down
            ),
        ):
            return [_section(parts(worker.serve, requests))]


def _section(megabytes: Sequence[float]) -> Section:
    """What requests have left, and whether that is little enough."""
    rows = [['requests', 'private MB']]
    for number, each in enumerate(megabytes, 1):
        rows.append([f'{number * PART}', f'{each:.1f}'])
    first, *later = megabytes[WARM_UP - 1 :]
    return Section(
        'Memory that requests leave behind',
        f'Requests one after the other on {HOSTS} hosts, each as it comes '
        'over RPC. An eighth each is placed, refused in one of four ways, '
        'left by another plug-in in the middle in one of two, and of a server '
        'that lives with a hint that makes no sense. Private and dirty memory '
        f'of the process, after a garbage collection.\n\n{table(rows)}',
        [
            Check(
                f'MB that requests leave, of {len(later) * PART} after the '
                f'first {WARM_UP * PART}',
                max(later) - first,
                MAX_MEGABYTES,
            )
        ],
    )
