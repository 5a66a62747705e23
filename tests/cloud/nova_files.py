# SPDX-License-Identifier: Apache-2.0

"""The files of Nova: above the cells, of a cell's conductor, of its hosts."""

from typing import Any

from tests.cloud import ports
from tests.cloud.layout import Layout
from tests.cloud.services import SCHEDULER_WORKERS
from tests.cloud.services import api_paste
from tests.cloud.settings import LOGGING
from tests.cloud.settings import REGION
from tests.cloud.settings import Sections
from tests.cloud.settings import authtoken
from tests.cloud.settings import credentials
from tests.cloud.settings import database_url
from tests.cloud.settings import transport_url

#: Never down by a machine that is busy: tests force hosts down.
LIVENESS: Sections = {'DEFAULT': {'service_down_time': 120}}


def above(layout: Layout) -> Sections:
    """Of nova-api, nova-scheduler and the conductor above the cells."""
    return {
        **_common(layout, 'super'),
        'api_database': {'connection': database_url(layout, 'nova_api')},
        'database': {'connection': database_url(layout, 'nova_cell0')},
        'scheduler': {'workers': SCHEDULER_WORKERS},
        # Tests make many servers, and Tempest projects of its own.
        'quota': {'instances': 1000, 'cores': 4000, 'ram': 4000000},
    }


def conductor(layout: Layout, cell: str) -> Sections:
    """Of the conductor of a cell."""
    return {
        **host(layout, cell),
        'database': {'connection': database_url(layout, f'nova_{cell}')},
    }


def host(layout: Layout, cell: str) -> Sections:
    """Of nova-compute in a cell: without any database."""
    return {
        **_common(layout, cell),
        # In a cell nobody can look into the API database.
        'workarounds': {'disable_group_policy_check_upcall': True},
    }


def _common(layout: Layout, vhost: str) -> dict[str, Any]:
    return {
        'DEFAULT': {
            **LOGGING,
            'host': f'controller-{vhost}',
            'my_ip': ports.HOST,
            'transport_url': transport_url(layout, vhost),
            'state_path': layout.data('nova'),
            'compute_driver': 'fake.EdgeHostDriver',
            # A call to a service that was killed fails in 18 s instead of a
            # minute, which is more than RabbitMQ and all who listen to it
            # take to be back.
            'rpc_response_timeout': 18,
            'report_interval': 5,
            **LIVENESS['DEFAULT'],
            # For moves after nova-compute was started anew.
            'resume_guests_state_on_host_boot': True,
            # Of these, nova-scheduler keeps 20 s for its threads and leaves
            # the rest to requests under way. Idle services end at once.
            'manager_shutdown_timeout': 30,
            'graceful_shutdown_timeout': 40,
            'reserved_host_memory_mb': 0,
        },
        'oslo_messaging_rabbit': {'rabbit_interval_max': 1},
        'conductor': {'workers': 1},
        'oslo_concurrency': {'lock_path': layout.path('tmp')},
        'wsgi': {'api_paste_config': api_paste(layout)},
        'keystone_authtoken': authtoken(layout),
        'service_user': {
            'send_service_user_token': True,
            **credentials(layout),
        },
        'placement': credentials(layout),
        'neutron': credentials(layout),
        'glance': {'region_name': REGION},
        'vnc': {'enabled': False},
    }
