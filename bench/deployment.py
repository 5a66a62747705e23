# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""A Nova of many hosts: all that its scheduler asks, and it is real.

Nova's API database and those of its cells, Placement with its own, all of
them files of SQLite. Hosts are rows: nothing runs. Nova's client talks HTTP to
Placement, only that no socket is in between.
"""

import contextlib
import tempfile
from collections.abc import Iterable, Iterator

import fixtures
import nova.conf
from keystoneauth1 import loading
from nova import context as nova_context
from nova import rpc
from nova.scheduler.client import report
from oslo_config import fixture as config_fixture
from placement.tests.functional.fixtures import placement as for_others
from requests import adapters

from bench import providers
from bench import records
from bench.nova_databases import NovaDatabases
from bench.plan import Plan
from bench.plan import Room
from edge_sched.scheduler import placement as our_placement
from edge_sched.scheduler.region import REGION

CONF = nova.conf.CONF

#: From here on hosts have the servers of these again, in other dicts: those
#: of one host take half a millisecond and 60 kB.
BUILT_HOSTS = 2000

_TOKEN = 'admin'


class Deployment:
    """What ``deployed`` has made.

    :param folder: where its databases are, and others may be
    """

    def __init__(
        self, folder: str, plan: Plan, databases: NovaDatabases
    ) -> None:
        self.folder = folder
        self._databases = databases
        servers = [
            records.instances(host.name) for host in plan.hosts[:BUILT_HOSTS]
        ]
        #: What HostManager keeps of each host's servers.
        self.instances = {
            host.name: {
                'instances': dict(servers[number % BUILT_HOSTS]),
                'updated': True,
            }
            for number, host in enumerate(plan.hosts)
        }

    def fill(self, room: Room) -> None:
        """Leave so much room on each host."""
        providers.fill(room)
        self._databases.fill(room)


@contextlib.contextmanager
def deployed(folder: str, plan: Plan, room: Room) -> Iterator[Deployment]:
    """Write all databases but the API's into a folder in this one.

    Nova has been configured for the folder, with the API database in it.
    """
    rpc.init(CONF)
    with (
        tempfile.TemporaryDirectory(dir=folder) as own,
        _placement(f'{own}/placement.sqlite'),
    ):
        databases = NovaDatabases(own, plan)
        providers.write(plan)
        deployment = Deployment(own, plan, databases)
        deployment.fill(room)
        REGION.forget()
        yield deployment
    # It knows where the databases of the cells were.
    nova_context.CELL_CACHE.clear()
    rpc.cleanup()


def release(servers: Iterable[str]) -> None:
    """Give back what servers have claimed, by their UUIDs."""
    client = report.report_client_singleton()
    context = nova_context.get_admin_context()
    for server in servers:
        client.delete_allocation_for_instance(context, server, force=True)


class _Placement(for_others.PlacementFixture):
    """What Placement ships for the tests of others, but with a file."""

    def __init__(self, path: str) -> None:
        super().__init__(token=_TOKEN)
        self._path = path

    def _configure_placement(
        self, conf_fixture: config_fixture.Config
    ) -> None:
        conf_fixture.config(
            connection=f'sqlite:///{self._path}', group='placement_database'
        )


@contextlib.contextmanager
def _placement(path: str) -> Iterator[None]:
    """Placement with an empty database, and Nova configured to ask it."""
    with _Placement(path) as placement:
        # What stands in for the socket knows no options of sockets.
        placement.useFixture(
            fixtures.MonkeyPatch(
                'keystoneauth1.session.TCPKeepAliveAdapter.init_poolmanager',
                adapters.HTTPAdapter.init_poolmanager,
            )
        )
        CONF.register_opts(
            loading.get_auth_plugin_conf_options('admin_token'), 'placement'
        )
        CONF.set_override('auth_type', 'admin_token', 'placement')
        CONF.set_override('endpoint', placement.endpoint, 'placement')
        CONF.set_override('token', _TOKEN, 'placement')
        # Both know where an earlier Placement of this process was.
        report.PLACEMENTCLIENT = None
        our_placement.client.cache_clear()
        yield
