# SPDX-License-Identifier: Apache-2.0

"""Edge sites, a latency store, and Nova's scheduling pass over them.

Each request goes the way of one in nova-scheduler: our request filter, the
filters that Nova enables by default and ours, all weighers of Nova and ours,
each through Nova's own handler. The host that comes first is taken and
charged, so that the next request finds it fuller.
"""

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from nova import exception
from nova import objects
from nova.scheduler.host_manager import HostState
from oslo_utils import uuidutils

from bench import hosts
from bench import latencies
from bench import quality_models as models
from bench import records
from bench.deployment import write_api_database
from bench.plan import Host
from bench.plan import Plan
from edge_sched.model.latency import RTT_MAX_MS

#: Near which client a server is to be, and the extra specs of its flavor.
Request: TypeAlias = tuple[int, Mapping[str, str]]


class Sites:
    """So many sites of a host each, in the API database of Nova; one cell.

    :param folder: where the latency store is made
    """

    def __init__(self, folder: str) -> None:
        self._cell = uuidutils.generate_uuid()
        names = [site_name(number) for number in range(models.SITES)]
        plan = Plan(
            [Host(name, '', name, self._cell) for name in names],
            [(name, {'edge:site': name}, [name]) for name in names],
        )
        write_api_database(plan, {})
        self._aggregates = hosts.aggregates_by_host()
        self._store = latencies.make(folder)

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

    def place(
        self, slots: int, requests: Iterable[Request], with_ours: bool = True
    ) -> models.Indices:
        """Place servers, one after the other, in a cloud that is empty.

        :param slots: how many servers have room at each site
        :return: the site of each, or ``NOWHERE``
        """
        cloud = hosts.Hosts(
            [
                hosts.build_host(
                    _empty_node(name, slots), self._cell, of_host, {}
                )
                for name, of_host in self._aggregates.items()
            ]
        )
        stages = hosts.Stages(with_nova=True, with_ours=with_ours)
        # Nova has its hosts in the order of a set.
        chance = random.Random(len(cloud.all))
        picks = []
        for client, extra_specs in requests:
            spec = records.request_spec(extra_specs, latencies.near(client))
            # Placement's part: to leave out what is full.
            states = [
                host
                for host in cloud.fresh()
                if host.free_ram_mb >= records.SERVER_MEMORY_MB
            ]
            chance.shuffle(states)
            picks.append(_pick(stages, states, spec))
        return np.array(picks)


def within(budget_ms: float) -> dict[str, str]:
    """The extra specs of a server with a required p95 budget."""
    return {'edge:latency_budget_ms': f'{budget_ms:g}'}


def _pick(
    stages: hosts.Stages,
    states: Sequence[HostState],
    spec: objects.RequestSpec,
) -> int:
    """Choose among hosts with room, and charge the one that comes first."""
    stages.begin(spec)
    try:
        left = stages.filter(states, spec)
    except exception.NoValidHost:
        return models.NOWHERE
    if not left:
        return models.NOWHERE
    chosen = stages.weigh(left, spec)[0].obj
    chosen.consume_from_request(spec)
    return int(chosen.host.removeprefix(site_name('')))


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
