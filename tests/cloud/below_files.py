# SPDX-License-Identifier: Apache-2.0

"""The files of databases and broker, Keystone, Placement and Glance."""

from typing import Any

from tests.cloud import ports
from tests.cloud.layout import Layout
from tests.cloud.settings import LOGGING
from tests.cloud.settings import PASSWORD
from tests.cloud.settings import Sections
from tests.cloud.settings import authtoken
from tests.cloud.settings import database_url
from tests.cloud.sites import CELLS

#: What a server of MariaDB does whenever it starts. A line is a statement.
MARIADB_SQL = f"""\
CREATE USER IF NOT EXISTS 'root'@'{ports.HOST}' IDENTIFIED BY '{PASSWORD}';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'{ports.HOST}' WITH GRANT OPTION;
"""


def rabbitmq(layout: Layout) -> str:
    """rabbitmq.conf"""
    return (
        f'listeners.tcp.1 = {ports.HOST}:{layout.ports["rabbitmq"]}\n'
        f'load_definitions = {layout.path("etc", "definitions.json")}\n'
        'log.console = true\n'
        'log.console.level = info\n'
    )


def definitions() -> dict[str, Any]:
    """RabbitMQ's users and virtual hosts, which it reads when it starts."""
    vhosts = ('super', *CELLS)
    return {
        'users': [{'name': 'openstack', 'password': PASSWORD, 'tags': []}],
        'vhosts': [{'name': vhost} for vhost in vhosts],
        'permissions': [
            {
                'user': 'openstack',
                'vhost': vhost,
                'configure': '.*',
                'write': '.*',
                'read': '.*',
            }
            for vhost in vhosts
        ],
    }


def keystone(layout: Layout) -> Sections:
    """keystone.conf"""
    data = layout.data('keystone')
    return {
        'DEFAULT': LOGGING,
        'database': {'connection': database_url(layout, 'keystone')},
        'fernet_tokens': {'key_repository': data / 'fernet-keys'},
        'credential': {'key_repository': data / 'credential-keys'},
        # Each command of a test logs in: a second of bcrypt otherwise.
        'identity': {'password_hash_rounds': 4},
        # The tests of a day need one.
        'token': {'expiration': 86400},
    }


def placement(layout: Layout) -> Sections:
    """placement.conf"""
    return {
        'DEFAULT': LOGGING,
        'placement_database': {
            'connection': database_url(layout, 'placement')
        },
        'keystone_authtoken': authtoken(layout),
    }


def glance(layout: Layout) -> Sections:
    """glance-api.conf"""
    data = layout.data('glance')
    folders = {
        'file': 'images',
        'os_glance_staging_store': 'staging',
        'os_glance_tasks_store': 'tasks',
    }
    return {
        'DEFAULT': {**LOGGING, 'enabled_backends': 'file:file'},
        'database': {'connection': database_url(layout, 'glance')},
        'glance_store': {'default_backend': 'file'},
        **{
            store: {'filesystem_store_datadir': data / folder}
            for store, folder in folders.items()
        },
        'paste_deploy': {
            'flavor': 'keystone',
            'config_file': layout.path(
                'venv', 'etc', 'glance', 'glance-api-paste.ini'
            ),
        },
        'keystone_authtoken': authtoken(layout),
        'oslo_concurrency': {'lock_path': layout.path('tmp')},
    }
