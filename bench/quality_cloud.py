# SPDX-License-Identifier: Apache-2.0

"""Edge sites, a latency store, and Nova's scheduling pass over them.

Each request goes the way of one in nova-scheduler: our request filter, the
filters that Nova enables by default and ours, all weighers of Nova and ours,
each through Nova's own handler. The host that comes first is taken and
charged, so that the next request finds it fuller.
"""

import itertools
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from nova import exception
from nova import objects
from nova.scheduler.host_manager import HostState
from nova.scheduler.manager import SchedulerManager

from bench import hosts
from bench import latencies
from bench import quality_models as models
from bench import records
from bench.country import Figures
from bench.deployment import cells
from bench.deployment import make_cell
from bench.deployment import write_api_database
from bench.plan import make_plan
from edge_sched.model.latency import NewLatency
from edge_sched.model.plausible import RTT_MAX_MS

#: Charges a host for a server, and tells its group.
_consume = SchedulerManager._consume_selected_host

#: Near which client a server is to be, and the extra specs of its flavor.
Request: TypeAlias = tuple[int, Mapping[str, str]]


class Sites:
    """So many sites, in the API database of Nova; one cell, no server.

    :param folder: where the latency store is made
    :param site_hosts: how many hosts each has
    """

    def __init__(self, folder: str, site_hosts: int = 1) -> None:
        plan = make_plan(models.SITES * site_hosts, (site_hosts,))
        self.plan = plan.without_other_aggregates()
        (uuid,) = self.plan.hosts_in
        url = f'sqlite:///{folder}/{uuid}.sqlite'
        write_api_database(self.plan, {uuid: url})
        make_cell(url)
        (self.cell,) = cells()
        self._aggregates = hosts.aggregates_by_host()
        self._store = latencies.make(folder)

    def measure(
        self, known: models.Statistics, mesh_ms: models.Array | None = None
    ) -> None:
        """Have the store know this of paths from the sites, and no more.

        :param mesh_ms: between the sites; each path is measured from one end
        """
        latencies.write(
            self._store, itertools.chain(_rows(known), _mesh_rows(mesh_ms))
        )

    def cloud(self, slots: int, with_ours: bool = True) -> 'Cloud':
        """All hosts, empty.

        :param slots: how many servers have room on each
        """
        states = [
            hosts.build_host(
                _empty_node(host.name, slots),
                host.cell,
                self._aggregates[host.name],
                {},
            )
            for host in self.plan.hosts
        ]
        return Cloud(states, with_ours)

    def place(
        self, slots: int, requests: Iterable[Request], with_ours: bool = True
    ) -> models.Indices:
        """Place servers, one after the other, in a cloud that is empty.

        :param slots: how many servers have room on each host
        :return: the site of each, or ``NOWHERE``
        """
        cloud = self.cloud(slots, with_ours)
        site_of = {host.name: host.site for host in self.plan.hosts}
        picks = []
        for client, extra_specs in requests:
            spec = records.request_spec(extra_specs, latencies.near(client))
            pick = models.NOWHERE
            for host in cloud.place(spec):
                pick = int(site_of[host].removeprefix(site_name('')))
            picks.append(pick)
        return np.array(picks)


class Cloud:
    """Hosts that fill up, and a scheduler of theirs."""

    def __init__(self, states: Sequence[HostState], with_ours: bool) -> None:
        self._hosts = hosts.Hosts(states)
        self._stages = hosts.Stages(with_nova=True, with_ours=with_ours)
        # Nova has its hosts in the order of a set.
        self._chance = random.Random(len(states))

    def place(self, spec: objects.RequestSpec) -> list[str]:
        """Place one server, or all of a group, pass by pass as Nova does.

        :return: the host of each; none at all if one has none
        """
        # Placement's part: to leave out what is full.
        states = list(filter(_has_room, self._hosts.fresh()))
        self._chance.shuffle(states)
        before = [(host, dict(vars(host))) for host in states]
        group = spec.instance_group
        chosen: list[str] = []
        try:
            self._stages.begin(spec)
            for server in group.members if group else [spec.instance_uuid]:
                spec.instance_uuid = server
                left = self._stages.filter(states, spec, len(chosen))
                states = [each.obj for each in self._stages.weigh(left, spec)]
                # And to give no more than there is.
                first = next(filter(_has_room, states))
                _consume(first, spec, server)
                chosen.append(first.host)
        except (
            exception.NoValidHost,
            exception.RequestFilterFailed,
            StopIteration,
        ):
            for host, attributes in before:
                vars(host).update(attributes)
            return []
        return chosen


def _rows(known: models.Statistics) -> Iterator[NewLatency]:
    for site, client in np.argwhere(~np.isnan(known.p50_ms)).tolist():
        yield latencies.row(
            client,
            site_name(site),
            _or_lost(known.p50_ms[site, client]),
            _or_lost(known.p95_ms[site, client]),
            None
            if known.samples is None
            else int(known.samples[site, client]),
            **_of_hour(known, site, client),
        )


def _of_hour(
    known: models.Statistics, site: int, client: int
) -> dict[str, float]:
    if known.hour is None:
        return {}
    p50_ms, p95_ms = (each[site, client] for each in known.hour)
    return {
        'rtt_p50_hour_ms': _or_lost(p50_ms),
        'rtt_p95_hour_ms': _or_lost(p95_ms),
    }


def _mesh_rows(mesh_ms: models.Array | None) -> Iterator[NewLatency]:
    """Of sites with each other, as far as they are finite."""
    if mesh_ms is None:
        return
    for one, other in np.argwhere(np.isfinite(mesh_ms)).tolist():
        if one < other:
            rtt_ms = float(mesh_ms[one, other])
            peer = f'site:{site_name(other)}'
            yield latencies.row(peer, site_name(one), rtt_ms, rtt_ms)


def within(budget_ms: float) -> dict[str, str]:
    """The extra specs of a server with a required p95 budget."""
    return {'edge:latency_budget_ms': f'{budget_ms:g}'}


def _has_room(host: HostState) -> bool:
    return bool(host.free_ram_mb >= records.SERVER_MEMORY_MB)


def site_name(number: object) -> str:
    """What a site is called: the vantage of measurements."""
    return f'site-{number}'


def to_sites(rtt_ms: models.Array) -> dict[str, Figures]:
    """Round trips to all sites, in their order, as far as they are finite."""
    return {
        site_name(site): Figures(ms, ms)
        for site, ms in enumerate(rtt_ms.tolist())
        if ms < math.inf
    }


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
