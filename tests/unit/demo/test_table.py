# SPDX-License-Identifier: Apache-2.0

"""How the table looks."""

from oslotest import base

from demo import sample
from demo import table
from demo.expect import expect
from demo.story import Landing

LYON = Landing({}, 'lyon-1', 'cell2', '')
PARIS = Landing({}, 'paris-2', 'cell1', '')
NOWHERE = Landing({}, None, 'cell0', 'No valid host was found. ' * 7)


class TableTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        story = sample.story()
        self.rows = [
            table.Row(
                request.name,
                request,
                expect(request, story.measured, story.sites),
                PARIS,
                landing,
            )
            for request in story.requests
            for landing in (LYON, NOWHERE)
        ]
        self.lines = table.render(self.rows, story.measured).splitlines()

    def line(self, start):
        """The cells of the first such line."""
        found = next(line for line in self.lines if line.startswith(start))
        return ' '.join(found.split())

    def test_server_near_its_client(self):
        self.assertEqual(
            'game 203.0.113.7 20 ms paris-2 12.3/13.3 lyon-1 cell2 6.9/7.9 '
            'nearest',
            self.line(' game'),
        )

    def test_over_budget_of_one_end(self):
        surgery = [' '.join(line.split()) for line in self.lines]
        self.assertIn('patient 12 ms, 5 jitter 20.8/21.8 * 9.6/10.6', surgery)

    def test_elsewhere_than_expected(self):
        for name in (' web', ' camera', ' farm-soft', ' typo-name'):
            self.assertTrue(self.line(name).endswith('wrong'), name)

    def test_reasons(self):
        self.assertTrue(self.line('[10] No valid host'))
        self.assertLessEqual(max(map(len, self.lines)), table.WIDTH + 2)
