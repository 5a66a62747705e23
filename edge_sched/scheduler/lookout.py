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


"""What rings of sites have for one request."""

import time

import nova.conf
from oslo_log import log as logging

from edge_sched.rings import Ring
from edge_sched.rings import hosts_of
from edge_sched.scheduler import cell as cells
from edge_sched.scheduler.room import Room
from edge_sched.scheduler.room import hosts_in
from edge_sched.scheduler.room import lends_disk
from edge_sched.scheduler.terms import Terms
from edge_sched.search import Need
from edge_sched.search import Size
from edge_sched.search import Told

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

_NOBODY: frozenset[str] = frozenset()


class UnseenHostsError(Exception):
    """Sites have hosts that no query for them finds; the message says why."""


class Lookout:
    """Looks into the rings of one request.

    :param deadline: by ``time.monotonic()``, after which no more are
    """

    def __init__(
        self, room: Room, terms: Terms, size: Size, need: Need, deadline: float
    ) -> None:
        self._room = room
        self._terms = terms
        self._size = size
        self._need = need
        self._deadline = deadline
        #: Cells, by UUID, that have not answered in time.
        self._slow: set[str] = set()
        self._sees_all = False

    def look_into(self, ring: Ring) -> Told | None:
        """What a ring has; ``None`` if it cannot be told, or not in time.

        :raises UnseenHostsError: if the aggregates do not tell all
        :raises RefusedQueryError: if Placement does not take the query
        """
        if time.monotonic() > self._deadline:
            LOG.warning(
                'The search for sites with room took longer than ring_timeout '
                '(%d s): Placement is asked for the nearest that may have '
                'some',
                CONF.edge_sched.ring_timeout,
            )
            return None
        aggregates = [offer.aggregate for offer in ring]
        if hosts_of(ring) > self._size.most and len(ring) > 1:
            # It is looked into part by part, if it has any room.
            down, untold, wanted = 0, 0, 1
        else:
            down, untold = self._count_down(ring)
            in_vain = sum(offer.doubtful + offer.lesser for offer in ring)
            wanted = self._need.enough + in_vain + down + untold
        roomy = self._room.count(aggregates, wanted)
        if roomy is None:
            return None
        hosts = self._hosts_in(ring)
        several = self._terms.atlas.hosts_of_several_nodes & hosts
        if not self._sees_all and (several or roomy < wanted):
            self._check_mirror(aggregates, hosts)
            self._sees_all = True
        return Told(roomy, down, untold)

    def _hosts_in(self, ring: Ring) -> frozenset[str]:
        atlas = self._terms.atlas
        return _NOBODY.union(*(atlas.hosts_in[o.aggregate] for o in ring))

    def _count_down(self, ring: Ring) -> tuple[int, int]:
        """How many hosts of a ring Placement may offer though they are down.

        And of how many that is not known, as their cell is slow: it is not
        asked again. Less those that a server group stands on, which are in
        doubt anyway.
        """
        atlas, terms = self._terms.atlas, self._terms
        hosts = terms.usable(self._hosts_in(ring)) - terms.perhaps
        by_cell = atlas.by_cell(hosts)
        ask = by_cell.keys() - self._slow
        down = cells.count_down([atlas.cells[uuid] for uuid in ask], by_cell)
        self._slow |= down.slow
        slow = self._slow & by_cell.keys()
        return down.hosts, sum(len(by_cell[uuid]) for uuid in slow)

    def _check_mirror(
        self, aggregates: list[str], hosts: frozenset[str]
    ) -> None:
        """Whether Placement knows all hosts of sites, and their disks.

        Nova puts the first node of each host into the aggregates there, and
        only logs it if that fails. Asked of one ring, which stands for all.
        """
        nodes = self._terms.atlas.count_nodes(hosts)
        providers = hosts_in(aggregates)
        if providers is None:
            return
        if len(providers) < nodes:
            raise UnseenHostsError(
                f'Placement has {len(providers)} of {nodes} hosts in the '
                'aggregates of sites; "nova-manage placement sync_aggregates" '
                'mends that, but for hosts of several nodes'
            )
        disk_gb = self._room.disk_gb
        if disk_gb and lends_disk(providers[0], disk_gb, aggregates):
            raise UnseenHostsError(
                'their disk is of a provider that is not in the aggregates of '
                'sites'
            )
