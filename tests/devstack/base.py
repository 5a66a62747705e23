# SPDX-License-Identifier: Apache-2.0

"""One run of stack.sh after another, as far as a plug-in sees them."""

import configparser
import os
import pathlib
import subprocess
import sys
import unittest
from typing import ClassVar

import fixtures
from oslotest import base

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]

#: What stack.sh does, in order.
STACK = (
    'stack pre-install',
    'conf',
    'stack install',
    'stack post-config',
    'stack extra',
    'stack test-config',
)

#: Seconds (chosen: a run takes about one, on a machine that is not busy).
TIMEOUT = 300


class DevStackTestCase(base.BaseTestCase):
    """A machine with DevStack, all of it below a directory."""

    #: A DevStack tree, or ``None`` for the short form of its contract.
    tree: ClassVar[str | None] = None

    def setUp(self) -> None:
        super().setUp()
        self.world = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in 'aggregates', 'units':
            (self.world / name).mkdir()
        self.nova_conf = self.world / 'etc/nova.conf'
        self.edge_sched_conf = self.world / 'etc/edge_sched/edge_sched.conf'
        self.tempest_conf = self.world / 'etc/tempest.conf'
        self.state = self.world / 'dest/data/edge_sched'
        self.user_writes()
        self.install_command()

    def install_command(self) -> None:
        """Have edge-sched in DevStack's environment, with a note of calls.

        And something in the place of uWSGI, which nobody calls.

        With a database server, of which there is none, it does nothing.
        """
        command = self.world / 'venv/bin/edge-sched'
        command.parent.mkdir(parents=True)
        command.write_text(
            '#!/bin/sh\n'
            f'echo "edge-sched $*" >> {self.world}/calls\n'
            'grep -q "connection = sqlite" "$2" || exit 0\n'
            f'exec {script("edge-sched")} "$@"\n'
        )
        command.chmod(0o755)
        uwsgi = command.with_name('uwsgi')
        uwsgi.write_text('#!/bin/false\n')
        uwsgi.chmod(0o755)

    def user_writes(self, **settings: str) -> None:
        """The user's localrc, instead of an earlier one."""
        (self.world / 'localrc').write_text(
            ''.join(f'{key}="{value}"\n' for key, value in settings.items())
        )

    def go(self, *moments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {'WORLD': str(self.world)}
        environment.pop('DEVSTACK_DIR', None)
        if self.tree:
            environment['DEVSTACK_DIR'] = self.tree
        return subprocess.run(
            ['bash', str(HERE / 'stack.sh'), *moments],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )

    def run_moments(self, *moments: str) -> None:
        """These, or a whole stack.sh, which have to succeed."""
        done = self.go(*(moments or STACK))
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def calls(self, command: str) -> list[str]:
        """What a command was called with so far, one text a call."""
        try:
            lines = (self.world / 'calls').read_text().splitlines()
        except FileNotFoundError:
            return []
        return [
            line.partition(' ')[2]
            for line in lines
            if line.startswith(f'{command} ')
        ]

    def units(self) -> dict[str, str]:
        """The command line of each service that was started."""
        started = [
            unit.partition('@')[2]
            for unit in self.calls('systemctl')
            if unit.startswith('start ')
        ]
        lines = {}
        for name in started:
            unit = ini(self.world / 'units' / f'devstack@{name}')
            lines[name.removesuffix('.service')] = unit['Service']['ExecStart']
        return lines


def script(name: str) -> pathlib.Path:
    """A command of the package, as it is installed."""
    return pathlib.Path(sys.executable).parent / name


def ini(path: pathlib.Path) -> configparser.ConfigParser:
    """A file whose options stand once."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text())
    return parser


class OnTree:
    """The same with the functions of a real DevStack; goes first of bases."""

    tree = os.environ.get('DEVSTACK_DIR')

    def setUp(self) -> None:
        if not self.tree:
            raise unittest.SkipTest('DEVSTACK_DIR names no DevStack tree')
        super().setUp()  # type: ignore[misc]
