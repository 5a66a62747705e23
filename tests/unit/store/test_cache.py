# SPDX-License-Identifier: Apache-2.0

"""The cache, with a clock of its own."""

from oslotest import base

from edge_sched.model.client import parse_client
from edge_sched.model.latency import Answer
from edge_sched.model.latency import Latency
from edge_sched.store.cache import AnswerCache

ONE = (parse_client('203.0.113.1'), '')
TWO = (parse_client('203.0.113.2'), '')
THREE = (parse_client('203.0.113.3'), '')


def answer(rows):
    return Answer(
        True,
        (
            {
                f'v{n}': Latency(f'v{n}', 'c', 1.0, 2.0, 3.0)
                for n in range(rows)
            },
        ),
    )


class CacheTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.now = 1000.0

    def make(self, ttl_seconds=10.0, max_age_seconds=900.0, max_rows=100):
        return AnswerCache(
            ttl_seconds, max_age_seconds, max_rows, lambda: self.now
        )

    def test_fresh_then_kept_then_gone(self):
        cache = self.make()
        cache.put({ONE: answer(3)})
        self.assertEqual({ONE: answer(3)}, cache.fresh([ONE, TWO]))
        self.now += 9.9
        self.assertEqual({ONE}, cache.fresh([ONE]).keys())
        self.now += 0.1
        self.assertEqual({}, cache.fresh([ONE]))
        self.assertEqual({ONE}, cache.kept([ONE, TWO]).keys())
        self.now += 889.9
        self.assertEqual({ONE}, cache.kept([ONE]).keys())
        self.now += 0.2
        self.assertEqual({}, cache.kept([ONE]))

    def test_reading_makes_nothing_younger(self):
        cache = self.make()
        cache.put({ONE: answer(1)})
        for _ in range(10):
            self.now += 1.0
            fresh = cache.fresh([ONE])
        self.assertEqual({}, fresh)

    def test_empty_and_unknown_are_kept_as_well(self):
        cache = self.make()
        empty, unknown = Answer(True, ({},)), Answer(known=False)
        cache.put({ONE: empty, TWO: unknown})
        self.assertEqual({ONE: empty, TWO: unknown}, cache.fresh([ONE, TWO]))
        # But not to be served once it may have changed.
        self.assertEqual({ONE: empty}, cache.kept([ONE, TWO]))

    def test_no_ttl_keeps_nothing(self):
        cache = self.make(ttl_seconds=0)
        cache.put({ONE: answer(1)})
        self.assertEqual({}, cache.fresh([ONE]))
        self.assertEqual({}, cache.kept([ONE]))

    def test_a_ttl_beyond_max_age(self):
        cache = self.make(ttl_seconds=1000.0, max_age_seconds=1.0)
        cache.put({ONE: answer(1)})
        self.now += 999.0
        self.assertEqual({ONE}, cache.fresh([ONE]).keys())

    def test_rows_are_bounded_and_the_least_used_go_first(self):
        cache = self.make(max_rows=20)
        cache.put({ONE: answer(9)})
        cache.put({TWO: answer(9)})
        cache.fresh([ONE])
        cache.put({THREE: answer(9)})
        self.assertEqual({ONE, THREE}, cache.fresh([ONE, TWO, THREE]).keys())
        # One that does not fit at all turns no other out.
        cache.put({TWO: answer(20)})
        self.assertEqual({ONE, THREE}, cache.fresh([ONE, TWO, THREE]).keys())

    def test_many_empty_answers_are_bounded_too(self):
        cache = self.make(max_rows=20)
        keys = [(parse_client(f'10.0.0.{n}'), '') for n in range(50)]
        for key in keys:
            cache.put({key: Answer(known=False)})
        self.assertEqual(20, len(cache.fresh(keys)))

    def test_a_name_is_kept_for_each_project(self):
        cache = self.make()
        car = parse_client('car')
        cache.put({(car, 'p1'): answer(1), (car, 'p2'): Answer(known=False)})
        self.assertTrue(cache.fresh([(car, 'p1')])[car, 'p1'].known)
        self.assertFalse(cache.fresh([(car, 'p2')])[car, 'p2'].known)
        self.assertEqual({}, cache.fresh([(car, '')]))
