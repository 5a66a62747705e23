# SPDX-License-Identifier: Apache-2.0

"""How much of what servers ask is measured, by site, and how lately."""

import testtools

from edge_sched.report.freshness import Fresh
from edge_sched.report.freshness import Freshness
from edge_sched.report.freshness import Site


class FreshTest(testtools.TestCase):
    def test_nothing_is_asked(self) -> None:
        self.assertEqual(
            Freshness(Site('', 0, 0, 0, 0), [], 0, None, None, False),
            Fresh().freshness(),
        )

    def test_sites_that_are_asked_in_vain_by_most_first(self) -> None:
        fresh = Fresh()
        fresh.add(
            {'lyon': 'fresh', 'nice': 'never', 'oslo': 'stale', 'a': 'stale'},
            12,
            [40.0],
        )
        fresh.add(
            {'lyon': 'fresh', 'nice': 'stale', 'a': 'fresh'}, 2, [7, 300]
        )
        found = fresh.freshness()
        self.assertEqual(
            [
                Site('nice', 0, 1, 1, 14),
                Site('a', 1, 1, 0, 12),
                Site('oslo', 0, 1, 0, 12),
            ],
            found.sites,
        )
        self.assertEqual(Site('', 3, 3, 1, 38), found.total)
        self.assertEqual(
            (7, 300.0), (found.newest_seconds, found.oldest_seconds)
        )
        self.assertEqual(0, found.more_sites)

    def test_sites_that_are_left_out_are_counted(self) -> None:
        fresh = Fresh(most=2)
        for number, site in enumerate(('x', 'y', 'z', 'whole\x1b')):
            state = 'fresh' if site.startswith('whole') else 'never'
            fresh.add({site: state}, 10 - number, [])
        found = fresh.freshness()
        self.assertEqual(['x', 'y'], [site.site for site in found.sites])
        self.assertEqual(1, found.more_sites)
        self.assertEqual(Site('', 1, 0, 3, 27), found.total)

    def test_names_of_strangers(self) -> None:
        fresh = Fresh()
        fresh.add({'a\x1b': 'never'}, 1, [])
        self.assertEqual('a\\x1b', fresh.freshness().sites[0].site)

    def test_outage_of_one_client_is_one(self) -> None:
        fresh = Fresh()
        fresh.add({}, 1, [])
        self.assertFalse(fresh.freshness().is_outage)
        fresh.add({}, 1, [], True)
        fresh.add({}, 1, [], False)
        self.assertTrue(fresh.freshness().is_outage)
