# SPDX-License-Identifier: Apache-2.0

"""Matrices in files."""

import pathlib
import tempfile
import unittest

from oslotest import base

from demo import matrix
from demo.matrix import BadDatasetError

try:
    import numpy as np
except ImportError:
    raise unittest.SkipTest('needs numpy') from None

NODES = 5

#: Never the same twice.
RTT = np.arange(1.0, 1 + NODES * NODES).reshape(NODES, NODES)


class MatrixTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name, 'matrix.npz')

    def save(self, **arrays):
        np.savez(self.path, **arrays)

    def test_square_and_upper_triangle_are_the_same(self):
        symmetric = RTT + RTT.T
        np.fill_diagonal(symmetric, 0)
        self.save(rtt=symmetric)
        square = matrix.read_matrix(self.path, NODES)
        upper = symmetric[np.triu_indices(NODES, 1)]
        self.save(n=np.int64(NODES), rtt=upper)
        triangle = matrix.read_matrix(self.path, NODES)
        np.testing.assert_array_equal(square, triangle)
        self.assertEqual(symmetric[3, 1], square[3, 1])

    def test_what_was_not_measured(self):
        rtt = RTT.copy()
        rtt[2, 4] = np.nan
        rtt[3, 1] = 0
        self.save(rtt=rtt)
        read = matrix.read_matrix(self.path, NODES)
        self.assertEqual([np.inf, np.inf], [read[2, 4], read[3, 1]])
        self.assertEqual(rtt[4, 2], read[4, 2])

    def test_what_stands_beside_it(self):
        self.save(rtt=RTT)
        alone = matrix.read_matrix(self.path, NODES)
        for name, beside in (
            # Three of each would be the upper triangle of three nodes.
            ('names', np.array(['a', 'b', 'c'])),
            ('objects', np.array(['a', 'b', 'c'], dtype=object)),
            ('since', np.array(['2026-01-01'] * 3, dtype='datetime64[D]')),
            ('ids', np.arange(3)),
            ('many_names', np.array(['x'] * 45)),
            ('reached', np.ones((NODES + 1, NODES + 1), bool)),
            ('hops', RTT + 1),
        ):
            self.save(**{name: beside, 'rtt': RTT})
            np.testing.assert_array_equal(
                alone, matrix.read_matrix(self.path, NODES), name
            )

    def test_larger_one_goes_before_one_with_a_name(self):
        self.save(rtt_ids=np.arange(3), matrix=RTT)
        read = matrix.read_matrix(self.path, NODES)
        self.assertEqual(RTT[2, 3], read[2, 3])

    def test_unit_of_a_matrix(self):
        self.save(rtt_10ms=RTT)
        read = matrix.read_matrix(self.path, NODES)
        self.assertEqual(10 * RTT[2, 3], read[2, 3])
        for name, unit in (('rtt_us', 'us'), ('latency_Seconds', 'Seconds')):
            for arrays in ({name: RTT}, {name: np.stack([RTT, RTT])}):
                self.save(**arrays)
                read = (
                    matrix.read_matrix
                    if arrays[name].ndim == 2
                    else lambda path, nodes: matrix.read_frames(path)
                )
                error = self.assertRaises(
                    BadDatasetError, read, self.path, NODES
                )
                self.assertIn(f'{name} is in {unit}, and', str(error))

    def test_file_that_is_cut_off(self):
        self.save(rtt=RTT)
        whole = self.path.read_bytes()
        for length in (1, len(whole) // 2, len(whole) - 1):
            self.path.write_bytes(whole[:length])
            self.assertRaises(
                BadDatasetError, matrix.read_matrix, self.path, NODES
            )

    def test_frames_are_in_the_unit_that_the_name_has(self):
        frames = np.stack([RTT, RTT + 1]).astype(np.uint16)
        frames[1, 2, 3] = 0
        self.save(rtt_10ms=frames)
        read = matrix.read_frames(self.path)
        self.assertEqual((2, NODES, NODES), read.shape)
        self.assertEqual(10 * RTT[2, 3], read[0, 2, 3])
        self.assertTrue(np.isnan(read[1, 2, 3]))
        self.save(rtt=frames)
        self.assertEqual(RTT[2, 3], matrix.read_frames(self.path)[0, 2, 3])

    def test_one_matrix_is_no_frames(self):
        self.save(rtt=RTT)
        self.assertIsNone(matrix.read_frames(self.path))

    def test_bad_files(self):
        for arrays in (
            {'rtt': np.ones((4, NODES, NODES))},
            {'rtt': np.ones((NODES, NODES - 1))},
            {'rtt': np.ones(NODES * NODES)},
            {'rtt': np.ones((NODES - 1, NODES - 1))},
            {'n': np.int64(3)},
        ):
            self.save(**arrays)
            self.assertRaises(
                BadDatasetError, matrix.read_matrix, self.path, NODES
            )
        folder = self.path.parent
        self.path.write_text('text')
        for path in (self.path, folder / 'missing.npz', folder):
            self.assertRaises(BadDatasetError, matrix.read_matrix, path, NODES)
            self.assertRaises(BadDatasetError, matrix.read_frames, path)
