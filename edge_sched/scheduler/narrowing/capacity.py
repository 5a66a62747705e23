# SPDX-License-Identifier: Apache-2.0

"""Which hosts of rings of sites have room for one request, and are up."""

from functools import partial
from itertools import takewhile

from oslo_log import log as logging

from edge_sched.scheduler.narrowing.eligible import Eligible
from edge_sched.scheduler.narrowing.placement import CutAnswerError
from edge_sched.scheduler.narrowing.placement import Query
from edge_sched.scheduler.narrowing.placement import RefusedQueryError
from edge_sched.scheduler.narrowing.placement import lends_disk
from edge_sched.scheduler.narrowing.placement import providers_in
from edge_sched.scheduler.narrowing.rings import Ring
from edge_sched.scheduler.narrowing.rings import Size
from edge_sched.scheduler.narrowing.rings import aggregates_of
from edge_sched.scheduler.narrowing.sample import MOST_SAMPLED
from edge_sched.scheduler.narrowing.sample import find_some
from edge_sched.scheduler.narrowing.search import Room
from edge_sched.scheduler.topology import cell as cells

LOG = logging.getLogger(__name__)

_NOBODY: frozenset[str] = frozenset()

#: In a smaller cloud Nova's query takes less time than a look at some hosts.
#: Measured against Placement with SQLite, at 1000, 2500 and 5000 hosts of one
#: node: 51, 99 and 169 ms, and 73 to 104 ms for three hosts one by one.
LARGE_CLOUD_NODES = 2500


class UnseenHostsError(Exception):
    """Sites have hosts that no query for them finds; the message says why."""


class Capacity:
    """What Placement and the cells tell of the rings of one search.

    :param size: of the search; names fewer aggregates once so many were
        refused
    """

    def __init__(self, query: Query, eligible: Eligible, size: Size) -> None:
        self._query = query
        self._eligible = eligible
        self._topology = eligible.topology
        self._size = size
        #: Cells, by UUID, that have not answered in time.
        self._slow: set[str] = set()
        self._sees_all = False
        #: Some hosts are looked at one by one while they are likely to do.
        self._samples = (
            size.enough <= MOST_SAMPLED
            and not size.apart
            and self._topology.node_count >= LARGE_CLOUD_NODES
        )

    def ask(self, ring: Ring) -> Room | None:
        """What room a ring has; ``None`` if that is not told in time.

        Of one that is too much for a query, or for an answer, the nearer half.

        :raises UnseenHostsError: if the aggregates do not tell all
        :raises RefusedQueryError: if Placement does not take even a short
            query
        """
        try:
            return self._ask(ring)
        except (RefusedQueryError, CutAnswerError) as error:
            aggregates = aggregates_of(ring)
            if len(aggregates) == 1:
                raise
            nearer = aggregates[: len(aggregates) // 2]
            half = takewhile(lambda each: each.aggregate in nearer, ring)
            room = self.ask(list(half))
            # While nobody answers at all none is too long.
            if isinstance(error, RefusedQueryError) and room:
                self._keep_to(len(nearer), len(aggregates))
            return room

    def _keep_to(self, taken: int, refused: int) -> None:
        """Name no more aggregates than were taken."""
        if taken < self._size.aggregates:
            self._size.aggregates = taken
            LOG.warning(
                'Placement does not take queries of %d aggregates, but of '
                '%d: is the buffer of its web server too small?',
                refused,
                taken,
            )

    def _ask(self, ring: Ring) -> Room | None:
        """Ask for some hosts one by one, or for all.

        Where some were found all may have room.
        """
        topology, enough = self._topology, self._size.enough
        aggregates = aggregates_of(ring)
        everyone = _NOBODY.union(*(topology.hosts_in[a] for a in aggregates))
        nodes = topology.count_nodes(everyone)
        usable = _NOBODY.union(*(each.hosts for each in ring))
        # Those that a server group stands on are in doubt.
        usable -= self._eligible.perhaps
        has_several = bool(everyone & topology.hosts_of_several_nodes)
        # Not of a ring that has more than an answer.
        if self._samples and not has_several and nodes <= self._query.limit:
            found = find_some(self._query, aggregates, usable, enough)
            if found is None:
                return None
            if len(found) == enough:
                unsure = partial(self._count_unsure, nodes, frozenset(found))
                return Room(ring, nodes, unsure)
            # Farther rings are taken to be as full.
            self._samples = False
        count = self._query.count(aggregates, nodes)
        if count is None:
            return None
        in_vain = nodes - topology.count_nodes(usable)
        if not self._sees_all and (has_several or count - in_vain < enough):
            check_mirror(aggregates, nodes, self._query.disk_gb)
            self._sees_all = True
        return Room(ring, count, partial(self._count_unsure, nodes, usable))

    def _count_unsure(self, nodes: int, hosts: frozenset[str]) -> int:
        """How many of some nodes are of others than of hosts that are up.

        The hosts of a slow cell, which is not asked again, may not be.
        """
        by_cell = self._topology.by_cell(hosts)
        ask = [
            self._topology.cells[uuid] for uuid in by_cell.keys() - self._slow
        ]
        down = cells.count_down(ask, by_cell)
        self._slow |= down.slow
        slow = sum(len(by_cell[uuid]) for uuid in by_cell.keys() & self._slow)
        return nodes - self._topology.count_nodes(hosts) + down.hosts + slow


def check_mirror(aggregates: list[str], nodes: int, disk_gb: int) -> None:
    """Whether Placement knows all hosts of sites, and their disks.

    Nova puts the first node of each host into the aggregates there, and only
    logs it if that fails. Asked of one ring, which stands for all.

    :param nodes: how many there are
    :param disk_gb: how much disk of a host is asked for
    :raises UnseenHostsError: if it does not
    :raises RefusedQueryError: if it does not take the query
    """
    providers = providers_in(aggregates)
    if providers is None:
        return
    if len(providers) < nodes:
        raise UnseenHostsError(
            f'Placement has {len(providers)} of {nodes} hosts in the '
            'aggregates of sites; "nova-manage placement sync_aggregates" '
            'mends that, but for hosts of several nodes'
        )
    if disk_gb and lends_disk(providers[0], disk_gb, aggregates):
        raise UnseenHostsError(
            'their disk is of a provider that is not in the aggregates of '
            'sites'
        )
