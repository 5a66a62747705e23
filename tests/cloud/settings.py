# SPDX-License-Identifier: Apache-2.0

"""Values that several files of the cloud have in common."""

from collections.abc import Mapping
from typing import Any

from tests.cloud import ports
from tests.cloud.layout import Layout

#: ``{'group': {'option': 'value'}}``; a list is one line an item.
Sections = Mapping[str, Mapping[str, Any]]

#: Of every user of databases, broker and APIs: they listen on loopback only.
PASSWORD = 'edge-sched'
REGION = 'RegionOne'
#: The user of Nova, Glance and Placement in Keystone.
SERVICE_USER = 'service'

#: Nova says at DEBUG that a service has joined, and the scheduler which worker
#: has which request.
LOGGING = {
    'default_log_levels': ','.join(
        [
            'amqp=WARN',
            'amqplib=WARN',
            'keystonemiddleware=WARN',
            'oslo.messaging=INFO',
            'oslo_messaging=INFO',
            'nova.service=DEBUG',
            'nova.scheduler.manager=DEBUG',
            'edge_sched=DEBUG',
            'sqlalchemy=WARN',
            'stevedore=WARN',
            'urllib3=WARN',
        ]
    ),
}


def database_url(layout: Layout, database: str) -> str:
    """Of a database of OpenStack."""
    port = layout.ports['mariadb']
    return (
        f'mysql+pymysql://openstack:{PASSWORD}@{ports.HOST}:{port}/{database}'
        '?charset=utf8'
    )


def transport_url(layout: Layout, vhost: str) -> str:
    port = layout.ports['rabbitmq']
    return f'rabbit://openstack:{PASSWORD}@{ports.HOST}:{port}/{vhost}'


def keystone_url(layout: Layout) -> str:
    return f'{layout.ports.url("keystone")}/v3'


def credentials(layout: Layout) -> dict[str, Any]:
    """How a service of OpenStack logs in."""
    return {
        'auth_type': 'password',
        'auth_url': keystone_url(layout),
        'username': SERVICE_USER,
        'password': PASSWORD,
        'project_name': 'service',
        'user_domain_name': 'Default',
        'project_domain_name': 'Default',
        'region_name': REGION,
    }


def authtoken(layout: Layout) -> dict[str, Any]:
    """How an API checks the tokens that it is given."""
    return {
        **credentials(layout),
        'www_authenticate_uri': layout.ports.url('keystone'),
        'service_token_roles_required': True,
    }
