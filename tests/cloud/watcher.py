# SPDX-License-Identifier: Apache-2.0

"""Watcher beside the cloud, with the strategy in its decision engine.

It is no part of ``make cloud``: only its tests need it, and start it. What the
operator's chapter says of it is what is installed and written.
"""

from typing import Any

from tests.cloud import broker
from tests.cloud import database
from tests.cloud import inventory
from tests.cloud import ports
from tests.cloud.commands import run
from tests.cloud.guide import Guide
from tests.cloud.installation import install_by
from tests.cloud.layout import ROOT
from tests.cloud.layout import Layout
from tests.cloud.service import Ready
from tests.cloud.service import Service
from tests.cloud.service import serves
from tests.cloud.services import gunicorn
from tests.cloud.services import installed
from tests.cloud.settings import LOGGING
from tests.cloud.settings import PASSWORD
from tests.cloud.settings import REGION
from tests.cloud.settings import Sections
from tests.cloud.settings import authtoken
from tests.cloud.settings import credentials
from tests.cloud.settings import database_url
from tests.cloud.settings import transport_url
from tests.cloud.supervisor import CloudError
from tests.cloud.supervisor import Supervisor
from tests.emulation.services import configuration

CHAPTER = ROOT / 'doc' / 'source' / 'admin' / 'watcher.rst'
#: The environment that it is in, where there is no Nova.
ENVIRONMENT = 'watcher'
API = 'watcher-api'
#: Of RabbitMQ, where nova-api and nova-scheduler are as well.
VHOST = 'super'
#: {service: the queue that it takes calls from}
QUEUES = {
    'watcher-decision-engine': 'watcher.decision.control',
    'watcher-applier': 'watcher.applier.control',
}

#: What differs from what the chapter says, or from the defaults, and why.
FOR_TESTS: Sections = {
    # A test waits for these: the model of Nova, which no notification tells
    # of changes here, and the end of a move.
    'watcher_cluster_data_model_collectors.compute': {'period': 10},
    'nova': {'migration_interval': 1},
    # Its threads are waited for in vain.
    'DEFAULT': {'graceful_shutdown_timeout': 5},
}


class Watcher(Supervisor):
    """API, decision engine and applier, beside a cloud that is up."""

    def __init__(self, layout: Layout) -> None:
        self._conf = layout.path('etc', 'watcher', 'watcher.conf')
        self._guide = Guide.read(CHAPTER)
        super().__init__(layout, self._services(layout))

    def up(self) -> None:
        """Make what it needs and start what does not run.

        :raises CloudError: if its environment was not made
        """
        python = self.layout.program('python', ENVIRONMENT)
        if not ROOT.joinpath(python).exists():
            raise CloudError('no Watcher is installed: make cloud-watcher')
        commands = self._guide.commands('watcher-install')
        install_by(self.layout, ENVIRONMENT, commands)
        self._configure()
        database.execute(
            self.layout,
            'mariadb',
            'CREATE DATABASE IF NOT EXISTS watcher CHARACTER SET utf8',
        )
        self._run('watcher-db-manage', f'--config-file={self._conf}')
        catalog = inventory.Inventory(self.layout)
        catalog.make_endpoints(API, 'infra-optim')
        self.launch_stale(list(self.services.values()))
        self.wait_until_ready(list(self.services))

    def down(self) -> None:
        """Stop all of it."""
        for name in self.services:
            self.stop(name)

    def get(self, path: str, **query: str) -> Any:
        """What the API has: ``get('actions', audit_uuid=...)``."""
        answer = inventory.connect(self.layout, 'admin').session.get(
            f'{self.layout.ports.url(API)}/v1/{path}',
            params=query,
            headers={'OpenStack-API-Version': 'infra-optim latest'},
        )
        return answer.json()

    def optimize(self, *arguments: str) -> str:
        """What ``openstack optimize`` says to an administrator."""
        return self._run(
            'openstack',
            '--os-cloud=admin',
            'optimize',
            *arguments,
            environment={
                'OS_CLIENT_CONFIG_FILE': inventory.clouds_file(self.layout)
            },
        )

    def _run(self, *command: str, **options: Any) -> str:
        options['environment_name'] = ENVIRONMENT
        return run(self.layout, *command, **options).stdout

    def _services(self, layout: Layout) -> dict[str, Service]:
        argument = f'--config-file={self._conf}'
        inputs = (self._conf, installed(layout, ENVIRONMENT))
        api = Service(
            API,
            gunicorn(layout, API, 'watcher.wsgi.api', ENVIRONMENT),
            serves(layout, API),
            {'WSGI_ARGUMENTS': argument},
            inputs,
        )
        return {API: api} | {
            name: Service(
                name,
                (layout.program(name, ENVIRONMENT), argument),
                _listens(layout, queue),
                inputs=inputs,
            )
            for name, queue in QUEUES.items()
        }

    def _configure(self) -> None:
        """watcher.conf, with what the chapter says."""
        layout = self.layout
        store = f'{ports.HOST}:{layout.ports["mariadb-store"]}'
        values = {'SECRET': PASSWORD, 'controller': store}
        text = (
            configuration(_watcher(layout))
            + self._guide.block('watcher-conf', values)
            + configuration(FOR_TESTS)
        )
        self._conf.parent.mkdir(parents=True, exist_ok=True)
        self._conf.touch(0o600)
        self._conf.write_text(text)


def _watcher(layout: Layout) -> Sections:
    """What any Watcher is told."""
    region = {'region_name': REGION}
    return {
        'DEFAULT': {
            **LOGGING,
            'host': 'controller-watcher',
            'state_path': layout.data('watcher'),
            'transport_url': transport_url(layout, VHOST),
        },
        'database': {'connection': database_url(layout, 'watcher')},
        'keystone_authtoken': authtoken(layout),
        'watcher_clients_auth': credentials(layout),
        'nova': region,
        'placement': region,
        'keystone': region,
        'oslo_concurrency': {'lock_path': layout.path('tmp')},
    }


def _listens(layout: Layout, queue: str) -> Ready:
    return lambda _: broker.all_listen(layout, VHOST, [queue])
