# SPDX-License-Identifier: Apache-2.0

"""What Tempest asks of a plug-in."""

import ast
import importlib.metadata
import pathlib
import subprocess
import sys

from oslo_config import cfg
from oslotest import base
from tempest.test_discover import plugins

from edge_sched_tempest_plugin import plugin

PACKAGE = pathlib.Path(plugin.__file__).parent

#: Loads what Tempest loads where neither of the two is installed.
LOAD_WITHOUT = """
import sys
sys.modules['nova'] = sys.modules['edge_sched'] = None
from edge_sched_tempest_plugin import plugin
from edge_sched_tempest_plugin.tests.api import test_flavors
from edge_sched_tempest_plugin.tests.api import test_moves
from edge_sched_tempest_plugin.tests.api import test_placement
from edge_sched_tempest_plugin.tests.api import test_refusals
from edge_sched_tempest_plugin.tests.api import test_tenants_api
"""

#: Loads plug-ins and their clients, as a run of Tempest does.
REGISTER_CLIENT = """
from tempest import config
from tempest.lib.services import clients
# The first that is read has all plug-ins registered.
assert not config.CONF.edge_sched.api_available
(found,) = clients.ClientsRegistry().get_service_clients()['edge_sched']
assert found['service'] == 'edge-latency', found
module = __import__(found['module_path'], fromlist=found['client_names'])
assert getattr(module, *found['client_names'])
"""


class PluginTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.plugin = plugin.EdgeSchedTempestPlugin()

    def test_tempest_finds_it(self) -> None:
        (entry_point,) = importlib.metadata.entry_points(
            group='tempest.test_plugins', name='edge_sched'
        )
        self.assertIs(plugin.EdgeSchedTempestPlugin, entry_point.load())
        self.assertIsInstance(self.plugin, plugins.TempestPlugin)

    def test_where_the_tests_are(self) -> None:
        directory, root = self.plugin.load_tests()
        self.assertEqual(str(PACKAGE / 'tests'), directory)
        self.assertEqual(str(PACKAGE.parent), root)

    def test_all_options_are_registered_and_listed(self) -> None:
        conf = cfg.ConfigOpts()
        self.plugin.register_opts(conf)
        ((group, options),) = self.plugin.get_opt_lists()
        self.assertEqual('edge_sched', group)
        self.assertEqual({o.name for o in options}, set(conf[group]))
        for option in options:
            self.assertTrue(option.help, option.name)

    def test_the_client_of_the_tenants_api(self) -> None:
        """In a process of its own, as Tempest has one configuration each."""
        subprocess.run(
            [sys.executable, '-c', REGISTER_CLIENT],
            cwd=PACKAGE.parent,
            check=True,
            capture_output=True,
        )


class IndependenceTest(base.BaseTestCase):
    """It is installed beside Tempest, where there is no Nova."""

    def test_no_module_imports_nova_or_edge_sched(self) -> None:
        imported = set()
        for path in PACKAGE.rglob('*.py'):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    imported |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    imported.add('.' * node.level + (node.module or ''))
        self.assertEqual(
            {
                'edge_sched_tempest_plugin',
                'json',
                'os',
                'oslo_config',
                'tempest',
                'testtools',
                'urllib',
            },
            {name.partition('.')[0] for name in imported},
        )

    def test_loads_without_them(self) -> None:
        subprocess.run(
            [sys.executable, '-c', LOAD_WITHOUT],
            cwd=PACKAGE.parent,
            check=True,
            capture_output=True,
        )
