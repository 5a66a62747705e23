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

"""What is timed: plug-ins, each through Nova's own handler.

Every turn has a RequestSpec fresh from its RPC form and HostStates of its
own, as in a scheduler. What comes before the subject in a request, such as
our filter before our weighers, is done but not timed.
"""

from collections.abc import Callable, Sequence
from typing import Any

from nova import context as nova_context
from nova import objects
from nova.scheduler import filters
from nova.scheduler import weights
from nova.scheduler.filters.compute_filter import ComputeFilter
from nova.scheduler.weights.ram import RAMWeigher

from bench import region
from bench import store
from bench.measure import Subject
from bench.specs import request_spec
from edge_sched.scheduler.filters import EdgeLatencyFilter
from edge_sched.scheduler.request_filter import edge_latency
from edge_sched.scheduler.weights import EdgeCellLatencyWeigher
from edge_sched.scheduler.weights import EdgeLatencyWeigher

EMPTY_FILTER = 'empty filter'
COMPUTE_FILTER = 'ComputeFilter'
DEFAULT_FILTERS = 'default filters'
OUR_FILTER = 'EdgeLatencyFilter'
EMPTY_WEIGHER = 'empty weigher'
RAM_WEIGHER = 'RAMWeigher'
ALL_WEIGHERS = 'all weighers of Nova'
OUR_WEIGHER = 'EdgeLatencyWeigher'
OUR_CELL_WEIGHER = 'EdgeCellLatencyWeigher'
OUR_REQUEST_FILTER = 'our request filter'
EMPTY_PASS = 'empty filter and two weighers'
OUR_PASS = 'all of ours'
OUR_PASS_WITHOUT_HINTS = 'all of ours, no hints'


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


class Bench:
    """Nova's handlers and plug-ins, ours, and the hosts they work on."""

    def __init__(self, hosts: region.Region) -> None:
        self._region = hosts
        self._context = nova_context.RequestContext('user', 'project')
        self._filter_handler = filters.HostFilterHandler()
        self._weight_handler = weights.HostWeightHandler()
        self._our_filter = EdgeLatencyFilter()
        self._our_weighers = [EdgeLatencyWeigher(), EdgeCellLatencyWeigher()]
        self._near = request_spec(
            self._context,
            {'edge:latency_budget_ms': f'{store.BUDGET_MS}'},
            {'edge:client': [store.CLIENT]},
        ).obj_to_primitive()
        self._plain = request_spec(self._context, {}, {}).obj_to_primitive()

    def subjects(self, default_filters: Sequence[str]) -> list[Subject]:
        """Everything that is timed.

        :param default_filters: class names, ``['ComputeFilter', ...]``
        """
        latency, cell = self._our_weighers
        empty = EmptyWeigher()
        return [
            self._filters(EMPTY_FILTER, EmptyFilter()),
            self._filters(COMPUTE_FILTER, ComputeFilter(), first=True),
            self._filters(
                DEFAULT_FILTERS, *named_filters(default_filters), first=True
            ),
            self._filters(OUR_FILTER, self._our_filter),
            self._weighers(EMPTY_WEIGHER, empty),
            self._weighers(RAM_WEIGHER, RAMWeigher()),
            self._weighers(
                ALL_WEIGHERS, *(cls() for cls in weights.all_weighers())
            ),
            self._weighers(OUR_WEIGHER, latency),
            self._weighers(OUR_CELL_WEIGHER, cell),
            Subject(OUR_REQUEST_FILTER, self._request_filter),
            Subject(EMPTY_PASS, self._empty_pass),
            Subject(OUR_PASS, lambda: self.our_pass(self._near)),
            Subject(
                OUR_PASS_WITHOUT_HINTS, lambda: self.our_pass(self._plain)
            ),
        ]

    def our_pass(
        self, request: dict[str, Any] | None = None
    ) -> Callable[[], object]:
        """All stages of ours, of a request with a client unless given one."""
        spec, hosts = _fresh(request or self._near), self._hosts()

        def run() -> None:
            edge_latency(self._context, spec)
            left = self._filter([self._our_filter], hosts, spec)
            self._weigh(self._our_weighers, left, spec)

        return run

    def pass_without_hints(self) -> Callable[[], object]:
        """All stages of ours, of a request that asks nothing of them."""
        return self.our_pass(self._plain)

    def _empty_pass(self) -> Callable[[], object]:
        spec, hosts = _fresh(self._near), self._hosts()
        empty_filter, weigher = EmptyFilter(), EmptyWeigher()

        def run() -> None:
            left = self._filter([empty_filter], hosts, spec)
            self._weigh([weigher, weigher], left, spec)

        return run

    def _request_filter(self) -> Callable[[], object]:
        spec = _fresh(self._near)
        return lambda: edge_latency(self._context, spec)

    def _filters(
        self, name: str, *plugins: filters.BaseHostFilter, first: bool = False
    ) -> Subject:
        """Filters, after our request filter has seen the request.

        Each where Nova runs it: ours comes after others, and ComputeFilter,
        like the default filters as a whole, comes first.
        """

        def prepare() -> Callable[[], object]:
            spec = _fresh(self._near)
            hosts = self._region.host_states() if first else self._hosts()
            edge_latency(self._context, spec)
            return lambda: self._filter(plugins, hosts, spec)

        return Subject(name, prepare)

    def _weighers(
        self, name: str, *plugins: weights.BaseHostWeigher
    ) -> Subject:
        """Weighers, after our filter has judged the hosts."""

        def prepare() -> Callable[[], object]:
            spec, hosts = _fresh(self._near), self._hosts()
            edge_latency(self._context, spec)
            left = self._our_filter.filter_all(hosts, spec)
            return lambda: self._weigh(plugins, left, spec)

        return Subject(name, prepare)

    def _hosts(self) -> list[Any]:
        """Hosts as a plug-in finds them that is not the first in its list.

        For each filter before it Nova's handler has read the names of all
        hosts. Whoever is first pays for the cache misses, up to 1 us a host.
        """
        hosts = self._region.host_states()
        return self._filter([EmptyFilter()], hosts, None)

    def _filter(
        self, plugins: Sequence[Any], hosts: Sequence[Any], spec: Any
    ) -> list[Any]:
        """Filter, and be sure that nothing was spared by a dropped host."""
        left = self._filter_handler.get_filtered_objects(plugins, hosts, spec)
        if len(left) != len(hosts):
            raise RuntimeError(f'{len(left)} of {len(hosts)} hosts passed')
        return left

    def _weigh(
        self, plugins: Sequence[Any], hosts: Sequence[Any], spec: Any
    ) -> list[Any]:
        return self._weight_handler.get_weighed_objects(plugins, hosts, spec)


def named_filters(names: Sequence[str]) -> list[filters.BaseHostFilter]:
    """Filters of Nova, by the names of their classes."""
    classes = {cls.__name__: cls for cls in filters.all_filters()}
    return [classes[name]() for name in names]


def _fresh(request: dict[str, Any]) -> objects.RequestSpec:
    return objects.RequestSpec.obj_from_primitive(request)
