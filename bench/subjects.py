# SPDX-License-Identifier: Apache-2.0

"""What is timed of a pass: plug-ins, each through Nova's own handler.

Every turn has a RequestSpec fresh from its RPC form and HostStates of its
own, as in a scheduler. What comes before the subject in a request, such as
our filter before our weighers, is done but not timed.
"""

from collections.abc import Callable, Sequence
from typing import Any

from nova import objects
from nova.scheduler.filters.compute_filter import ComputeFilter
from nova.scheduler.weights.ram import RAMWeigher

from bench import hosts
from bench.latencies import request_near
from bench.records import request_spec
from bench.schedulers import EmptyFilter
from bench.schedulers import EmptyWeigher

EMPTY_FILTER, COMPUTE_FILTER = 'empty filter', 'ComputeFilter'
DEFAULT_FILTERS, OUR_FILTER = 'default filters', 'EdgeLatencyFilter'
EMPTY_WEIGHER, RAM_WEIGHER = 'empty weigher', 'RAMWeigher'
ALL_WEIGHERS = 'all weighers of Nova'
OUR_WEIGHER, OUR_CELL_WEIGHER = 'EdgeLatencyWeigher', 'EdgeCellLatencyWeigher'
EMPTY_PASS = 'empty filter and two weighers'
OUR_PASS, WITHOUT_HINTS = 'all of ours', 'all of ours, no hints'

#: Makes ready what is timed.
Subject = Callable[[], Callable[[], object]]


def subjects(states: hosts.Hosts) -> dict[str, Subject]:
    """Everything that is timed."""
    ours = hosts.Stages()
    nova = hosts.Stages(with_nova=True, with_ours=False)
    (our_filter,), (latency, cell) = ours.filters, ours.weighers
    empty, weigher = EmptyFilter(), EmptyWeigher()
    near = request_near(0).obj_to_primitive()
    plain = request_spec({}, {}).obj_to_primitive()
    fresh = objects.RequestSpec.obj_from_primitive

    def second() -> list[Any]:
        """Hosts as a plug-in finds them that is not the first in its list.

        For each filter before it Nova's handler has read the names of all
        hosts. Whoever is first pays for the cache misses, up to 1 us a host.
        """
        return hosts.all_filtered([empty], states.fresh(), None)

    def filters(plugins: Sequence[Any], first: bool = False) -> Subject:
        """Each where Nova runs it: ours comes after others, its own first."""

        def prepare() -> Callable[[], object]:
            spec, given = fresh(near), states.fresh() if first else second()
            ours.begin(spec)
            return lambda: hosts.all_filtered(plugins, given, spec)

        return prepare

    def weighers(plugins: Sequence[Any]) -> Subject:
        def prepare() -> Callable[[], object]:
            spec, given = fresh(near), second()
            ours.begin(spec)
            left = our_filter.filter_all(given, spec)
            return lambda: hosts.weighed(plugins, left, spec)

        return prepare

    def whole(begin: Any, filter_: Any, two: Any, of: Any = near) -> Subject:
        def prepare() -> Callable[[], object]:
            spec, given = fresh(of), second()

            def run() -> None:
                begin(spec)
                left = hosts.all_filtered([filter_], given, spec)
                hosts.weighed(two, left, spec)

            return run

        return prepare

    def begun() -> Callable[[], object]:
        spec = fresh(near)
        return lambda: ours.begin(spec)

    return {
        EMPTY_FILTER: filters([empty]),
        COMPUTE_FILTER: filters([ComputeFilter()], first=True),
        DEFAULT_FILTERS: filters(nova.filters, first=True),
        OUR_FILTER: filters([our_filter]),
        EMPTY_WEIGHER: weighers([weigher]),
        RAM_WEIGHER: weighers([RAMWeigher()]),
        ALL_WEIGHERS: weighers(nova.weighers),
        OUR_WEIGHER: weighers([latency]),
        OUR_CELL_WEIGHER: weighers([cell]),
        'our request filter': begun,
        EMPTY_PASS: whole(nova.begin, empty, [weigher, weigher]),
        OUR_PASS: whole(ours.begin, our_filter, [latency, cell]),
        WITHOUT_HINTS: whole(ours.begin, our_filter, [latency, cell], plain),
    }
