# SPDX-License-Identifier: Apache-2.0

"""OpenStackClient loads it, and it loads next to nothing."""

import os
import pathlib
import re
import subprocess
import sys
import sysconfig
import tomllib
import types

import testtools
from osc_lib import exceptions

from edge_sched_osc import plugin
from tests.unit.osc import base
from tests.unit.osc import service

_PROJECT = pathlib.Path(__file__).parents[3] / 'pyproject.toml'
ENTRY_POINTS = tomllib.loads(_PROJECT.read_text())['project']['entry-points']
COMMANDS = {
    name.replace('_', ' '): value
    for name, value in ENTRY_POINTS['openstack.edge_latency.v1'].items()
}

#: Prints what importing the plug-in imports beside what is there anyway.
IMPORTS = """
import pkgutil, sys
import cliff.columns, keystoneauth1.adapter, osc_lib.clientmanager
import osc_lib.command.command, osc_lib.exceptions
before = set(sys.modules)
import edge_sched_osc
for module in pkgutil.iter_modules(edge_sched_osc.__path__):
    __import__(f'edge_sched_osc.{module.name}')
print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))
"""


class TestImports(testtools.TestCase):
    def test_nothing_but_what_a_tenant_has(self):
        run = subprocess.run(
            [sys.executable, '-W', 'ignore', '-c', IMPORTS],
            capture_output=True,
            text=True,
            check=True,
        )
        imported = set(run.stdout.split())

        self.assertIn('edge_sched_osc', imported)
        self.assertEqual(
            {'edge_sched_osc'}, imported - set(sys.stdlib_module_names)
        )

    def test_only_these_are_named(self):
        """Nor is anything imported later, or because osc-lib has it."""
        allowed = {'cliff', 'edge_sched_osc', 'keystoneauth1', 'osc_lib'}
        # For its type alone.
        allowed.add('requests')
        [package] = __import__('edge_sched_osc').__path__
        named = set()
        for path in pathlib.Path(package).glob('*.py'):
            named |= set(
                re.findall(
                    r'^ *(?:from|import) (\w+)', path.read_text(), re.MULTILINE
                )
            )

        self.assertEqual(set(), named - allowed - set(sys.stdlib_module_names))


class TestMakeClient(testtools.TestCase):
    def test_no_endpoint(self):
        manager = types.SimpleNamespace(
            region_name=None,
            interface='public',
            get_endpoint_for_service_type=lambda *_, **__: None,
        )
        error = self.assertRaises(
            exceptions.CommandError, plugin.make_client, manager
        )

        self.assertEqual(
            'there is no endpoint of edge-latency in this cloud', str(error)
        )


class TestOpenStack(base.CommandTestCase):
    """The command itself, in a process of its own."""

    def openstack(self, *argv: str) -> subprocess.CompletedProcess[str]:
        command = pathlib.Path(sysconfig.get_path('scripts'), 'openstack')
        return subprocess.run(
            [command, *argv], capture_output=True, text=True, env=os.environ
        )

    def test_command(self):
        self.service.answer(service.refused())
        run = self.openstack(
            *self.cloud(),
            *'edge site list --client 203.0.113.7 -f value -c name'.split(),
        )

        self.assertEqual((0, 'lyon\n'), (run.returncode, run.stdout))
        self.assertEqual(
            'no site within 5 ms (p95) of 203.0.113.7\n', run.stderr
        )

    def test_completion(self):
        run = self.openstack('complete', '--shell', 'none')
        words = dict(re.findall(r"^  (\w+)='(.*)'$", run.stdout, re.MULTILINE))

        self.assertIn('edge', words['cmds'].split())
        self.assertEqual('budget client server site', words['cmds_edge'])
        self.assertEqual('list set show unset', words['cmds_edge_client'])
        self.assertIn('--jitter-budget', words['cmds_edge_budget_check'])
        self.assertIn('--wait', words['cmds_edge_site_list'].split())

    def test_every_command_has_help(self):
        self.assertEqual(7, len(COMMANDS))
        for command in COMMANDS:
            result = self.run_bare(*command.split(), '--help')
            self.assertEqual((0, ''), (result.status, result.err))
            self.assertIn(f' {command} [-h]', result.out)
