# SPDX-License-Identifier: Apache-2.0

"""Installs this project into the cloud's environments, as the guide says.

Never as an editable install, and anew whenever the source has changed: what
is tested is what an operator would have, and is never an old copy.
"""

import hashlib
import os
import pathlib
import shlex
import shutil
from collections.abc import Iterator

from tests.cloud.commands import run
from tests.cloud.guide import Guide
from tests.cloud.layout import ROOT
from tests.cloud.layout import Layout
from tests.cloud.services import installed

#: Folders and files that a package is built from.
SOURCES = (
    'edge_sched',
    'edge_sched_osc',
    'edge_sched_tempest_plugin',
    'pyproject.toml',
    'setup.cfg',
    'setup.py',
    'requirements.txt',
    'constraints.txt',
)


def install(layout: Layout) -> None:
    """Beside Nova, and beside Tempest."""
    commands = Guide.read().commands('install-package')
    install_by(layout, 'venv', commands)
    # There is no Nova.
    install_by(layout, 'tempest', ['pip install .'])


def install_by(layout: Layout, environment: str, commands: list[str]) -> None:
    """By these commands, if what they install has changed."""
    wanted = _fingerprint(commands)
    mark = installed(layout, environment)
    if mark.exists() and mark.read_text() == wanted:
        return
    for command in commands:
        program, *arguments = shlex.split(command)
        _pip_install(layout, program, arguments, environment)
    mark.write_text(wanted)


def _pip_install(
    layout: Layout, program: str, arguments: list[str], environment: str
) -> None:
    # setuptools would pack what an earlier build has left there.
    shutil.rmtree(ROOT / 'build', ignore_errors=True)
    run(
        layout,
        program,
        *arguments,
        environment={
            # Where a user may have settings for pip.
            'HOME': os.environ.get('HOME', str(layout.path('home'))),
            'PIP_CONSTRAINT': str(ROOT / 'constraints.txt'),
            'PIP_CACHE_DIR': str(ROOT / '.cache' / 'pip'),
            'PIP_DISABLE_PIP_VERSION_CHECK': '1',
        },
        environment_name=environment,
    )


def _fingerprint(commands: list[str]) -> str:
    digest = hashlib.sha256('\n'.join(commands).encode())
    for path in _files():
        digest.update(f'{path.relative_to(ROOT)}\0'.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files() -> Iterator[pathlib.Path]:
    for name in SOURCES:
        path = ROOT / name
        found = sorted(path.rglob('*')) if path.is_dir() else [path]
        for file in found:
            if file.is_file() and file.suffix != '.pyc':
                yield file
