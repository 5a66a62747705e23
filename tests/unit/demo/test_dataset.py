# SPDX-License-Identifier: Apache-2.0

"""A story out of a matrix."""

import os
import pathlib
import tempfile
import unittest

from oslotest import base

from demo import dataset
from demo.expect import expect
from demo.matrix import BadDatasetError

try:
    import numpy as np
except ImportError:
    raise unittest.SkipTest('needs numpy') from None

NODES = 60


def plane() -> 'np.ndarray':
    """Round trips between points at random in a square of 40 ms."""
    points = np.random.default_rng(1).uniform(0, 40, (NODES, 2))
    return np.linalg.norm(points[:, None] - points[None], axis=2)


class DatasetTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / 'plane_of_ours.npz'

    def save(self, **arrays):
        np.savez(self.path, **arrays)

    def test_sites_are_where_they_help_most(self):
        # Three towns, 100 ms apart.
        towns = np.repeat([0.0, 100.0, 200.0], NODES // 3)
        streets = np.tile(np.linspace(1, 2, NODES // 3), 3)
        place = towns + streets
        rtt = np.abs(place[:, None] - place[None])
        chosen = dataset.choose_sites(rtt, 3)
        self.assertEqual([0, 1, 2], [node // (NODES // 3) for node in chosen])

    def test_nodes_that_were_never_measured_are_left_out(self):
        rtt = plane()
        few = dataset.choose_sites(rtt, 3)
        # As many again, which would be the longest way from everywhere.
        more = np.full((2 * NODES, 2 * NODES), np.inf)
        more[:NODES, :NODES] = rtt
        # Its own round trip is no measurement.
        np.fill_diagonal(more, 0.1)
        self.assertEqual(few, dataset.choose_sites(more, 3))
        self.assertEqual(list(range(NODES)), dataset.choose_sites(more, NODES))
        self.assertRaises(
            BadDatasetError, dataset.choose_sites, more, NODES + 1
        )

    def test_clients_are_measured_from_all_sites(self):
        matrix = plane()
        matrix[1, 7] = np.inf
        clients = dataset.choose_clients(matrix, [1, 2], NODES - 3)
        self.assertEqual(set(range(NODES)) - {1, 2, 7}, set(clients))
        self.assertRaises(
            BadDatasetError,
            dataset.choose_clients,
            matrix,
            [1, 2],
            NODES - 2,
        )

    def test_client_prefixes(self):
        prefixes = dataset.client_prefixes(32)
        self.assertEqual(32, len(set(prefixes)))
        self.assertEqual(
            [
                '192.0.2.0/27',
                '198.51.100.0/27',
                '203.0.113.0/27',
                '2001:db8::/40',
                '192.0.2.32/27',
            ],
            prefixes[:5],
        )

    def check_story(self, path):
        """Returns how many are placed and how many are refused."""
        story = dataset.story(path, self.folder)
        self.assertEqual(12, len(story.sites))
        self.assertEqual(20, len(story.requests))
        cells = [story.cell_of(site) for site in story.sites]
        self.assertEqual(6, cells.count('cell1'))
        self.assertEqual(6, cells.count('cell2'))
        expected = [
            expect(request, story.measured, story.sites).sites
            for request in story.requests
        ]
        refused = expected.count(frozenset())
        return len(expected) - refused, refused

    def test_story(self):
        self.save(rtt=plane())
        self.assertEqual((15, 5), self.check_story(self.path))
        with (self.folder / 'matrix.csv').open() as stream:
            lines = stream.read().splitlines()
        self.assertEqual(1 + 12 * 20, len(lines))
        self.assertTrue(lines[1].endswith(',plane'))

    def test_story_of_planetlab(self):
        folder = os.environ.get('EDGE_SCHED_DATASETS', '')
        path = pathlib.Path(folder, 'planetlab_median.npz')
        if not folder or not path.exists():
            self.skipTest('EDGE_SCHED_DATASETS has no planetlab_median.npz')
        self.assertEqual((15, 5), self.check_story(path))
