# SPDX-License-Identifier: Apache-2.0

"""What is said of a group, and which groups pass."""

from oslotest import base

from demo import replicas
from demo import sample
from demo.checks import Checks
from demo.story import Landing

WITHIN = {'lyon', 'marseille', 'paris'}


def at(*sites):
    """``at('lyon', None)``: on the first host there, and nowhere."""
    return [
        Landing({}, site and f'{site}-1', 'cell1', '' if site else 'No host.')
        for site in sites
    ]


NEAR = at('lyon', 'lyon', 'marseille')
APART = at('lyon', 'marseille', 'paris')


def placed(near=NEAR, apart=APART):
    return {replicas.NEAREST: near, replicas.APART: apart}


class ReplicasTest(base.BaseTestCase):
    def left(self, *sites):
        return replicas.left_at_worst(at(*sites), WITHIN)

    def test_left_at_worst(self):
        self.assertEqual(2, self.left('lyon', 'marseille', 'paris'))
        self.assertEqual(1, self.left('lyon', 'marseille', 'lyon'))
        self.assertEqual(0, self.left('lyon', 'lyon', 'lyon'))

    def test_over_budget_or_nowhere_is_not_left(self):
        self.assertEqual(1, self.left('lyon', 'marseille', 'nice'))
        self.assertEqual(0, self.left('lyon', 'nice', 'nice'))
        self.assertEqual(0, self.left('lyon', None, None))
        self.assertEqual(0, self.left(None, None, None))

    def test_busiest(self):
        self.assertEqual('lyon', replicas.busiest(at('nice', 'lyon', 'lyon')))
        self.assertEqual('lyon', replicas.busiest(at(None, 'lyon', None)))
        self.assertEqual('', replicas.busiest(at(None)))

    def test_table(self):
        shown = replicas.render(
            {'stock Nova': at('nice', 'lyon', None)},
            sample.story().measured,
            WITHIN,
        )
        (line,) = (line for line in shown.splitlines() if 'stock Nova' in line)
        self.assertEqual(
            'stock Nova nice-1 13.5/14.5 * lyon-1 6.9/7.9 - 0 of 3',
            ' '.join(line.split()),
        )


class ChecksTest(base.BaseTestCase):
    def placed(self, **landings):
        """Returns what failed."""
        checks = Checks()
        replicas.check_placed(checks, placed(**landings), WITHIN)
        self.assertEqual(8, checks.passed + len(checks.failed))
        return checks.failed

    def left(self, **landings):
        checks = Checks()
        replicas.check_left(checks, 'lyon', placed(**landings), WITHIN)
        self.assertEqual(2, checks.passed + len(checks.failed))
        return checks.failed

    def test_placed_as_told(self):
        self.assertEqual([], self.placed())

    def test_over_budget_or_nowhere(self):
        (failed,) = self.placed(apart=at('lyon', 'nice', 'paris'))
        self.assertIn('edge:spread=site: should be within 16 ms', failed)
        self.assertIn('is at nice', failed)
        (failed,) = self.placed(near=at('lyon', 'lyon', None))
        self.assertIn('is at No host.', failed)

    def test_gathered_or_apart_without_being_told(self):
        (failed,) = self.placed(near=at('lyon', 'lyon', 'lyon'), apart=NEAR)
        self.assertIn('at a site of its own', failed)
        (failed,) = self.placed(near=APART)
        self.assertIn('nearness alone should gather them', failed)

    def test_left(self):
        self.assertEqual([], self.left(near=NEAR[2:], apart=APART[1:]))
        (failed,) = self.left(near=[], apart=APART[2:])
        self.assertIn('two should be left', failed)
        (failed,) = self.left(near=NEAR[2:], apart=at('nice', 'paris'))
        self.assertIn('two should be left', failed)
        (failed,) = self.left(near=APART[1:], apart=APART[1:])
        self.assertIn('fewer should be left', failed)

    def test_fourth(self):
        for site, holds in (
            ('paris', True),
            ('lyon', False),
            ('nice', False),
            (None, False),
        ):
            checks = Checks()
            (fourth,) = at(site)
            replicas.check_fourth(checks, NEAR, fourth, WITHIN)
            self.assertEqual(holds, not checks.failed, site)
