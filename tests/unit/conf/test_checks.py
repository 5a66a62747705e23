# SPDX-License-Identifier: Apache-2.0

"""Values, names and dollar signs, as files have them."""

import pathlib

import fixtures
from oslo_config import cfg
from oslotest import base

from edge_sched import conf as edge_conf
from edge_sched.conf import checks

OURS = """
[edge_sched]
max_age = 60
[edge_sched_database]
connection = sqlite:////x
[edge_sched_prober]
whatever = its own service says
[edge_sched_input_blackbox]
url = http://prometheus
[filter_scheduler]
enabled_filters = EdgeLatencyFilter
"""


class ChecksTestCase(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = self.home / 'edge_sched.conf'

    def read(self, text: str) -> cfg.ConfigOpts:
        self.path.write_text(text)
        conf = cfg.ConfigOpts()
        edge_conf.register_opts(conf)
        conf(
            [],
            default_config_files=[str(self.path)],
            default_config_dirs=[str(self.home / 'more.d')],
        )
        return conf

    def assertBad(self, message: str, text: str) -> None:
        error = self.assertRaises(
            checks.BadOptionError, checks.check, self.read(text)
        )
        self.assertEqual(message, str(error))
        # Nova logs the traceback.
        self.assertTrue(error.__suppress_context__)


class ValuesTest(ChecksTestCase):
    def test_good_ones(self) -> None:
        checks.check(self.read(OURS))

    def test_group_option_file_and_what_is_allowed(self) -> None:
        self.assertBad(
            f'[edge_sched] max_age in {self.path}: Should be greater than '
            'or equal to 1',
            '[edge_sched]\nmax_age = 0\n',
        )

    def test_of_the_environment(self) -> None:
        name = 'OS_EDGE_SCHED__MAX_AGE'
        self.useFixture(fixtures.EnvironmentVariable(name, 'soon'))
        self.assertBad(
            f"[edge_sched] max_age in {name}: invalid literal for int() "
            "with base 10: 'soon'",
            '',
        )

    def test_dollar_names_the_option_and_not_the_value(self) -> None:
        for value in (
            'mysql://edge:pa$sword9@127.0.0.1/edge',
            'mysql://edge:pa$sword9.more@127.0.0.1/edge',
            'mysql://edge:pa$edge_sched@127.0.0.1/edge',
            'mysql://edge:pa${sword9}@127.0.0.1/edge',
        ):
            self.assertBad(
                f'[edge_sched_database] connection in {self.path}: what '
                'follows a dollar sign in it is no other option; a dollar '
                'sign that is meant is written "$$"',
                f'[edge_sched_database]\nconnection = {value}\n',
            )

    def test_dollar_in_the_environment_which_wins(self) -> None:
        name = 'OS_EDGE_SCHED_DATABASE__CONNECTION'
        self.useFixture(fixtures.EnvironmentVariable(name, 'pa$sword9'))
        self.assertBad(
            f'[edge_sched_database] connection in {name}: what follows a '
            'dollar sign in it is no other option; a dollar sign that is '
            'meant is written "$$"',
            '[edge_sched_database]\nconnection = a$b\n',
        )

    def test_dollar_that_is_meant(self) -> None:
        conf = self.read('[edge_sched_database]\nconnection = a$$b\n')
        checks.check(conf)
        self.assertEqual('a$b', conf.edge_sched_database.connection)


class NamesTest(ChecksTestCase):
    def unknown(self, text: str) -> list[str]:
        return checks.unknown(self.read(text))

    def test_good_ones(self) -> None:
        """Those of groups that others read, or that are not ours, too."""
        self.assertEqual([], self.unknown(OURS))
        checks.check_names(self.read(OURS))

    def test_misspelt_option(self) -> None:
        self.assertEqual(
            [
                f'[edge_sched] max_agee in {self.path} is no option: did you '
                'mean max_age?',
                f'[edge_sched_database] colour in {self.path} is no option.',
            ],
            self.unknown(
                '[edge_sched]\nmax_agee = 1\nmax_age = 2\n'
                '[edge_sched_database]\ncolour = red\n'
            ),
        )

    def test_groups_of_others_are_theirs(self) -> None:
        conf = self.read('[filter_scheduler]\nenabled_filter = x\n')
        conf.register_opt(
            cfg.StrOpt('enabled_filters'), group='filter_scheduler'
        )
        self.assertEqual([], checks.unknown(conf))

    def test_misspelt_group(self) -> None:
        for group, guess in (
            ('edge_sched_databse', ': did you mean edge_sched_database?'),
            ('edge_shed', ': did you mean edge_sched?'),
            ('edge_sched_theirs', '.'),
        ):
            self.assertEqual(
                [f'[{group}] in {self.path} is no group of options{guess}'],
                self.unknown(f'[{group}]\na = 1\nb = 2\n'),
            )

    def test_groups_are_read_in_any_case_and_options_are_not(self) -> None:
        self.assertEqual(
            [
                f'[edge_sched] Max_Age in {self.path} is no option: did you '
                'mean max_age?'
            ],
            self.unknown('[Edge_Sched]\nmax_age = 1\nMax_Age = 2\n'),
        )

    def test_every_file_of_a_directory(self) -> None:
        more = self.home / 'more.d'
        more.mkdir()
        (more / 'a.conf').write_text('[edge_sched]\nmod = off\n')
        (more / 'b.txt').write_text('[edge_sched]\nmod = off\n')
        self.assertEqual(
            [
                f'[edge_sched] mod in {more / "a.conf"} is no option: did '
                'you mean mode?'
            ],
            self.unknown(''),
        )

    def test_group_in_several_files(self) -> None:
        more = self.home / 'more.d'
        more.mkdir()
        (more / 'a.conf').write_text('[edge_sched]\nmode = off\n')
        self.assertEqual(
            ['[edge_sched] mod is no option: did you mean mode?'],
            self.unknown('[edge_sched]\nmod = off\n'),
        )

    def test_environment(self) -> None:
        for name in (
            'OS_EDGE_SCHED__MAX_AGE',
            'OS_EDGE_SCHED__MAX_AGEE',
            'OS_FILTER_SCHEDULER__MAX_AGEE',
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, '1'))
        self.assertEqual(
            [
                '[edge_sched] max_agee in OS_EDGE_SCHED__MAX_AGEE is no '
                'option: did you mean max_age?'
            ],
            self.unknown(''),
        )

    def test_old_name_is_known(self) -> None:
        conf = self.read('[edge_sched]\nold_age = 1\n')
        new = cfg.StrOpt(
            'new_age', deprecated_opts=[cfg.DeprecatedOpt('old_age')]
        )
        conf.register_opt(new, group='edge_sched')
        self.assertEqual([], checks.unknown(conf))

    def test_nothing_was_read(self) -> None:
        self.assertEqual([], checks.unknown(cfg.ConfigOpts()))

    def test_all_are_named(self) -> None:
        error = self.assertRaises(
            checks.BadOptionError,
            checks.check_names,
            self.read('[edge_sched]\nmod = off\nmax_agee = 1\n'),
        )
        self.assertIn('mean mode? [edge_sched] max_agee in', str(error))
