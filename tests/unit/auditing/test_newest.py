# SPDX-License-Identifier: Apache-2.0

"""The newest requests, by ids that a test hands out."""

from unittest import mock

from oslotest import base

from edge_sched.auditing import newest
from edge_sched.auditing.newest import AGAIN
from edge_sched.auditing.newest import LOOK_BACK
from edge_sched.auditing.newest import PAGE
from edge_sched.auditing.newest import PAGES
from edge_sched.auditing.newest import NewestRequests
from edge_sched.scheduler.nova_servers import Page
from edge_sched.scheduler.nova_servers import RequestRow


class Nova:
    """Requests by id; it counts what is read."""

    def __init__(self):
        self.ids = []
        self.queries = 0
        self.error = None

    def newest_request(self):
        return max(self.ids, default=0)

    def next_page(self, after, size):
        ids = sorted(each for each in self.ids if each > after)[:size]
        return Page(after, ids[-1], len(ids)) if ids else None

    def read_requests(self, page):
        self.queries += 1
        if self.error:
            raise self.error
        return [
            RequestRow(f'server-{each}', 'alice', None, '')
            for each in sorted(self.ids)
            if page.after < each <= page.last
        ]


class NewestRequestsTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.nova = Nova()
        for where, name, other in (
            (newest, 'nova_servers', self.nova),
            (newest, 'read_asking', lambda row, troubles: row.server),
        ):
            patcher = mock.patch.object(where, name, other)
            patcher.start()
            self.addCleanup(patcher.stop)
        self.requests = NewestRequests()

    def read(self):
        """The ids of those that are read now."""
        return [
            int(server.removeprefix('server-'))
            for some in self.requests.read()
            for server in some
        ]

    def test_each_is_read_once(self):
        self.assertEqual([], self.read())
        self.nova.ids += [1, 2]
        self.assertEqual([1, 2], self.read())
        self.assertEqual([], self.read())
        self.nova.ids.append(3)
        self.assertEqual([3], self.read())

    def test_one_that_was_stored_late_is_read(self):
        self.nova.ids.append(500)
        self.read()
        # As far back as is looked, and farther.
        self.nova.ids += [500 - AGAIN, 501 - AGAIN, 499]
        self.assertEqual([501 - AGAIN, 499], self.read())
        self.assertEqual([], self.read())

    def test_at_first_it_looks_back_so_far(self):
        self.nova.ids += range(1, LOOK_BACK + 501)
        oldest = 501 - AGAIN
        self.assertEqual(
            list(range(oldest, oldest + PAGE * PAGES)), self.read()
        )

    def test_it_reads_a_page_at_a_time_and_so_many_at_once(self):
        count = PAGE * PAGES
        self.nova.ids += range(1, count + 51)
        self.assertEqual(list(range(1, count + 1)), self.read())
        self.assertEqual(PAGES, self.nova.queries)
        self.assertEqual(list(range(count + 1, count + 51)), self.read())

    def test_it_catches_up_however_many_are_read_again(self):
        self.read()
        self.nova.ids += range(1, 3001)
        found = [each for _ in range(5) for each in self.read()]
        self.assertEqual(list(range(1, 3001)), found)

    def test_a_page_that_failed_is_read_again_alone(self):
        self.nova.ids += range(1, 2 * PAGE + 1)
        reading = self.requests.read()
        self.assertEqual(PAGE, len(next(reading)))
        self.nova.error = ValueError('away')
        self.assertRaises(ValueError, next, reading)
        self.nova.error = None
        self.assertEqual(list(range(PAGE + 1, 2 * PAGE + 1)), self.read())

    def test_what_nobody_took_up_is_read_again(self):
        self.nova.ids.append(1)
        reading = self.requests.read()
        next(reading)
        # Whoever takes it fails.
        reading.close()
        self.assertEqual([1], self.read())

    def test_another_database_is_read_as_at_first(self):
        self.nova.ids.append(5000)
        self.assertEqual([5000], self.read())
        last = 2 + AGAIN + LOOK_BACK
        self.nova.ids = [2, 3, last]
        self.assertEqual([3, last], self.read())

    def test_what_makes_no_sense_is_left_out(self):
        self.nova.ids += [1, 2]
        with mock.patch.object(
            newest,
            'read_asking',
            lambda row, troubles: None if row.server == 'server-1' else row,
        ):
            [some] = self.requests.read()
        self.assertEqual(['server-2'], [row.server for row in some])
