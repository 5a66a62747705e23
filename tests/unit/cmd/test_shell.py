# SPDX-License-Identifier: Apache-2.0

"""The command line as a whole: configuration, usage, exit status."""

import os
import re
import stat
import sys

import fixtures
import testtools
from oslo_config import cfg

from edge_sched.cmd import configuration
from edge_sched.cmd import shell
from edge_sched.conf import database
from tests.unit.cmd import base


class TestUsage(base.CommandTestCase):
    def test_every_command_of_the_project_has_help(self):
        names = [name for name, _ in base.commands()]

        self.assertEqual(24, len(names))
        for name in names:
            result = self.run_bare(*name.split(), '--help')
            self.assertEqual((0, ''), (result.status, result.err))
            self.assertIn(f'usage: edge-sched {name}', result.out)

    def test_help_lists_the_commands(self):
        result = self.run_bare('--help')

        self.assertEqual(0, result.status)
        self.assertIn('--config-file PATH', result.out)
        self.assertIn('measurement import', result.out)

    def test_version(self):
        result = self.run_bare('--version')

        self.assertEqual(0, result.status)
        self.assertNotIn('None', result.out)

    def test_no_command(self):
        result = self.run_command()

        self.assertEqual(
            (1, '', "no command is given; see 'edge-sched --help'\n"),
            (result.status, result.out, result.err),
        )

    def test_unknown_command(self):
        self.assertFails(
            "'client sett car' is not a command; see 'edge-sched --help'",
            *'client sett car'.split(),
        )

    def test_usage_errors_are_bad_input(self):
        for argv in (
            ['client', 'set'],
            ['client', 'set', 'car', '10.0.0.1'],
            ['client', 'set', 'car', '--shared'],
            ['client', 'unset', 'car', '--shared', '--project', 'p1'],
            ['client', 'list', '-f', 'xml'],
            ['measurement', 'import'],
            ['measurement', 'purge'],
            ['measurement', 'purge', '--all', '--vantage', 'lyon'],
            ['latency', 'show'],
            ['latency', 'show', 'car', '--colour', 'red'],
            ['db', 'sync', 'now'],
        ):
            result = self.run_command(*argv)
            self.assertEqual((1, ''), (result.status, result.out), argv)
            self.assertIn('error: ', result.err)
            self.assertNotIn('Traceback', result.err)


class TestConfiguration(base.CommandTestCase):
    def assertStore(self, name: str, *argv: str) -> None:
        """The command would use the store of this name."""
        result = self.run_bare(*argv, 'client', 'list')

        self.assertEqual(1, result.status)
        self.assertEqual(
            f'there is no latency store at {name}: run "edge-sched db sync"\n',
            result.err,
        )

    def conf_of(self, name: str, file: str) -> str:
        (self.home / file).parent.mkdir(exist_ok=True)
        return self.write(
            file, '[edge_sched_database]', f'connection = sqlite:///{name}'
        )

    def test_missing_default_file_is_no_error(self):
        # Not the real default, which this machine may have.
        others = [o for o in database.OPTS if o.name != 'connection']
        default = cfg.StrOpt('connection', default='sqlite:////nil/default')
        self.useFixture(
            fixtures.MonkeyPatch(
                'edge_sched.conf.database.OPTS', [default, *others]
            )
        )
        self.assertStore('/nil/default')

    def test_default_file_and_directory(self):
        self.conf_of('/nil/a', 'default.conf')
        self.assertStore('/nil/a')

        self.conf_of('/nil/b', 'default.conf.d/b.conf')
        self.assertStore('/nil/b')

    def test_files_and_directories_in_their_order(self):
        self.conf_of('/nil/default', 'default.conf')
        a = self.conf_of('/nil/a', 'a.conf')
        b = self.conf_of('/nil/b', 'b.conf')
        self.conf_of('/nil/c', 'c.d/1.conf')
        self.conf_of('/nil/d', 'c.d/2.conf')
        directory = str(self.home / 'c.d')

        self.assertStore('/nil/a', '--config-file', a)
        self.assertStore('/nil/b', '--config-file', a, '--config-file', b)
        self.assertStore('/nil/a', '--config-file', b, f'--config-file={a}')
        self.assertStore('/nil/d', '--config-dir', directory)
        self.assertStore(
            '/nil/d', '--config-file', a, '--config-dir', directory
        )
        self.assertStore(
            '/nil/a', '--config-dir', directory, '--config-file', a
        )

    def test_environment_goes_before_files(self):
        self.useFixture(
            fixtures.EnvironmentVariable(
                'OS_EDGE_SCHED_DATABASE__CONNECTION', 'sqlite:////nil/env'
            )
        )

        self.assertStore('/nil/env')
        self.assertStore('/nil/env', '--config-file', self.conf)

    def test_named_but_missing(self):
        missing = str(self.home / 'missing')
        for option in '--config-file', '--config-dir':
            result = self.run_bare(option, missing, 'client', 'list')
            self.assertEqual((1, ''), (result.status, result.out))
            self.assertIn(missing, result.err)
            self.assertEqual(1, result.err.count('\n'))

    def test_line_that_makes_no_sense_is_not_shown(self):
        """It may be that of a password."""
        path = self.write('bad.conf', '[edge_sched_database]', 'conn s3cret')
        result = self.run_bare('--config-file', path, 'client', 'list')
        self.assertEqual((1, ''), (result.status, result.out))
        self.assertIn(f'{path}:2', result.err)
        self.assertNotIn('s3cret', result.err)

    def test_misspelt_option(self):
        path = self.write(
            'bad.conf', '[edge_sched_database]', 'conection_ = sqlite:////x'
        )
        result = self.run_bare('--config-file', path, 'db', 'sync')
        self.assertEqual(
            (
                1,
                '',
                f'[edge_sched_database] conection_ in {path} is no option: '
                'did you mean connection?\n',
            ),
            (result.status, result.out, result.err),
        )

    def test_file_that_makes_no_sense(self):
        for lines in (
            ['connection'],
            ['[edge_sched]', 'max_age = soon'],
            ['[edge_sched]', 'default_percentile = p90'],
            ['[edge_sched_database]', 'connection = nowhere'],
            ['[edge_sched_database]', 'connection = my://a:b$c@d/e'],
            ['[edge_sched_database]', 'connection = no://where'],
        ):
            path = self.write('bad.conf', *lines)
            result = self.run_bare(
                '--config-file', path, 'latency', 'show', '10.0.0.1'
            )
            self.assertEqual((1, ''), (result.status, result.out))
            self.assertRegex(result.err, r'\A[^\n]+\n\Z')

    def test_default_file_that_may_not_be_looked_at(self):
        def refuse(path: str) -> os.stat_result:
            raise PermissionError(13, 'Permission denied', path)

        self.patch(configuration.os, 'stat', refuse)

        self.assertEqual(['/x/y'], configuration._present('/x/y'))

    def test_arguments_of_the_process(self):
        self.patch(sys, 'argv', ['edge-sched', '--version'])

        self.assertEqual(0, shell.main())

    def test_debug_shows_the_traceback(self):
        result = self.run_command('--debug', 'client', 'list')

        self.assertEqual(1, result.status)
        self.assertIn('Traceback', result.err)


class TestStore(base.CommandTestCase):
    COMMANDS = (
        ['client', 'list'],
        ['client', 'set', 'car', '10.0.0.1', '--shared'],
        ['client', 'unset', 'car', '--shared'],
        ['measurement', 'list'],
        ['measurement', 'purge', '--all'],
        ['latency', 'show', '10.0.0.1'],
    )

    def fails_alike(self, message: str) -> None:
        rows = self.write('rows.csv', base.HEADER, 'lyon,10.0.0.1,1,2')
        for argv in (*self.COMMANDS, ['measurement', 'import', rows]):
            self.assertFails(message, *argv)

    def test_no_file(self):
        self.fails_alike(
            f'there is no latency store at {self.store}: run "edge-sched db '
            'sync"'
        )
        self.assertFalse(self.store.exists())

    def test_no_tables(self):
        self.store.parent.mkdir(parents=True)
        self.store.touch()

        self.fails_alike(
            'the latency store has no tables: run "edge-sched db sync"'
        )

    def test_no_database(self):
        self.store.parent.mkdir(parents=True)
        self.store.write_text('a text of some length\n' * 100)

        self.fails_alike(
            'the latency store cannot be used: DatabaseError: file is not a '
            'database'
        )

    def test_server_away(self):
        for url in (
            'mysql+pymysql://u:secret@127.0.0.1:1/x',
            'postgresql+psycopg2://u:secret@127.0.0.1:1/x',
        ):
            self.useFixture(
                fixtures.EnvironmentVariable(
                    'OS_EDGE_SCHED_DATABASE__CONNECTION', url
                )
            )
            for argv in (*self.COMMANDS, ['db', 'sync']):
                result = self.run_command(*argv)
                self.assertEqual((1, ''), (result.status, result.out), argv)
                self.assertRegex(
                    result.err,
                    r'\Athe latency store cannot be used: Operational[^\n]+\n',
                )
                self.assertEqual(1, result.err.count('\n'))
                self.assertNotIn('secret', result.err)


class TestSync(base.CommandTestCase):
    def test_makes_file_and_directories(self):
        self.succeed('db', 'sync')

        self.assertTrue(stat.S_ISREG(self.store.stat().st_mode))
        self.assertEqual([], self.listed('client', 'list'))

    def test_again_changes_nothing(self):
        self.succeed('db', 'sync')
        self.succeed(*'client set car 10.0.0.1 --shared'.split())
        self.succeed('db', 'sync')

        self.assertEqual(1, len(self.listed('client', 'list')))

    def test_directory_that_cannot_be_made(self):
        self.store.parent.parent.touch()

        result = self.run_command('db', 'sync')

        self.assertEqual(
            f'cannot make {self.store.parent}: Not a directory\n', result.err
        )
        self.assertEqual(1, result.status)

    @testtools.skipIf(os.geteuid() == 0, 'root may do anything')
    def test_directory_that_may_not_be_made(self):
        self.home.chmod(0o500)
        self.addCleanup(self.home.chmod, 0o700)

        result = self.run_command('db', 'sync')

        self.assertTrue(
            re.fullmatch(
                r'cannot make [^\n]+: Permission denied\n', result.err
            )
        )
