# SPDX-License-Identifier: Apache-2.0

"""Tempest, as operators run it against a cloud: this one."""

import configparser
from collections.abc import Mapping
from typing import Any

from tests import results
from tests.cloud import inventory
from tests.cloud import measurements
from tests.cloud.commands import CommandError
from tests.cloud.commands import run_binary
from tests.cloud.guide import Guide
from tests.cloud.layout import Layout
from tests.cloud.settings import PASSWORD
from tests.cloud.settings import REGION
from tests.cloud.sites import HOSTS
from tests.cloud.sites import SITES
from tests.cloud.sites import hosts_of
from tests.emulation.services import configuration

#: Seconds for a run (chosen: three times what test_servers takes).
PATIENCE = 1200.0


class Tempest:
    """Tempest with a workspace and a tempest.conf of its own."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._workspace = layout.path('data', 'tempest')
        self.conf = layout.path('etc', 'tempest', 'tempest.conf')

    def configure(self) -> None:
        """Write tempest.conf; the cloud is up."""
        if not self._workspace.exists():
            self._run('init', str(self._workspace))
        self.conf.parent.mkdir(parents=True, exist_ok=True)
        self.conf.write_text(configuration(self._options()))

    def run(self, *regexes: str) -> dict[str, str]:
        """Run what the regular expressions choose, two classes at a time.

        :return: ``{'tempest.api.compute...': 'success'}``, or ``fail`` or
            ``skip``
        :raises CommandError: if there is no test, or no result
        """
        stream = self._run(
            'run',
            '--subunit',
            '--concurrency=2',
            f'--config-file={self.conf}',
            '--regex',
            '|'.join(regexes),
        )
        found = results.read(stream)
        if not found:
            raise CommandError(f'no test of Tempest is like {regexes}')
        return {name: result.status for name, result in found.items()}

    def _run(self, *arguments: str) -> bytes:
        there = self._workspace if self._workspace.exists() else None
        done = run_binary(
            self._layout,
            'tempest',
            *arguments,
            environment_name='tempest',
            folder=there,
            # A run with a test that failed fails.
            may_fail=arguments[0] == 'run',
            patience=PATIENCE,
        )
        return done.stdout

    def _options(self) -> Mapping[str, Mapping[str, Any]]:
        admin = inventory.connect(self._layout, 'admin')
        image = admin.image.find_image(inventory.IMAGE).id
        flavor, other = (
            admin.compute.find_flavor(name).id for name in ('plain', 'larger')
        )
        return {
            'DEFAULT': {
                'log_dir': self._layout.path('log'),
                'log_file': 'tempest.log',
            },
            'oslo_concurrency': {'lock_path': self._layout.path('tmp')},
            'auth': {
                'admin_username': 'admin',
                'admin_password': PASSWORD,
                'admin_project_name': 'admin',
                'admin_domain_name': 'Default',
                # There is no network service that could make them.
                'create_isolated_networks': False,
            },
            'identity': {
                'uri_v3': f'{self._layout.ports.url("keystone")}/v3',
                'auth_version': 'v3',
                'region': REGION,
            },
            'service_available': {
                'neutron': True,
                'cinder': False,
                'swift': False,
            },
            'validation': {'run_validation': False},
            'compute': {
                'image_ref': image,
                'image_ref_alt': image,
                'flavor_ref': flavor,
                'flavor_ref_alt': other,
                'min_compute_nodes': len(HOSTS),
                'max_microversion': 'latest',
                'build_interval': 1,
            },
            'compute-feature-enabled': {
                'scheduler_enabled_filters': _enabled_filters(),
                'live_migration': True,
                'cold_migration': True,
                'resize': True,
                'shelve': True,
                'vnc_console': False,
            },
            'edge_sched': _places(),
        }


def _enabled_filters() -> str:
    """As the install guide has them."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read_string(Guide.read().block('install-nova-conf'))
    return parser['filter_scheduler']['enabled_filters']


def _places() -> Mapping[str, Any]:
    """What the tests of our Tempest plug-in know of this cloud."""
    near = measurements.TEMPEST_SITE
    far = [
        site
        for site, cell in SITES.items()
        if cell == SITES[near] and site != near
    ]
    return {
        'api_available': True,
        'client': measurements.TEMPEST_CLIENTS[0],
        'client_ipv6': measurements.TEMPEST_CLIENTS[1],
        'client_name': measurements.TEMPEST_NAME,
        'unmeasured_client': measurements.UNMEASURED_CLIENT,
        'near_hosts': ','.join(hosts_of(near)),
        'far_hosts': ','.join(host for site in far for host in hosts_of(site)),
        'budget_ms': measurements.TEMPEST_BUDGET_MS,
    }
