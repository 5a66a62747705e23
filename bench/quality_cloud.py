# SPDX-License-Identifier: Apache-2.0

"""Edge sites, a latency store, and Nova's scheduling pass over them.

Each request goes the way of one in nova-scheduler: our request filter, the
filters that Nova enables by default and ours, all weighers of Nova and ours,
each through Nova's own handler. The host that comes first is taken and
charged, so that the next request finds it fuller.
"""

import math
import random
from collections.abc import Mapping, Sequence

import numpy as np
from nova import exception
from nova import objects
from oslo_utils import uuidutils

from bench import hosts
from bench import latencies
from bench import quality_models as models
from bench import records
from bench.deployment import write_api_database
from bench.plan import Host
from bench.plan import Plan
from edge_sched.model.latency import RTT_MAX_MS


class Sites:
    """So many sites of a host each, in the API database of Nova; one cell.

    :param default_filters: class names, ``['ComputeFilter', ...]``
    :param path: where the latency store is made
    """

    def __init__(self, default_filters: Sequence[str], path: str) -> None:
        self._default_filters = default_filters
        self._cell = uuidutils.generate_uuid()
        names = [site_name(number) for number in range(models.SITES)]
        plan = Plan(
            [Host(name, '', name, self._cell) for name in names],
            [(name, {'edge:site': name}, [name]) for name in names],
        )
        write_api_database(plan, {})
        self._aggregates = hosts.aggregates_by_host()
        self._store = latencies.make(path)

    def measure(self, known: models.Statistics) -> None:
        """Have the store know this of paths from the sites, and no more."""
        latencies.write(
            self._store,
            (
                latencies.row(
                    client,
                    site_name(site),
                    _or_lost(known.p50_ms[site, client]),
                    _or_lost(known.p95_ms[site, client]),
                    None
                    if known.samples is None
                    else int(known.samples[site, client]),
                )
                for site, client in np.argwhere(
                    ~np.isnan(known.p50_ms)
                ).tolist()
            ),
        )

    def cloud(self, slots: int, with_plugin: bool = True) -> 'Cloud':
        """A new cloud on these sites.

        :param slots: how many servers have room at each site
        """
        states = [
            hosts.build_host(_empty_node(name, slots), self._cell, of_host, {})
            for name, of_host in self._aggregates.items()
        ]
        return Cloud(states, hosts.Stages(self._default_filters, with_plugin))


class Cloud:
    """Hosts, empty at first, and the plug-ins that choose among them.

    :param states: one a site
    """

    def __init__(
        self, states: Sequence[hosts.HostState], stages: hosts.Stages
    ) -> None:
        self._hosts = hosts.Hosts(states)
        self._stages = stages
        # Nova has its hosts in the order of a set.
        self._random = random.Random(len(states))

    def place(
        self,
        hints: Mapping[str, Sequence[str]],
        extra_specs: Mapping[str, str] | None = None,
    ) -> int:
        """Place a server; the number of its site, or ``NOWHERE``.

        Placement's part, to leave out what is full, is done here.
        """
        spec = records.request_spec(extra_specs or {}, hints)
        self._stages.begin(spec)
        states = [
            host
            for host in self._hosts.fresh()
            if host.free_ram_mb >= records.SERVER_MEMORY_MB
        ]
        self._random.shuffle(states)
        try:
            left = self._stages.filter(states, spec)
        except exception.NoValidHost:
            return models.NOWHERE
        if not left:
            return models.NOWHERE
        chosen = self._stages.weigh(left, spec)[0].obj
        chosen.consume_from_request(spec)
        return int(chosen.host.removeprefix(site_name('')))


def by_edge_sched(sites: Sites, clients: int) -> models.Indices:
    """Nova with the plug-in, of requests that have no budget."""
    cloud = sites.cloud(clients)
    picks = [cloud.place(latencies.near(client)) for client in range(clients)]
    return np.array(picks)


def by_edge_sched_within(
    sites: Sites, budgets_ms: models.Array
) -> models.Indices:
    """The same, of requests with a p95 budget each."""
    cloud = sites.cloud(len(budgets_ms))
    picks = []
    for client, budget_ms in enumerate(budgets_ms):
        hints = latencies.near(client)
        hints['edge:latency_budget_ms'] = [f'{budget_ms:g}']
        picks.append(cloud.place(hints))
    return np.array(picks)


def by_stock_nova(sites: Sites, clients: int) -> models.Indices:
    """Nova without the plug-in, which does not know where anyone is."""
    cloud = sites.cloud(clients, with_plugin=False)
    return np.array([cloud.place({}) for _ in range(clients)])


def site_name(number: object) -> str:
    """What a site is called, and its host: the vantage of measurements."""
    return f'site-{number}'


def _or_lost(rtt_ms: float) -> float:
    """What takes longer than any probe is waited for is lost."""
    return float(rtt_ms) if rtt_ms <= RTT_MAX_MS else math.inf


def _empty_node(name: str, slots: int) -> objects.ComputeNode:
    """A node for so many servers."""
    node = records.compute_node(name, 0)
    node.vcpus = slots * records.SERVER_VCPUS
    node.cpu_allocation_ratio = 1.0
    node.memory_mb = node.free_ram_mb = slots * records.SERVER_MEMORY_MB
    node.local_gb = node.free_disk_gb = slots * records.SERVER_DISK_GB
    node.disk_available_least = slots * records.SERVER_DISK_GB
    node.vcpus_used = node.memory_mb_used = node.local_gb_used = 0
    return node
