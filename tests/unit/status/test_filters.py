# SPDX-License-Identifier: Apache-2.0

"""The filter and the request filter, judged by what would be loaded."""

from unittest import mock

import fixtures
import nova.conf
from nova.scheduler import request_filter as nova_request_filter
from oslo_config import fixture as config_fixture

from edge_sched.scheduler.request_filter import edge_latency
from edge_sched.status import filters
from tests.unit.status import base

NOVAS = 'nova.scheduler.filters.all_filters'
ALL = 'edge_sched.plugins.all_filters'
COMPUTE = 'nova.scheduler.filters.compute_filter.ComputeFilter'
OURS = 'edge_sched.scheduler.filters.EdgeLatencyFilter'
THEIRS = 'rival.EdgeLatencyFilter'
SECTION = '[filter_scheduler]'


class JudgeFilterTest(base.JudgementTestCase):
    def judge(
        self, loaded=(COMPUTE, OURS), available=(NOVAS, ALL), enabled=()
    ):
        return filters.judge_filter(
            loaded,
            available,
            enabled or ['ComputeFilter', 'EdgeLatencyFilter'],
        )

    def test_last_of_those_enabled(self) -> None:
        self.assertSuccess(
            self.judge(), 'EdgeLatencyFilter is enabled, as the last filter.'
        )

    def test_not_available(self) -> None:
        self.assertFails(
            self.judge(loaded=[COMPUTE], available=[NOVAS]),
            'EdgeLatencyFilter is in none of available_filters.',
            SECTION,
            f'available_filters = {NOVAS}',
            f'available_filters = {ALL}',
        )

    def test_not_enabled(self) -> None:
        self.assertFails(
            self.judge(enabled=['ComputeFilter']),
            'EdgeLatencyFilter is not in enabled_filters',
            SECTION,
            'enabled_filters = ComputeFilter,EdgeLatencyFilter',
        )

    def test_not_the_last(self) -> None:
        self.assertWarns(
            self.judge(enabled=['EdgeLatencyFilter', 'ComputeFilter']),
            'is not the last of enabled_filters',
            SECTION,
            'enabled_filters = ComputeFilter,EdgeLatencyFilter',
        )

    def test_twice(self) -> None:
        self.assertWarns(
            self.judge(enabled=['EdgeLatencyFilter', 'EdgeLatencyFilter']),
            'or there more than once',
            SECTION,
            'enabled_filters = EdgeLatencyFilter',
        )

    def test_nova_does_not_find_its_own(self) -> None:
        self.assertFails(
            self.judge(loaded=[OURS], available=[ALL]),
            'nova-scheduler does not start: ComputeFilter of enabled_filters',
            SECTION,
            f'available_filters = {NOVAS}',
            f'available_filters = {ALL}',
        )

    def test_namesake_that_comes_later_wins(self) -> None:
        self.assertFails(
            self.judge(
                loaded=[COMPUTE, OURS, THEIRS],
                available=[NOVAS, ALL, 'rival.all'],
            ),
            'rival.EdgeLatencyFilter has the name of our filter',
            SECTION,
            f'available_filters = {NOVAS}',
            'available_filters = rival.all',
            f'available_filters = {ALL}',
        )

    def test_namesake_that_comes_before_loses(self) -> None:
        self.assertWarns(
            self.judge(loaded=[COMPUTE, THEIRS, OURS]),
            'rival.EdgeLatencyFilter has the name of our filter, which counts',
        )

    def test_own_class_found_twice_is_no_namesake(self) -> None:
        self.assertSuccess(
            self.judge(loaded=[COMPUTE, OURS, OURS]),
            'EdgeLatencyFilter is enabled, as the last filter.',
        )

    def test_loader_that_fails(self) -> None:
        self.assertFails(
            filters.judge_unloaded_filters('ClassNotFound: no x'),
            'nova-scheduler does not start: available_filters cannot be '
            'loaded (ClassNotFound: no x)',
            SECTION,
            f'available_filters = {NOVAS}',
            f'available_filters = {ALL}',
        )


class LoadFiltersTest(base.JudgementTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        self.useFixture(
            fixtures.MonkeyPatch(
                'nova.scheduler.request_filter.ALL_REQUEST_FILTERS', []
            )
        )

    def available(self, *names: str) -> None:
        self.conf.config(
            group='filter_scheduler', available_filters=list(names)
        )

    def test_ours_is_loaded_and_puts_the_request_filter_in_place(self) -> None:
        self.available(NOVAS, ALL)
        self.assertFalse(filters.has_request_filter())

        loaded = filters.load_filters()

        self.assertEqual(OURS, loaded[-1])
        self.assertIn(COMPUTE, loaded)
        self.assertEqual(
            [edge_latency], nova_request_filter.ALL_REQUEST_FILTERS
        )
        self.assertTrue(filters.has_request_filter())

    def test_class_named_by_itself_has_no_request_filter(self) -> None:
        self.available(NOVAS, OURS)

        self.assertEqual(OURS, filters.load_filters()[-1])

        self.assertFalse(filters.has_request_filter())

    def test_nova_without_a_list_of_request_filters(self) -> None:
        self.available(ALL)
        with mock.patch.object(nova_request_filter, 'ALL_REQUEST_FILTERS', ()):
            filters.load_filters()

            self.assertFalse(filters.has_request_filter())


class JudgeRequestFilterTest(base.JudgementTestCase):
    def test_in_force(self) -> None:
        self.assertSuccess(
            filters.judge_request_filter(True, [NOVAS, ALL]),
            'The request filter is in force.',
        )

    def test_function_that_appends_it_is_not_named(self) -> None:
        self.assertWarns(
            filters.judge_request_filter(False, [NOVAS, OURS]),
            f'{ALL} is not in available_filters, and it alone puts',
            SECTION,
            f'available_filters = {NOVAS}',
            f'available_filters = {OURS}',
            f'available_filters = {ALL}',
        )

    def test_nova_has_no_list(self) -> None:
        self.assertWarns(
            filters.judge_request_filter(False, [NOVAS, ALL]),
            'This Nova has no list of request filters to add to',
        )
