# SPDX-License-Identifier: Apache-2.0

"""Who has room, and how often Placement is asked."""

import concurrent.futures
import threading
import types
from typing import Any
from unittest import mock

import fixtures
from oslotest import base

from edge_sched.scheduler.narrowing.placement import Offer
from edge_sched.scheduler.preview import room as module
from edge_sched.scheduler.preview.room import Room

ROOM = module._Offered(frozenset('a'), is_cut=False)
NO_ROOM = module._Offered(frozenset(), is_cut=False)


class RoomTest(base.BaseTestCase):
    def test_room_on_any_host_is_room(self) -> None:
        room = Room(frozenset('ab'), None, is_cut=False)
        self.assertEqual('yes', room.among({'b', 'c'}))
        self.assertEqual('no', room.among({'c', 'd'}))

    def test_who_was_not_asked_is_not_known(self) -> None:
        room = Room(frozenset('a'), frozenset('abc'), is_cut=False)
        self.assertEqual('yes', room.among({'a', 'z'}))
        self.assertEqual('no', room.among({'b', 'c'}))
        self.assertEqual('unknown', room.among({'c', 'd'}))

    def test_what_was_cut_off_is_not_known(self) -> None:
        room = Room(frozenset('a'), None, is_cut=True)
        self.assertEqual('yes', room.among({'a'}))
        self.assertEqual('unknown', room.among({'b'}))


class RoomForTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(module.SHARED.forget)
        module.SHARED.forget()
        self.query = mock.Mock(texts=['resources=VCPU:1'])
        offer = Offer(frozenset({frozenset('n'), frozenset('ms')}), False)
        self.query.offer.return_value = offer
        self.up: list[tuple[list[str], list[str]]] = []
        for name, value in (
            ('Query', lambda context, spec: self.query),
            ('hosts_up', self._hosts_up),
        ):
            self.useFixture(
                fixtures.MonkeyPatch(f'{module.__name__}.{name}', value)
            )
        self.topology: Any = types.SimpleNamespace(
            cells={
                name: mock.Mock(uuid=name, **{'is_cell0.return_value': zero})
                for name, zero in (('0', True), ('1', False))
            },
            hosts_in={'paris': frozenset('ab'), 'lyon': frozenset('c')},
        )

    def _hosts_up(self, cells: Any, nodes: list[str]) -> frozenset[str]:
        self.up.append(([cell.uuid for cell in cells], nodes))
        return frozenset('a')

    def ask(self, *aggregates: str) -> Room:
        context: Any = None
        spec: Any = None
        return module.room_for(context, spec, aggregates, self.topology)

    def test_who_is_up_of_the_nodes_with_room_is_asked_of_cells(self) -> None:
        room = self.ask()
        self.assertEqual(Room(frozenset('a'), None, is_cut=False), room)
        self.assertEqual([(['1'], ['m', 'n', 's'])], self.up)
        self.query.offer.assert_called_once_with(())

    def test_of_no_more_is_known_than_was_asked(self) -> None:
        self.assertEqual(frozenset('ab'), self.ask('paris').asked)
        self.assertEqual(frozenset('abc'), self.ask('paris', 'lyon').asked)

    def test_questions_differ_by_each_query_of_novas(self) -> None:
        for texts in ['x'], ['x', 'y'], ['x', 'z']:
            self.query.texts = texts
            self.ask()
            self.ask()
        self.assertEqual(3, len(self.up))


class SharedTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = 0.0
        self.shared = module._Shared(lambda: self.now)
        self.asked: list[str] = []

    def get(self, question: str) -> module._Offered:
        def ask() -> module._Offered:
            self.asked.append(question)
            return ROOM

        return self.shared.get(question, ask)

    def test_the_same_is_asked_once_in_a_second(self) -> None:
        for _ in range(3):
            self.assertEqual(ROOM, self.get('a'))
        self.get('b')
        self.assertEqual(['a', 'b'], self.asked)
        self.now = 1.1
        self.get('a')
        self.assertEqual(['a', 'b', 'a'], self.asked)
        self.shared.forget()
        self.get('a')
        self.assertEqual(4, len(self.asked))

    def test_one_asks_anew_while_others_are_given_the_old(self) -> None:
        self.get('a')
        self.now = 1.0

        def anew() -> module._Offered:
            self.assertEqual(ROOM, self.get('a'))
            return NO_ROOM

        self.assertEqual(NO_ROOM, self.shared.get('a', anew))
        self.assertEqual(NO_ROOM, self.get('a'))
        self.assertEqual(['a'], self.asked)

    def test_answer_is_as_old_as_its_question(self) -> None:
        def slowly() -> module._Offered:
            self.now += 1.0
            return NO_ROOM

        self.shared.get('a', slowly)
        self.assertEqual(ROOM, self.get('a'))

    def test_what_is_old_is_given_to_nobody(self) -> None:
        self.get('a')
        self.now = module._KEPT_SECONDS
        begun, go_on = threading.Event(), threading.Event()

        def slow() -> module._Offered:
            begun.set()
            go_on.wait(60)
            return NO_ROOM

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            first = pool.submit(self.shared.get, 'a', slow)
            begun.wait(60)
            second = pool.submit(self.get, 'a')
            go_on.set()
            self.assertEqual(
                [NO_ROOM, NO_ROOM], [first.result(), second.result()]
            )

    def test_no_more_are_kept_than_there_is_room_for(self) -> None:
        for number in range(module._KEPT + 1):
            self.get(str(number))
        self.get('0')
        self.assertEqual(module._KEPT + 2, len(self.asked))

    def test_who_asks_meanwhile_waits_for_the_same(self) -> None:
        begun, go_on = threading.Event(), threading.Event()

        def slow() -> module._Offered:
            begun.set()
            go_on.wait(60)
            return ROOM

        def never() -> module._Offered:
            raise AssertionError

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            first = pool.submit(self.shared.get, 'a', slow)
            begun.wait(60)
            second = pool.submit(self.shared.get, 'a', never)
            go_on.set()
            self.assertEqual([ROOM, ROOM], [first.result(), second.result()])

    def test_failure_is_for_who_waited_and_no_other(self) -> None:
        begun, go_on = threading.Event(), threading.Event()

        def away() -> module._Offered:
            begun.set()
            go_on.wait(5)
            raise LookupError

        self.get('a')
        self.now = 1.0
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            renews = pool.submit(self.shared.get, 'a', away)
            begun.wait(60)
            # While one fails all others are given the old one.
            self.assertEqual(ROOM, self.get('a'))
            self.assertEqual(ROOM, self.get('b'))
            go_on.set()
            self.assertIsInstance(renews.exception(), LookupError)
        self.assertEqual(['a', 'b'], self.asked)
        self.assertEqual(ROOM, self.get('a'))
        self.assertEqual(['a', 'b', 'a'], self.asked)

    def test_each_is_given_what_it_asked_for(self) -> None:
        answers = {
            name: module._Offered(frozenset({name}), is_cut=False)
            for name in map(str, range(2 * module._KEPT))
        }

        def many(first: int) -> None:
            for number in range(500):
                self.now += 0.01
                name = str((first * 7 + number) % len(answers))
                found = self.shared.get(name, lambda: answers[name])  # noqa: B023
                self.assertEqual(answers[name], found)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for done in [pool.submit(many, number) for number in range(8)]:
                done.result(60)

    def test_failure_is_not_kept(self) -> None:
        def away() -> module._Offered:
            raise LookupError

        for _ in range(2):
            self.assertRaises(LookupError, self.shared.get, 'a', away)
            self.assertEqual(ROOM, self.get('a'))
            # Nor what was there before.
            self.now += 1.0
        self.assertRaises(LookupError, self.shared.get, 'a', away)
        self.assertRaises(LookupError, self.shared.get, 'a', away)
