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

"""Measure whether requests leave anything behind in nova-scheduler.

    usage: python -m bench.soak [--short]

One request after the other, as it comes over RPC and with HostStates of its
own, through all of our stages: narrowed, judged and weighed, refused in each
stage, or ended by an error in one or between two. The memory of the process
is taken after each part of them.
"""

import argparse
import copy
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from unittest import mock

import nova.conf
from nova import context as nova_context
from nova import exception
from nova import objects
from nova.scheduler import filters
from nova.scheduler import weights

from bench import region
from bench import store
from bench.alone import run_alone
from bench.configuration import configure
from bench.process import private_megabytes
from bench.report import table
from bench.result import Check
from bench.result import Section
from bench.roomy import Roomy
from bench.specs import request_spec
from edge_sched.scheduler import cell
from edge_sched.scheduler import narrow
from edge_sched.scheduler.filters import EdgeLatencyFilter
from edge_sched.scheduler.region import REGION
from edge_sched.scheduler.request_filter import edge_latency
from edge_sched.scheduler.weights import EdgeCellLatencyWeigher
from edge_sched.scheduler.weights import EdgeLatencyWeigher

CONF = nova.conf.CONF

HOSTS = 1000
REQUESTS, SHORT_REQUESTS = 2000, 600

#: The first part warms up: by then all clients are cached.
PART = 200
CLIENTS = 50

#: What the others may leave. Chosen: some hundred bytes a request, less than
#: a HostState takes. What is measured is a tenth of it.
MAX_MEGABYTES = 1.0

#: A leak is shown, and does not take the machine down.
FAR_TOO_MANY_MEGABYTES = 100.0


class Part(NamedTuple):
    """The memory of the process after so many requests."""

    requests: int
    megabytes: float


class FailedError(Exception):
    """What another plug-in raises in the middle of a request."""


class Worker:
    """Our stages in nova-scheduler, and requests of every kind for them."""

    def __init__(self, hosts: region.Region) -> None:
        self._hosts = hosts.hosts
        self._context = nova_context.RequestContext('user', 'project')
        self._our_filter = EdgeLatencyFilter()
        self._weighers = [EdgeLatencyWeigher(), EdgeCellLatencyWeigher()]
        #: Each kind, and what must become of it.
        self.kinds: dict[str, tuple[Callable[[str], None], type | None]] = {
            'placed': (self._place, None),
            'refused for its hint': (
                lambda _: self._place('999.1.1.1'),
                exception.RequestFilterFailed,
            ),
            'refused while narrowing': (
                lambda client: self._place(client, '0.1'),
                exception.RequestFilterFailed,
            ),
            'without any host near enough': (
                self._judge_what_was_not_narrowed,
                exception.NoValidHost,
            ),
            'of a server that lives, with a hint that cannot be read': (
                lambda client: self._place(client, 'soon', moves=True),
                None,
            ),
            'ended before the filter': (self._end_before_filter, FailedError),
            'ended before the weighers': (
                self._end_before_weighers,
                FailedError,
            ),
            'with a host that cannot be judged': (
                self._judge_what_is_no_host,
                exception.NoValidHost,
            ),
        }

    def serve(self, number: int) -> None:
        """One request; each kind has its turn with each client."""
        names = list(self.kinds)
        name = names[number % len(names)]
        run, ends_with = self.kinds[name]
        ended = None
        try:
            run(store.client_address(number // len(names) % CLIENTS))
        except (
            exception.NoValidHost,
            exception.RequestFilterFailed,
            FailedError,
        ) as error:
            ended = type(error)
        if ended is not ends_with:
            raise RuntimeError(f'a request {name} ended with {ended}')

    def _place(
        self,
        client: str,
        budget_ms: str = f'{store.BUDGET_MS}',
        moves: bool = False,
    ) -> None:
        spec = self._spec(client, budget_ms, moves)
        edge_latency(self._context, spec)
        left = self._filter(self._host_states(), spec)
        weights.HostWeightHandler().get_weighed_objects(
            self._weighers, left, spec
        )

    def _judge_what_was_not_narrowed(self, client: str) -> None:
        self._filter(self._host_states(), self._spec(client, '0.1'))

    def _end_before_filter(self, client: str) -> None:
        edge_latency(self._context, self._spec(client))
        raise FailedError

    def _end_before_weighers(self, client: str) -> None:
        spec = self._spec(client)
        edge_latency(self._context, spec)
        self._filter(self._host_states(), spec)
        raise FailedError

    def _judge_what_is_no_host(self, client: str) -> None:
        spec = self._spec(client)
        edge_latency(self._context, spec)
        self._filter([*self._host_states(), object()], spec)

    def _filter(
        self, hosts: Sequence[Any], spec: objects.RequestSpec
    ) -> Sequence[Any]:
        left: Sequence[Any] = filters.HostFilterHandler().get_filtered_objects(
            [self._our_filter], hosts, spec
        )
        return left

    def _host_states(self) -> list[Any]:
        """Hosts that are of one request only, as Nova makes them."""
        return [copy.copy(host) for host in self._hosts]

    def _spec(
        self,
        client: str,
        budget_ms: str = f'{store.BUDGET_MS}',
        moves: bool = False,
    ) -> objects.RequestSpec:
        """A request as RPC hands it over: its fields know their object."""
        spec = request_spec(
            self._context,
            {'edge:percentile': 'p50'},
            {'edge:client': [client], 'edge:latency_budget_ms': [budget_ms]},
        )
        if moves:
            spec.requested_destination = objects.Destination(
                cell=objects.CellMapping(uuid=self._hosts[0].cell_uuid)
            )
        return objects.RequestSpec.obj_from_primitive(spec.obj_to_primitive())


def parts(serve: Callable[[int], None], requests: int) -> Iterator[Part]:
    """Serve requests, and take the memory after each part of them."""
    first = None
    for served in range(0, requests, PART):
        for number in range(served, served + PART):
            serve(number)
        part = Part(served + PART, private_megabytes())
        yield part
        first = first or part
        if part.megabytes - first.megabytes > FAR_TOO_MANY_MEGABYTES:
            return


def sections(options: argparse.Namespace) -> list[Section]:
    """Serve requests, and see whether the memory is flat."""
    requests = SHORT_REQUESTS if options.short else REQUESTS
    with tempfile.TemporaryDirectory() as folder:
        configure(folder)
        CONF.set_override('narrow_candidates', 'always', 'edge_sched')
        hosts = region.build(HOSTS)
        store.fill(f'{folder}/latency.sqlite', hosts.sites)
        REGION.forget()
        worker = Worker(hosts)
        with (
            mock.patch.object(narrow, 'Query', Roomy),
            mock.patch.object(cell, 'count_down', _none_is_down),
        ):
            return [section(list(parts(worker.serve, requests)))]


def _none_is_down(*arguments: object) -> cell.Down:
    """What the cells say, as there are none here."""
    return cell.Down(0, frozenset())


def section(served: Sequence[Part]) -> Section:
    """What requests have left, and whether that is little enough."""
    rows = [['requests', 'private MB', 'a request more, kB']]
    before = None
    for part in served:
        more = f'{_kilobytes(before, part):.1f}' if before else ''
        rows.append([f'{part.requests}', f'{part.megabytes:.1f}', more])
        before = part
    first, *later = (part.megabytes for part in served)
    return Section(
        'Memory that requests leave behind',
        f'Requests one after the other on {HOSTS} hosts, each as it comes '
        'over RPC. An eighth each is placed, refused in one of four ways, '
        'left by another plug-in in the middle in one of two, and of a server '
        'that lives with a hint that makes no sense. Private and dirty memory '
        'of the process, after a garbage collection.\n\n' + table(rows),
        [
            Check(
                f'MB that requests leave, of {len(later) * PART} after the '
                f'first {PART}',
                max(later) - first,
                MAX_MEGABYTES,
            )
        ],
    )


def _kilobytes(before: Part, after: Part) -> float:
    megabytes = after.megabytes - before.megabytes
    return 1000 * megabytes / (after.requests - before.requests)


if __name__ == '__main__':
    sys.exit(run_alone(sections, __doc__))
