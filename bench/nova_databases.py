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

"""Nova's databases of a deployment: the API's and one for each cell.

Tables are Nova's own. One host of a cell is written by Nova, all others are
copies of its rows: one by one they would take minutes.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from nova import context as nova_context
from nova import objects
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.main import models

from bench import plan
from bench import records
from bench import region
from bench import specs


class NovaDatabases:
    """SQLite files in a folder.

    :param deployed: what is in them
    """

    def __init__(self, folder: str, deployed: plan.Plan) -> None:
        self._hosts_in = deployed.hosts_in
        self._urls = {
            cell: f'sqlite:///{folder}/{cell}.sqlite'
            for cell in self._hosts_in
        }
        region.write_api_database(list(self._urls), deployed.aggregates)
        self._map_cells()
        for cell in objects.CellMappingList.get_all(_admin()):
            self._write_cell(cell)

    def fill(self, room: plan.Room) -> None:
        """Have the computes report how much room there is."""
        node = models.ComputeNode.__table__
        for cell, hosts in self._hosts_in.items():
            with self._writing(cell) as connection:
                connection.execute(
                    sa.update(node).where(
                        node.c.host == sa.bindparam('of_host')
                    ),
                    [
                        {'of_host': host.name, **_usage(room[host.name])}
                        for host in hosts
                    ],
                )

    def _map_cells(self) -> None:
        """Say in the API database where the cells and their hosts are."""
        cells = api_models.CellMapping.__table__
        with api_db.get_engine().begin() as connection:
            for cell, url in self._urls.items():
                connection.execute(
                    sa.update(cells)
                    .where(cells.c.uuid == cell)
                    .values(database_connection=url)
                )
            ids = dict(
                connection.execute(sa.select(cells.c.uuid, cells.c.id)).all()
            )
            connection.execute(
                sa.insert(api_models.HostMapping),
                [
                    {'host': host.name, 'cell_id': ids[cell]}
                    for cell, hosts in self._hosts_in.items()
                    for host in hosts
                ],
            )

    def _write_cell(self, cell: objects.CellMapping) -> None:
        hosts = self._hosts_in[cell.uuid]
        model = hosts[0].name
        with self._writing(cell.uuid) as connection:
            models.BASE.metadata.create_all(connection)
        with nova_context.target_cell(_admin(), cell) as context:
            service = records.service(model)
            del service['version']
            objects.Service(context, **service).create()
            node = records.compute_node(model, region.INSTANCES_PER_HOST)
            node._context = context
            node.create()
        with self._writing(cell.uuid) as connection:
            _multiply(
                connection,
                models.Service.__table__,
                [{'host': host.name, 'uuid': host.uuid} for host in hosts],
            )
            _multiply(
                connection,
                models.ComputeNode.__table__,
                [
                    {
                        'host': host.name,
                        'hypervisor_hostname': host.name,
                        'uuid': host.uuid,
                    }
                    for host in hosts
                ],
            )

    @contextlib.contextmanager
    def _writing(self, cell: str) -> Iterator[sa.Connection]:
        engine = sa.create_engine(self._urls[cell])
        with engine.begin() as connection:
            yield connection
        engine.dispose()


def _admin() -> nova_context.RequestContext:
    return nova_context.get_admin_context()


def _multiply(
    connection: sa.Connection,
    table: Any,
    differences: Sequence[dict[str, str]],
) -> None:
    """Put copies in the place of the only row, with fields of their own."""
    row = dict(connection.execute(sa.select(table)).one()._mapping)
    del row['id']
    connection.execute(sa.delete(table))
    connection.execute(
        sa.insert(table), [{**row, **own} for own in differences]
    )


def _usage(free: int) -> dict[str, int]:
    """What a compute reports that has some places free."""
    taken = plan.PLACES - free
    memory_mb = taken * specs.MEMORY_MB
    disk_gb = taken * specs.DISK_GB
    return {
        'vcpus_used': taken * specs.VCPUS,
        'memory_mb_used': memory_mb,
        'free_ram_mb': records.MEMORY_MB - memory_mb,
        'local_gb_used': disk_gb,
        'free_disk_gb': records.DISK_GB - disk_gb,
        'disk_available_least': records.DISK_GB - disk_gb,
    }
