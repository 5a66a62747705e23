# SPDX-License-Identifier: Apache-2.0

"""The order of the steps of the schema."""

from unittest import mock

from oslotest import base

from edge_sched.store import migrate


class MigrateTest(base.BaseTestCase):
    def test_revisions_are_one_line_each_of_a_phase(self) -> None:
        names = []
        for revision in migrate.revisions():
            names.append(revision.name)
            self.assertIn(revision.phase, ('expand', 'contract'))
            self.assertTrue(revision.what)
        self.assertEqual(sorted(names), names)
        self.assertEqual(names[-1], migrate.head())
        self.assertEqual('expand', migrate.revisions()[0].phase)

    def test_pending(self) -> None:
        known = migrate.revisions()
        self.assertEqual(known, migrate.pending(None))
        self.assertEqual(known[1:], migrate.pending(known[0].name))
        self.assertEqual((), migrate.pending(migrate.head()))
        self.assertEqual((), migrate.pending('9999'))
        self.assertTrue(migrate.is_newer('9999'))
        self.assertFalse(migrate.is_newer(None))
        self.assertFalse(migrate.is_newer('0001'))

    def test_phases_in_their_order(self) -> None:
        steps = [
            migrate.Revision(name, phase, '')
            for name, phase in (
                ('1', 'expand'),
                ('2', 'contract'),
                ('3', 'expand'),
                ('4', 'contract'),
            )
        ]
        with mock.patch.object(migrate, 'revisions', return_value=steps):
            for revision, phase, target in (
                (None, None, '4'),
                ('2', None, '4'),
                (None, 'expand', '1'),
                ('1', 'contract', '2'),
                ('2', 'expand', '3'),
                ('3', 'contract', '4'),
                ('3', 'expand', '3'),
                ('4', 'contract', '4'),
                ('9', None, '9'),
                ('9', 'contract', '9'),
            ):
                self.assertEqual(target, migrate._target(revision, phase))
            for revision, phase, why in (
                (None, 'contract', '2 (contract) waits for 1 (expand)'),
                ('1', 'expand', '3 (expand) waits for 2 (contract)'),
                ('2', 'contract', '4 (contract) waits for 3 (expand)'),
            ):
                error = self.assertRaises(
                    migrate.WrongOrderError, migrate._target, revision, phase
                )
                self.assertEqual(why, str(error))
