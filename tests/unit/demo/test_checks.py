# SPDX-License-Identifier: Apache-2.0

"""What a check lets pass, and what it says of the rest."""

from oslotest import base

from demo import checks
from demo import sample
from demo.expect import Expectation
from demo.story import Landing

LYON = Landing({}, 'lyon-1', 'cell2', '')
PARIS = Landing({}, 'paris-2', 'cell1', '')
NOWHERE = Landing(
    {}, None, 'cell0', 'No valid host was found. nearest is nice'
)

AT_LYON = Expectation(frozenset({'lyon'}))
REFUSED = Expectation(frozenset(), ('nearest is nice',))
AS_STOCK = Expectation(None)


class ChecksTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.checks = checks.Checks()
        self.story = sample.story()

    def check(self, expected, landing, stock=LYON):
        """Returns what failed."""
        found = checks.Checks()
        checks.check_landing(
            found, self.story, 'web', expected, landing, stock
        )
        self.assertTrue(found.passed or found.failed)
        return found.failed

    def test_what_holds(self):
        self.assertEqual([], self.check(AT_LYON, LYON))
        self.assertEqual([], self.check(REFUSED, NOWHERE))
        self.assertEqual([], self.check(AS_STOCK, PARIS, stock=PARIS))

    def test_what_does_not_is_named(self):
        for expected, landing, said in (
            (AT_LYON, PARIS, 'should be at lyon, is at paris'),
            (AT_LYON, NOWHERE, 'should be at lyon, is at No valid host'),
            (AT_LYON, LYON._replace(cell='cell1'), 'is in cell2'),
            (REFUSED, LYON, 'should have been refused, is on lyon-1'),
            (REFUSED, NOWHERE._replace(fault='no'), 'should have'),
            (AS_STOCK, PARIS, 'should be on lyon-1 as with stock Nova'),
        ):
            failed = self.check(expected, landing)
            self.assertIn(said, failed[0])
            self.assertTrue(failed[0].startswith('web: '))

    def test_reason_must_not_name_hosts_and_cells(self):
        for word in ('nice-1', 'cell2'):
            leaking = NOWHERE._replace(fault=f'{NOWHERE.fault}: {word}')
            (failed,) = self.check(REFUSED, leaking)
            self.assertIn(f'tells of {word}', failed)

    def test_spread_and_cells(self):
        checks.check_spread(self.checks, 'cache', [LYON, LYON])
        checks.check_cells(self.checks, self.story, [LYON, NOWHERE])
        self.assertEqual(2, len(self.checks.failed))
        checks.check_spread(self.checks, 'cache', [LYON, PARIS])
        checks.check_cells(self.checks, self.story, [LYON, PARIS])
        self.assertEqual(2, self.checks.passed)
