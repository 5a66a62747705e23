# SPDX-License-Identifier: Apache-2.0

"""A site gets another name, step by step as the operator's guide has it."""

from tests.functional.measured import MeasuredCloudTestCase

ALICE = '203.0.113.7'
BUDGET = {'latency_budget_ms': '20'}


class RenameSiteTest(MeasuredCloudTestCase):
    sites = {
        'paris': ('cell1', ['paris-1']),
        'lyon': ('cell2', ['lyon-1']),
    }

    def setUp(self) -> None:
        super().setUp()
        self.measure('203.0.113.0/24', paris=30, lyon=9)

    def assertNear(self, site: str) -> None:
        """A create lands at the site, by a figure under this name."""
        self.assertLanded('lyon', self.near(ALICE, **BUDGET))
        record = self.decisions()[-1]
        self.assertEqual(0, record['hosts']['unknown'])
        self.assertEqual(site, record['best'][0]['site'])

    def test_no_moment_of_unknown(self) -> None:
        self.assertNear('lyon')
        self.writer.rename_vantage('lyon', 'metro', keep=True)
        self.assertNear('lyon')
        # The collector's next round.
        self.measure('203.0.113.0/24', metro=8, age=0)
        self.assertNear('lyon')
        self.set_aggregate_metadata('lyon', {'edge:site': 'metro'})
        self.assertNear('metro')
        self.writer.delete_vantage('lyon')
        self.assertNear('metro')

    def test_without_the_copy_there_is_one(self) -> None:
        self.writer.rename_vantage('lyon', 'metro')
        self.assertRefused(
            'no site within 20 ms (p95) of 203.0.113.7: nearest is paris',
            self.near(ALICE, **BUDGET),
        )
        self.assertEqual(1, self.decisions()[-1]['hosts']['unknown'])
