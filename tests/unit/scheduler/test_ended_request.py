# SPDX-License-Identifier: Apache-2.0

"""What belongs to a request goes with it."""

import gc
import types
import weakref
from collections.abc import Mapping
from typing import Any
from unittest import mock

import fixtures
from nova import exception
from nova import objects
from nova.objects.base import NovaObject
from nova.scheduler.host_manager import HostState
from oslo_utils.fixture import uuidsentinel as uuids
from oslo_versionedobjects.fields import CoercedCollectionMixin
from oslotest import base

from edge_sched.scheduler import decide_hosts
from edge_sched.scheduler import request_filter
from edge_sched.scheduler import scores
from edge_sched.scheduler.case import CASES
from edge_sched.scheduler.filters import EdgeLatencyFilter
from edge_sched.scheduler.scores import SCORES
from edge_sched.scheduler.spec import PerRequest
from edge_sched.scheduler.topology import cell
from tests.unit import growth
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.base import StagesTestCase

NEAR = {'edge:client': [ALICE], 'edge:latency_budget_ms': ['20']}
SPREAD = NEAR | {'edge:spread': ['site'], 'edge:spread_mode': ['required']}
TOO_NEAR = {'edge:client': [ALICE], 'edge:latency_budget_ms': ['1']}

#: What knows its request, or the stack of whoever serves it.
NOT_PLAIN = (
    NovaObject,
    CoercedCollectionMixin,
    HostState,
    BaseException,
    types.TracebackType,
    types.FrameType,
)


class PerRequestTest(base.BaseTestCase):
    def test_value_is_that_of_the_very_object(self) -> None:
        per_request: PerRequest[int] = PerRequest('test')
        spec = objects.RequestSpec(project_id='p')
        per_request.put(spec, 7)
        self.assertEqual(7, per_request.get(spec))
        self.assertIsNone(per_request.get(spec.obj_clone()))
        per_request.drop(spec)
        self.assertIsNone(per_request.get(spec))
        per_request.drop(spec)

    def test_values_of_two_names_are_two(self) -> None:
        one: PerRequest[int] = PerRequest('one')
        spec = objects.RequestSpec(project_id='p')
        one.put(spec, 7)
        self.assertIsNone(PerRequest[int]('two').get(spec))

    def test_value_is_not_sent_with_the_request(self) -> None:
        spec = objects.RequestSpec(project_id='p')
        sent = spec.obj_to_primitive()
        PerRequest[int]('test').put(spec, 7)
        self.assertEqual(sent, spec.obj_to_primitive())

    def test_value_that_knows_its_request_goes_with_it(self) -> None:
        per_request: PerRequest[Any] = PerRequest('test')
        spec = objects.RequestSpec(scheduler_hints={'edge:client': ['a']})
        per_request.put(spec, spec.scheduler_hints)
        alive = weakref.ref(spec)
        del spec
        gc.collect()
        self.assertIsNone(alive())


class Roomy:
    """Placement with room everywhere; keeps nothing, as a mock would."""

    aggregates = limit = 40
    disk_gb = 0

    def __init__(self, context: object, spec: object) -> None:
        pass

    def count(self, aggregates: object, nodes: int) -> int:
        return self.limit


class EndedRequestTest(StagesTestCase):
    """Requests as they come over RPC: their fields know their object."""

    def came(
        self, hints: Mapping[str, Any], **fields: Any
    ) -> objects.RequestSpec:
        sent = self.spec(
            hints, {'edge:percentile': 'p50', 'hw:mem_page_size': '4'}
        )
        for name, value in fields.items():
            setattr(sent, name, value)
        return objects.RequestSpec.obj_from_primitive(sent.obj_to_primitive())

    def alive_after(
        self, hints: Mapping[str, Any], **fields: Any
    ) -> list[object]:
        """What is left of a request and its hosts when it has ended."""
        spec = self.came(hints, **fields)
        hosts = [self.host(host.host, host.cell_uuid) for host in self.hosts]
        watched = [
            weakref.ref(each)
            for each in (
                *(spec, spec.flavor, spec.scheduler_hints, *hosts),
                spec.flavor.extra_specs,
                *spec.scheduler_hints.values(),
            )
        ]
        with mock.patch.object(self, 'hosts', hosts):
            try:
                self.schedule(spec)
            except (
                exception.RequestFilterFailed,
                exception.NoValidHost,
                ZeroDivisionError,
            ):
                pass
        del spec, hosts
        gc.collect()
        return [ref() for ref in watched if ref() is not None]

    def move(self) -> Mapping[str, Any]:
        cell = objects.CellMapping(uuid=uuids.cell1, name='cell1')
        return {'requested_destination': objects.Destination(cell=cell)}

    def test_judged(self) -> None:
        self.assertEqual([], self.alive_after(NEAR))
        self.assertEqual('judged', self.records()[0]['outcome'])

    def test_refused_by_the_request_filter(self) -> None:
        hints = {'edge:client': ['999.1.1.1']}
        self.assertEqual([], self.alive_after(hints))
        self.assertEqual('bad_hint', self.records()[0]['outcome'])

    def test_refused_by_the_filter(self) -> None:
        self.assertEqual([], self.alive_after(TOO_NEAR))
        self.assertEqual('rejected', self.records()[0]['outcome'])

    def test_move_with_values_that_make_no_sense(self) -> None:
        hints = NEAR | {'edge:loss_budget_pct': ['many'], 'edge:x': ['1']}
        self.assertEqual([], self.alive_after(hints, **self.move()))
        self.assertEqual('bad_hint', self.records()[0]['outcome'])

    def test_narrowed(self) -> None:
        self.conf.config(group='edge_sched', narrow_candidates='always')
        self.useFixture(
            fixtures.MockPatch('edge_sched.scheduler.topology.cell.count_down')
        ).mock.return_value = cell.Down(0, frozenset())
        with mock.patch('edge_sched.scheduler.narrowing.narrow.Query', Roomy):
            alive = self.alive_after(NEAR)
        self.assertEqual([], alive)
        self.assertIn('narrowed', self.records()[0])

    def grouped(self) -> Mapping[str, Any]:
        return {'instance_group': objects.InstanceGroup(hosts=['paris-1'])}

    def test_spread(self) -> None:
        self.assertEqual([], self.alive_after(SPREAD, **self.grouped()))
        self.assertEqual('judged', self.records()[0]['outcome'])

    def test_ends_in_any_stage(self) -> None:
        for owner, name in (
            (request_filter, 'make_case'),
            (request_filter, 'narrow'),
            (EdgeLatencyFilter, 'filter_all'),
            (decide_hosts, 'judge_locations'),
            (decide_hosts, 'log_placed'),
            (scores.Scores, 'of'),
        ):
            with mock.patch.object(owner, name, fail):
                alive = self.alive_after(NEAR)
            self.assertEqual([], alive, name)

    def test_what_is_kept_meanwhile_is_plain(self) -> None:
        spec = self.came(
            SPREAD | {'edge:loss_budget_pct': ['many'], 'edge:x': ['1']},
            **self.grouped(),
            **self.move(),
        )
        self.schedule(spec)
        for kept in (CASES.get(spec), SCORES.get(spec)):
            self.assertIsNotNone(kept)
            found = [
                x for x in growth.reachable(kept) if isinstance(x, NOT_PLAIN)
            ]
            self.assertEqual([], found)


def fail(*args: object, **kwargs: object) -> None:
    """What a mock would keep, this does not."""
    raise ZeroDivisionError
