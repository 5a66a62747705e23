# SPDX-License-Identifier: Apache-2.0

"""The operator's part: the edge-sched command, on a store of its own."""

import csv
import pathlib
import shlex
import subprocess
import sysconfig
from collections.abc import Sequence
from typing import Any

import yaml

from tests.emulation.services import environment


class CommandFailed(Exception):
    """What the command said."""


class Operator:
    """Types ``edge-sched`` commands, and shows them.

    The configuration of the machine stays out of it: neither its files nor
    its environment shall lead the demo to a store that someone uses.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        """Write the configuration that the commands read.

        :param folder: for the configuration and the store
        """
        self.store_url = f'sqlite:///{folder}/latency.sqlite'
        conf = folder / 'edge_sched.conf'
        conf.write_text(
            f'[edge_sched_database]\nconnection = {self.store_url}\n'
        )
        scripts = pathlib.Path(sysconfig.get_path('scripts'))
        self._command = [
            str(scripts / 'edge-sched'),
            '--config-file',
            str(conf),
        ]

    def run(self, *arguments: str, cwd: pathlib.Path | None = None) -> None:
        """Run one command and print what it prints.

        :raises CommandFailed: if it fails
        """
        print(f'$ edge-sched {shlex.join(arguments)}', flush=True)
        done = self._done(arguments, cwd)
        print(f'{done.stdout}{done.stderr}', end='')

    def measurements(self) -> list[dict[str, str]]:
        """The lines of the store, as of a measurement file."""
        listed = self._done(('measurement', 'list', '-f', 'csv')).stdout
        return list(csv.DictReader(listed.splitlines()))

    def targets(self, site: str) -> list[dict[str, Any]]:
        """The entries of a target file for the prober of the site."""
        arguments = ('target', 'list', '--site', site, '-f', 'yaml')
        return list(yaml.safe_load(self._done(arguments).stdout))

    def _done(
        self, arguments: Sequence[str], cwd: pathlib.Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*self._command, *arguments],
            cwd=cwd,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandFailed(
                f'edge-sched {arguments[0]} failed: {done.stderr.strip()}'
            )
        return done
