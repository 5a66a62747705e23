# SPDX-License-Identifier: Apache-2.0

"""Sites by how far they are on the Earth."""

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.wanted import geography
from edge_sched.wanted.geography import Position

LYON = Position(45.76, 4.84)
PARIS = Position(48.86, 2.35)
OSLO = Position(59.91, 10.75)
#: Either side of the date line.
SUVA = Position(-18.14, 178.44)
APIA = Position(-13.83, -171.77)

positions = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))


class ParseTest(base.BaseTestCase):
    def test_degrees_north_and_east(self):
        self.assertEqual(LYON, geography.parse_position('45.76,4.84'))
        self.assertEqual(APIA, geography.parse_position(' -13.83 , -171.77 '))
        self.assertEqual(LYON, geography.parse_position(f'{"45.76,4.84":64}'))
        self.assertEqual((90, -180), geography.parse_position('+90,-180.'))

    def test_what_is_no_position_is_named_with_what_is(self):
        for text in ('', '45.76', '45,76,4,84', 'nan,4', '1e1,4', '4 5,6'):
            error = self.assertRaises(
                geography.BadPositionError, geography.parse_position, text
            )
            self.assertEqual(
                f"{text!r} is not 'latitude,longitude' in degrees, as "
                "'45.76,4.84'",
                str(error),
            )

    def test_beyond_the_poles_and_the_date_line(self):
        for text, why in (
            ('90.5,0', "'90.5,0': latitude 90.5 is not in -90..90"),
            ('4,-181', "'4,-181': longitude -181 is not in -180..180"),
        ):
            error = self.assertRaises(
                geography.BadPositionError, geography.parse_position, text
            )
            self.assertEqual(why, str(error))

    def test_a_hostile_text_is_cut_and_escaped(self):
        error = self.assertRaises(
            geography.BadPositionError,
            geography.parse_position,
            '1,2' + ' ' * 1000 + '\x1b[2J',
        )
        self.assertLess(len(str(error)), 200)
        self.assertNotIn('\x1b', str(error))

    @hypothesis.given(st.text(max_size=80))
    def test_any_text_is_a_place_on_the_earth_or_refused(self, text):
        try:
            latitude, longitude = geography.parse_position(text)
        except geography.BadPositionError:
            return
        self.assertTrue(-90 <= latitude <= 90 and -180 <= longitude <= 180)


class DistanceTest(base.BaseTestCase):
    def test_of_cities(self):
        # 391.5 km by the formula done by hand, 392 km on maps.
        self.assertAlmostEqual(392, LYON.km_to(PARIS), delta=1)
        self.assertAlmostEqual(0, LYON.km_to(LYON))

    def test_of_a_quarter_and_half_of_the_way_around(self):
        quarter = Position(0, 0).km_to(Position(90, 17))
        self.assertAlmostEqual(10007.6, quarter, places=1)
        half = Position(0, 0).km_to(Position(0, 180))
        self.assertAlmostEqual(20015.1, half, places=1)

    def test_across_the_date_line(self):
        # 479 km north and 1 046 km east, as on a plane.
        self.assertAlmostEqual(1150, SUVA.km_to(APIA), delta=5)

    @hypothesis.given(positions, positions)
    def test_is_the_same_from_either_end_and_bounded(self, one, other):
        km = one.km_to(other)
        self.assertAlmostEqual(km, other.km_to(one), places=6)
        self.assertTrue(0 <= km <= 20015.2)


class NearestTest(base.BaseTestCase):
    def test_nearest_first(self):
        sites = {'suva': SUVA, 'oslo': OSLO, 'lyon': LYON, 'paris': PARIS}
        self.assertEqual(
            ['paris', 'lyon', 'oslo', 'suva'],
            geography.nearest(Position(48.0, 3.0), sites),
        )
        self.assertEqual([], geography.nearest(LYON, {}))

    def test_by_name_where_they_are_as_near(self):
        sites = {'b': LYON, 'a': LYON, 'c': PARIS}
        self.assertEqual(['a', 'b', 'c'], geography.nearest(LYON, sites))
