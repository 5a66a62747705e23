# SPDX-License-Identifier: Apache-2.0

"""What the auditor finds in its rounds, and where a server goes then."""

from tests.cloud.audited import BUDGET_MS
from tests.cloud.audited import CLIENT
from tests.cloud.audited import NEAR
from tests.cloud.audited import OTHER
from tests.cloud.audited import AuditedTestCase


class AuditorTestCase(AuditedTestCase):
    def test_server_whose_path_gets_bad_is_listed_until_it_has_moved(self):
        self.paths(**{NEAR: 4, OTHER: 8})
        server = self.near(CLIENT, BUDGET_MS)
        self.assertEqual(NEAR, self.site_of(server))
        self.assertIsNone(self.over(server))

        self.paths(**{NEAR: 40, OTHER: 8})
        listed = self.wait_until_over(server)
        self.assertEqual(
            (NEAR, 40.0, OTHER, 8.0, 32.0, 'yes'),
            tuple(
                listed[name]
                for name in (
                    'site',
                    'judged_ms',
                    'best_site',
                    'best_ms',
                    'gain_ms',
                    'movable',
                )
            ),
        )
        self.assertEqual(1, self.metric('over', NEAR))

        self.live_migrate(server)
        self.assertLanded(OTHER, server)
        self.assertIsNone(self.over(server))
        self.wait_for('the round after', lambda: not self.metric('over', NEAR))
        self.assertGreaterEqual(self.metric('within', OTHER), 1)
