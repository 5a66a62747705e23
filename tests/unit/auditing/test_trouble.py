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
        self.assertEqual(trouble.NAMED, len(self.said))
        self.assertEqual('server s-0: no \\x1b', self.said[0])
        self.assertEqual(
            ['25 requests that cannot be read'], [*self.troubles.summary()]
        )

    def test_one_of_a_kind_and_several(self) -> None:
        for kind, one, several in (
            (
                trouble.UNREADABLE,
                '1 request that cannot be read',
                '2 requests that cannot be read',
            ),
            (
                trouble.SENSELESS,
                '1 server that asks for what makes no sense',
                '2 servers that ask for what makes no sense',
            ),
            (
                trouble.GONE,
                '1 server that was deleted meanwhile',
                '2 servers that were deleted meanwhile',
            ),
            (
                trouble.PLACELESS,
                '1 server without a host',
                '2 servers without a host',
            ),
        ):
            troubles = Troubles(self.said.append)
            for said in one, several:
                troubles.count(kind)
                self.assertEqual([said], [*troubles.summary()])

    def test_cell_that_is_away(self) -> None:
        self.troubles.cell_away('uuid', 'cell\x1b2', 'DBError: no\nroute')
        self.assertEqual(
            ['cell cell\\x1b2 is away: DBError: no route'], self.said
        )
        self.troubles.away['uuid'].servers += 1
        self.assertEqual(
            ['1 server of cell cell\\x1b2 is not judged'],
            [*self.troubles.summary()],
        )
        self.troubles.away['uuid'].servers += 1
        self.assertEqual(
            ['2 servers of cell cell\\x1b2 are not judged'],
            [*self.troubles.summary()],
        )
