# SPDX-License-Identifier: Apache-2.0

from oslotest import base

from edge_sched.auditing import trouble
from edge_sched.auditing.trouble import Troubles
from edge_sched.judging.verdict import Policy


class TroublesTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.said: list[str] = []
        self.troubles = Troubles(self.said.append)

    def test_nothing_to_say(self) -> None:
        self.assertEqual([], [*self.troubles.summary()])
        self.assertIs(False, self.troubles.outage)

    def test_that_measuring_is_down_is_said_once(self) -> None:
        for _ in range(2):
            self.troubles.measuring_is_down(
                Policy(outage_max_age_seconds=7200)
            )
        self.assertEqual(
            ['measuring is down: measurements are used up to an age of 2 h'],
            self.said,
        )
        self.assertIs(True, self.troubles.outage)
        self.assertEqual([], [*self.troubles.summary()])

    def test_some_are_named_and_all_are_counted(self) -> None:
        for number in range(trouble.NAMED + 5):
            self.troubles.note(trouble.UNREADABLE, f's-{number}', 'no \x1b')
        self.troubles.note(trouble.GONE, 'g', 'gone')
        self.troubles.count(trouble.PLACELESS)
        self.assertEqual(trouble.NAMED + 1, len(self.said))
        self.assertEqual('server s-0: no \\x1b', self.said[0])
        self.assertEqual(
            [
                '25 requests that cannot be read',
                '1 servers that were deleted meanwhile',
                '1 servers without a host',
            ],
            [*self.troubles.summary()],
        )

    def test_cell_that_is_away(self) -> None:
        self.troubles.cell_away('uuid', 'cell\x1b2', 'DBError: no\nroute')
        self.troubles.away['uuid'].servers += 2
        self.assertEqual(
            ['cell cell\\x1b2 is away: DBError: no route'], self.said
        )
        self.assertEqual(
            ['2 servers of cell cell\\x1b2 are not judged'],
            [*self.troubles.summary()],
        )
