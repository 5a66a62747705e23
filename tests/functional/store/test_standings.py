# SPDX-License-Identifier: Apache-2.0

"""What the auditor keeps, on each database."""

import math
import time
import uuid

from edge_sched.model.standing import OVER
from edge_sched.model.standing import UNKNOWN
from edge_sched.model.standing import WITHIN
from edge_sched.model.standing import Hour
from edge_sched.model.standing import ServerStanding
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.standings import Standings
from edge_sched.store.standings import read_over_since
from edge_sched.store.standings import read_standings
from tests.functional.store import base

NOW = time.time()


def standing(number=0, **differing):
    """Over at 31 of 20 ms, for the whole hour."""
    return ServerStanding(
        server=str(uuid.UUID(int=number)),
        project_id='Project',
        host='lyon-1',
        site='Лион 🦁',
        client='site:' + 'x' * 255,
        verdict=OVER,
        judged_ms=31.0,
        budget_ms=20.0,
        best_site='paris',
        best_ms=12.25,
        hour=Hour(NOW, NOW - 7200.5, (1 << 60) - 1),
    )._replace(**differing)


class StandingsTests:
    def setUp(self):
        super().setUp()
        self.standings = Standings(self.settings)
        self.addCleanup(self.standings.__exit__)

    def test_it_comes_back_as_it_went(self):
        self.assertEqual([], read_standings(self.settings))
        given = [
            standing(1),
            standing(2, judged_ms=math.inf, best_ms=math.inf),
            standing(
                3,
                verdict=UNKNOWN,
                client=None,
                judged_ms=None,
                budget_ms=None,
                best_site=None,
                best_ms=None,
                hour=Hour(NOW),
            ),
        ]
        self.standings.record(given)
        self.assertCountEqual(given, read_standings(self.settings))

    def test_what_is_known_of_some(self):
        many = [standing(number) for number in range(1, 1201)]
        self.standings.record(many)
        asked = [each.server for each in many[100:]] + ['made-up']
        self.assertEqual(
            {each.server: each.hour for each in many[100:]},
            self.standings.hours(asked),
        )
        self.assertEqual({}, self.standings.hours([]))

    def test_the_next_audit_replaces_all_of_it(self):
        self.standings.record([standing(1), standing(2)])
        later = standing(
            1,
            project_id='other',
            host='oslo-1',
            site='oslo',
            client=None,
            verdict=WITHIN,
            judged_ms=1.0,
            budget_ms=2.0,
            best_site=None,
            best_ms=None,
            hour=Hour(NOW + 1, None, 5),
        )
        self.standings.record([later])
        self.assertCountEqual(
            [later, standing(2)], read_standings(self.settings)
        )

    def test_what_another_auditor_found_later_stays(self):
        later = standing(1, hour=Hour(NOW + 1))
        self.standings.record([later])
        self.standings.record([standing(1)])
        self.assertEqual([later], read_standings(self.settings))

    def test_what_was_found_in_the_future_does_not_stay(self):
        self.standings.record([standing(1, hour=Hour(NOW + 86_400))])
        self.standings.record([standing(1)])
        self.assertEqual([standing(1)], read_standings(self.settings))

    def test_servers_that_are_gone_are_forgotten(self):
        old = standing(1, hour=Hour(NOW - 3600))
        self.standings.record([old, standing(2)])
        self.standings.forget(NOW - 3600)
        self.assertEqual(2, len(read_standings(self.settings)))
        self.standings.forget(NOW - 3599)
        self.assertEqual([standing(2)], read_standings(self.settings))

    def test_what_was_found_in_the_future_is_forgotten(self):
        ahead = standing(1, hour=Hour(NOW + 86_400))
        self.standings.record([ahead, standing(2)])
        self.standings.forget(NOW - 3600)
        self.assertEqual([standing(2)], read_standings(self.settings))

    def test_since_when_servers_are_over(self):
        within = standing(1, verdict=WITHIN, hour=Hour(NOW))
        self.standings.record([within, standing(2)])
        self.assertEqual(
            {standing(2).server: NOW - 7200.5},
            read_over_since(self.settings),
        )

    def test_nothing_or_all_of_it(self):
        too_long = standing(2, host='x' * 300)
        if self.backend == 'sqlite':
            too_long = standing(2, host=None)
        self.assertRaises(
            StoreUnavailableError,
            self.standings.record,
            [standing(1), too_long],
        )
        self.assertEqual([], read_standings(self.settings))


class SqliteTestCase(base.Sqlite, StandingsTests, base.StoreTestCase):
    pass


class MariaDBTestCase(base.MariaDB, StandingsTests, base.StoreTestCase):
    pass


class PostgreSQLTestCase(base.PostgreSQL, StandingsTests, base.StoreTestCase):
    pass
