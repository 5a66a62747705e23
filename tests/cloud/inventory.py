# SPDX-License-Identifier: Apache-2.0

"""Who and what is in the cloud: made through its APIs, if not there yet."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

import openstack
import yaml
from openstack.connection import Connection

from demo import sample
from tests.cloud import measurements
from tests.cloud.commands import run
from tests.cloud.guide import API_GUIDE
from tests.cloud.guide import Guide
from tests.cloud.layout import Layout
from tests.cloud.settings import PASSWORD
from tests.cloud.settings import REGION
from tests.cloud.settings import SERVICE_USER
from tests.cloud.sites import SITES
from tests.cloud.sites import hosts_of

#: From which on GET /servers shows the hints.
MICROVERSION = '2.100'
#: {name in clouds.yaml: (user, project)}
CLOUDS = {
    'admin': ('admin', 'admin'),
    'alice': ('alice', 'demo'),
    'bob': ('bob', 'other'),
}
#: {service: (type, path of its endpoint)}
CATALOG = {
    'placement': ('placement', ''),
    'glance': ('image', ''),
    'nova-api': ('compute', '/v2.1'),
    'network': ('network', ''),
}
#: Of the API for tenants, in the catalog as the guide has it.
API_NAME = 'edge-sched'
IMAGE = 'tiny'
#: Of the demo, and one to resize to.
FLAVORS: Mapping[str, Mapping[str, str]] = {**sample.FLAVORS, 'larger': {}}


#: {name: what it points at}
CLIENTS = {name: (prefix,) for name, prefix in sample.NAMES.items()} | {
    measurements.TEMPEST_NAME: measurements.TEMPEST_PREFIXES
}


def clouds_file(layout: Layout) -> str:
    return str(layout.path('etc', 'clouds.yaml'))


def write_clouds(layout: Layout) -> None:
    """Write clouds.yaml."""
    clouds = {
        name: {
            'auth': {
                'auth_url': f'{layout.ports.url("keystone")}/v3',
                'username': user,
                'password': PASSWORD,
                'project_name': project,
                'user_domain_name': 'Default',
                'project_domain_name': 'Default',
            },
            'region_name': REGION,
            'compute_api_version': MICROVERSION,
            'compute_default_microversion': MICROVERSION,
        }
        for name, (user, project) in CLOUDS.items()
    }
    layout.path('etc', 'clouds.yaml').write_text(
        yaml.safe_dump({'clouds': clouds})
    )


def connect(layout: Layout, name: str) -> Connection:
    """``connect(layout, 'alice')``"""
    loader = openstack.config.OpenStackConfig(
        config_files=[clouds_file(layout)],
        load_envvars=False,
    )
    return Connection(config=loader.get_one(cloud=name))


class Inventory:
    """All of it, by the administrator."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._admin = connect(layout, 'admin')

    def make_identities(self) -> None:
        """Projects, users and the catalog; Keystone alone has to answer."""
        self._user(SERVICE_USER, 'service', 'admin')
        self._user(SERVICE_USER, 'service', 'service')
        for user, project in CLOUDS.values():
            if user != 'admin':
                self._user(user, project, 'member')
        for name, (kind, path) in CATALOG.items():
            self.make_endpoints(name, kind, path)
        if not self._admin.identity.find_service(API_NAME):
            self._make_api_identity()

    def _make_api_identity(self) -> None:
        """User and endpoints of the API for tenants, as the guide says."""
        url = self._layout.ports.url('edge-sched-api')
        values = {'API_SECRET': PASSWORD, 'https://api.example.org:9866': url}
        guide = Guide.read(API_GUIDE)
        for command in guide.commands('api-keystone', values):
            program, *arguments = shlex.split(command)
            run(
                self._layout,
                program,
                '--os-cloud=admin',
                *arguments,
                environment={
                    'OS_CLIENT_CONFIG_FILE': clouds_file(self._layout)
                },
            )

    def _user(self, name: str, project_name: str, role_name: str) -> None:
        identity = self._admin.identity
        project = identity.find_project(project_name)
        if not project:
            project = identity.create_project(name=project_name)
        user = identity.find_user(name)
        if not user:
            user = identity.create_user(
                name=name, password=PASSWORD, default_project_id=project.id
            )
        role = identity.find_role(role_name)
        identity.assign_project_role_to_user(project, user, role)

    def make_endpoints(self, name: str, kind: str, path: str = '') -> None:
        """In the catalog, of the service on the port of this name."""
        url = self._layout.ports.url(name) + path
        identity = self._admin.identity
        service = identity.find_service(name)
        if not service:
            service = identity.create_service(name=name, type=kind)
        there = {
            endpoint.interface
            for endpoint in identity.endpoints(service_id=service.id)
        }
        for interface in {'public', 'internal'} - there:
            identity.create_endpoint(
                service_id=service.id,
                interface=interface,
                url=url,
                region_id=REGION,
            )

    def make(self) -> None:
        """Image, flavors, sites and clients; the computes are up."""
        self._image()
        for name, extra_specs in FLAVORS.items():
            self._flavor(name, extra_specs)
        for site in SITES:
            self._aggregate(site)
        self._clients()

    def _image(self) -> None:
        if not self._admin.image.find_image(IMAGE):
            self._admin.create_image(
                IMAGE,
                data=b'nothing boots here',
                disk_format='raw',
                container_format='bare',
                visibility='public',
                wait=True,
            )

    def _flavor(self, name: str, extra_specs: Mapping[str, str]) -> None:
        compute = self._admin.compute
        flavor = compute.find_flavor(name)
        if not flavor:
            size = 2 if name == 'larger' else 1
            flavor = compute.create_flavor(
                name=name, ram=512 * size, vcpus=size, disk=1
            )
        if extra_specs:
            compute.create_flavor_extra_specs(flavor, dict(extra_specs))

    def _aggregate(self, site: str) -> None:
        compute = self._admin.compute
        aggregate = compute.find_aggregate(site)
        if not aggregate:
            aggregate = compute.create_aggregate(name=site)
        if (aggregate.metadata or {}).get('edge:site') != site:
            compute.set_aggregate_metadata(aggregate, {'edge:site': site})
        for host in hosts_of(site):
            if host not in (aggregate.hosts or ()):
                compute.add_host_to_aggregate(aggregate, host)

    def _clients(self) -> None:
        """The demo's named clients, one of them Alice's, and Tempest's."""
        demo = self._admin.identity.find_project(CLOUDS['alice'][1]).id
        listed = edge_sched(self._layout, 'client', 'list')
        there = {(row['name'], row['project'] or None) for row in listed}
        for name, prefixes in CLIENTS.items():
            project = demo if name == sample.VEHICLE else None
            owner = ['--project', project] if project else ['--shared']
            if (name, project) not in there:
                run_edge_sched(
                    self._layout, 'client', 'set', name, *prefixes, *owner
                )


def run_edge_sched(layout: Layout, *arguments: str, **options: Any) -> Any:
    """``edge-sched`` with the cloud's file; see ``commands.run``."""
    file = layout.path('etc', 'edge_sched', 'edge_sched.conf')
    return run(
        layout, 'edge-sched', f'--config-file={file}', *arguments, **options
    )


def edge_sched(layout: Layout, *arguments: str) -> Any:
    """What a command that lists or shows has to say, parsed."""
    return json.loads(run_edge_sched(layout, *arguments, '-f', 'json').stdout)
