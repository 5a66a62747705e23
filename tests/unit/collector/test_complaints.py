# SPDX-License-Identifier: Apache-2.0

import fixtures
from oslotest import base

from edge_sched.collector.complaints import Complaints


class ComplaintsTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger('edge_sched'))
        self.complaints = Complaints()

    def told(self, name, *failures):
        before = len(self.log.output)
        self.complaints.note(name, set(failures))
        return self.log.output[before:].splitlines()

    def test_each_is_told_when_it_begins(self):
        self.assertEqual(['Input a: lyon'], self.told('a', 'lyon'))
        self.assertEqual(['Input a: paris'], self.told('a', 'lyon', 'paris'))
        self.assertEqual([], self.told('a', 'paris'))
        self.assertEqual(['Input a: lyon'], self.told('a', 'lyon'))

    def test_the_end_of_all_is_told_once(self):
        self.told('a', 'lyon')
        self.assertEqual(['Input a: nothing fails any more'], self.told('a'))
        self.assertEqual([], self.told('a'))

    def test_inputs_are_told_apart(self):
        self.told('a', 'lyon')
        self.assertEqual(['Input b: lyon'], self.told('b', 'lyon'))

    def test_a_flood_is_a_number(self):
        told = self.told('a', *(f'site-{number}' for number in range(500)))
        self.assertEqual(11, len(told))
        self.assertEqual('Input a: 490 more failures', told[-1])

    def test_what_strangers_say_is_a_short_line(self):
        (told,) = self.told('a', 'lyon: \x1b[2J\r\n' + 'x' * 9999)
        self.assertTrue(told.startswith(r'Input a: lyon: \x1b[2J xxx'), told)
        self.assertEqual(len('Input a: ') + 500, len(told))
        self.assertEqual([], self.told('a', 'lyon: \x1b[2J\r' + 'x' * 8888))
