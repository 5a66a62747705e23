# SPDX-License-Identifier: Apache-2.0

"""Which hosts are looked at one by one, and when that is given up."""

import random
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

from oslotest import base

from edge_sched.scheduler.narrowing import sample
from edge_sched.scheduler.narrowing.placement import RefusedQueryError

#: As Placement tells of a host that has no limits but its size.
INVENTORY: Mapping[str, Any] = {
    'total': 8,
    'reserved': 0,
    'allocation_ratio': 1.0,
    'min_unit': 1,
    'max_unit': 8,
    'step_size': 1,
}


class SampleTest(base.BaseTestCase):
    """Hosts of eight CPUs, of which a request needs two."""

    def setUp(self) -> None:
        super().setUp()
        #: CPUs in use by provider, and what else is told of its own.
        self.used = {'h0': 0, 'h1': 0, 'h2': 0}
        self.inventory: dict[str, Any] = {}
        self.listed: list[dict[str, str]] | None = [
            self.provider(name) for name in self.used
        ]
        self.asked: list[str] = []
        # In the order of their names.
        patcher = mock.patch.object(random, 'shuffle', list.sort)
        patcher.start()
        self.addCleanup(patcher.stop)

    def provider(self, name: str, root: str = '') -> dict[str, str]:
        uuid = f'uuid-{name}'
        return {
            'uuid': uuid,
            'name': name,
            'root_provider_uuid': root or uuid,
        }

    def get(self, url: str, aggregates: int = 1) -> Any:
        self.asked.append(url)
        path, _, query = url.partition('?')
        if query:
            self.terms = (urllib.parse.parse_qsl(query), aggregates)
            listed = self.listed
            return None if listed is None else {'resource_providers': listed}
        # Or a connection that is dropped would be a query that is too long.
        self.assertEqual(1, aggregates)
        _, _, uuid, what = path.split('/')
        used = self.used[uuid.removeprefix('uuid-')]
        if what == 'usages':
            return {'usages': {'VCPU': used} if used else {}}
        return {'inventories': {'VCPU': {**INVENTORY, **self.inventory}}}

    def find(
        self,
        *hosts: str,
        enough: int = 1,
        get: Callable[..., Any] | None = None,
        terms: str = '',
        **amounts: int,
    ) -> list[str] | None:
        """Look for hosts of two aggregates.

        :param get: what Placement answers
        :param terms: more of the query of the request
        """
        amounts = amounts or {'VCPU': 2}
        asked = ','.join(f'{name}:{n}' for name, n in amounts.items())
        query = mock.Mock(texts=[f'limit=9&resources={asked}{terms}', 'other'])
        query.get = get or self.get
        return sample.find_some(
            query, ['near', 'next'], hosts or [*self.used], enough
        )

    def looked_at(self) -> int:
        return sum(url.endswith('/usages') for url in self.asked)

    def test_as_many_as_are_enough_are_looked_at(self) -> None:
        self.assertEqual(['h0', 'h1'], self.find(enough=2))
        self.assertEqual(2, self.looked_at())
        self.assertEqual(([('member_of', 'in:near,next')], 2), self.terms)

    def test_hosts_have_what_the_request_demands(self) -> None:
        self.find(
            terms='&required=HW_GPU,!HW_MMX&root_required=!OFF'
            '&member_of=in:zone&member_of=!in:old'
        )
        self.assertEqual(
            [
                ('member_of', 'in:zone'),
                ('member_of', '!in:old'),
                ('required', 'HW_GPU,!HW_MMX,!OFF'),
                ('member_of', 'in:near,next'),
            ],
            self.terms[0],
        )

    def test_request_for_more_than_one_host_has_by_itself(self) -> None:
        self.assertEqual([], self.find(terms='&resources1=VGPU:1'))
        query = mock.Mock(texts=['limit=9'], get=self.get)
        self.assertEqual([], sample.find_some(query, ['near'], ['h0'], 1))
        self.assertEqual([], self.asked)

    def test_which_ones_is_left_to_chance(self) -> None:
        with mock.patch.object(random, 'shuffle', list.reverse):
            self.assertEqual(['h2'], self.find('h0', 'h1', 'h2'))

    def test_full_hosts_are_passed_over(self) -> None:
        self.used = {'h0': 7, 'h1': 6, 'h2': 8}
        self.assertEqual(['h1'], self.find(enough=3))

    def test_only_hosts_that_may_be_used_are_looked_at(self) -> None:
        self.assertEqual(['h1'], self.find('h1', 'elsewhere', enough=3))
        self.assertEqual(1, self.looked_at())

    def test_hosts_that_do_not_match_are_not_looked_at(self) -> None:
        self.listed = [self.provider('h2')]
        self.assertEqual(['h2'], self.find(enough=3))

    def test_part_of_a_host_is_not_the_host(self) -> None:
        self.listed = [self.provider('h0', root='h1')]
        self.assertEqual([], self.find())

    def test_node_with_a_full_name(self) -> None:
        self.used = {'h0.example.org': 0, 'h1.example.org': 0}
        self.listed = [*map(self.provider, self.used)]
        self.assertEqual(
            ['h0', 'h1.example.org'],
            self.find('h0', 'h1.example.org', enough=2),
        )

    def test_what_a_host_has_is_reckoned_as_placement_does(self) -> None:
        self.used = {'h0': 4}
        self.listed = [self.provider('h0')]
        for found, inventory in (
            (True, {'reserved': 2}),
            (False, {'reserved': 3}),
            (False, {'total': 5}),
            (True, {'total': 5, 'allocation_ratio': 1.2}),
            (False, {'total': 5, 'allocation_ratio': 1.1}),
            (True, {'min_unit': 2}),
            (False, {'min_unit': 3}),
            (True, {'max_unit': 2}),
            (False, {'max_unit': 1}),
            (True, {'step_size': 2}),
            (False, {'step_size': 3}),
        ):
            self.inventory = inventory
            self.assertEqual(['h0'] if found else [], self.find(), inventory)

    def test_nothing_is_used_where_no_use_is_told(self) -> None:
        self.assertEqual(['h0'], self.find('h0', VCPU=8))
        self.inventory = {'max_unit': 9}
        self.assertEqual([], self.find('h0', VCPU=9))

    def test_host_has_all_that_is_asked_by_itself(self) -> None:
        self.assertEqual([], self.find(VCPU=2, DISK_GB=10))
        self.assertEqual([], self.find(VCPU=9))

    def test_it_is_given_up_where_few_have_room(self) -> None:
        self.used = dict.fromkeys(map(str, range(100, 150)), 8)
        self.listed = [*map(self.provider, self.used)]
        self.assertEqual([], self.find(enough=3))
        self.assertEqual(5, self.looked_at())
        # One that is found is worth another try.
        self.asked.clear()
        self.used['104'] = 0
        self.assertEqual(['104'], self.find(enough=3))
        self.assertEqual(10, self.looked_at())

    def test_placement_is_asked_no_more_once_it_does_not_answer(self) -> None:
        self.listed = None
        self.assertIsNone(self.find())
        self.listed = [self.provider('h0'), self.provider('h1')]
        for what, asked in (('/inventories', 2), ('/usages', 3)):
            self.asked.clear()
            self.assertIsNone(self.find(get=self.without(what)))
            self.assertEqual(asked, len(self.asked))

    def test_host_that_is_gone_is_passed_over(self) -> None:
        for what in ('/inventories', '/usages'):
            gone = RefusedQueryError('404 not found')
            get = self.without(f'uuid-h0{what}', gone)
            self.assertEqual(['h1'], self.find(get=get))

    def test_query_that_is_refused_is_not_a_host_that_is_gone(self) -> None:
        refused = mock.Mock(side_effect=RefusedQueryError('400 bad query'))
        self.assertRaises(RefusedQueryError, self.find, get=refused)

    def without(
        self, end: str, error: Exception | None = None
    ) -> Callable[..., Any]:
        """A Placement that does not answer what ends so, or refuses it."""

        def get(url: str, aggregates: int = 1) -> Any:
            answer = self.get(url, aggregates)
            if not url.endswith(end):
                return answer
            if error:
                raise error
            return None

        return get
