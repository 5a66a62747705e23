# SPDX-License-Identifier: Apache-2.0

"""Tempest against the cloud: its own tests of servers, and ours."""

import collections
import sys
from collections.abc import Mapping

from tests.cloud.base import CloudTestCase
from tests.cloud.tempest import Tempest
from tests.tempest_source import tests_in_source

OURS = '^edge_sched_tempest_plugin'
#: Their negative tests and those of microversions as well.
SERVERS = r'^tempest\.api\.compute\.servers\.test_servers'


def show(title: str, results: Mapping[str, str]) -> None:
    """Print the result of each test, past what stestr captures."""
    lines = [f'{results[name]:8} {name}' for name in sorted(results)]
    counts = collections.Counter(results.values())
    lines.append(', '.join(f'{counts[each]} {each}' for each in counts))
    print('\n'.join(['', title, *lines]), file=sys.stderr, flush=True)


def those(results: Mapping[str, str], *statuses: str) -> set[str]:
    """The tests that ended like this."""
    return {name for name, status in results.items() if status in statuses}


class TempestTest(CloudTestCase):
    # A run takes a few minutes.
    TIMEOUT_SCALING_FACTOR = 3

    def setUp(self) -> None:
        super().setUp()
        self.tempest = Tempest(self.cloud.layout)
        self.tempest.configure()

    def what_is_there(self) -> set[str]:
        """Ids of all that the tests make."""
        compute, identity = self.admin.compute, self.admin.identity
        return {
            each.id
            for found in (
                compute.servers(all_projects=True),
                compute.flavors(is_public=None),
                identity.projects(),
                identity.users(),
            )
            for each in found
        }

    def test_servers_as_without_the_plugin(self) -> None:
        with self.cloud.scheduler(plugin=False):
            without = self.tempest.run(SERVERS)
        show('test_servers without the plug-in:', without)
        with_it = self.tempest.run(SERVERS)
        show('test_servers with the plug-in:', with_it)
        passed = those(without, 'success')
        self.assertNotEqual(set(), passed)
        self.assertEqual(passed, those(with_it, 'success'))
        # Some fail on any cloud without real networks.
        self.assertEqual(those(without, 'fail'), those(with_it, 'fail'))

    def test_all_of_ours_pass_and_leave_nothing(self) -> None:
        before = self.what_is_there()
        results = self.tempest.run(OURS)
        show('edge_sched_tempest_plugin:', results)
        # This cloud has all that they need, so nothing is skipped.
        self.assertEqual(set(), set(results) - those(results, 'success'))
        self.assertEqual(set(tests_in_source()), set(results))
        self.assertEqual(before, self.what_is_there())
