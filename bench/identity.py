# SPDX-License-Identifier: Apache-2.0

"""A Keystone of its own, to compare with: served by gunicorn, on SQLite.

Both are in the environment that ``make cloud-venv`` makes.
"""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import NamedTuple

BIN = pathlib.Path('.cloud/venv/bin')

_PASSWORD = 'secret'
_PATIENCE_SECONDS = 60.0

#: So many requests reach each of a few processes, whoever takes them.
_FIRST = 20


class Keystone(NamedTuple):
    """Where it is, and a token of an admin."""

    port: int
    token: str

    def headers(self) -> dict[str, str]:
        """Of a request that has the token validated."""
        return {'X-Auth-Token': self.token, 'X-Subject-Token': self.token}


def is_installed() -> bool:
    """Whether there is one to start."""
    return (BIN / 'keystone-manage').exists()


@contextlib.contextmanager
def keystone(folder: str, processes: int, threads: int) -> Iterator[Keystone]:
    """Make and serve it, in a folder."""
    etc = pathlib.Path(folder, 'keystone')
    for name in 'fernet-keys', 'credential-keys':
        (etc / name).mkdir(0o700, parents=True)
    (etc / 'keystone.conf').write_text(
        '[DEFAULT]\nlog_file = /dev/null\n'
        f'[database]\nconnection = sqlite:///{etc}/keystone.sqlite\n'
        f'[fernet_tokens]\nkey_repository = {etc}/fernet-keys\n'
        f'[credential]\nkey_repository = {etc}/credential-keys\n'
    )
    owner = (
        f'--keystone-user={os.geteuid()}',
        f'--keystone-group={os.getegid()}',
    )
    _manage(etc, 'fernet_setup', *owner)
    _manage(etc, 'credential_setup', *owner)
    _manage(etc, 'db_sync')
    _manage(etc, 'bootstrap', f'--bootstrap-password={_PASSWORD}')
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [
            BIN / 'gunicorn',
            # As in the cloud, or Keystone would read this command line.
            '--config=python:tests.cloud.gunicorn_conf',
            f'--bind=127.0.0.1:{port}',
            f'--workers={processes}',
            f'--threads={threads}',
            '--worker-class=gthread',
            '--log-level=error',
            'keystone.wsgi.api:application',
        ],
        env={
            **os.environ,
            'OS_KEYSTONE_CONFIG_DIR': str(etc),
            'OS_KEYSTONE_CONFIG_FILES': 'keystone.conf',
        },
    ) as server:
        try:
            found = Keystone(port, _token(port))
            _warm_up(found)
            yield found
        finally:
            server.terminate()


def _warm_up(found: Keystone) -> None:
    """One after the other: what comes at once breaks a new process of it."""
    for _ in range(_FIRST):
        connection = http.client.HTTPConnection('127.0.0.1', found.port)
        connection.request('GET', '/v3/auth/tokens', headers=found.headers())
        connection.getresponse().read()
        connection.close()


def _manage(etc: pathlib.Path, command: str, *arguments: str) -> None:
    subprocess.run(
        [
            BIN / 'keystone-manage',
            f'--config-file={etc}/keystone.conf',
            command,
            *arguments,
        ],
        check=True,
    )


def _token(port: int) -> str:
    """Log in, once somebody answers."""
    user = {
        'name': 'admin',
        'domain': {'id': 'default'},
        'password': _PASSWORD,
    }
    project = {'name': 'admin', 'domain': {'id': 'default'}}
    body = {
        'auth': {
            'identity': {'methods': ['password'], 'password': {'user': user}},
            'scope': {'project': project},
        }
    }
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        left_seconds = max(1.0, deadline - time.monotonic())
        connection = http.client.HTTPConnection(
            '127.0.0.1', port, timeout=left_seconds
        )
        try:
            connection.request(
                'POST',
                '/v3/auth/tokens',
                json.dumps(body),
                {'Content-Type': 'application/json'},
            )
            answer = connection.getresponse()
            answer.read()
            if token := answer.headers['X-Subject-Token']:
                return token
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        finally:
            connection.close()
