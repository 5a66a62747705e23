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

"""Schedulers of one deployment, each configured in another way.

What a request takes is measured from when the scheduler has it as an object
to when the chosen hosts are claimed.
"""

import contextlib
import dataclasses
import gc
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from unittest import mock

import nova.conf
import oslo_messaging as messaging
from nova import context as nova_context
from nova import objects
from nova.scheduler import host_manager
from nova.scheduler import manager
from nova.scheduler import request_filter
from nova.scheduler.client import report
from oslo_utils import uuidutils

from bench.clocked import Clocked
from bench.deployment import Deployment
from bench.subjects import OUR_FILTER
from bench.subjects import EmptyFilter
from bench.subjects import EmptyWeigher
from edge_sched.scheduler import judgement
from edge_sched.scheduler.request_filter import edge_latency

CONF = nova.conf.CONF

OUR_REQUEST_FILTER = 'edge_latency'
OUR_WEIGHERS = ('EdgeLatencyWeigher', 'EdgeCellLatencyWeigher')

#: Plug-ins that do nothing, as many as ours: what Nova does for each.
BARE_PLUGINS = ('EmptyFilter', 'EmptyWeigher')

#: What filters, weighers and request filters read options of.
_GROUPS = (
    'edge_sched',
    'edge_sched_database',
    'filter_scheduler',
    'scheduler',
    'workarounds',
)

_RECORD_MARK = 'edge decision '


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
    :param collections: full garbage collections meanwhile
    :param plugin_cpu_seconds: what of them each plug-in of Nova's lists took,
        with what Nova does for it, ``{'RAMWeigher': 0.006}``
    :param queries: how often Placement was asked for allocation candidates
    :param record: the decision record, if there is one
    """

    hosts: Sequence[str]
    servers: Sequence[str]
    reason: str
    cpu_seconds: float
    wall_seconds: float
    collections: int
    plugin_cpu_seconds: Mapping[str, float]
    queries: int
    record: Mapping[str, Any]


class Scheduler:
    """A nova-scheduler, from its manager on.

    :param default_filters: those that Nova enables by itself
    """

    def __init__(
        self,
        setup: Setup,
        deployment: Deployment,
        default_filters: Sequence[str],
    ) -> None:
        self.setup = setup
        self._context = nova_context.RequestContext('user', 'project')
        self._options = list(_options(setup, default_filters))
        self._configure()
        # It would ask for the servers of all hosts, in a thread.
        with mock.patch.object(
            host_manager.HostManager, '_init_instance_info'
        ):
            self._manager = manager.SchedulerManager()
        hosts = self._manager.host_manager
        hosts._instance_info = deployment.instances
        filters, weighers = _bare() if setup.with_bare else ([], [])
        hosts.enabled_filters = Clocked([*hosts.enabled_filters, *filters])
        hosts.weighers = Clocked([*hosts.weighers, *weighers])
        self._request_filters = Clocked(_request_filters(setup))
        self._clocked = (
            self._request_filters,
            hosts.enabled_filters,
            hosts.weighers,
        )

    def select(self, spec: objects.RequestSpec) -> Turn:
        """Schedule the servers of a request, and claim their hosts."""
        # As RPC hands it over.
        spec = objects.RequestSpec.obj_from_primitive(spec.obj_to_primitive())
        servers = [
            uuidutils.generate_uuid() for _ in range(spec.num_instances)
        ]
        chosen: list[str] = []
        reason = ''
        for each in self._clocked:
            each.seconds.clear()
        self._configure()
        with (
            mock.patch.object(
                request_filter, 'ALL_REQUEST_FILTERS', self._request_filters
            ),
            _recorded() as records,
            _noted() as queries,
        ):
            collections = _full_collections()
            cpu, wall = time.process_time(), time.perf_counter()
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
            cpu = time.process_time() - cpu
            wall = time.perf_counter() - wall
        return Turn(
            hosts=chosen,
            servers=servers if chosen else [],
            reason=reason,
            cpu_seconds=cpu,
            wall_seconds=wall,
            collections=_full_collections() - collections,
            plugin_cpu_seconds={
                name: seconds
                for each in self._clocked
                for name, seconds in each.seconds.items()
            },
            queries=len(queries),
            record=records.decision,
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


def _full_collections() -> int:
    collections: int = gc.get_stats()[-1]['collections']
    return collections


def _options(
    setup: Setup, default_filters: Sequence[str]
) -> Iterator[tuple[str, str, object]]:
    """Group, name and value of each option that setups differ in."""
    filters = ['nova.scheduler.filters.all_filters']
    weighers = ['nova.scheduler.weights.all_weighers']
    enabled = [*default_filters]
    if setup.with_plugin:
        filters.append('edge_sched.plugins.all_filters')
        weighers.append('edge_sched.plugins.all_weighers')
        enabled.append(OUR_FILTER)
    yield 'filter_scheduler', 'available_filters', filters
    yield 'filter_scheduler', 'weight_classes', weighers
    yield 'filter_scheduler', 'enabled_filters', enabled
    for name, value in setup.options.items():
        yield 'edge_sched', name, value


def _bare() -> tuple[list[EmptyFilter], list[EmptyWeigher]]:
    return [EmptyFilter()], [EmptyWeigher() for _ in OUR_WEIGHERS]


def _request_filters(setup: Setup) -> list[Callable[..., bool]]:
    """Nova's, and ours as it appends it."""
    stock = [
        each
        for each in request_filter.ALL_REQUEST_FILTERS
        if each is not edge_latency
    ]
    return [*stock, edge_latency] if setup.with_plugin else stock


class _Records(logging.Handler):
    """Keeps what is logged of a request, to be read when that is over."""

    def __init__(self) -> None:
        super().__init__()
        self._logged: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._logged.append(record)

    @property
    def decision(self) -> Mapping[str, Any]:
        """The decision record, {} if there is none."""
        for logged in self._logged:
            _, mark, text = logged.getMessage().partition(_RECORD_MARK)
            if mark:
                found: Mapping[str, Any] = json.loads(text)
                return found
        return {}


@contextlib.contextmanager
def _recorded() -> Iterator[_Records]:
    records = _Records()
    logger = logging.getLogger(judgement.__name__)
    logger.addHandler(records)
    try:
        yield records
    finally:
        logger.removeHandler(records)


@contextlib.contextmanager
def _noted() -> Iterator[list[str]]:
    """The queries of Placement for allocation candidates, by whomever."""
    queries: list[str] = []
    ask = report.SchedulerReportClient.get

    def noted(client: Any, url: str, **options: Any) -> Any:
        if url.startswith('/allocation_candidates'):
            queries.append(url)
        return ask(client, url, **options)

    with mock.patch.object(report.SchedulerReportClient, 'get', noted):
        yield queries
