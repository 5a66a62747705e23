# SPDX-License-Identifier: Apache-2.0

"""What measuring has to find on the demo's network."""

import itertools

from oslotest import base

from demo import sample
from demo.paths import Paths


class PathsTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.paths = Paths.read(sample.PATHS, sample.MESH)

    def test_each_pair_of_sites_has_one_path(self):
        self.assertEqual(
            sorted(map(sorted, itertools.combinations(self.paths.sites, 2))),
            sorted(map(sorted, self.paths.mesh)),
        )

    def test_sites_are_measured_from_both_ends(self):
        rows = self.paths.measured({}).rows
        self.assertEqual(len(self.paths.paths) + 30, len(rows))
        self.assertEqual('3.5/3.8', str(rows['lille', 'site:paris']))
        self.assertEqual(
            rows['paris', 'site:lille'], rows['lille', 'site:paris']
        )
