# SPDX-License-Identifier: Apache-2.0

"""Who has room, and how often Placement is asked."""

import concurrent.futures
import threading

from oslotest import base

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
