# SPDX-License-Identifier: Apache-2.0

"""A client that nobody measured is measured since somebody asks for it."""

from typing import Any

import nova.conf

from edge_sched.auditing.wanting import Wanting
from edge_sched.store.reader import reader
from edge_sched.store.settings import StoreSettings
from edge_sched.store.wanted import Wanted
from tests.functional import cloud
from tests.functional.tenants_api import Answer
from tests.functional.tenants_api import TenantsApiTestCase

CONF = nova.conf.CONF

STRANGER, STRANGERS = '8.8.4.4', '8.8.4.0/24'
MEASURED = (
    f'no usable latency data for {STRANGER}: {STRANGERS} is being measured, '
    'try again in 60 s'
)


class WantedTest(TenantsApiTestCase):
    conf: Any = {
        'edge_sched': {'cache_ttl': '0', 'membership_ttl': '0'},
        'edge_sched_wanted': {'allow': '8.0.0.0/8'},
    }

    def setUp(self) -> None:
        super().setUp()
        settings = StoreSettings.from_conf(CONF)
        self.wanted = self.enterContext(Wanted(settings))
        for site in self.sites:
            self.wanted.targets(site)
        self.wanting = Wanting(reader(settings), self.wanted)
        self.assertTrue(self.wanting.look())

    def stranger(self, **query: str) -> Answer:
        return self.ask(
            '/v1/sites', client=STRANGER, latency_budget_ms='20', **query
        )

    def listed(self) -> list[tuple[str, str]]:
        return [(p.client, p.project_id) for p in self.wanted.places()]

    def test_question_has_it_measured(self) -> None:
        told = self.stranger().body
        self.assertEqual(
            (False, MEASURED, 60),
            tuple(told[n] for n in ('accepted', 'reason', 'retry_seconds')),
        )
        self.assertEqual([(STRANGERS, self.user.project_id)], self.listed())
        # Asked again it keeps its place.
        self.stranger()
        self.assertEqual(1, len(self.listed()))
        self.measure(STRANGERS, paris=5)
        told = self.stranger().body
        self.assertEqual(
            (True, None, None),
            tuple(told[n] for n in ('accepted', 'reason', 'retry_seconds')),
        )

    def test_who_may_not_be_wanted_is_not(self) -> None:
        told = self.ask(
            '/v1/sites', client='9.9.9.9', latency_budget_ms='20'
        ).body
        self.assertIsNone(told['retry_seconds'])
        self.assertIn('never measured', told['reason'])
        self.assertEqual([], self.listed())

    def test_question_that_is_accepted_has_nobody_measured(self) -> None:
        told = self.ask('/v1/sites', client=STRANGER).body
        self.assertTrue(told['accepted'])
        self.assertEqual([], self.listed())

    @cloud.cloud(conf={'edge_sched_wanted': {'max_clients': '4'}})
    def test_project_has_its_share_and_no_more(self) -> None:
        for number in range(3):
            told = self.ask(
                '/v1/sites', client=f'8.8.{number}.4', latency_budget_ms='20'
            ).body
            self.assertEqual(60 if not number else None, told['retry_seconds'])
        self.assertEqual([('8.8.0.0/24', self.user.project_id)], self.listed())
