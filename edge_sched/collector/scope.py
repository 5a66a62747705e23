# SPDX-License-Identifier: Apache-2.0


"""Of whom the vantages of an input may speak.

A site that is broken into can make clients up. Whatever it says, it fills
neither the store nor our memory, nor speaks of clients that it cannot have.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from edge_sched.collector import door
from edge_sched.collector.reading import Harvest
from edge_sched.collector.reading import Reading
from edge_sched.model.client import Client
from edge_sched.model.client import Prefix
from edge_sched.model.client import is_part
from edge_sched.model.client import is_wide

#: After which clients are counted anew. Chosen: those of a site change less in
#: a day than it may have, and what one that lies brings until ``retention`` is
#: a few times that.
_PERIOD_SECONDS = 86_400.0

#: Sites that are among the clients of a vantage. Chosen: as many as a large
#: cloud has. A look-up of that vantage as a site reads the rows of all.
_MAX_SITES = 1000


class Scope:
    """For one thread at a time.

    :param max_clients: of each vantage in a day, names and sites among them
    :param prefixes: that those of them are in that are prefixes; of none, all
        that are not wide
    :param clock: seconds
    """

    def __init__(
        self,
        max_clients: int,
        prefixes: Sequence[Prefix] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_clients = max_clients
        self._prefixes = prefixes
        self._clock = clock
        self._begun = clock()
        # By vantage, what a client and its owner hash to: a number is less to
        # keep than they are.
        self._known: dict[str, set[int]] = {}
        self._sites: Counter[str] = Counter()

    def within(self, harvest: Harvest) -> Harvest:
        """A harvest without the readings that are out of it.

        They are refused as ``foreign`` (not in the prefixes), ``wide``, or
        ``clients`` (more than there may be). What is no client at all is left
        to the door.
        """
        if self._clock() - self._begun > _PERIOD_SECONDS:
            self._begun = self._clock()
            self._known.clear()
            self._sites.clear()
        refused = Counter(harvest.refused)
        readings = []
        for reading in harvest.readings:
            reason = self._why_not(reading)
            if reason:
                refused[reason] += 1
            else:
                readings.append(reading)
        return harvest._replace(readings=readings, refused=refused)

    def _why_not(self, reading: Reading) -> str:
        found = door.parsed_client(reading.client)
        if found is None:
            return ''
        client, text = found
        reason = self._why_not_client(client)
        if reason:
            return reason
        known = self._known.setdefault(reading.vantage, set())
        key = hash((text, reading.project_id))
        if key not in known:
            sites = self._sites[reading.vantage] + bool(client.site)
            if len(known) >= self._max_clients or sites > _MAX_SITES:
                return 'clients'
            known.add(key)
            self._sites[reading.vantage] = sites
        return ''

    def _why_not_client(self, client: Client) -> str:
        prefix = client.prefix
        if prefix is None:
            return ''
        if not self._prefixes:
            return 'wide' if is_wide(prefix) else ''
        inside = any(is_part(prefix, each) for each in self._prefixes)
        return '' if inside else 'foreign'
