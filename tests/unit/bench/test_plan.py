# SPDX-License-Identifier: Apache-2.0

import unittest

from bench import plan


class PlanTestCase(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.plan = plan.make_plan(600, (50,))

    def test_sites_and_cells_are_runs_of_hosts(self):
        self.assertEqual(
            [f'host-{number}' for number in range(50, 100)],
            self.plan.hosts_at['site-1'],
        )
        self.assertEqual(12, len(self.plan.hosts_at))
        self.assertEqual(
            [plan.HOSTS_PER_CELL, 100],
            [len(hosts) for hosts in self.plan.hosts_in.values()],
        )

    def test_sizes_of_sites_repeat(self):
        sizes = map(len, plan.make_plan(100, (10, 20)).hosts_at.values())
        self.assertEqual([10, 20, 10, 20, 10, 20, 10], list(sizes))

    def test_every_site_has_a_zone(self):
        zone_of = self.plan.zone_of
        self.assertEqual(self.plan.hosts_at.keys(), zone_of.keys())
        self.assertEqual(plan.ZONES, len(set(zone_of.values())))

    def test_other_aggregates_can_be_left_out(self):
        self.assertGreater(len(self.plan.aggregates), 12)
        bare = self.plan.without_other_aggregates()
        self.assertEqual(
            list(bare.hosts_at), [name for name, _, _ in bare.aggregates]
        )


class RoomTestCase(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.plan = plan.make_plan(200, (20,))

    def full(self, room):
        return [name for name, free in room.items() if not free]

    def test_every_host_has_some(self):
        for room in (
            plan.spread_full(self.plan, 0.9),
            plan.uneven(self.plan),
        ):
            self.assertEqual({host.name for host in self.plan.hosts}, {*room})
            self.assertLessEqual(max(room.values()), plan.MOST_FREE)

    def test_share_of_the_hosts_is_full(self):
        self.assertEqual([], self.full(plan.spread_full(self.plan, 0)))
        full = self.full(plan.spread_full(self.plan, 0.9))
        self.assertEqual(180, len(full))

    def test_uneven_sites_have_none_one_half_or_all(self):
        room = plan.uneven(self.plan)
        with_room = {
            sum(room[host] > 0 for host in hosts)
            for hosts in self.plan.hosts_at.values()
        }
        self.assertLessEqual(with_room, {0, 1, 10, 20})
        self.assertGreater(len(with_room), 1)

    def test_same_seed_makes_the_same(self):
        self.assertEqual(plan.uneven(self.plan), plan.uneven(self.plan))
        self.assertNotEqual(
            plan.uneven(self.plan), plan.uneven(self.plan, seed=2)
        )
