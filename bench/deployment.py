# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""A Nova of many hosts: all that its scheduler asks, and it is real.

Nova's API database and those of its cells, Placement with its own, all of
them files of SQLite, and the latency store. Hosts are rows: nothing runs.
"""

import contextlib
import tempfile
from collections.abc import Iterable, Iterator

import nova.conf
from nova import context as nova_context
from nova import objects
from nova import rpc
from nova.scheduler.client import report
from oslo_utils import uuidutils

from bench import placement
from bench import plan
from bench import providers
from bench import region
from bench.nova_databases import NovaDatabases
from edge_sched.scheduler.region import REGION

CONF = nova.conf.CONF


class Deployment:
    """What ``deployed`` has made.

    :param folder: where its databases are, and others may be
    :param databases: of Nova, already written
    """

    def __init__(
        self, folder: str, of: plan.Plan, databases: NovaDatabases
    ) -> None:
        self.folder = folder
        self._databases = databases
        #: As computes tell the scheduler, by host.
        self.instances = _instances(of)

    def fill(self, room: plan.Room) -> None:
        """Leave so much room on each host."""
        providers.fill(room)
        self._databases.fill(room)


@contextlib.contextmanager
def deployed(
    folder: str, of: plan.Plan, room: plan.Room
) -> Iterator[Deployment]:
    """Write all databases but the API's into a folder in this one.

    Nova has been configured for the folder, with the API database in it.
    """
    rpc.init(CONF)
    with (
        tempfile.TemporaryDirectory(dir=folder) as own,
        placement.running(f'{own}/placement.sqlite'),
    ):
        databases = NovaDatabases(own, of)
        providers.write(of)
        deployment = Deployment(own, of, databases)
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


def _instances(of: plan.Plan) -> dict[str, dict[str, object]]:
    """What HostManager keeps of each host's servers.

    Beyond the first hosts it is the same servers again, in other dicts.
    """
    context = nova_context.get_admin_context()
    built: list[dict[str, objects.Instance]] = []
    known = {}
    for number, host in enumerate(of.hosts):
        if number < region.BUILT_HOSTS:
            uuids = [
                uuidutils.generate_uuid()
                for _ in range(region.INSTANCES_PER_HOST)
            ]
            built.append(
                {
                    uuid: objects.Instance(context, uuid=uuid, host=host.name)
                    for uuid in uuids
                }
            )
        known[host.name] = {
            'instances': dict(built[number % region.BUILT_HOSTS]),
            'updated': True,
        }
    return known
