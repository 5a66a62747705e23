# SPDX-License-Identifier: Apache-2.0

"""How servers stand, and those that are worst off."""

import math
import weakref
from typing import Any

import testtools

from edge_sched.auditing.audit import Finding
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.scoring import Standing
from edge_sched.judging.standing import Comparison
from edge_sched.model.client import parse_client
from edge_sched.report.standings import Over
from edge_sched.report.standings import Standings
from edge_sched.report.standings import over_by_ms

CLIENT = parse_client('203.0.113.7')


def comparison(
    judged_ms: float | None = 51.0,
    budget_ms: float | None = 20.0,
    standing: Standing = OVER,
    client: Any = CLIENT,
) -> Comparison[Any]:
    return Comparison(standing, client, judged_ms, budget_ms, None, 13.0, 38.0)


def finding(
    server: str, judged_ms: float | None = 51.0, **changed: Any
) -> Finding:
    sites = changed.pop('sites', ('paris',))
    site = sites[0] if sites else 'west'
    compared = comparison(judged_ms, **changed)
    return Finding(
        server, 'mine', 'host', site, sites, compared, 'lille', 'yes', ()
    )


class StandingsTest(testtools.TestCase):
    def test_no_server(self) -> None:
        servers = Standings().servers()
        self.assertEqual(0, servers.total)
        self.assertEqual({OVER: 0, UNKNOWN: 0, WITHIN: 0}, servers.counts)
        self.assertEqual(([], 0), (servers.over, servers.more_over))

    def test_counts_by_verdict_and_site(self) -> None:
        standings = Standings()
        for standing, sites in (
            (OVER, ('paris',)),
            (WITHIN, ('paris', 'metro')),
            (WITHIN, ('lille',)),
            (UNKNOWN, ()),
        ):
            standings.add(finding('s', standing=standing, sites=sites))
        servers = standings.servers()
        self.assertEqual({OVER: 1, UNKNOWN: 1, WITHIN: 2}, servers.counts)
        self.assertEqual(4, servers.total)
        self.assertEqual(
            {'paris': 2, 'metro': 1, 'lille': 1, 'west': 1},
            standings.servers_at,
        )

    def test_what_is_shown_of_one(self) -> None:
        standings = Standings()
        standings.add(finding('a'))
        standings.add(finding('\x1b', None, client=None, budget_ms=None))
        standings.add(finding('c', standing=WITHIN))
        shown, strange = standings.servers().over
        self.assertEqual(
            Over(
                server='a',
                project_id='mine',
                site='paris',
                client='203.0.113.0/24',
                judged_ms=51.0,
                budget_ms=20.0,
                over_ms=31.0,
                best_site='lille',
                best_ms=13.0,
                movable='yes',
            ),
            shown,
        )
        self.assertEqual('\\x1b', strange.server)
        self.assertEqual('\u2013', strange.client)

    def test_worst_first_and_the_others_counted(self) -> None:
        standings = Standings(most=4)
        for server, judged_ms in (
            ('jitter', 5.0),
            ('far', 60.0),
            ('near', 21.0),
            ('lost', math.inf),
            ('nearest', 20.5),
            ('near too', 21.0),
            ('farther', 61.0),
        ):
            standings.add(finding(server, judged_ms))
        servers = standings.servers()
        self.assertEqual(
            # Of equal ones the first that came.
            ['lost', 'farther', 'far', 'near'],
            [each.server for each in servers.over],
        )
        self.assertEqual(3, servers.more_over)

    def test_over_in_jitter_alone_is_last(self) -> None:
        standings = Standings()
        for server, judged_ms in ('jitter', 5.0), ('near', 20.1), ('b', None):
            standings.add(finding(server, judged_ms))
        over = standings.servers().over
        self.assertEqual(['near', 'jitter', 'b'], [e.server for e in over])
        self.assertEqual([None, None], [e.over_ms for e in over[1:]])

    def test_no_more_is_held_than_is_shown(self) -> None:
        class Name(str):
            """One that can be watched."""

        alive: weakref.WeakSet[Name] = weakref.WeakSet()
        standings = Standings()
        for number in range(20_000):
            name = Name(f'server-{number}')
            alive.add(name)
            standings.add(finding(name, 21.0 + number * 7919 % 20_000))
        del name
        self.assertLessEqual(len(alive), 100)
        servers = standings.servers()
        self.assertEqual(100, len(servers.over))
        self.assertEqual(19_900, servers.more_over)
        self.assertEqual(
            [20_000.0 - n for n in range(100)],
            [each.over_ms for each in servers.over],
        )


class OverByTest(testtools.TestCase):
    def test_difference(self) -> None:
        for judged_ms, budget_ms, expected in (
            (51.0, 20.0, 31.0),
            (math.inf, 20.0, math.inf),
            (20.0, 20.0, None),
            (19.0, 20.0, None),
            (None, 20.0, None),
            (51.0, None, None),
        ):
            found = over_by_ms(comparison(judged_ms, budget_ms))
            self.assertEqual(expected, found)
