# SPDX-License-Identifier: Apache-2.0

"""What is done before Placement is asked, and how that gets into Nova."""

from typing import Any
from unittest import mock

from nova import context
from nova import exception
from nova import objects

from edge_sched.scheduler import request_filter
from edge_sched.scheduler.case import CASES
from edge_sched.scheduler.narrowing.narrow import Refused
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.base import StagesTestCase

NEAR = {'edge:client': [ALICE], 'edge:latency_budget_ms': ['20']}
BAD = {'edge:client': ['999.1.1.1']}


class RequestFilterTest(StagesTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.context = context.get_admin_context()

    def patch(self, name: str, **behaviour: Any) -> mock.Mock:
        patcher = mock.patch.object(request_filter, name, **behaviour)
        self.addCleanup(patcher.stop)
        return patcher.start()

    def apply(self, spec: objects.RequestSpec) -> bool:
        """Whether the filter had anything to do."""
        done: bool = request_filter.edge_latency(self.context, spec)
        return done

    def test_case_is_made_and_kept(self) -> None:
        spec = self.spec(NEAR)
        self.assertTrue(self.apply(spec))
        case = CASES.get(spec)
        self.assertEqual(self.context.request_id, case and case.request_id)

    def test_nothing_is_done_unless_the_filter_is_enabled(self) -> None:
        self.conf.config(group='filter_scheduler', enabled_filters=[])
        spec = self.spec(BAD)
        self.assertFalse(self.apply(spec))
        self.assertIsNone(CASES.get(spec))

    def test_nothing_is_done_for_a_request_that_is_none_of_ours(self) -> None:
        spec = self.spec({'group': ['g']})
        self.assertFalse(self.apply(spec))
        self.assertIsNone(CASES.get(spec))

    def test_request_that_cannot_be_read_is_left_to_the_filter(self) -> None:
        spec = self.spec(NEAR)
        self.apply(spec)
        self.patch('make_case', side_effect=RuntimeError('a test'))
        self.assertFalse(self.apply(spec))
        # Nor is what was read before taken for it.
        self.assertIsNone(CASES.get(spec))
        self.assertIn('Could not read a request', self.log.output)

    def test_nothing_is_refused_or_narrowed_in_shadow_mode(self) -> None:
        self.conf.config(group='edge_sched', mode='shadow')
        narrow = self.patch('narrow')
        spec = self.spec(BAD)
        self.assertTrue(self.apply(spec))
        self.assertIsNotNone(CASES.get(spec))
        narrow.assert_not_called()

    def test_search_that_fails_leaves_all_to_the_filter(self) -> None:
        self.patch('narrow', side_effect=RuntimeError('a test'))
        spec = self.spec(NEAR)
        self.assertTrue(self.apply(spec))
        self.assertIsNotNone(CASES.get(spec))
        self.assertIn('Could not narrow', self.log.output)

    def test_search_that_finds_nothing_is_a_refusal(self) -> None:
        record = self.patch('log_record')
        refused = Refused(mock.Mock(), 'no site has room', mock.Mock())
        self.patch('narrow', return_value=refused)
        spec = self.spec(NEAR)
        error = self.assertRaises(
            exception.RequestFilterFailed, self.apply, spec
        )
        self.assertIn('no site has room', str(error))
        record.assert_called_once_with(spec, refused.case, refused.judged)


class RegisterTest(StagesTestCase):
    def register(self, known: list[object] | None) -> None:
        """Register twice with a list of Nova's."""
        with mock.patch.object(
            request_filter, 'request_filters', return_value=known
        ):
            request_filter.register()
            request_filter.register()

    def test_ours_is_the_last_and_there_once(self) -> None:
        known: list[object] = [print]
        self.register(known)
        self.assertEqual([print, request_filter.edge_latency], known)
        self.assertEqual('', self.log.output)

    def test_nova_that_has_no_list_is_told_of(self) -> None:
        with self.assertLogs('edge_sched') as log:
            self.register(None)
        self.assertIn('no list of request filters', log.output[0])
