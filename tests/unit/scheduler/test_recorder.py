# SPDX-License-Identifier: Apache-2.0

"""Records in full, by Nova's own handlers and all of its weighers."""

import math
import random
from typing import Any
from unittest import mock

from nova import context
from nova import exception
from nova import objects
from nova.scheduler import filters
from nova.scheduler import weights
from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.scheduler import recorder
from edge_sched.scheduler.filters import EdgeLatencyFilter
from edge_sched.scheduler.request_filter import edge_latency
from tests.unit import growth
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.base import StagesTestCase

NEAR = {'edge:client': [ALICE], 'edge:latency_budget_ms': ['20']}
CLASSES = [
    'nova.scheduler.weights.all_weighers',
    'edge_sched.plugins.all_weighers',
]


class FullRecordTestCase(StagesTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf.config(group='edge_sched', record_detail='full')
        self.conf.config(group='filter_scheduler', weight_classes=CLASSES)
        for host, free_mb in zip(self.hosts, (800, 400, 600), strict=True):
            host.free_ram_mb = free_mb
            host.cpu_allocation_ratio = 1.0

    def spec(self, *args: Any, **fields: Any) -> objects.RequestSpec:
        image = objects.ImageMeta(properties=objects.ImageMetaProps())
        unset = {'instance_group': None, 'image': image}
        return super().spec(*args, **unset | fields)

    def place(self, spec: objects.RequestSpec) -> list[str]:
        """The hosts left, best first, by all weighers of nova.conf."""
        edge_latency(context.get_admin_context(), spec)
        left = filters.HostFilterHandler().get_filtered_objects(
            [EdgeLatencyFilter()], self.hosts, spec, index=0
        )
        return self.weigh(left, spec)

    def weigh(self, left: list[Any], spec: objects.RequestSpec) -> list[str]:
        handler = weights.HostWeightHandler()
        weighers = [each() for each in handler.get_matching_classes(CLASSES)]
        weighed = handler.get_weighed_objects(weighers, left, spec)
        return [host.obj.host for host in weighed]


class FullRecordTest(FullRecordTestCase):
    def test_one_record_that_names_the_first(self) -> None:
        placed = self.place(self.spec(NEAR))
        self.assertEqual(['paris-2', 'paris-1', 'lyon-1'], placed)
        (record,) = self.records()
        first, runner_up = (record['ranking'][k] for k in ('first', 'next'))
        self.assertEqual(('paris-2', 'paris'), (first['host'], first['site']))
        self.assertEqual(
            ('lyon-1', 'lyon'), (runner_up['host'], runner_up['site'])
        )
        # RAM of 400, 600 and 800 MB is 1/2, 3/4 and 1.
        self.assertEqual(0.75, first['given']['RAMWeigher'])
        self.assertEqual(1.0, runner_up['given']['RAMWeigher'])
        self.assertAlmostEqual(
            3000 * (2 + 1 / 1.45) / 3, first['given']['EdgeLatencyWeigher'], 6
        )
        self.assertEqual(first['weight'], sum(first['given'].values()))
        self.assertEqual(
            {'RAMWeigher': 'paris-1', 'EdgeLatencyWeigher': 'lyon-1'},
            record['ranking']['without'],
        )

    def test_places_and_settings(self) -> None:
        self.conf.config(group='edge_sched', tie_band_ms=2)
        self.place(self.spec(NEAR))
        (record,) = self.records()
        paris, lyon = record['places']
        self.assertEqual(
            ('paris', 2, 'within', 'paris-2', 3000.0),
            (
                paris['site'],
                paris['hosts'],
                paris['class'],
                paris['best']['host'],
                paris['best']['multiplier'],
            ),
        )
        self.assertEqual(9, paris['rows'][0][0]['rtt_p50_ms'])
        self.assertEqual('lyon-1', lyon['best']['host'])
        # RAM alone: what our own weighers gave is not in it.
        self.assertEqual(0.75, paris['best']['weight'])
        self.assertEqual(2.0, record['settings']['tie_band_ms'])
        self.assertEqual('nearest', record['objective'])

    def test_short_is_as_ever(self) -> None:
        self.conf.config(group='edge_sched', record_detail='short')
        self.place(self.spec(NEAR))
        (record,) = self.records()
        self.assertNotIn('places', record)
        self.assertNotIn('ranking', record)

    def test_one_host_left(self) -> None:
        spec = self.spec(NEAR | {'edge:latency_budget_ms': ['12']})
        self.hosts = self.hosts[:2]
        self.assertEqual(['paris-1'], self.place(spec))
        (record,) = self.records()
        self.assertEqual('paris-1', record['ranking']['first']['host'])
        self.assertNotIn('next', record['ranking'])
        self.assertEqual(3000.0, record['places'][0]['best']['multiplier'])

    def test_no_host_left(self) -> None:
        spec = self.spec(NEAR | {'edge:latency_budget_ms': ['2']})
        self.assertRaises(exception.NoValidHost, self.place, spec)
        (record,) = self.records()
        self.assertEqual('rejected', record['outcome'])
        self.assertEqual(2, len(record['places']))
        self.assertNotIn('ranking', record)

    def test_nothing_to_judge(self) -> None:
        flavor = {'edge:latency_budget_ms': '20'}
        self.place(self.spec({}, flavor))
        (record,) = self.records()
        self.assertEqual('no_client', record['outcome'])
        self.assertNotIn('places', record)

    def test_shadow_tells_what_became_of_hosts(self) -> None:
        self.conf.config(group='edge_sched', mode='shadow')
        self.assertEqual('lyon-1', self.place(self.spec(NEAR))[0])
        (record,) = self.records()
        self.assertEqual('lyon-1', record['ranking']['first']['host'])
        self.assertEqual(0.0, record['places'][0]['best']['multiplier'])
        self.assertEqual('paris', record['best'][0]['site'])

    def test_multiplier_of_an_aggregate(self) -> None:
        self.topology.return_value.multipliers['lyon-1'] = 9000.0
        self.assertEqual('lyon-1', self.place(self.spec(NEAR))[0])
        (record,) = self.records()
        by_site = {place['site']: place for place in record['places']}
        self.assertEqual(9000.0, by_site['lyon']['best']['multiplier'])

    def test_members_of_a_group(self) -> None:
        group = objects.InstanceGroup(hosts=['paris-1'], policy='none')
        spec = self.spec(
            NEAR | {'edge:spread': ['site']}, instance_group=group
        )
        self.assertEqual('lyon-1', self.place(spec)[0])
        (record,) = self.records()
        by_site = {place['site']: place for place in record['places']}
        self.assertEqual([1], by_site['paris']['members'])
        self.assertNotIn('members', by_site['lyon'])
        self.assertGreater(by_site['lyon']['score'], by_site['paris']['score'])


class NotWaitingTest(FullRecordTestCase):
    """The record is logged by the filter, without what became of hosts."""

    def assertLoggedByTheFilter(self, spec: objects.RequestSpec) -> None:
        edge_latency(context.get_admin_context(), spec)
        EdgeLatencyFilter().filter_all(self.hosts, spec)
        (record,) = self.records()
        self.assertEqual(2, len(record['places']))
        self.assertNotIn('ranking', record)
        self.weigh(self.hosts, spec)
        self.assertEqual(1, len(self.records()))

    def test_filters_behind_ours(self) -> None:
        self.conf.config(
            group='filter_scheduler',
            enabled_filters=['EdgeLatencyFilter', 'ComputeFilter'],
        )
        self.assertLoggedByTheFilter(self.spec(NEAR))

    def test_recorder_that_is_not_there(self) -> None:
        self.conf.config(group='filter_scheduler', weight_classes=CLASSES[:1])
        self.assertLoggedByTheFilter(self.spec(NEAR))


class RecorderTest(FullRecordTestCase):
    def test_prefers_nobody(self) -> None:
        alone = weights.HostWeightHandler().get_weighed_objects(
            [recorder.EdgeRecorder()], self.hosts, self.spec(NEAR)
        )
        self.assertEqual([0.0] * 3, [host.weight for host in alone])

    def test_servers_of_one_request_make_one_record(self) -> None:
        spec = self.spec(NEAR)
        self.place(spec)
        left = filters.HostFilterHandler().get_filtered_objects(
            [EdgeLatencyFilter()], self.hosts, spec, index=1
        )
        self.weigh(left, spec)
        self.assertEqual(1, len(self.records()))

    def test_request_that_comes_again_is_recorded_anew(self) -> None:
        spec = self.spec(NEAR)
        EdgeLatencyFilter().filter_all(self.hosts, spec)
        self.assertIsNotNone(recorder.PENDING.get(spec))
        edge_latency(context.get_admin_context(), spec)
        EdgeLatencyFilter().filter_all([], spec)
        self.assertIsNone(recorder.PENDING.get(spec))

    def test_what_waits_is_plain(self) -> None:
        spec = self.spec(NEAR)
        edge_latency(context.get_admin_context(), spec)
        EdgeLatencyFilter().filter_all(self.hosts, spec)
        kept = recorder.PENDING.get(spec)
        types = (type(self.hosts[0]), type(spec))
        self.assertEqual(
            [], [x for x in growth.reachable(kept) if isinstance(x, types)]
        )

    def test_weigher_that_fails_costs_no_record(self) -> None:
        spec = self.spec(NEAR)
        with mock.patch.object(recorder, '_given', side_effect=KeyError('x')):
            self.assertEqual('paris-2', self.place(spec)[0])
        (record,) = self.records()
        self.assertEqual(2, len(record['places']))
        self.assertNotIn('ranking', record)
        self.assertIn('Could not record what the weighers', self.log.output)

    def test_record_that_fails_costs_no_placement(self) -> None:
        with mock.patch.object(
            recorder, 'log_record', side_effect=RuntimeError('a test')
        ):
            self.assertEqual('paris-2', self.place(self.spec(NEAR))[0])
        self.assertIn('Could not record a decision', self.log.output)

    def test_what_fails_in_the_filter_costs_no_placement(self) -> None:
        for failing, hosts in (('_weighers', 3), ('_weighed', 1)):
            self.hosts = self.hosts[:hosts]
            with mock.patch.object(recorder, failing, side_effect=KeyError):
                spec = self.spec(NEAR)
                edge_latency(context.get_admin_context(), spec)
                left = EdgeLatencyFilter().filter_all(self.hosts, spec)
            self.assertEqual(self.hosts, left)
            record = self.records()[-1]
            self.assertEqual('judged', record['outcome'])
            self.assertNotIn('ranking', record)

    def test_detail_that_fails_leaves_the_short_record(self) -> None:
        with mock.patch(
            'edge_sched.judging.detail.places', side_effect=RuntimeError
        ):
            self.place(self.spec(NEAR))
        (record,) = self.records()
        self.assertNotIn('places', record)
        self.assertEqual('judged', record['outcome'])

    def test_weighers_of_one_name_count_together(self) -> None:
        twice = [*CLASSES, 'nova.scheduler.weights.ram.RAMWeigher']
        self.conf.config(group='filter_scheduler', weight_classes=twice)
        self.place(self.spec(NEAR))
        (record,) = self.records()
        given = record['ranking']['first']['given']
        self.assertEqual(1.5, given['RAMWeigher'])


class CounterfactualTest(FullRecordTestCase):
    """What the record says of other weights comes about in Nova."""

    def setUp(self) -> None:
        super().setUp()
        # So little that other weighers have their say.
        self.conf.config(group='edge_sched', latency_weight_multiplier=3)

    def hosts_of(self, seed: int) -> list[Any]:
        """Hosts of all sites, each with some of everything."""
        chance = random.Random(seed)
        hosts = [
            self.host(name, cell)
            for name, cell in (
                ('lyon-1', uuids.cell2),
                ('paris-1', uuids.cell1),
                ('paris-2', uuids.cell1),
            )
            for _ in range(chance.randint(1, 2))
        ]
        for host in hosts:
            host.cpu_allocation_ratio = 1.0
            host.free_ram_mb = chance.choice([400, 600, 800])
            host.free_disk_mb = chance.choice([100, 200])
            host.vcpus_total = chance.choice([4, 8])
            host.num_io_ops = chance.choice([0, 1, 2])
            host.num_instances = chance.choice([0, 3])
        return hosts

    def first(self, spec: objects.RequestSpec, weighers: list[Any]) -> str:
        handler = weights.HostWeightHandler()
        weighed = handler.get_weighed_objects(weighers, self.hosts, spec)
        host: str = weighed[0].obj.host
        return host

    def test_whatever_hosts_are_like(self) -> None:
        weighers = [
            each()
            for each in weights.HostWeightHandler().get_matching_classes(
                CLASSES
            )
        ]
        turned = without = 0
        for seed in range(60):
            self.hosts = self.hosts_of(seed)
            spec = self.spec(NEAR)
            self.place(spec)
            ranking = self.records()[-1]['ranking']
            self.assertEqual(
                ranking['first']['host'], self.first(spec, weighers)
            )
            for weigher in weighers:
                name = type(weigher).__name__
                others = [each for each in weighers if each is not weigher]
                expected = ranking['without'].get(
                    name, ranking['first']['host']
                )
                self.assertEqual(expected, self.first(spec, others), seed)
                without += name in ranking['without']
                for factor, host in ranking['turns'].get(name, ()):
                    if 1e-5 < abs(factor - 1) and factor > 1e-5:
                        beyond = 1 + math.copysign(1e-6, factor - 1)
                        scaled = Scaled(weigher, factor * beyond)
                        alike = [
                            scaled if each is weigher else each
                            for each in weighers
                        ]
                        self.assertEqual(host, self.first(spec, alike), seed)
                        turned += 1
        self.assertGreater(turned, 60)
        self.assertGreater(without, 60)


class Scaled(weights.BaseHostWeigher):
    """A weigher of so many times the multiplier."""

    def __init__(self, weigher: weights.BaseHostWeigher, factor: float):
        self._weigher = weigher
        self._factor = factor
        self.minval, self.maxval = weigher.minval, weigher.maxval

    def weight_multiplier(self, host_state: Any) -> float:
        return self._factor * self._weigher.weight_multiplier(host_state)

    def weigh_objects(self, *args: Any) -> list[float]:
        weights: list[float] = self._weigher.weigh_objects(*args)
        return weights

    def _weigh_object(self, *args: Any) -> float:
        raise AssertionError
