# SPDX-License-Identifier: Apache-2.0

import configparser
import shlex
import tomllib

from oslotest import base

from tests.cloud.guide import Guide
from tests.cloud.guide import GuideError
from tests.cloud.layout import ROOT
from tests.cloud.watcher import CHAPTER

PAGE = """\
Title
=====

#. Text:

   .. code-block:: console
      :name: run

      # first --option
      $ not root
      # second

   More text.

   .. code-block:: ini
      :caption: nova.conf
      :name: conf

      [group]
      url = http://SECRET@controller

      [other]
      key = value

No list any more.

.. code-block:: ini

   [nameless]
"""


class GuideTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.guide = Guide(PAGE)

    def test_block_is_found_by_its_name_and_dedented(self):
        self.assertEqual(
            '[group]\nurl = http://SECRET@controller\n\n'
            '[other]\nkey = value\n',
            self.guide.block('conf'),
        )

    def test_values_are_put_in(self):
        text = self.guide.block('conf', {'SECRET': 's', 'controller': 'c:1'})
        self.assertIn('url = http://s@c:1\n', text)

    def test_value_without_a_place_is_an_error(self):
        error = self.assertRaises(
            GuideError, self.guide.block, 'conf', {'PASSWORD': 's'}
        )
        self.assertEqual(
            "conf of the guide does not say 'PASSWORD'", str(error)
        )

    def test_commands_are_what_root_types(self):
        self.assertEqual(
            ['first --option', 'second'], self.guide.commands('run')
        )

    def test_missing_block_is_an_error_that_names_those_there(self):
        error = self.assertRaises(GuideError, self.guide.block, 'gone')
        self.assertEqual(
            'no block of the guide has ":name: gone"; there are run, conf',
            str(error),
        )


class InstallGuideTest(base.BaseTestCase):
    """What the cloud in a box is made with is in the guide."""

    def setUp(self):
        super().setUp()
        self.guide = Guide.read()

    def _options(self, name):
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.read_string(self.guide.block(name))
        return {group: dict(parser[group]) for group in parser.sections()}

    def test_scheduler_has_the_filter_last_and_both_kinds_of_weighers(self):
        options = self._options('install-nova-conf')['filter_scheduler']
        self.assertEqual(
            'EdgeLatencyFilter', options['enabled_filters'].split(',')[-1]
        )
        self.assertIn('edge_sched.plugins', options['weight_classes'])

    def test_scheduler_and_commands_have_one_store(self):
        store = self._options('install-edge-sched-conf')
        self.assertEqual(
            store['edge_sched_database'],
            self._options('install-nova-conf')['edge_sched_database'],
        )

    def test_commands_install_the_package_and_make_the_tables(self):
        self.assertEqual(
            ['edge-sched db sync'], self.guide.commands('install-db-sync')
        )
        [command] = self.guide.commands('install-package')
        self.assertEqual(['pip', 'install', '.'], command.split()[:3])

    def test_database_is_made_by_whole_statements(self):
        lines = self.guide.block('install-mysql').splitlines()
        self.assertEqual({';'}, {line[-1] for line in lines})


class WatcherChapterTest(base.BaseTestCase):
    """What Watcher is made with, beside the cloud, is in its chapter."""

    def setUp(self):
        super().setUp()
        self.chapter = Guide.read(CHAPTER)

    def test_command_installs_the_extra_that_the_package_has(self):
        [command] = self.chapter.commands('watcher-install')
        self.assertEqual(
            ['pip', 'install', '.[watcher]', 'PyMySQL'], shlex.split(command)
        )
        project = tomllib.loads((ROOT / 'pyproject.toml').read_text())
        self.assertIn('watcher', project['project']['optional-dependencies'])

    def test_decision_engine_has_the_store_of_the_others(self):
        self.assertEqual(
            Guide.read().block('install-edge-sched-conf'),
            self.chapter.block('watcher-conf'),
        )
