# SPDX-License-Identifier: Apache-2.0

"""Which hosts of rings of sites have room for one request, and are up."""

import time

import nova.conf
from oslo_log import log as logging

from edge_sched.scheduler.narrowing.eligible import Eligible
from edge_sched.scheduler.narrowing.placement import Query
from edge_sched.scheduler.narrowing.placement import hosts_in
from edge_sched.scheduler.narrowing.placement import lends_disk
from edge_sched.scheduler.narrowing.rings import Ring
from edge_sched.scheduler.narrowing.rings import aggregates_of
from edge_sched.scheduler.narrowing.sample import MOST
from edge_sched.scheduler.narrowing.sample import find_some
from edge_sched.scheduler.topology import cell as cells

CONF = nova.conf.CONF
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

    :param enough: with fewer hosts with room it is asked whether all are known
    :param deadline: by ``time.monotonic()``, after which it is not asked
    """

    def __init__(
        self,
        query: Query,
        eligible: Eligible,
        enough: int,
        deadline: float,
    ) -> None:
        self._query = query
        self._eligible = eligible
        self._topology = eligible.topology
        self._enough = enough
        self._deadline = deadline
        #: Cells, by UUID, that have not answered in time.
        self._slow: set[str] = set()
        self._sees_all = False
        self._is_full = False
        self._has_all = False
        #: Hosts with room of the last ring, if they were found one by one.
        self._sampled = _NOBODY

    def count(self, ring: Ring) -> int | None:
        """How many hosts of a ring have room; ``None`` if not told in time.

        Of a ring of which some were found one by one all may have some.

        :raises UnseenHostsError: if the aggregates do not tell all
        :raises RefusedQueryError: if Placement does not take the query
        """
        hosts = self._all_hosts(ring)
        nodes = self._topology.count_nodes(hosts)
        self._sampled = self._sample(ring)
        if self._sampled:
            return nodes
        if time.monotonic() > self._deadline:
            LOG.warning(
                'The search for sites with room took longer than ring_timeout '
                '(%d s): Placement is asked for the nearest that may have '
                'some',
                CONF.edge_sched.ring_timeout,
            )
            return None
        aggregates = aggregates_of(ring)
        count = self._query.count(aggregates)
        if count is None:
            return None
        self._has_all = count >= nodes
        if not self._sees_all:
            wanted = self._enough + self._in_vain(
                ring, self._surely_eligible(ring)
            )
            if count < wanted or hosts & self._topology.hosts_of_several_nodes:
                self._check_mirror(aggregates, hosts)
                self._sees_all = True
        return count

    def not_sure(self, ring: Ring) -> int:
        """How many hosts Placement may have counted that are of no use.

        Others of the same sites, and those that are down or may be, as their
        cell is slow: it is not asked again. Those that a server group stands
        on are in doubt anyway.
        """
        hosts = self._sampled or self._surely_eligible(ring)
        by_cell = self._topology.by_cell(hosts)
        ask = [
            self._topology.cells[uuid] for uuid in by_cell.keys() - self._slow
        ]
        down = cells.count_down(ask, by_cell)
        self._slow |= down.slow
        not_told = [
            hosts for uuid, hosts in by_cell.items() if uuid in self._slow
        ]
        in_vain = self._in_vain(ring, hosts)
        return in_vain + down.hosts + sum(map(len, not_told))

    def was_cut(self) -> bool:
        """Whether the last answer did not have all that has room."""
        cut = self._query.was_cut and not self._has_all
        return cut and not self._sampled

    def _sample(self, ring: Ring) -> frozenset[str]:
        """Hosts of a ring with room, if enough are found one by one.

        Only in a large cloud, and not of one that has more than an answer, of
        hosts of several nodes, or once the search has come to rings that are
        rather full.
        """
        everyone = self._all_hosts(ring)
        aggregates = aggregates_of(ring)
        if (
            self._is_full
            or self._topology.node_count < LARGE_CLOUD_NODES
            or self._enough > MOST
            or len(everyone) > self._query.limit
            or everyone & self._topology.hosts_of_several_nodes
            or not (asked := self._query.of_one_host(aggregates))
        ):
            return _NOBODY
        hosts = self._surely_eligible(ring)
        found = find_some(
            asked, len(aggregates), hosts, self._enough, self._deadline
        )
        self._is_full = len(found) < self._enough
        return _NOBODY if self._is_full else frozenset(found)

    def _in_vain(self, ring: Ring, hosts: frozenset[str]) -> int:
        """How many Placement may offer besides some hosts of a ring."""
        count_nodes = self._topology.count_nodes
        return count_nodes(self._all_hosts(ring)) - count_nodes(hosts)

    def _all_hosts(self, ring: Ring) -> frozenset[str]:
        aggregates = aggregates_of(ring)
        return _NOBODY.union(*(self._topology.hosts_in[a] for a in aggregates))

    def _surely_eligible(self, ring: Ring) -> frozenset[str]:
        hosts = _NOBODY.union(*(each.hosts for each in ring))
        return hosts - self._eligible.perhaps

    def _check_mirror(
        self, aggregates: list[str], hosts: frozenset[str]
    ) -> None:
        """Whether Placement knows all hosts of sites, and their disks.

        Nova puts the first node of each host into the aggregates there, and
        only logs it if that fails. Asked of one ring, which stands for all.
        """
        nodes = self._topology.count_nodes(hosts)
        providers = hosts_in(aggregates)
        if providers is None:
            return
        if len(providers) < nodes:
            raise UnseenHostsError(
                f'Placement has {len(providers)} of {nodes} hosts in the '
                'aggregates of sites; "nova-manage placement sync_aggregates" '
                'mends that, but for hosts of several nodes'
            )
        disk_gb = self._query.disk_gb
        if disk_gb and lends_disk(providers[0], disk_gb, aggregates):
            raise UnseenHostsError(
                'their disk is of a provider that is not in the aggregates of '
                'sites'
            )
