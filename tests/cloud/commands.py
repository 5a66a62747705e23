# SPDX-License-Identifier: Apache-2.0

"""Running programs of the cloud's environments to their end."""

import pathlib
import subprocess
from collections.abc import Mapping
from typing import Any

from tests.cloud.layout import ROOT
from tests.cloud.layout import Layout

#: Seconds that a command may take (chosen: ten times the slowest).
PATIENCE = 300.0


class CommandError(Exception):
    """A command that failed, with all it said."""


def run(
    layout: Layout, *command: str, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command that says text; see ``run_binary`` for its options."""
    done = run_binary(layout, *command, **options)
    return subprocess.CompletedProcess(
        done.args,
        done.returncode,
        _text(done.stdout),
        _text(done.stderr),
    )


def run_binary(
    layout: Layout,
    *command: str,
    environment: Mapping[str, str] | None = None,
    may_fail: bool = False,
    environment_name: str = 'venv',
    folder: pathlib.Path | None = None,
    patience: float = PATIENCE,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command.

    :param command: a program by its name, and its arguments
    :param environment: variables, beside those that all have
    :param environment_name: where the program is installed
    :param folder: where it runs; by default in the source, as the guide says
    :param patience: seconds after which it is broken off
    :raises CommandError: if it fails, unless it may
    """
    program, *arguments = command
    done = subprocess.run(
        [layout.program(program, environment_name), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=folder or ROOT,
        env=layout.environment() | dict(environment or {}),
        timeout=patience,
        check=False,
    )
    if done.returncode and not may_fail:
        raise CommandError(
            f'{" ".join(command)} ended with {done.returncode}:\n'
            f'{_text(done.stdout)}{_text(done.stderr)}'
        )
    return done


def _text(said: bytes) -> str:
    return said.decode(errors='replace')
