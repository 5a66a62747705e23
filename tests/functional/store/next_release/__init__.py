# SPDX-License-Identifier: Apache-2.0

"""The release after this one, as the tests of an upgrade imagine it.

It is this one but for two migrations and what they are for: it stores a
number of hops in place of the minimum. Where it shows that minimum, it shows
the hops.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import edge_sched

_PACKAGE = pathlib.Path(edge_sched.__file__).parent
_MIGRATIONS = pathlib.Path(__file__).parent

_CHANGES = (
    (
        'store/schema.py',
        "sa.Column('rtt_min_ms', _MS)",
        "sa.Column('hops', sa.SmallInteger)",
    ),
    (
        'store/figures.py',
        "'rtt_min_ms': latency.rtt_min_ms",
        "'hops': 3",
    ),
    (
        'store/figures.py',
        'latencies.c.rtt_min_ms',
        'latencies.c.hops',
    ),
)

#: A command can end badly, but not hang.
_PATIENCE_SECONDS = 120.0


class NextRelease:
    """The release in a directory, and its ``edge-sched`` on a store."""

    def __init__(self, directory: str, store_url: str) -> None:
        self._home = pathlib.Path(directory)
        self._url = store_url
        package = self._home / _PACKAGE.name
        shutil.copytree(
            _PACKAGE, package, ignore=shutil.ignore_patterns('__pycache__')
        )
        for path in _MIGRATIONS.glob('0*.py'):
            shutil.copy(path, package / 'store' / 'migrations' / 'versions')
        for name, old, new in _CHANGES:
            path = package / name
            text = path.read_text()
            assert text.count(old) == 1, (name, old)
            path.write_text(text.replace(old, new))

    def run(self, *argv: str, stdin: str = '') -> tuple[int, str, str]:
        """Run ``edge-sched``: status, stdout and stderr."""
        done = subprocess.run(
            [sys.executable, '-m', 'edge_sched.cmd.shell', *argv],
            cwd=self._home,
            env={
                **os.environ,
                'OS_EDGE_SCHED_DATABASE__CONNECTION': self._url,
                'PYTHONPATH': str(self._home),
            },
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr
