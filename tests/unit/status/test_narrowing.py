# SPDX-License-Identifier: Apache-2.0

import types
from collections.abc import Mapping
from unittest import mock

from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.scheduler.topology.topology import Topology
from edge_sched.status import narrowing
from tests.unit.scheduler.topology.test_topology import CELL1
from tests.unit.scheduler.topology.test_topology import CELLS
from tests.unit.status import base


class LimitTest(base.JudgementTestCase):
    def test_as_many_hosts_as_the_limit(self) -> None:
        self.assertSuccess(
            narrowing.judge_limit(1000, 1000),
            'Placement may offer all compute hosts: 1000, with '
            'max_placement_results = 1000.',
        )

    def test_more_hosts_than_the_limit(self) -> None:
        self.assertWarns(
            narrowing.judge_limit(1000, 1001),
            'is 1000, and there are 1001 compute hosts',
            '[edge_sched]',
            'narrow_candidates = auto',
        )

    def test_hosts_count_by_their_nodes(self) -> None:
        hosts = dict.fromkeys(('paris-1', 'ironic-1'), CELL1)
        with mock.patch.object(
            narrowing,
            'read_topology',
            return_value=Topology([], CELLS, hosts, {'ironic-1': 40}),
        ):
            self.assertEqual(41, narrowing.count_nodes())

    def test_when_requests_are_narrowed(self) -> None:
        for mode, hosts, narrows in (
            ('auto', 1000, False),
            ('auto', 1001, True),
            ('always', 1, True),
            ('never', 1001, False),
        ):
            self.assertEqual(narrows, narrowing.narrows(mode, 1000, hosts))


class MirrorTest(base.JudgementTestCase):
    def test_placement_knows_all(self) -> None:
        self.assertSuccess(
            narrowing.judge_mirror(narrowing.Mirror(50, 0)),
            'Requests are narrowed to near sites, and Placement knows of all '
            'their hosts: 50.',
        )

    def test_placement_knows_some(self) -> None:
        self.assertWarns(
            narrowing.judge_mirror(narrowing.Mirror(50, 5)),
            '5 of 50 (10 %) hosts of sites',
            '$ nova-manage placement sync_aggregates',
        )

    def read(
        self,
        *providers: int | None,
        several_nodes: Mapping[str, int] = types.MappingProxyType({}),
    ) -> narrowing.Mirror:
        sites = [
            Aggregate(f'u{n}', {'edge:site': f's{n}'}, [f'h{n}', 'both'])
            for n in range(60)
        ]
        zone = Aggregate('z', {'availability_zone': 'z'}, ['other'])
        hosts = {h: CELL1 for site in sites for h in site.hosts if h != 'h3'}
        topology = Topology([*sites, zone], CELLS, hosts, several_nodes)
        with (
            mock.patch.object(
                narrowing, 'read_topology', return_value=topology
            ),
            mock.patch.object(
                narrowing,
                'providers_in',
                side_effect=[
                    None if n is None else ['uuid'] * n for n in providers
                ],
            ) as asked,
        ):
            mirror = narrowing.read_mirror()
        self.assertEqual(
            [35, 25], [len(call.args[0]) for call in asked.mock_calls]
        )
        return mirror

    def test_hosts_are_counted_once_a_query(self) -> None:
        # 34 of the first 35, 25 of the rest, and one that is in all.
        self.assertEqual(narrowing.Mirror(61, 0), self.read(35, 26))
        self.assertEqual(narrowing.Mirror(61, 11), self.read(25, 25))
        self.assertEqual(narrowing.Mirror(61, 26), self.read(60, 0))

    def test_nodes_of_a_host_count(self) -> None:
        mirror = self.read(35, 26, several_nodes={'h5': 3})
        self.assertEqual(narrowing.Mirror(63, 2), mirror)

    def test_placement_that_does_not_answer(self) -> None:
        self.assertRaises(RuntimeError, self.read, None)
