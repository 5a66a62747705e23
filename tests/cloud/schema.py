# SPDX-License-Identifier: Apache-2.0

"""What the first start makes: databases, tables, keys and cells.

Each step can be done again, so a start that broke off is just repeated.
"""

import os
import shlex
from collections.abc import Callable
from concurrent import futures

from tests.cloud import database
from tests.cloud.commands import run
from tests.cloud.configuration import Configuration
from tests.cloud.layout import Layout
from tests.cloud.settings import PASSWORD
from tests.cloud.settings import REGION
from tests.cloud.settings import database_url
from tests.cloud.settings import keystone_url
from tests.cloud.settings import transport_url
from tests.cloud.sites import CELLS

#: Of OpenStack, on the first server.
DATABASES = (
    'keystone',
    'glance',
    'placement',
    'nova_api',
    'nova_cell0',
    *(f'nova_{cell}' for cell in CELLS),
)
#: Schemas made at a time (chosen: they keep two processors busy).
AT_A_TIME = 3


class Schema:
    """Brings the databases of a cloud to what its packages expect."""

    def __init__(self, layout: Layout, configuration: Configuration) -> None:
        self._layout = layout
        self._configuration = configuration
        self._done = layout.path('data', 'schema.done')

    def make(self) -> None:
        """All of it, the first time; the latency store's tables always."""
        steps: list[Callable[[], None]] = [self._latency_store]
        if not self._done.exists():
            self._make_databases()
            steps += [
                self._nova,
                self._keystone,
                *(lambda cell=c: self._cell_tables(cell) for c in CELLS),
                self._cell0_tables,
                self._glance,
                self._placement,
            ]
        with futures.ThreadPoolExecutor(AT_A_TIME) as pool:
            for future in [pool.submit(step) for step in steps]:
                future.result()
        self._api_users()
        self._done.touch()

    def _make_databases(self) -> None:
        user = f"'openstack'@'%' IDENTIFIED BY '{PASSWORD}'"
        database.execute(
            self._layout,
            'mariadb',
            f'CREATE USER IF NOT EXISTS {user}',
            "GRANT ALL PRIVILEGES ON *.* TO 'openstack'@'%'",
            *(
                f'CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8'
                for name in DATABASES
            ),
        )

    def _latency_store(self) -> None:
        """As the guide says, with the file that it has written."""
        there = database.databases(self._layout, 'mariadb-store')
        if 'edge_sched' not in there:
            database.execute(
                self._layout,
                'mariadb-store',
                *self._configuration.store_statements(),
            )
        for command in self._configuration.table_commands():
            program, *arguments = shlex.split(command)
            self._run(program, 'edge_sched/edge_sched.conf', *arguments)

    def _api_users(self) -> None:
        """Of the API for tenants: what they may read has to be there."""
        database.execute(
            self._layout,
            'mariadb-store',
            *self._configuration.api_store_statements(),
        )
        database.execute(
            self._layout,
            'mariadb',
            *self._configuration.api_nova_statements(),
        )

    def _keystone(self) -> None:
        file = 'keystone/keystone.conf'
        for name in ('fernet-keys', 'credential-keys'):
            (self._layout.data('keystone') / name).mkdir(0o700, exist_ok=True)
        owner = [
            f'--keystone-user={os.geteuid()}',
            f'--keystone-group={os.getegid()}',
        ]
        for command in ('fernet_setup', 'credential_setup'):
            self._run('keystone-manage', file, command, *owner)
        self._run('keystone-manage', file, 'db_sync')
        url = keystone_url(self._layout)
        self._run(
            'keystone-manage',
            file,
            'bootstrap',
            f'--bootstrap-password={PASSWORD}',
            f'--bootstrap-public-url={url}',
            f'--bootstrap-internal-url={url}',
            f'--bootstrap-admin-url={url}',
            f'--bootstrap-region-id={REGION}',
        )

    def _placement(self) -> None:
        self._run('placement-manage', 'placement/placement.conf', 'db', 'sync')

    def _glance(self) -> None:
        self._run('glance-manage', 'glance/glance-api.conf', 'db_sync')

    def _nova(self) -> None:
        self._nova_manage('nova', 'api_db', 'sync')
        self._nova_manage(
            'nova',
            'cell_v2',
            'map_cell0',
            f'--database_connection={self._database("nova_cell0")}',
        )
        rows = database.execute(
            self._layout,
            'mariadb',
            'SELECT name FROM cell_mappings',
            database='nova_api',
        )
        for cell in set(CELLS) - {row['name'] for row in rows}:
            self._nova_manage(
                'nova',
                'cell_v2',
                'create_cell',
                f'--name={cell}',
                f'--transport-url={transport_url(self._layout, cell)}',
                f'--database_connection={self._database(f"nova_{cell}")}',
            )

    def _database(self, name: str) -> str:
        return database_url(self._layout, name)

    def _cell0_tables(self) -> None:
        self._nova_manage('nova', 'db', 'sync', '--local_cell')

    def _cell_tables(self, cell: str) -> None:
        self._nova_manage(cell, 'db', 'sync', '--local_cell')

    def _nova_manage(self, conf: str, *arguments: str) -> None:
        self._run('nova-manage', f'nova/{conf}.conf', *arguments)

    def _run(self, program: str, file: str, *arguments: str) -> None:
        path = self._layout.path('etc', file)
        run(self._layout, program, f'--config-file={path}', *arguments)
