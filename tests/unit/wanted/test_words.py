# SPDX-License-Identifier: Apache-2.0

"""What a user is told whose client nobody measured."""

from oslotest import base

from edge_sched.wanted.progress import ANSWER_SECONDS
from edge_sched.wanted.words import ALIVE_SECONDS
from edge_sched.wanted.words import NOTHING
from edge_sched.wanted.words import SILENT
from edge_sched.wanted.words import Said
from edge_sched.wanted.words import words


def said(**differing):
    facts = {
        'beaten_ago': 3.0,
        'places': 5,
        'own': 0,
        'max_clients': 8,
        'asked_ago': None,
        'silent': False,
        'retry_seconds': 11.0,
    }
    return words('203.0.113.0/24', **(facts | differing))


MEASURED = Said(': 203.0.113.0/24 is being measured, try again in 15 s', 15)


class WordsTest(base.BaseTestCase):
    def test_when_to_try_again(self):
        self.assertEqual(MEASURED, said())
        for seconds, rounded in (0.0, 5), (15.0, 15), (15.1, 20), (60.0, 60):
            told = said(retry_seconds=seconds)
            self.assertEqual(rounded, told.retry_seconds)
            self.assertTrue(told.words.endswith(f' in {rounded} s'))

    def test_nothing_without_an_auditor(self):
        self.assertEqual(MEASURED, said(beaten_ago=ALIVE_SECONDS))
        self.assertEqual(NOTHING, said(beaten_ago=ALIVE_SECONDS + 1))
        self.assertEqual(NOTHING, said(beaten_ago=-ALIVE_SECONDS - 1))

    def test_nothing_without_a_place(self):
        self.assertEqual(NOTHING, said(places=0))
        self.assertEqual(MEASURED, said(own=1))
        self.assertEqual(NOTHING, said(own=2))
        # Whoever has one is on the list already.
        self.assertEqual(MEASURED, said(places=0, own=2, asked_ago=1.0))

    def test_silence_is_told_to_who_has_waited_for_it(self):
        self.assertEqual(SILENT, said(silent=True, asked_ago=240.0))
        self.assertEqual(MEASURED, said(silent=True))
        self.assertEqual(MEASURED, said(asked_ago=3600.0))

    def test_nobody_learns_by_it_that_another_has_asked(self):
        # Who is the first waits for as many rounds as there are, each until
        # the last site is given up.
        rounds, looks_seconds = 3, 5.0
        found_after = rounds * (ANSWER_SECONDS + looks_seconds)
        for asked_ago in (1.0, 11.0, found_after):
            self.assertEqual(MEASURED, said(silent=True, asked_ago=asked_ago))
