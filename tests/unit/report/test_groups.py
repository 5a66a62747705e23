# SPDX-License-Identifier: Apache-2.0

"""Groups that would go down with one site."""

from typing import Any

import testtools

from edge_sched.report.groups import AtRisk
from edge_sched.report.groups import Groups
from edge_sched.report.groups import Spread


class SpreadTest(testtools.TestCase):
    def spread(
        self, *groups: tuple[str, str], most: int = 40, **asked: Any
    ) -> Groups:
        """Groups by the sites of their servers: ``('web', 'lyon nice')``."""
        spread = Spread(most)
        for group, sites in groups:
            spread.add(
                asked.get('project', 'mine'),
                group,
                asked.get('over', ('site',)),
                asked.get('required', False),
                [site.split('+') for site in sites.split()],
            )
        return spread.groups()

    def test_none(self) -> None:
        self.assertEqual(Groups(0, 0, 0, [], 0), self.spread())

    def test_servers_that_are_apart(self) -> None:
        found = self.spread(('a', 'lyon'), ('b', 'lyon nice oslo'))
        self.assertEqual(Groups(2, 0, 0, [], 0), found)

    def test_what_is_said_of_one(self) -> None:
        found = self.spread(
            ('a\x1b', 'lyon nice lyon'), over=('zone', 'site'), required=True
        )
        expected = AtRisk(
            'a\\x1b', 'mine', 'zone, site', True, 3, 2, 'lyon', 2
        )
        self.assertEqual(Groups(1, 0, 1, [expected], 0), found)
        self.assertFalse(expected.is_all)

    def test_greatest_share_first(self) -> None:
        found = self.spread(
            ('half', 'lyon lyon nice oslo'),
            ('pair', 'lyon lyon'),
            ('apart', 'lyon nice'),
            ('all', 'oslo oslo oslo'),
            ('most', 'lyon nice nice'),
            ('pair too', 'nice nice'),
        )
        self.assertEqual(
            ['all', 'pair', 'pair too', 'most', 'half'],
            [each.group for each in found.at_risk],
        )
        self.assertEqual(
            [True, True, True, False, False],
            [each.is_all for each in found.at_risk],
        )
        self.assertEqual(
            (6, 3, 2, 0),
            (
                found.total,
                found.all_at_one,
                found.crowded,
                found.more_at_risk,
            ),
        )

    def test_groups_that_are_left_out_are_counted(self) -> None:
        found = self.spread(
            *((f'half-{n}', 'lyon lyon nice oslo') for n in range(3)),
            ('all', 'oslo oslo'),
            ('late', 'nice nice lyon oslo'),
            most=2,
        )
        self.assertEqual(['all', 'half-0'], [g.group for g in found.at_risk])
        self.assertEqual(
            (1, 4, 3),
            (
                found.all_at_one,
                found.crowded,
                found.more_at_risk,
            ),
        )

    def test_group_counts_once(self) -> None:
        found = self.spread(('a', 'lyon lyon'), ('a', 'lyon lyon'))
        self.assertEqual((1, 1), (found.total, found.all_at_one))
        spread = Spread()
        for project in 'mine', 'yours', 'mine':
            spread.add(project, 'a', ('site',), False, [['x'], ['x']])
        self.assertEqual(2, spread.groups().total)

    def test_server_at_two_sites(self) -> None:
        found = self.spread(('a', 'lyon+metro metro nice'))
        (risk,) = found.at_risk
        self.assertEqual(
            ('metro', 2, 3, 3),
            (risk.site, risk.there, risk.servers, risk.sites),
        )
        # Not two servers of one that is twice at a site.
        self.assertEqual([], self.spread(('a', 'lyon+lyon nice')).at_risk)

    def test_of_sites_with_as_many_the_first_by_name(self) -> None:
        (risk,) = self.spread(('a', 'nice nice lyon lyon')).at_risk
        self.assertEqual('lyon', risk.site)
