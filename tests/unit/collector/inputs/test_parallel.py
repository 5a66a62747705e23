# SPDX-License-Identifier: Apache-2.0

import threading

import fixtures
from oslotest import base

from edge_sched.collector.inputs.parallel import in_parallel
from edge_sched.http.deadline import Deadline
from tests.unit.collector.fakes import PATIENCE_SECONDS


class InParallelTest(base.BaseTestCase):
    def run_jobs(self, jobs, work, concurrency=4, seconds=PATIENCE_SECONDS):
        return list(in_parallel(jobs, work, concurrency, Deadline(seconds)))

    def test_each_job_has_its_result(self):
        found = self.run_jobs(range(20), lambda job: job * job)
        self.assertEqual([(n, n * n) for n in range(20)], sorted(found))

    def test_equal_jobs_are_jobs_of_their_own(self):
        found = self.run_jobs(['a', 'a'], str.upper)
        self.assertEqual([('a', 'A')] * 2, found)

    def test_so_many_at_a_time_and_no_more(self):
        together = threading.Barrier(3)
        running, most = [], []

        def work(job):
            running.append(job)
            most.append(len(running))
            # Passed by three at a time only.
            together.wait(PATIENCE_SECONDS)
            running.remove(job)

        self.assertEqual(6, len(self.run_jobs(range(6), work, concurrency=3)))
        self.assertLessEqual(max(most), 3)

    def test_what_does_not_end_holds_nobody_up(self):
        over = threading.Event()
        self.addCleanup(over.set)

        def work(job):
            if job == 'hang':
                over.wait(PATIENCE_SECONDS)
            return job

        found = in_parallel(
            ['hang', 'a', 'b'], work, 2, deadline := Deadline(1.0)
        )
        self.assertEqual([('a', 'a'), ('b', 'b')], [next(found), next(found)])
        self.assertEqual([('hang', None)], list(found))
        self.assertTrue(deadline.passed())

    def test_nothing_is_begun_after_the_deadline(self):
        found = self.run_jobs(['a'], self.fail, seconds=0)
        self.assertEqual([('a', None)], found)

    def test_a_job_that_breaks_stops_no_other(self):
        log = self.useFixture(fixtures.FakeLogger('edge_sched'))
        found = self.run_jobs([0, 1, 2], lambda job: 2 // job, concurrency=1)
        self.assertEqual([(0, None), (1, 2), (2, 1)], found)
        self.assertIn('Reading 0 broke.', log.output)
        self.assertIn('ZeroDivisionError', log.output)

    def test_a_job_that_breaks_as_it_is_cut_off_is_late_only(self):
        log = self.useFixture(fixtures.FakeLogger('edge_sched'))
        now = [0.0]
        deadline = Deadline(PATIENCE_SECONDS, lambda: now[0])

        def work(job):
            now[0] += PATIENCE_SECONDS
            raise AttributeError('no socket any more')

        found = list(in_parallel(['a'], work, 1, deadline))
        self.assertEqual([('a', None)], found)
        self.assertEqual('', log.output)

    def test_no_jobs(self):
        self.assertEqual([], self.run_jobs([], self.fail))
