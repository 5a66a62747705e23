# SPDX-License-Identifier: Apache-2.0

"""The store is away: a declared case, with a bounded wait."""

import os
import socket
import time
from typing import Any

from tests.functional import cloud
from tests.functional.base import HOST
from tests.functional.base import Server
from tests.functional.measured import CONF
from tests.functional.measured import MeasuredCloudTestCase

ALICE = '203.0.113.7'
BUDGET = {'latency_budget_ms': '20'}
AWAY = 'latency data is temporarily unavailable'
SITES = {
    'paris': ('cell1', ['paris-1']),
    'lille': ('cell1', ['lille-1']),
}


class _StoreFailureTests:
    """What becomes of each kind of request; mixed into ways to be away."""

    sites = SITES

    def test_required_is_refused(self) -> None:
        started = time.monotonic()
        self.assertRefused(AWAY, self.near(ALICE, **BUDGET))
        self.assertLess(time.monotonic() - started, self.plugin_patience)
        record = self.decisions()[-1]
        self.assertEqual('store_failure', record['outcome'])
        self.assertEqual('reject', record['budgets']['unknown'])
        self.assertEqual(
            ('miss', 'open'), (record['cache'], record['breaker'])
        )
        # A name cannot be looked up, so it is not 'unknown'.
        self.assertRefused(AWAY, self.near('nobody', **BUDGET))
        # Nothing is wrong with a bad hint because the store is away.
        self.assertRefused('is not an address', self.near('999.1.1.1'))

    def test_what_needs_no_data_is_placed(self) -> None:
        for options in (
            {},
            {**BUDGET, 'budget_mode': 'preferred'},
            {**BUDGET, 'unknown': 'allow'},
        ):
            self.assertEqual('ACTIVE', self.near(ALICE, **options)['status'])
            self.assertEqual('store_failure', self.outcome())

    @cloud.cloud(conf={'edge_sched': {'on_store_failure': 'allow'}})
    def test_allowed_by_the_operator(self) -> None:
        server = self.near(ALICE, **BUDGET)
        self.assertEqual('ACTIVE', server['status'])
        self.assertEqual('store_failure', self.outcome())
        moved = self.live_migrate(server)
        self.assertNotEqual(server[HOST], moved[HOST])

    @cloud.cloud(conf={'edge_sched': {'mode': 'shadow'}})
    def test_shadow_is_never_refused(self) -> None:
        self.assertEqual('ACTIVE', self.near(ALICE, **BUDGET)['status'])
        self.assertEqual('store_failure', self.outcome())

    def test_moves(self) -> None:
        server = self.near(ALICE, **BUDGET, unknown='allow')
        self.set_hints(
            server, {'edge:client': [ALICE], 'edge:latency_budget_ms': ['20']}
        )
        here = self.show(server)[HOST]
        stays = self.live_migrate(server)
        self.assertEqual(here, stays[HOST])
        self.assertEqual('ACTIVE', stays['status'])
        # A relaxed evacuation is never refused.
        moved = self.evacuate(server)
        self.assertNotEqual(here, moved[HOST])
        self.assertNotEqual('ERROR', moved['status'])

    @cloud.cloud(
        conf={'edge_sched': {'on_store_failure': 'allow', 'mode': 'shadow'}}
    )
    def test_allowed_and_shadow(self) -> None:
        self.assertEqual('ACTIVE', self.near(ALICE, **BUDGET)['status'])
        self.assertEqual('store_failure', self.outcome())

    @cloud.cloud(conf={'edge_sched': {'on_store_failure': 'allow'}})
    def test_allowed_where_nothing_was_to_be_rejected(self) -> None:
        for options in ({}, {**BUDGET, 'budget_mode': 'preferred'}):
            server = self.near(ALICE, **options)
            self.assertEqual('ACTIVE', server['status'])
        here = self.show(server)[HOST]
        self.set_hints(
            server,
            {'edge:client': [ALICE], 'edge:latency_budget_ms': ['20']},
        )
        self.assertNotEqual(here, self.evacuate(server)[HOST])

    def set_hints(self, server: Server, hints: dict[str, Any]) -> None:
        spec = self.request_spec(server)
        spec.scheduler_hints = hints
        spec.save()


class StoreFileMissingTest(_StoreFailureTests, MeasuredCloudTestCase):
    store_exists = False

    def test_file_is_not_made(self) -> None:
        self.assertRefused(AWAY, self.near(ALICE, **BUDGET))
        self.assertFalse(os.path.exists(self.store_path))


class StoreRefusesTest(_StoreFailureTests, MeasuredCloudTestCase):
    """Nobody listens on the store's port."""

    store_exists = False

    def prepare(self) -> None:
        super().prepare()
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
        CONF.set_override(
            'connection',
            f'mysql+pymysql://edge:secret@127.0.0.1:{port}/edge',
            'edge_sched_database',
        )


class StoreHangsTest(_StoreFailureTests, MeasuredCloudTestCase):
    """Connections are accepted and never answered."""

    store_exists = False
    conf = {
        'edge_sched': {
            'cache_ttl': '0',
            'membership_ttl': '0',
            'store_timeout': '1',
        }
    }

    def prepare(self) -> None:
        super().prepare()
        # Kept: a green socket that nobody refers to closes.
        self.listener = socket.socket()
        self.addCleanup(self.listener.close)
        self.listener.bind(('127.0.0.1', 0))
        self.listener.listen(64)
        CONF.set_override(
            'connection',
            'mysql+pymysql://edge:secret@127.0.0.1:'
            f'{self.listener.getsockname()[1]}/edge',
            'edge_sched_database',
        )

    def test_wait_is_that_of_the_option(self) -> None:
        # The driver's own timeouts are longer, and so are Nova's.
        self.assertRefused(AWAY, self.near(ALICE, **BUDGET))
        waited_ms = self.decisions()[-1]['lookup_ms']
        self.assertGreater(waited_ms, 900)
        self.assertLess(waited_ms, 6000)


class StoreReturnsTest(MeasuredCloudTestCase):
    """What was known serves on, and all is well when the store is back."""

    sites = SITES
    conf = {
        'edge_sched': {
            'cache_ttl': '1',
            'membership_ttl': '0',
            'store_retry_after': '1',
        }
    }

    def test_store_goes_away_and_comes_back(self) -> None:
        self.measure('203.0.113.0/24', paris=9)
        self.measure('198.51.100.0/24', lille=9)
        self.assertLanded('paris', self.near(ALICE, **BUDGET))
        os.rename(self.store_path, self.store_path + '.away')
        # Not asked for before: nothing is kept of it.
        self.assertRefused(AWAY, self.near('198.51.100.7', **BUDGET))

        def is_stale() -> bool:
            self.assertLanded('paris', self.near(ALICE, **BUDGET))
            return bool(self.decisions()[-1]['cache'] == 'stale')

        self.wait_for('the time of the cache to run out', is_stale)
        self.assertEqual('open', self.decisions()[-1]['breaker'])
        os.rename(self.store_path + '.away', self.store_path)

        def is_back() -> bool:
            server = self.near('198.51.100.7', **BUDGET)
            return bool(server['status'] == 'ACTIVE')

        self.wait_for('creates to work again', is_back)
        self.assertEqual('closed', self.decisions()[-1]['breaker'])
        self.assertEqual(1, len(self.log_lines('The latency store is away')))
        self.assertEqual(1, len(self.log_lines('The latency store is back')))
