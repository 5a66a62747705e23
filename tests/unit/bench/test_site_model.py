# SPDX-License-Identifier: Apache-2.0

import unittest

from bench.country import Figures
from bench.country import Wish
from bench.site_model import Class
from bench.site_model import Group
from bench.site_model import Model
from bench.site_model import class_of

#: Nice was not measured.
MEASURED = {
    'paris': Figures(5.0, 7.0),
    'lille': Figures(5.9, 9.0),
    'brest': Figures(6.1, 8.0),
    'lyon': Figures(31.0, 40.0),
}
ZONES = {
    'paris': 'north',
    'lille': 'north',
    'brest': 'west',
    'lyon': 'south',
    'nice': 'south',
}


def wish(budget_ms=None, required=False, zone='', figures=None):
    return Wish(1, figures or MEASURED, budget_ms, required, zone)


class ClassTestCase(unittest.TestCase):
    def test_without_budget_what_is_known_is_good(self):
        self.assertEqual(Class.WITHIN, class_of(wish(), 'lyon'))
        self.assertEqual(Class.UNKNOWN, class_of(wish(), 'nice'))

    def test_required_budget_takes_nothing_else(self):
        strict = wish(budget_ms=9.0, required=True)
        self.assertEqual(Class.WITHIN, class_of(strict, 'lille'))
        self.assertEqual(Class.REFUSED, class_of(strict, 'lyon'))
        self.assertEqual(Class.REFUSED, class_of(strict, 'nice'))

    def test_preferred_budget_takes_what_is_unknown_before_what_is_over(self):
        preferred = wish(budget_ms=9.0)
        self.assertEqual(Class.UNKNOWN, class_of(preferred, 'nice'))
        self.assertEqual(Class.OVER, class_of(preferred, 'lyon'))
        self.assertLess(Class.OVER, Class.UNKNOWN)


class GroupTestCase(unittest.TestCase):
    def group(self, sites, **within):
        return Group(3, sites, within)

    def assertRight(self, required, preferred, group):
        self.assertEqual(
            (required, preferred),
            (group.is_right(required=True), group.is_right(required=False)),
        )

    def test_as_far_apart_as_can_be(self):
        sites = ['paris', 'lille', 'brest']
        roomy = {'paris': 3, 'lille': 1, 'brest': 1, 'lyon': 1}
        self.assertRight(True, True, self.group(sites, **roomy))
        gathered = self.group(['paris', 'lille', 'paris'], **roomy)
        self.assertRight(False, False, gathered)
        self.assertRight(False, False, self.group([], **roomy))

    def test_fewer_sites_than_servers(self):
        two = {'paris': 2, 'lille': 1}
        placed = self.group(['paris', 'lille', 'paris'], **two)
        self.assertRight(False, True, placed)
        self.assertRight(False, False, self.group(['paris'] * 3, paris=3, a=1))
        self.assertRight(True, False, self.group([], **two))

    def test_fewer_hosts_than_servers(self):
        self.assertRight(True, True, self.group([], paris=1, lille=1))
        self.assertRight(True, True, self.group([]))

    def test_over_budget(self):
        sites = ['paris', 'lyon', 'lyon']
        self.assertEqual(2, self.group(sites, paris=1, lille=2).over)

    def test_what_is_left_if_a_site_is_lost(self):
        for left, sites in ((2, 'abc'), (1, 'aba'), (0, 'aaa'), (0, '')):
            self.assertEqual(left, self.group(list(sites)).least_left)


class ModelTestCase(unittest.TestCase):
    def model(self, **free):
        room = {f'{site}-{i}': 0 for site in ZONES for i in (1, 2)}
        room.update({f'{site}-2': places for site, places in free.items()})
        return Model(
            room, {site: [f'{site}-1', f'{site}-2'] for site in ZONES}, ZONES
        )

    def assertRight(self, best, as_good, model, asked):
        right = model.right(asked)
        self.assertEqual(set(best), right.best)
        self.assertEqual(set(as_good), right.as_good)

    def test_tie_band_begins_at_the_best_with_room(self):
        everywhere = self.model(paris=1, lille=1, brest=1, lyon=1)
        self.assertRight(['paris'], ['paris', 'lille'], everywhere, wish())
        without_paris = self.model(lille=1, brest=1, lyon=1)
        self.assertRight(['lille'], ['lille', 'brest'], without_paris, wish())

    def test_tie_band_is_wider_where_it_is_far(self):
        far = {'paris': Figures(40.0, 50.0), 'lille': Figures(41.9, 50.0)}
        self.assertRight(
            ['paris'],
            ['paris', 'lille'],
            self.model(paris=1, lille=1),
            wish(figures=far),
        )

    def test_unknown_ones_are_equal(self):
        self.assertRight(
            ['nice', 'lyon'],
            ['nice', 'lyon'],
            self.model(lyon=1, nice=1, paris=1),
            wish(budget_ms=1.0, figures={'paris': Figures(5.0, 7.0)}, zone=''),
        )

    def test_zone_holds(self):
        self.assertRight(
            ['lyon'],
            ['lyon'],
            self.model(paris=1, lyon=1, nice=1),
            wish(zone='south'),
        )

    def test_nothing_is_right_but_to_refuse(self):
        strict = wish(budget_ms=9.0, required=True)
        self.assertRight([], [], self.model(lyon=1, nice=1), strict)
        self.assertRight([], [], self.model(), wish())

    def test_hosts_with_room_within_budget(self):
        model = self.model(paris=1, lille=1, lyon=1, nice=1)
        strict = wish(budget_ms=9.0, required=True)
        self.assertEqual({'paris': 1, 'lille': 1}, model.within(strict))
        model.take('paris-2')
        self.assertEqual({'lille': 1}, model.within(strict))

    def test_what_is_taken_is_gone(self):
        model = self.model(paris=1, lyon=1)
        model.take('paris-2')
        self.assertRight(['lyon'], ['lyon'], model, wish())
        with self.assertRaises(ValueError):
            model.take('paris-2')

    def test_where_a_host_is(self):
        self.assertEqual('nice', self.model().site_of('nice-1'))
