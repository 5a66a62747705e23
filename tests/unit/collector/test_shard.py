# SPDX-License-Identifier: Apache-2.0

from oslotest import base

from edge_sched.collector.shard import Shard


class ShardTest(base.BaseTestCase):
    def test_one_of_one_has_all(self):
        self.assertTrue(Shard.parse('1/1').has('lyon'))
        self.assertEqual('1/1', str(Shard()))

    def test_every_vantage_is_of_one_shard(self):
        shards = [Shard.parse(f'{number}/3') for number in (1, 2, 3)]
        vantages = [f'site-{number}' for number in range(300)]
        held = [sum(map(shard.has, vantages)) for shard in shards]
        self.assertEqual(300, sum(held))
        for vantage in vantages:
            self.assertEqual(1, sum(s.has(vantage) for s in shards))
        self.assertGreater(min(held), 60)

    def test_it_is_the_same_in_every_process(self):
        # hash() of a text is not. The CRC-32 of "lyon" is 0x43fbff4f: odd.
        self.assertTrue(Shard(2, 2).has('lyon'))
        self.assertFalse(Shard(1, 2).has('lyon'))

    def test_what_is_no_part_is_refused(self):
        for text in ('0/1', '2/1', '3/2'):
            error = self.assertRaises(ValueError, Shard.parse, text)
            self.assertIn(repr(text), str(error))
