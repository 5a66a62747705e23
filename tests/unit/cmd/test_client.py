# SPDX-License-Identifier: Apache-2.0

"""``edge-sched client`` on a real store."""

from tests.unit.cmd import base


class TestClient(base.SyncedTestCase):
    def test_set_list_unset(self):
        self.succeed(
            *'client set car 203.0.113.7/24 2001:db8::1 --shared'.split()
        )
        self.succeed(*'client set car 198.51.100.0/24 --project p1'.split())

        self.assertEqual(
            [
                {
                    'name': 'car',
                    'project': None,
                    'prefixes': ['203.0.113.0/24', '2001:db8::1/128'],
                },
                {
                    'name': 'car',
                    'project': 'p1',
                    'prefixes': ['198.51.100.0/24'],
                },
            ],
            self.listed('client', 'list'),
        )

        self.succeed(*'client unset car --shared'.split())

        (left,) = self.listed('client', 'list')
        self.assertEqual('p1', left['project'])

    def test_set_replaces_the_prefixes(self):
        self.succeed(*'client set car 10.0.0.1 10.0.0.2 --shared'.split())
        self.succeed(*'client set car 10.0.0.3 10.0.0.3 --shared'.split())

        (car,) = self.listed('client', 'list')
        self.assertEqual(['10.0.0.3/32'], car['prefixes'])

    def test_set_elsewhere_drops_the_rows_of_the_old_place(self):
        self.succeed(*'client set car 10.0.0.1 --shared'.split())
        self.import_csv(base.HEADER, 'lyon,car,1,2')

        self.succeed(*'client set car 10.0.0.1 --shared'.split())
        self.assertEqual(1, len(self.listed('measurement', 'list')))

        self.succeed(*'client set car 10.0.0.2 --shared'.split())
        self.assertEqual([], self.listed('measurement', 'list'))

    def test_one_text_where_a_format_has_no_lists(self):
        self.succeed(*'client set car 10.0.0.1 10.0.0.2 --shared'.split())

        for form, expected in (
            ('csv', '"car","","10.0.0.1/32 10.0.0.2/32"'),
            ('table', '| car  | None    | 10.0.0.1/32 10.0.0.2/32 |'),
            ('yaml', '  - 10.0.0.2/32\n  project: null'),
        ):
            result = self.succeed('client', 'list', '-f', form)
            self.assertIn(expected, result.out)

    def test_names_that_cannot_be(self):
        for name in ('9car', 'c' * 64, 'a b', '10.0.0.1', 'car\n', 'b\u00e9b'):
            self.assertFails(
                f'{name!r} is not a name: a letter, then up to 62 '
                'letters, digits, dots, hyphens and underscores',
                *('client', 'set', name, '10.0.0.1', '--shared'),
            )
            result = self.run_command('client', 'unset', name, '--shared')
            self.assertEqual(1, result.status)

    def test_prefixes_that_cannot_be(self):
        for prefix in ('10.0.0', '10.0.0.0/33', 'fe80::1%eth0', 'car', ''):
            result = self.run_command(
                *('client', 'set', 'car', '10.0.0.1', prefix, '--shared')
            )
            self.assertEqual((1, ''), (result.status, result.out))
            self.assertIn(repr(prefix), result.err)
        self.assertEqual([], self.listed('client', 'list'))

    def test_projects_that_cannot_be(self):
        for project in ('', ' p1', 'p' * 256, 'p\t1'):
            result = self.run_command(
                *('client', 'set', 'car', '10.0.0.1', '--project', project)
            )
            self.assertEqual(1, result.status)
            self.assertIn('is not a project id', result.err)

    def test_unset_of_nothing(self):
        self.succeed(*'client set car 10.0.0.1 --project p1'.split())

        self.assertFails(
            "'car' is no client that is shared",
            *'client unset car --shared'.split(),
        )
        self.assertFails(
            "'car' is no client of project p2",
            *'client unset car --project p2'.split(),
        )
