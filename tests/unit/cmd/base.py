# SPDX-License-Identifier: Apache-2.0

"""Run ``edge-sched`` in this process, on an SQLite store of the test's own."""

import contextlib
import dataclasses
import importlib.metadata
import io
import json
import logging
import os
import pathlib
import tomllib
from typing import Any

import fixtures
import testtools
from cliff import commandmanager

from edge_sched.cmd import configuration
from edge_sched.cmd import shell

_PROJECT = pathlib.Path(__file__).parents[3] / 'pyproject.toml'

HEADER = 'vantage,client,rtt_p50_ms,rtt_p95_ms'


def commands() -> commandmanager.CommandManager:
    """The commands as pyproject.toml names them, installed or not."""
    manager = commandmanager.CommandManager(None)
    manager.namespace = shell.NAMESPACE
    project = tomllib.loads(_PROJECT.read_text())['project']
    for name, value in project['entry-points'][shell.NAMESPACE].items():
        manager.commands[name.replace('_', ' ')] = (
            importlib.metadata.EntryPoint(name, value, shell.NAMESPACE)
        )
    return manager


@dataclasses.dataclass(frozen=True)
class Result:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandTestCase(testtools.TestCase):
    """A configuration file names a store that is not there yet."""

    def setUp(self) -> None:
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.store = self.home / 'new' / 'deep' / 'latency.sqlite'
        self.conf = self.write(
            'edge_sched.conf',
            '[edge_sched_database]',
            f'connection = sqlite:///{self.store}',
            '[edge_sched]',
            'cache_ttl = 0',
        )
        self.patch(
            configuration, 'DEFAULT_FILE', str(self.home / 'default.conf')
        )
        self.patch(
            configuration, 'DEFAULT_DIR', str(self.home / 'default.conf.d')
        )
        for name in os.environ:
            if name.startswith('OS_EDGE_SCHED'):
                self.useFixture(fixtures.EnvironmentVariable(name))
        self._keep_logging()

    def write(self, name: str, *lines: str) -> str:
        """Write a file of the test; its path."""
        path = self.home / name
        path.write_text('\n'.join(lines) + '\n')
        return str(path)

    def run_bare(self, *argv: str) -> Result:
        """Run a command with the arguments given and no others."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = shell.main(argv, commands())
        return Result(status, out.getvalue(), err.getvalue())

    def run_command(self, *argv: str) -> Result:
        """Run a command on the store of the test."""
        return self.run_bare('--config-file', self.conf, *argv)

    def succeed(self, *argv: str) -> Result:
        result = self.run_command(*argv)
        self.assertEqual((0, ''), (result.status, result.err))
        return result

    def listed(self, *argv: str) -> Any:
        """The rows that a command lists, as JSON has them."""
        return self.succeed(*argv, '-f', 'json').json

    def assertFails(self, message: str, *argv: str) -> None:
        """It ends with 1, one line on stderr and nothing on stdout."""
        result = self.run_command(*argv)
        self.assertEqual((1, '', f'{message}\n'), self._parts(result))

    def _parts(self, result: Result) -> tuple[int, str, str]:
        return result.status, result.out, result.err

    def _keep_logging(self) -> None:
        """Commands configure the log of the process, which is ours here."""
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        levels = {name: logging.getLogger(name).level for name in shell.NOISY}

        def restore() -> None:
            root.handlers[:] = handlers
            root.setLevel(level)
            for name, was in levels.items():
                logging.getLogger(name).setLevel(was)

        self.addCleanup(restore)


class SyncedTestCase(CommandTestCase):
    """The store is there, and empty."""

    def setUp(self) -> None:
        super().setUp()
        self.succeed('db', 'sync')

    def import_csv(self, *lines: str) -> Result:
        path = self.write('rows.csv', *lines)
        return self.succeed('measurement', 'import', path)
