# SPDX-License-Identifier: Apache-2.0

"""What Tempest finds, and which clouds skip what.

As far as it can be told without a cloud. Tempest has one configuration a
process, and it is that of oslo.config: each run is a process of its own.
"""

import configparser
import json
import os
import pathlib
import subprocess
import sys

import fixtures
from oslotest import base

from tests import results
from tests.tempest_source import API
from tests.tempest_source import PACKAGE
from tests.tempest_source import tests_in_source

CLASSES = {
    'FlavorTest',
    'PlacementTest',
    'AnywhereTest',
    'HintsShownTest',
    'OverBudgetTest',
    'UnmeasuredTest',
    'BadHintTest',
    'MoveNearTest',
    'MoveFarTest',
    'SitesTest',
    'ClientsTest',
    'ServersTest',
}

#: A cloud on which the tests would run, were it there.
LARGE = {
    'compute': {
        'min_compute_nodes': '2',
        'max_microversion': 'latest',
    },
    'compute-feature-enabled': {
        'scheduler_enabled_filters': 'ComputeFilter,EdgeLatencyFilter',
    },
    'edge_sched': {
        'api_available': 'true',
        'client': '203.0.113.7',
        'unmeasured_client': '198.51.100.254',
        'near_hosts': 'near-1,near-2',
        'far_hosts': 'far-1',
    },
}

#: Prints why tests are skipped each for itself, as JSON.
SKIPS_OF_TESTS = """
import json
import sys
import unittest

def cases(suite):
    for test in suite:
        yield from cases(test) if isinstance(test, unittest.TestSuite) else (
            test,
        )

def reason(case):
    method = getattr(case, case._testMethodName)
    return getattr(method, '__unittest_skip_why__', None)

suite = unittest.defaultTestLoader.discover(*sys.argv[1:])
print(json.dumps({case.id(): reason(case) for case in cases(suite)}))
"""


class RunTest(base.BaseTestCase):
    """What is found and what is skipped, by Tempest's own means."""

    def setUp(self) -> None:
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def run_python(
        self, changes: dict[str, dict[str, str]], *arguments: str
    ) -> bytes:
        """Run Python with a tempest.conf like ``LARGE``."""
        conf = configparser.ConfigParser()
        conf.read_dict(
            {
                'DEFAULT': {'log_file': self.directory / 'tempest.log'},
                'oslo_concurrency': {'lock_path': self.directory},
            }
        )
        conf.read_dict(LARGE)
        conf.read_dict(changes)
        with (self.directory / 'tempest.conf').open('w') as file:
            conf.write(file)
        return subprocess.run(
            [sys.executable, *arguments],
            env=os.environ | {'TEMPEST_CONFIG_DIR': str(self.directory)},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout

    def run_tests(self, **changes: dict[str, str]) -> dict[str, str]:
        """Class -> how it ends, with ``LARGE`` changed like this.

        Those that are not skipped end at once: nobody is there to log in.
        """
        stream = self.run_python(
            changes,
            '-m',
            'stestr.subunit_runner.run',
            'discover',
            '-t',
            str(PACKAGE.parent),
            str(PACKAGE / 'tests'),
        )
        return {
            name.rpartition('.')[2].removesuffix(')'): result
            for name, result in results.read(stream).items()
            if name.startswith('setUpClass')
        }

    def skipped(self, **changes: dict[str, str]) -> dict[str, str]:
        """Class -> why it is skipped as a whole."""
        return {
            name: result.text
            for name, result in self.run_tests(**changes).items()
            if result.status == 'skip'
        }

    def skipped_tests(self, **changes: dict[str, str]) -> dict[str, str]:
        """Test -> why it is skipped for itself."""
        printed = self.run_python(
            changes,
            '-c',
            SKIPS_OF_TESTS,
            str(PACKAGE / 'tests'),
            'test*.py',
            str(PACKAGE.parent),
        )
        return {
            name.removeprefix(f'{API}.').partition('[')[0]: reason
            for name, reason in json.loads(printed).items()
        }

    def test_all_are_found_and_have_the_tags_of_tempest(self) -> None:
        self.assertEqual(
            {name.removeprefix(f'{API}.') for name in tests_in_source()},
            set(self.skipped_tests()),
        )

    def test_large_cloud_skips_no_class(self) -> None:
        ran = self.run_tests()
        self.assertEqual(CLASSES, set(ran))
        self.assertEqual({'fail'}, {result.status for result in ran.values()})
        for result in ran.values():
            self.assertIn('Password is not defined', result.text)

    def test_all_are_skipped_without_the_filter(self) -> None:
        filters = {'scheduler_enabled_filters': 'ComputeFilter'}
        skipped = self.skipped(**{'compute-feature-enabled': filters})
        self.assertEqual(
            dict.fromkeys(CLASSES, 'EdgeLatencyFilter is not enabled.'),
            skipped,
        )

    def test_too_few_nodes(self) -> None:
        self.assertEqual(
            dict.fromkeys(
                ('PlacementTest', 'MoveNearTest', 'MoveFarTest'),
                'Less than 2 compute nodes.',
            ),
            self.skipped(compute={'min_compute_nodes': '1'}),
        )

    def test_nothing_said_of_the_data(self) -> None:
        self.assertEqual(
            dict.fromkeys(
                (
                    'PlacementTest',
                    'OverBudgetTest',
                    'UnmeasuredTest',
                    'MoveNearTest',
                    'MoveFarTest',
                    'SitesTest',
                    'ServersTest',
                ),
                '[edge_sched] client is not set.',
            ),
            self.skipped(
                edge_sched={'client': '', 'near_hosts': '', 'far_hosts': ''}
            ),
        )

    def test_hosts_not_said(self) -> None:
        self.assertEqual(
            dict.fromkeys(
                (
                    'PlacementTest',
                    'MoveNearTest',
                    'MoveFarTest',
                    'SitesTest',
                    'ServersTest',
                ),
                '[edge_sched] near_hosts is not set.',
            ),
            self.skipped(edge_sched={'near_hosts': ''}),
        )
        self.assertEqual(
            {'MoveFarTest': '[edge_sched] far_hosts is not set.'},
            self.skipped(edge_sched={'far_hosts': ''}),
        )

    def test_unmeasured_client_not_said(self) -> None:
        unsaid = {'edge_sched': {'unmeasured_client': ''}}
        why = '[edge_sched] unmeasured_client is not set.'
        self.assertEqual({'UnmeasuredTest': why}, self.skipped(**unsaid))
        self.assertEqual(
            ['test_unmeasured_client_with_preferred_budget'],
            [
                test.rpartition('.')[2]
                for test, reason in self.skipped_tests(**unsaid).items()
                if reason == why
            ],
        )

    def test_api_for_tenants_is_not_there(self) -> None:
        why = '[edge_sched] api_available is not set.'
        self.assertEqual(
            dict.fromkeys(('SitesTest', 'ClientsTest', 'ServersTest'), why),
            self.skipped(edge_sched={'api_available': 'false'}),
        )

    def test_one_near_host(self) -> None:
        self.assertEqual(
            {'MoveNearTest': 'Less than 2 near hosts.'},
            self.skipped(edge_sched={'near_hosts': 'near-1'}),
        )

    def test_old_nova(self) -> None:
        skipped = self.skipped(compute={'max_microversion': '2.79'})
        self.assertEqual(
            {'FlavorTest', 'HintsShownTest', 'MoveNearTest', 'MoveFarTest'},
            set(skipped),
        )

    def test_other_ways_to_name_the_client(self) -> None:
        tests = {
            'test_placement.PlacementTest.test_ipv6': 'client_ipv6',
            'test_placement.PlacementTest.test_named_client': 'client_name',
        }
        said = dict.fromkeys(tests.values(), 'x')
        before, after = (
            self.skipped_tests(),
            self.skipped_tests(edge_sched=said),
        )
        for test, option in tests.items():
            self.assertEqual(
                f'[edge_sched] {option} is not set.', before[test]
            )
            self.assertIsNone(after[test])

    def test_moves_that_the_cloud_has_not(self) -> None:
        features = {
            'live_migration': 'Live migration is not available.',
            'cold_migration': 'Cold migration is not available.',
            'resize': 'Resize is not available.',
            'shelve': 'Shelve is not available.',
        }
        with_all, without = (
            self.skipped_tests(
                **{'compute-feature-enabled': dict.fromkeys(features, has)}
            )
            for has in ('true', 'false')
        )
        moves = {name for name in with_all if name.startswith('test_moves.')}
        self.assertEqual({None}, {with_all[name] for name in moves})
        self.assertEqual(
            set(features.values()), {without[name] for name in moves}
        )
