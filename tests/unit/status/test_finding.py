# SPDX-License-Identifier: Apache-2.0

"""What is found is put into words."""

from oslo_upgradecheck.upgradecheck import Code
from oslotest import base

from edge_sched.status.finding import count
from edge_sched.status.finding import failure
from edge_sched.status.finding import listed
from edge_sched.status.finding import result
from edge_sched.status.finding import share
from edge_sched.status.finding import warning


class FindingTest(base.BaseTestCase):
    def test_nothing_found_is_success(self) -> None:
        good = result([], 'All is well.')
        self.assertEqual(
            (Code.SUCCESS, 'All is well.'), (good.code, good.details)
        )

    def test_worst_comes_first_and_decides(self) -> None:
        bad = result(
            [
                warning('Odd.', '[a]', 'b = 1'),
                failure('Broken.'),
                warning('Odder.'),
            ],
            'All is well.',
        )
        self.assertEqual(Code.FAILURE, bad.code)
        self.assertEqual(
            'Broken.\nOdd.\n    [a]\n    b = 1\nOdder.', bad.details
        )

    def test_list_of_names_is_sorted_and_bounded(self) -> None:
        self.assertEqual('a', listed({'a'}))
        self.assertEqual('a, b, c, d, e', listed('ecdab'))
        self.assertEqual('a, b, c, d, e and 1 more', listed('fecdab'))
        self.assertEqual(
            'h0, h1, h10, h100, h1000 and 99995 more',
            listed([f'h{i}' for i in range(100_000)]),
        )

    def test_names_are_cut_and_escaped(self) -> None:
        self.assertEqual(r'a\nb', listed(['a\nb']))
        self.assertLessEqual(len(listed(['a' * 255])), 64)

    def test_share_is_whole_only_if_it_is(self) -> None:
        self.assertEqual('3 of 4 (75 %)', share(3, 4))
        self.assertEqual('999 of 1000 (99 %)', share(999, 1000))
        self.assertEqual('4 of 4 (100 %)', share(4, 4))

    def test_one_has_no_plural(self) -> None:
        self.assertEqual('1 host', count(1, 'host'))
        self.assertEqual('2 hosts', count(2, 'host'))
