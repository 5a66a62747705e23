# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Edge sites, a latency store, and Nova's scheduling pass over them.

Each request goes the way of one in nova-scheduler: our request filter, the
filters that Nova enables by default and ours, all weighers of Nova and ours,
each through Nova's own handler. The host that comes first is taken and
charged, so that the next request finds it fuller.
"""

import math
import random
import time
from collections.abc import Iterator, Mapping, Sequence

import nova.conf
import numpy as np
from nova import context as nova_context
from nova import exception
from nova import objects
from nova.scheduler import filters
from nova.scheduler import weights
from nova.scheduler.host_manager import HostState
from oslo_utils import uuidutils

from bench import records
from bench import region
from bench import specs
from bench import store
from bench.quality_measures import Statistics
from bench.subjects import named_filters
from edge_sched.client import parse_client
from edge_sched.latency import RTT_MAX_MS
from edge_sched.latency import Latency
from edge_sched.latency import NewLatency
from edge_sched.scheduler.filters import EdgeLatencyFilter
from edge_sched.scheduler.region import REGION
from edge_sched.scheduler.request_filter import edge_latency
from edge_sched.scheduler.weights import EdgeCellLatencyWeigher
from edge_sched.scheduler.weights import EdgeLatencyWeigher

CONF = nova.conf.CONF

PATIENCE_SECONDS = 60


class Sites:
    """So many sites, in the API database of Nova; one cell.

    :param default_filters: class names, ``['ComputeFilter', ...]``
    :param path: where the latency store is made
    """

    def __init__(
        self, count: int, default_filters: Sequence[str], path: str
    ) -> None:
        self._filters = named_filters(default_filters)
        self._weighers = [cls() for cls in weights.all_weighers()]
        self._hosts = [f'{site_name(number)}-host' for number in range(count)]
        self._cell = uuidutils.generate_uuid()
        region.write_api_database(
            [self._cell],
            [
                (site_name(number), {'edge:site': site_name(number)}, [host])
                for number, host in enumerate(self._hosts)
            ],
        )
        self._aggregates = region.aggregates_by_host()
        REGION.forget()
        self._store = store.make(path)
        # Measurements change from one request to the next.
        CONF.set_override('cache_ttl', 0, 'edge_sched')
        # A busy machine is none that chooses badly: one look-up that takes
        # too long makes all requests blind for 30 s.
        CONF.set_override('store_timeout', PATIENCE_SECONDS, 'edge_sched')

    def measure(self, known: Statistics) -> None:
        """Have the store know this of paths from the sites, and no more."""
        store.write(self._store, _rows(known))

    def stock(self, slots: int) -> 'Cloud':
        """A new cloud on these sites, on a Nova without edge_sched."""
        return Cloud(self._new_hosts(slots), self._filters, self._weighers)

    def cloud(self, slots: int) -> 'Cloud':
        """A new cloud on these sites.

        :param slots: how many servers have room at each site
        """
        return EdgeCloud(
            self._new_hosts(slots),
            [*self._filters, EdgeLatencyFilter()],
            [
                *self._weighers,
                EdgeLatencyWeigher(),
                EdgeCellLatencyWeigher(),
            ],
        )

    def _new_hosts(self, slots: int) -> list[HostState]:
        return [
            region.build_host(
                _empty_node(host, slots), self._cell, self._aggregates[host]
            )
            for host in self._hosts
        ]


class Cloud:
    """Hosts, empty at first, and the plug-ins that choose among them.

    :param hosts: one a site, in the order of the sites
    """

    def __init__(
        self,
        hosts: Sequence[HostState],
        plugged_filters: Sequence[filters.BaseHostFilter],
        weighers: Sequence[weights.BaseHostWeigher],
    ) -> None:
        self._region = region.Region(hosts, [], frozenset(vars(hosts[0])))
        self._site_of = {host.host: i for i, host in enumerate(hosts)}
        self._filters = plugged_filters
        self._weighers = weighers
        self._filter_handler = filters.HostFilterHandler()
        self._weight_handler = weights.HostWeightHandler()
        self._context = nova_context.RequestContext('user', 'project')
        # Nova has its hosts in the order of a set.
        self._random = random.Random(len(hosts))

    def place(
        self,
        extra_specs: Mapping[str, str] | None = None,
        hints: Mapping[str, Sequence[str]] | None = None,
    ) -> int | None:
        """Place a server; the number of its site, or ``None`` for nowhere.

        Placement's part, to leave out what is full, is done here.
        """
        spec = specs.request_spec(
            self._context, extra_specs or {}, hints or {}
        )
        self._begin(self._context, spec)
        hosts = [
            host
            for host in self._region.host_states()
            if host.free_ram_mb >= specs.MEMORY_MB
        ]
        self._random.shuffle(hosts)
        try:
            left = self._filter_handler.get_filtered_objects(
                self._filters, hosts, spec
            )
        except exception.NoValidHost:
            return None
        if not left:
            return None
        weighed = self._weight_handler.get_weighed_objects(
            self._weighers, left, spec
        )
        chosen = weighed[0].obj
        chosen.consume_from_request(spec)
        return self._site_of[chosen.host]

    def _begin(
        self,
        context: nova_context.RequestContext,
        spec: objects.RequestSpec,
    ) -> None:
        """What is done before Placement is asked."""


class EdgeCloud(Cloud):
    """One with edge_sched."""

    def _begin(
        self,
        context: nova_context.RequestContext,
        spec: objects.RequestSpec,
    ) -> None:
        edge_latency(context, spec)


def near(client: int) -> dict[str, list[str]]:
    """The hint of a server that is to be near a client."""
    return {'edge:client': [store.client_address(client)]}


def site_name(number: int) -> str:
    """What a site is called: the vantage of its measurements."""
    return f'site-{number}'


def _rows(known: Statistics) -> Iterator[NewLatency]:
    """A row for each site and client that was measured, just now."""
    measured_at = time.time()
    for number in range(known.p50_ms.shape[1]):
        prefix = store.client_prefix(number)
        client = parse_client(prefix)
        for site in np.flatnonzero(~np.isnan(known.p50_ms[:, number])):
            samples = known.samples
            yield NewLatency(
                client,
                Latency(
                    vantage=site_name(site),
                    client=prefix,
                    rtt_p50_ms=_or_lost(known.p50_ms[site, number]),
                    rtt_p95_ms=_or_lost(known.p95_ms[site, number]),
                    samples=None
                    if samples is None
                    else int(samples[site, number]),
                    measured_at=measured_at,
                    source='dataset',
                ),
            )


def _or_lost(rtt_ms: float) -> float:
    """What takes longer than any probe is waited for is lost."""
    return float(rtt_ms) if rtt_ms <= RTT_MAX_MS else math.inf


def _empty_node(name: str, slots: int) -> objects.ComputeNode:
    """A node for so many servers."""
    node = records.compute_node(name, 0)
    node.vcpus = slots * specs.VCPUS
    node.cpu_allocation_ratio = 1.0
    node.memory_mb = node.free_ram_mb = slots * specs.MEMORY_MB
    node.local_gb = node.free_disk_gb = slots * specs.DISK_GB
    node.disk_available_least = slots * specs.DISK_GB
    node.vcpus_used = node.memory_mb_used = node.local_gb_used = 0
    return node
