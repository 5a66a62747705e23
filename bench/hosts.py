# SPDX-License-Identifier: Apache-2.0

"""The hosts of one request, as a scheduler has them, and what judges them.

The API database is real, and hosts are built by Nova's ``HostState.update``;
plug-ins are called through Nova's own handlers.
"""

import copy
import random
from collections.abc import Iterable, Sequence
from typing import Any

from nova import context as nova_context
from nova import objects
from nova.scheduler import filters
from nova.scheduler import weights
from nova.scheduler.host_manager import HostState
from nova.scheduler.host_manager import ReadOnlyDict

from bench import plan as plans
from bench import records
from bench.configuration import DEFAULT_FILTERS
from bench.deployment import BUILT_HOSTS
from bench.deployment import write_api_database
from edge_sched.scheduler.filters import EdgeLatencyFilter
from edge_sched.scheduler.request_filter import edge_latency
from edge_sched.scheduler.topology.topology import TOPOLOGY
from edge_sched.scheduler.weights import EdgeCellLatencyWeigher
from edge_sched.scheduler.weights import EdgeLatencyWeigher

_FILTERS = filters.HostFilterHandler()
_WEIGHERS = weights.HostWeightHandler()


class Hosts:
    """Hosts that are used again for each request.

    Nova makes them anew for each. Copies would be dearer to make than all of
    ours is to run, and leave page faults for whoever comes next.
    """

    def __init__(self, hosts: Sequence[HostState]) -> None:
        self.all = hosts
        self._attributes = frozenset(vars(hosts[0]))

    def fresh(self) -> list[HostState]:
        """Without what a plug-in has hung on them."""
        for host in self.all:
            attributes = vars(host)
            if len(attributes) > len(self._attributes):
                for name in attributes.keys() - self._attributes:
                    del attributes[name]
        return list(self.all)


def build(plan: plans.Plan) -> Hosts:
    """Make the hosts, and the API database that is configured."""
    write_api_database(plan, {})
    TOPOLOGY.forget()
    return build_all(plan)


def build_all(plan: plans.Plan) -> Hosts:
    """Make the hosts of the API database that is configured."""
    aggregates = aggregates_by_host()
    hosts: list[HostState] = []
    for number, host in enumerate(plan.hosts):
        of_host = aggregates[host.name]
        if number < BUILT_HOSTS:
            node = records.compute_node(host.name)
            servers = records.instances(host.name)
            hosts.append(build_host(node, host.cell, of_host, servers))
        else:
            hosts.append(_copy(hosts[number % BUILT_HOSTS], host, of_host))
    # Nova hands them over in the order of a set.
    random.Random(len(hosts)).shuffle(hosts)
    return Hosts(hosts)


def aggregates_by_host() -> dict[str, list[objects.Aggregate]]:
    """The aggregates of each host, as Nova's HostManager keeps them."""
    context = nova_context.get_admin_context()
    of_host: dict[str, list[objects.Aggregate]] = {}
    for aggregate in objects.AggregateList.get_all(context):
        for host in aggregate.hosts:
            of_host.setdefault(host, []).append(aggregate)
    return of_host


def build_host(
    node: objects.ComputeNode,
    cell_uuid: str,
    aggregates: Iterable[objects.Aggregate],
    servers: dict[str, objects.Instance],
) -> HostState:
    """A host as Nova builds it."""
    host = HostState(node.host, node.hypervisor_hostname, cell_uuid)
    host.update(node, records.service(node.host), list(aggregates), servers)
    return host


def _copy(
    model: HostState, host: plans.Host, aggregates: Iterable[objects.Aggregate]
) -> HostState:
    """A host like another one, with its own name, place and dicts."""
    made = copy.copy(model)
    made.host = made.nodename = made.hypervisor_hostname = host.name
    made.uuid = host.uuid
    made.cell_uuid = host.cell
    made.aggregates = list(aggregates)
    made.service = ReadOnlyDict(records.service(host.name))
    made.instances = dict(model.instances)
    made.stats = dict(model.stats)
    return made


class Stages:
    """What a scheduler does with a request, but for Placement and claims.

    :param with_nova: whether with Nova's default filters and all weighers
    """

    def __init__(
        self, *, with_nova: bool = False, with_ours: bool = True
    ) -> None:
        self._with_ours = with_ours
        self._context = nova_context.RequestContext('user', 'project')
        self.filters: list[Any] = []
        self.weighers: list[Any] = []
        if with_nova:
            classes = {cls.__name__: cls for cls in filters.all_filters()}
            self.filters += [classes[name]() for name in DEFAULT_FILTERS]
            self.weighers += [cls() for cls in weights.all_weighers()]
        if with_ours:
            self.filters.append(EdgeLatencyFilter())
            self.weighers += [EdgeLatencyWeigher(), EdgeCellLatencyWeigher()]

    def begin(self, spec: objects.RequestSpec) -> None:
        """What is done before Placement is asked."""
        if self._with_ours:
            edge_latency(self._context, spec)

    def filter(
        self, hosts: Any, spec: objects.RequestSpec, number: int = 0
    ) -> list[Any]:
        """The hosts that are left.

        :param number: of the server, which counts from 0 in a request
        """
        return filtered(self.filters, hosts, spec, number)

    def weigh(self, hosts: Any, spec: objects.RequestSpec) -> list[Any]:
        """The hosts with their weights, the best first."""
        return weighed(self.weighers, hosts, spec)


def filtered(
    plugins: Sequence[Any], hosts: Any, spec: Any, number: int = 0
) -> list[Any]:
    """The hosts that are left, as Nova's handler has them."""
    left: list[Any] = _FILTERS.get_filtered_objects(
        plugins, hosts, spec, number
    )
    return left


def weighed(plugins: Sequence[Any], hosts: Any, spec: Any) -> list[Any]:
    """The hosts with their weights, as Nova's handler has them."""
    found: list[Any] = _WEIGHERS.get_weighed_objects(plugins, hosts, spec)
    return found


def all_filtered(plugins: Sequence[Any], hosts: Any, spec: Any) -> list[Any]:
    """Filter, and be sure that nothing was spared by a dropped host."""
    left = filtered(plugins, hosts, spec)
    if len(left) != len(hosts):
        raise RuntimeError(f'{len(left)} of {len(hosts)} hosts passed')
    return left
