# SPDX-License-Identifier: Apache-2.0

"""Where all hosts of Nova's region are, renewed every ``membership_ttl``."""

import collections
import concurrent.futures
import dataclasses
import functools
import math
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import nova.conf
from nova import context as nova_context
from nova import objects
from nova.objects.cell_mapping import CellMapping
from oslo_log import log as logging

from edge_sched.model.names import normal
from edge_sched.scheduler import nova_internals
from edge_sched.scheduler.topology.cell import several_nodes
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.locator import Locator
from edge_sched.scheduler.topology.locator import where_in
from edge_sched.scheduler.topology.membership import LOCATION_KEY
from edge_sched.scheduler.topology.membership import MULTIPLIER_KEY
from edge_sched.scheduler.topology.membership import TENANT_KEY
from edge_sched.scheduler.topology.membership import ZONE_KEY
from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.scheduler.topology.membership import multipliers_of
from edge_sched.scheduler.topology.membership import positions_of
from edge_sched.scheduler.topology.membership import tenants_of
from edge_sched.scheduler.topology.membership import warn_of_multipliers

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: How long a topology that could not be renewed serves on before the next
#: try, at the most. Chosen: short beside any sensible lifetime, long beside
#: the rate of requests.
RETRY_SECONDS = 5.0

#: What hosts of no site are in.
_NO_SITE = Aggregate('', {}, ())


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Area:
    """Hosts at one location that a query can name together.

    :param aggregate: UUID of the aggregate of a site, ``''`` for hosts of
        no site
    :param cell: UUID of the one that they are in
    """

    aggregate: str
    site: str
    cell: str
    location: Location
    hosts: frozenset[str]


class Topology:
    """Every host that Nova knows of, as it was read at one time.

    To narrow a request it is asked by area, never host by host: a cloud of
    100 000 hosts has a thousand sites.
    """

    def __init__(
        self,
        aggregates: Sequence[Aggregate],
        cells: Mapping[str, CellMapping],
        cell_of: Mapping[str, str],
        several_nodes: Mapping[str, int],
    ) -> None:
        self.cells = cells
        self.hosts = cell_of.keys()
        self._several_nodes = several_nodes
        #: Placement has mostly one of the nodes of each in an aggregate.
        self.hosts_of_several_nodes = several_nodes.keys()
        self.node_count = self.count_nodes(self.hosts)
        #: Of aggregates with metadata that matters, sites and others.
        self.hosts_in: Mapping[str, frozenset[str]] = {
            aggregate.uuid: frozenset(aggregate.hosts) & self.hosts
            for aggregate in aggregates
        }
        #: The projects of hosts that are kept for some.
        self.tenants_of = tenants_of(aggregates)
        #: Of hosts whose aggregates say one, ``{'lyon-1': 30.0}``.
        self.multipliers = multipliers_of(aggregates)
        #: Of sites that say so, ``{'lyon': (45.76, 4.84)}``.
        self.positions = positions_of(aggregates)
        location_of: dict[str, Location] = {}
        in_cell = collections.defaultdict(set)
        in_area = collections.defaultdict(set)
        shared = functools.cache(Location)
        names = {uuid: normal(cell.name or '') for uuid, cell in cells.items()}
        nowhere = where_in([])
        for cell, members_of, hosts in _alike(aggregates, cell_of):
            location = shared(*where_in(members_of), names[cell])
            location_of |= dict.fromkeys(hosts, location)
            in_cell[cell].update(hosts)
            for site in [a for a in members_of if a.site] or [_NO_SITE]:
                in_area[site.uuid, site.site, cell, location].update(hosts)
        self.hosts_in_cell = {
            cell: frozenset(hosts) for cell, hosts in in_cell.items()
        }
        self._areas = [
            Area(*area, frozenset(hosts)) for area, hosts in in_area.items()
        ]
        self.locator = Locator(
            location_of,
            {uuid: shared(*nowhere, name) for uuid, name in names.items()},
        )

    def count_nodes(self, hosts: Collection[str]) -> int:
        """How many nodes some hosts have: mostly as many as there are."""
        several = self._several_nodes.keys() & hosts
        more = sum(self._several_nodes[host] - 1 for host in several)
        return len(hosts) + more

    def areas(self, measured: frozenset[str]) -> Iterator[Area]:
        """All hosts by area.

        :param measured: vantages; a host that was measured by its own name
            has an area of its own
        """
        own = self.locator.own_names & measured
        for area in self._areas:
            apart = area.hosts & own
            for host in apart:
                yield dataclasses.replace(
                    area,
                    location=self.locator.own_location(host),
                    hosts=frozenset({host}),
                )
            if not apart:
                yield area
            elif others := area.hosts - own:
                yield dataclasses.replace(area, hosts=others)

    def by_cell(self, hosts: frozenset[str]) -> dict[str, frozenset[str]]:
        """Hosts by the UUID of their cell."""
        return {
            cell: found
            for cell, in_cell in self.hosts_in_cell.items()
            if (found := hosts & in_cell)
        }


class CurrentTopology:
    """The topology of now, read on first use and anew when it has expired.

    The first caller reads it, and those who come meanwhile share what comes
    of that, be it a failure. When it has expired one caller reads it anew and
    all others are given the old one. If that fails the old one serves on, and
    a later call tries again. With a lifetime of 0 each caller reads it anew.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reading: concurrent.futures.Future[Topology] | None = None
        self.forget()

    def get(self) -> Topology:
        """The topology.

        :raises Exception: if it could not be read, and there is no old one
        """
        ttl_seconds = CONF.edge_sched.membership_ttl
        if not ttl_seconds:
            return self._renew(ttl_seconds)
        with self._lock:
            held, reading = self._held, self._reading
            if held and (reading or time.monotonic() < self._due):
                return held
            is_mine = reading is None
            if reading is None:
                reading = self._reading = concurrent.futures.Future()
        if is_mine:
            self._read_for_all(reading, ttl_seconds)
        return reading.result()

    def forget(self) -> None:
        """Read it anew at the next call."""
        self._held: Topology | None = None
        self._due = -math.inf

    def _read_for_all(
        self, reading: concurrent.futures.Future[Topology], ttl_seconds: float
    ) -> None:
        """Whatever happens, those who wait must not for ever."""
        try:
            reading.set_result(self._renew(ttl_seconds))
        except Exception as error:
            reading.set_exception(error)
        except BaseException:
            # What ends this thread is not to end the others.
            reading.set_exception(RuntimeError('the first reading was ended'))
            raise
        finally:
            self._reading = None

    def _renew(self, ttl_seconds: float) -> Topology:
        try:
            topology = read_topology()
        except Exception:
            if self._held is None:
                raise
            LOG.warning(
                'Cannot read where hosts are, what was read serves on',
                exc_info=True,
            )
            topology = self._held
            ttl_seconds = min(ttl_seconds, RETRY_SECONDS)
        self._held = topology
        self._due = time.monotonic() + ttl_seconds
        return topology


def read_topology() -> Topology:
    """Ask Nova's databases: four queries, and one of each cell."""
    cells = objects.CellMappingList.get_all(nova_context.get_admin_context())
    uuid_of = {cell.id: cell.uuid for cell in cells}
    rows = nova_internals.read_membership(
        [
            CONF.edge_sched.site_metadata_key,
            ZONE_KEY,
            MULTIPLIER_KEY,
            LOCATION_KEY,
        ],
        prefix=TENANT_KEY,
    )
    aggregates = _aggregates(rows.metadata, rows.members)
    warn_of_multipliers(aggregates)
    return Topology(
        aggregates,
        cells={cell.uuid: cell for cell in cells},
        # A cell may have come after they were read.
        cell_of={
            host: uuid_of[cell_id]
            for host, cell_id in rows.mappings
            if cell_id in uuid_of
        },
        several_nodes=several_nodes(cells),
    )


def _aggregates(
    metadata: Iterable[tuple[int, str, str, str]],
    members: Iterable[tuple[int, str]],
) -> list[Aggregate]:
    """Put the rows of both queries together, in the order of the ids."""
    hosts = collections.defaultdict(list)
    for aggregate_id, host in members:
        hosts[aggregate_id].append(host)
    pairs: dict[tuple[int, str], dict[str, str]] = {}
    for aggregate_id, uuid, key, value in sorted(metadata):
        pairs.setdefault((aggregate_id, uuid), {})[key] = value
    return [Aggregate(uuid, pairs[i, uuid], hosts[i]) for i, uuid in pairs]


def _alike(
    aggregates: Sequence[Aggregate], cell_of: Mapping[str, str]
) -> Iterator[tuple[str, list[Aggregate], list[str]]]:
    """Hosts of one cell and the same sites and zone: these, and the hosts.

    A cloud of 100 000 hosts has some thousand of them.
    """
    numbers_of = collections.defaultdict(list)
    for number, aggregate in enumerate(aggregates):
        if aggregate.site or aggregate.zone:
            for host in aggregate.hosts:
                numbers_of[host].append(number)
    alike = collections.defaultdict(list)
    for host, cell in cell_of.items():
        alike[cell, tuple(numbers_of[host])].append(host)
    for (cell, numbers), hosts in alike.items():
        yield cell, [aggregates[number] for number in numbers], hosts


TOPOLOGY = CurrentTopology()
