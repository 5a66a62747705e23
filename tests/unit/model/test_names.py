# SPDX-License-Identifier: Apache-2.0

from oslotest import base

from edge_sched.model.names import normal

#: The same name in two forms.
ONE = 'Orl\u00e9ans'
TWO = 'Orle\u0301ans'


class NormalTest(base.BaseTestCase):
    def test_forms_that_look_the_same_are_one(self):
        self.assertNotEqual(ONE, TWO)
        self.assertEqual((ONE, ONE), (normal(ONE), normal(TWO)))

    def test_forms_that_look_different_are_not(self):
        for name in ('lyon', 'LYON', '\ufb01', '\u00b2'):
            self.assertEqual(name, normal(name))
