# SPDX-License-Identifier: Apache-2.0

"""When a worker of nova-scheduler is in mid-request."""

from oslotest import base

from tests.cloud import workers

BEGUN = 'Starting to schedule for instances: {}'
FILTERED = 'Filtered [(lyon-1, lyon-1) ram: 16384MB]'
SELECTED = '[instance: uuid] Selected host: (lyon-1, lyon-1)'


def log(*lines):
    """A log of (pid, request, message)."""
    return ''.join(
        f'2026-03-01 12:00:00.123 {pid} DEBUG nova.scheduler.manager '
        f'[None req-{request} user project - - default default] {message} '
        '{{(pid=1) select_destinations /lib/nova/manager.py:215}}\n'
        for pid, request, message in lines
    )


class UnclaimedTest(base.BaseTestCase):
    def unclaimed(self, *lines, pid=7):
        return workers.unclaimed(log(*lines), pid)

    def test_what_a_worker_has_begun(self):
        self.assertEqual(
            {'req-a', 'req-b'},
            self.unclaimed((7, 'a', BEGUN), (7, 'b', BEGUN), (8, 'c', BEGUN)),
        )

    def test_what_it_has_ended(self):
        ended = ((7, 'a', BEGUN), (7, 'a', FILTERED), (7, 'a', SELECTED))
        self.assertEqual({'req-b'}, self.unclaimed(*ended, (7, 'b', BEGUN)))

    def test_not_while_it_claims_for_another(self):
        lines = ((7, 'a', BEGUN), (7, 'a', FILTERED), (7, 'b', BEGUN))
        self.assertEqual(set(), self.unclaimed(*lines))

    def test_not_before_it_may_have_told_the_conductor(self):
        lines = (
            (7, 'a', BEGUN),
            (7, 'b', BEGUN),
            (7, 'a', FILTERED),
            (7, 'a', SELECTED),
        )
        self.assertEqual(set(), self.unclaimed(*lines))

    def test_other_lines_are_none_of_it(self):
        self.assertEqual(set(), workers.unclaimed('', 7))
        self.assertEqual(set(), self.unclaimed((7, 'a', 'Weighed [...]')))
