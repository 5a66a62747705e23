#!/usr/bin/env python3
#
# SPDX-License-Identifier: Apache-2.0

"""Run suites of tests and close with one line of their sum.

    usage: tools/run_tests.py SUITE[,SUITE...] [REGEX...]

The suites are ``unit``, ``devstack``, ``functional-threading``,
``functional-eventlet``, of these ``most-threading`` (without the longest) and
``threads-eventlet`` (those that threads matter to), ``watcher``, ``e2e`` and
``cloud``. Each runs by stestr, in parallel but for ``e2e``, whose tests
measure time, and ``cloud``, whose tests share one. What fails is tried once
more: whatever else the machine does for a moment must not fail a test. Results
are kept in ``.cache/<suite>``; the regular expressions choose among the tests.
The last lines name what failed, or passed at the second try only, and say how
many::

    passed at the second try: tests.e2e.test_accuracy.AccuracyTest.test_p95
    failed: tests.unit.model.test_latency.FreshTest.test_age
    tests: 811 passed, 1 failed, 3 skipped

The exit status is 1 if a test failed, if a run broke off, or if a suite ran
no test.
"""

import dataclasses
import io
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Sequence

import subunit
import testtools

#: Seconds after which a test of Nova's kind is broken off (chosen: far above
#: the slowest); what the environment says goes before.
DEFAULTS = {'OS_TEST_TIMEOUT': '600'}

#: Whether Nova leaves eventlet alone. It decides at its first import, so the
#: two modes are two runs.
NATIVE_THREADS = {'OS_NOVA_DISABLE_EVENTLET_PATCHING': 'true'}
EVENTLET = {'OS_NOVA_DISABLE_EVENTLET_PATCHING': 'false'}

SUITES = {
    'unit': ('tests/unit', NATIVE_THREADS),
    'functional-threading': ('tests/functional', NATIVE_THREADS),
    'functional-eventlet': ('tests/functional', EVENTLET),
    'most-threading': (
        'tests/functional',
        NATIVE_THREADS,
    ),
    'threads-eventlet': ('tests/functional', EVENTLET),
    'devstack': ('tests/devstack', NATIVE_THREADS),
    'e2e': ('tests/e2e', NATIVE_THREADS),
    'watcher': ('tests/watcher', NATIVE_THREADS),
    'cloud': ('tests/cloud', {}),
}
#: The only tests of a suite unless others are named: each regular expression
#: is the beginning of their names in the suite's folder. With eventlet, these
#: are the tests that have to do with how Nova makes its threads: waits with a
#: bound, cells asked in parallel, requests that race, and a request and a move
#: from end to end. `functional-eventlet` has all others too.
CHOSEN = {
    'threads-eventlet': (
        'store.test_failures.',
        'test_harness.ConcurrencyModeTest.',
        'test_modes.LoadingTest.',
        'test_moves.MoveTest.test_live_migration_follows_a_named_client',
        'test_narrowing.DownTest.test_hosts_that_are_down',
        'test_narrowing.WideningTest.test_loser_of_the_race',
        'test_peers.CellTest.',
        'test_queries.QueryTest.',
        'test_store_failure.StoreHangsTest.',
        'test_store_failure.StoreReturnsTest.',
    ),
}
#: Not among the tests of a suite unless others are named, likewise. These take
#: three fifths of the time of all: rarer turns of a search that unit tests
#: hold against an oracle, commands beside the whole of Nova, what Nova does
#: without us, and what a user of the databases may. It is
#: `functional-threading` that has them.
LEFT_OUT = {
    'most-threading': (
        'test_api_agrees.',
        'test_api_camara.FacadeTest.',
        'test_api_camara.ScenariosTest.',
        'test_api_clients.ClientsTest.test_names',
        'test_api_clients.ClientsTest.test_s',
        'test_api_hostile.',
        'test_api_servers.ServersTest.test_detail',
        'test_api_sites.SitesTest.test_private',
        'test_api_sites.SitesTest.test_sites_of',
        'test_api_sites.SitesTest.test_what',
        'test_api_wanted.WantedTest.test_p',
        'test_api_wanted.WantedTest.test_question_that',
        'test_api_wanted.WantedTest.test_who',
        'test_audit_command.',
        'test_auditor_grants.',
        'test_explain_command.',
        'test_harness.MovesTest.',
        'test_harness.StockNovaTest.',
        'test_hint_command.',
        'test_hint_process.',
        'test_narrowing.AllAtOnceTest.',
        'test_narrowing.DownTest.',
        'test_narrowing.LargeSiteTest.',
        'test_narrowing.MixedTest.',
        'test_narrowing.MovesTest.',
        'test_narrowing.NearestTest.',
        'test_narrowing.OutsideTest.',
        'test_narrowing.TermsTest.',
        'test_narrowing.WideningTest.',
        'test_peers.MoveTest.',
        'test_peers.UnknownServerTest.',
        'test_room.',
        'test_status_process.',
        'test_unseen_hosts.',
        'test_wanted.WantedTest.test_a_',
        'test_wanted.WantedTest.test_n',
        'test_wanted.WantedTest.test_what',
        'test_wanted.WantedTest.test_while',
    ),
}
#: Not two tests at a time.
SERIAL = frozenset({'e2e', 'cloud'})
#: What fails is tried once more, unless it is more than so many tests of a
#: suite. Chosen: what we break mostly fails more, and fails each time.
TRIED_TWICE = 2


@dataclasses.dataclass
class Count:
    """How many tests ended how."""

    passed: int = 0
    skipped: int = 0
    failed: list[str] = dataclasses.field(default_factory=list)
    #: Passed at the second try only.
    at_last: list[str] = dataclasses.field(default_factory=list)

    def add(self, test: dict) -> None:
        """Count one test; one that never ended has failed."""
        if test['status'] in ('success', 'xfail'):
            self.passed += 1
        elif test['status'] == 'skip':
            self.skipped += 1
        elif test['status'] != 'exists':
            self.failed.append(test['id'])

    @property
    def ended(self) -> int:
        """How many tests there were."""
        return self.passed + self.skipped + len(self.failed)

    def __add__(self, other: 'Count') -> 'Count':
        return Count(
            self.passed + other.passed,
            self.skipped + other.skipped,
            self.failed + other.failed,
            self.at_last + other.at_last,
        )


class Run:
    """One suite and its results."""

    def __init__(self, suite: str) -> None:
        self.suite = suite
        self.path, self.environment = SUITES[suite]
        self.results = pathlib.Path('.cache', suite)

    def _stestr(self, *arguments: str) -> list[str]:
        return [
            sys.executable,
            '-m',
            'stestr',
            '--repo-url',
            str(self.results),
            '--test-path',
            self.path,
            *arguments,
        ]

    def _runs_so_far(self) -> str:
        try:
            return (self.results / '.stestr' / 'next-stream').read_text()
        except FileNotFoundError:
            return ''

    def execute(self, regexes: Sequence[str]) -> Count:
        """Run it; a run that broke off counts as a failure."""
        print(f'\n== {self.suite}', flush=True)
        self.results.mkdir(parents=True, exist_ok=True)
        count = self._run(*regexes)
        few = 0 < len(count.failed) <= TRIED_TWICE
        if few and count.ended == self._how_many(regexes):
            print(f'\n== once more: {" ".join(count.failed)}', flush=True)
            again = self._run(*(f'^{re.escape(n)}$' for n in count.failed))
            # Else there is a failure that is none of a test.
            if again.passed == len(count.failed):
                again.at_last, count.failed = count.failed, []
                return count + again
        return count

    def _chosen(self, regexes: Sequence[str]) -> Sequence[str]:
        """Regular expressions for stestr; who names tests gets them."""
        package = self.path.replace('/', '.')
        if regexes or self.suite not in CHOSEN | LEFT_OUT:
            return regexes
        if self.suite in LEFT_OUT:
            none_of = '|'.join(map(re.escape, LEFT_OUT[self.suite]))
            return [rf'^{package}\.(?!{none_of})']
        return [rf'^{package}\.{name}' for name in CHOSEN[self.suite]]

    def _how_many(self, regexes: Sequence[str]) -> int:
        """How many tests there are: fewer have run if a worker died."""
        listed = subprocess.run(
            self._stestr('list', *self._chosen(regexes)),
            env=DEFAULTS | os.environ | self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        ).stdout
        return sum(line.startswith('tests.') for line in listed.splitlines())

    def _run(self, *regexes: str) -> Count:
        before = self._runs_so_far()
        options = ['--serial'] if self.suite in SERIAL else []
        status = subprocess.run(
            self._stestr('run', *options, *self._chosen(regexes)),
            env=DEFAULTS | os.environ | self.environment,
            check=False,
        ).returncode
        # stestr that cannot list the tests stores nothing, and the last
        # results are then those of another day.
        count = Count() if self._runs_so_far() == before else self._count()
        if not count.passed and not count.failed:
            count.failed.append(f'{self.suite}: no test has run')
        elif status and not count.failed:
            count.failed.append(f'{self.suite}: stestr gave status {status}')
        return count

    def _count(self) -> Count:
        stored = subprocess.run(
            self._stestr('last', '--subunit'),
            stdout=subprocess.PIPE,
            check=False,  # it fails on a run of no test, which is counted
        ).stdout
        count = Count()
        result = testtools.StreamToDict(count.add)
        result.startTestRun()
        subunit.ByteStreamToStreamResult(
            io.BytesIO(stored), non_subunit_name='stdout'
        ).run(result)
        result.stopTestRun()
        return count


def main(arguments: list[str]) -> int:
    suites = arguments[0].split(',') if arguments else list(SUITES)
    for suite in suites:
        if suite not in SUITES:
            sys.exit(f'{suite} is not one of {", ".join(SUITES)}')
    counts = [Run(suite).execute(arguments[1:]) for suite in suites]
    total = sum(counts, Count())
    print()
    for name in total.at_last:
        print(f'passed at the second try: {name}')
    for name in total.failed:
        print(f'failed: {name}')
    print(
        f'tests: {total.passed} passed, {len(total.failed)} failed, '
        f'{total.skipped} skipped'
    )
    return 1 if total.failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
