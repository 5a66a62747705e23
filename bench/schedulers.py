# SPDX-License-Identifier: Apache-2.0

"""Schedulers of one deployment, each configured in another way.

What a request takes is measured from when the scheduler has it as an object
to when the chosen hosts are claimed.
"""

import collections
import dataclasses
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from unittest import mock

import fixtures
import nova.conf
import oslo_messaging as messaging
from nova import context as nova_context
from nova import objects
from nova.scheduler import filters
from nova.scheduler import host_manager
from nova.scheduler import manager
from nova.scheduler import request_filter
from nova.scheduler import weights
from nova.scheduler.client import report
from oslo_utils import uuidutils

from bench.configuration import DEFAULT_FILTERS
from bench.configuration import OUR_FILTER
from bench.deployment import Deployment
from bench.records import over_rpc
from edge_sched.scheduler import records
from edge_sched.scheduler.request_filter import edge_latency

CONF = nova.conf.CONF

#: Names of our plug-ins, of which a turn tells what they took.
REQUEST_FILTERS = ('edge_latency',)
FILTERS = (OUR_FILTER,)
WEIGHERS = ('EdgeLatencyWeigher', 'EdgeCellLatencyWeigher')
#: Only with records in full.
RECORDER = ('EdgeRecorder',)
OURS = (*REQUEST_FILTERS, *FILTERS, *WEIGHERS, *RECORDER)

#: Plug-ins that do nothing, as many as ours: what Nova does for each.
BARE = ('EmptyFilter', 'EmptyWeigher')

#: What filters, weighers and request filters read options of.
_GROUPS = (
    'edge_sched',
    'edge_sched_database',
    'filter_scheduler',
    'scheduler',
    'workarounds',
)

_RECORD_MARK = 'edge decision '


class EmptyFilter(filters.BaseHostFilter):
    """The least that a filter can do; the rest is Nova's handler."""

    def filter_all(self, filter_obj_list: list, spec_obj: Any) -> list:
        """Every host."""
        return filter_obj_list


class EmptyWeigher(weights.BaseHostWeigher):
    """The least that a weigher can do; the rest is Nova's handler."""

    def weigh_objects(
        self, weighed_obj_list: list, weight_properties: Any
    ) -> list[float]:
        """No weight."""
        return [0.0] * len(weighed_obj_list)

    def _weigh_object(self, obj: Any, weight_properties: Any) -> float:
        raise NotImplementedError


class Clocked(list[Any]):
    """A list that clocks what is done with each item.

    Nova goes through its filters, weighers and request filters one by one.
    What passes between one and the next is the time of the one, with all that
    Nova's handler does for it. CPU time of the process, as look-ups may use
    threads.

    :param seconds: where it adds up, by the name of the class or function
    """

    def __init__(
        self, items: Iterable[Any], seconds: dict[str, float]
    ) -> None:
        super().__init__(items)
        self._seconds = seconds

    def __iter__(self) -> Iterator[Any]:
        for item in super().__iter__():
            name = getattr(item, '__name__', type(item).__name__)
            start = time.process_time()
            try:
                yield item
            finally:
                self._seconds[name] += time.process_time() - start


@dataclasses.dataclass(frozen=True)
class Setup:
    """How a scheduler is configured.

    :param options: of ``[edge_sched]``, ``{'narrow_candidates': 'never'}``
    :param with_bare: whether plug-ins that do nothing run beside ours
    """

    name: str
    with_plugin: bool = True
    options: Mapping[str, object] = dataclasses.field(default_factory=dict)
    with_bare: bool = False


@dataclasses.dataclass(frozen=True)
class Turn:
    """What came of a request, and what it took.

    :param hosts: the chosen ones, none if it was refused
    :param servers: UUIDs of those that were placed there
    :param reason: why it was refused
    :param cpu_seconds: of the process, Placement included
    :param plugin_cpu_seconds: what of them each plug-in of Nova's lists took,
        with what Nova does for it, ``{'RAMWeigher': 0.006}``
    :param queries: how often Placement was asked for allocation candidates
    :param record: the decision record, if there is one
    """

    hosts: Sequence[str]
    servers: Sequence[str]
    reason: str
    cpu_seconds: float
    plugin_cpu_seconds: Mapping[str, float]
    queries: int
    record: Mapping[str, Any]

    def cpu_of(self, plugins: Sequence[str]) -> float:
        """The CPU seconds of some plug-ins together, ``OURS``."""
        return sum(self.plugin_cpu_seconds.get(each, 0.0) for each in plugins)

    @property
    def judged(self) -> int:
        """How many hosts our filter was given."""
        return sum(self.record.get('hosts', {}).values())

    @property
    def probes(self) -> int:
        """How many rings were asked for room."""
        probes: int = self.record.get('narrowed', {}).get('probes', 0)
        return probes


class Scheduler:
    """A nova-scheduler, from its manager on."""

    def __init__(self, setup: Setup, deployment: Deployment) -> None:
        self._context = nova_context.RequestContext('user', 'project')
        self._options = list(_options(setup))
        self._configure()
        # It would ask for the servers of all hosts, in a thread.
        with mock.patch.object(
            host_manager.HostManager, '_init_instance_info'
        ):
            self._manager = manager.SchedulerManager()
        hosts = self._manager.host_manager
        hosts._instance_info = deployment.instances
        if setup.with_bare:
            hosts.enabled_filters.append(EmptyFilter())
            hosts.weighers += [EmptyWeigher() for _ in WEIGHERS]
        self._seconds: dict[str, float] = collections.defaultdict(float)
        hosts.enabled_filters = Clocked(hosts.enabled_filters, self._seconds)
        hosts.weighers = Clocked(hosts.weighers, self._seconds)
        # Nova's, and ours as it appends it.
        stock = [*request_filter.ALL_REQUEST_FILTERS]
        if edge_latency in stock:
            stock.remove(edge_latency)
        ours = [edge_latency] if setup.with_plugin else []
        self._request_filters = Clocked([*stock, *ours], self._seconds)

    def select(self, spec: objects.RequestSpec) -> Turn:
        """Schedule the servers of a request, and claim their hosts."""
        spec = over_rpc(spec)
        servers = [
            uuidutils.generate_uuid() for _ in range(spec.num_instances)
        ]
        chosen: list[str] = []
        reason = ''
        self._seconds.clear()
        self._configure()
        with (
            mock.patch.object(
                request_filter, 'ALL_REQUEST_FILTERS', self._request_filters
            ),
            mock.patch.object(
                report.SchedulerReportClient,
                'get',
                autospec=True,
                side_effect=report.SchedulerReportClient.get,
            ) as get,
            fixtures.FakeLogger(records.__name__, nuke_handlers=False) as log,
        ):
            start = time.process_time()
            try:
                selections = self._manager.select_destinations(
                    self._context,
                    spec_obj=spec,
                    instance_uuids=servers,
                    return_objects=True,
                    return_alternates=True,
                )
                chosen = [first.service_host for first, *_ in selections]
            except messaging.ExpectedException as error:
                reason = str(error.exc_info[1])
            seconds = time.process_time() - start
        asked = [call.args[1] for call in get.call_args_list]
        return Turn(
            hosts=chosen,
            servers=servers if chosen else [],
            reason=reason,
            cpu_seconds=seconds,
            plugin_cpu_seconds=dict(self._seconds),
            queries=sum(u.startswith('/allocation_candidates') for u in asked),
            record=_decision(log.output),
        )

    def _configure(self) -> None:
        """Have Nova configured for this scheduler.

        What has been overridden has to be parsed anew, once: in production
        that was long ago.
        """
        for group, name, value in self._options:
            CONF.set_override(name, value, group)
        for group in _GROUPS:
            dict(CONF[group])


def _decision(logged: str) -> Mapping[str, Any]:
    """The decision record in what was logged, {} if there is none."""
    _, _, text = logged.partition(_RECORD_MARK)
    found: Mapping[str, Any] = json.loads(text.splitlines()[0]) if text else {}
    return found


def _options(setup: Setup) -> Iterator[tuple[str, str, object]]:
    """Group, name and value of each option that setups differ in."""
    available = ['nova.scheduler.filters.all_filters']
    weighers = ['nova.scheduler.weights.all_weighers']
    enabled = [*DEFAULT_FILTERS]
    if setup.with_plugin:
        available.append('edge_sched.plugins.all_filters')
        weighers.append('edge_sched.plugins.all_weighers')
        enabled.append(OUR_FILTER)
    yield 'filter_scheduler', 'available_filters', available
    yield 'filter_scheduler', 'weight_classes', weighers
    yield 'filter_scheduler', 'enabled_filters', enabled
    for name, value in setup.options.items():
        yield 'edge_sched', name, value
