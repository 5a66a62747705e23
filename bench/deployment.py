# SPDX-License-Identifier: Apache-2.0

"""A Nova of many hosts: all that its scheduler asks, and it is real.

Nova's API database and those of its cells, Placement with its own, all of
them files of SQLite with tables of theirs. Hosts are rows: nothing runs.
Nova's client talks HTTP to Placement, only that no socket is in between.
"""

import contextlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import fixtures
import nova.conf
import sqlalchemy as sa
from keystoneauth1 import loading
from nova import context as nova_context
from nova import objects
from nova import rpc
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.main import models
from nova.scheduler.client import report
from oslo_config import fixture as config_fixture
from oslo_utils import uuidutils
from placement.tests.functional.fixtures import placement as for_others
from requests import adapters

from bench import providers
from bench import records
from bench.plan import Plan
from bench.plan import Room
from edge_sched.scheduler.narrowing import placement as our_placement
from edge_sched.scheduler.topology.topology import TOPOLOGY

CONF = nova.conf.CONF

#: From here on hosts have the servers of these again, in other dicts: those
#: of one host take half a millisecond and 60 kB.
BUILT_HOSTS = 2000

_TOKEN = 'admin'


def write_api_database(plan: Plan, urls: Mapping[str, str]) -> None:
    """Replace all cells, hosts and aggregates that the API database has.

    :param urls: of the databases of cells; there need not be any
    """
    engine = api_db.get_engine()
    api_models.BASE.metadata.drop_all(engine)
    api_models.BASE.metadata.create_all(engine)
    number_of = {uuid: n for n, uuid in enumerate(plan.hosts_in, 1)}
    aggregates = list(enumerate(plan.aggregates, 1))
    tables: Mapping[type, list[dict[str, Any]]] = {
        api_models.CellMapping: [
            {
                'id': number,
                'uuid': uuid,
                'name': f'cell{number}',
                'transport_url': 'none:///',
                'database_connection': urls.get(uuid, 'sqlite://'),
            }
            for uuid, number in number_of.items()
        ],
        api_models.HostMapping: [
            {'host': host.name, 'cell_id': number_of[host.cell]}
            for host in plan.hosts
        ],
        api_models.Aggregate: [
            {'id': i, 'uuid': uuidutils.generate_uuid(), 'name': name}
            for i, (name, _, _) in aggregates
        ],
        api_models.AggregateMetadata: [
            {'aggregate_id': i, 'key': key, 'value': value}
            for i, (_, metadata, _) in aggregates
            for key, value in metadata.items()
        ],
        api_models.AggregateHost: [
            {'aggregate_id': i, 'host': host}
            for i, (_, _, hosts) in aggregates
            for host in hosts
        ],
    }
    with engine.begin() as connection:
        for model, rows in tables.items():
            if rows:
                connection.execute(sa.insert(model), rows)


def cells() -> list[objects.CellMapping]:
    """The cells that the API database has."""
    context = nova_context.get_admin_context()
    return list(objects.CellMappingList.get_all(context))


def make_cell(url: str) -> None:
    """Make the database of a cell, without a row."""
    with _writing(url) as connection:
        models.BASE.metadata.create_all(connection)


def write_servers(
    cell: objects.CellMapping,
    host_of: Mapping[str, str],
    project_id: str,
    *,
    deleted: bool = False,
) -> None:
    """Add servers that a cell has.

    :param host_of: of each, by its UUID
    :param deleted: whether they were its servers
    """
    mappings = [
        {
            'instance_uuid': uuid,
            'cell_id': cell.id,
            'project_id': project_id,
            'queued_for_delete': deleted,
        }
        for uuid in host_of
    ]
    instances = [
        {
            'uuid': uuid,
            'host': host,
            'vm_state': 'active',
            # Nova puts the number of the row here.
            'deleted': number if deleted else 0,
        }
        for number, (uuid, host) in enumerate(host_of.items(), 1)
    ]
    with api_db.get_engine().begin() as connection:
        insert = sa.insert(api_models.InstanceMapping.__table__)
        connection.execute(insert, mappings)
    with _writing(cell.database_connection) as connection:
        connection.execute(sa.insert(models.Instance.__table__), instances)


class Deployment:
    """The databases of Nova and of Placement, written for a plan.

    One host of a cell is written by Nova, all others are copies of its rows:
    one by one they would take minutes.
    """

    def __init__(self, folder: str, plan: Plan, room: Room) -> None:
        self._hosts_in = plan.hosts_in
        self._urls = {
            cell: f'sqlite:///{folder}/{cell}.sqlite'
            for cell in self._hosts_in
        }
        write_api_database(plan, self._urls)
        #: As Nova has them, by their UUIDs.
        self.cells = {cell.uuid: cell for cell in cells()}
        for cell in self.cells.values():
            self._write_cell(cell)
        providers.write(plan)
        self.fill(room)
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
        """Leave so much room on each host, as its compute reports it."""
        providers.fill(room)
        node = models.ComputeNode.__table__
        update = sa.update(node).where(node.c.host == sa.bindparam('of'))
        for cell, hosts in self._hosts_in.items():
            usages = [
                {'of': host.name, **records.usage(room[host.name])}
                for host in hosts
            ]
            with _writing(self._urls[cell]) as connection:
                connection.execute(update, usages)

    def _write_cell(self, cell: objects.CellMapping) -> None:
        hosts = self._hosts_in[cell.uuid]
        model = hosts[0].name
        make_cell(self._urls[cell.uuid])
        admin = nova_context.get_admin_context()
        with nova_context.target_cell(admin, cell) as context:
            service = records.service(model)
            del service['version']
            objects.Service(context, **service).create()
            node = records.compute_node(model)
            node._context = context
            node.create()
        own = [{'host': host.name, 'uuid': host.uuid} for host in hosts]
        named = [{**each, 'hypervisor_hostname': each['host']} for each in own]
        with _writing(self._urls[cell.uuid]) as connection:
            _multiply(connection, models.Service.__table__, own)
            _multiply(connection, models.ComputeNode.__table__, named)


@contextlib.contextmanager
def _writing(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def _multiply(
    connection: sa.Connection, table: Any, own: Sequence[dict[str, str]]
) -> None:
    """Put copies in the place of the only row, with fields of their own."""
    row = dict(connection.execute(sa.select(table)).one()._mapping)
    del row['id']
    connection.execute(sa.delete(table))
    connection.execute(sa.insert(table), [{**row, **each} for each in own])


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
        deployment = Deployment(own, plan, room)
        TOPOLOGY.forget()
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
