# SPDX-License-Identifier: Apache-2.0

"""Who asks for clients that nobody measured, and comes onto the list.

asks = Asks(reader(settings), wanted)
asks.want({('4f2e...', client)}, standing=False)
"""

import collections
import time
from collections.abc import Iterable, Mapping, Sequence

import nova.conf

from edge_sched.auditing.outlook import is_measured
from edge_sched.conf.wanted import permitted
from edge_sched.model import keys
from edge_sched.model.client import Client
from edge_sched.model.client import Prefix
from edge_sched.store.ids import batches
from edge_sched.store.reader import Reader
from edge_sched.store.wanted import Wanted
from edge_sched.wanted.admission import Admission
from edge_sched.wanted.admission import Ask
from edge_sched.wanted.admission import Place
from edge_sched.wanted.admission import admit
from edge_sched.wanted.admission import share_of
from edge_sched.wanted.permitted import cut

CONF = nova.conf.CONF

#: A client that somebody asks for: of which project, and under what.
Named = tuple[str, Client]


class Asks:
    """Puts clients on the list, of those who may be wanted.

    :raises StoreUnavailableError: each method, if the store is away
    """

    def __init__(self, store: Reader, wanted: Wanted) -> None:
        self._store = store
        self._wanted = wanted
        self.permitted = permitted(CONF)
        self._max_clients = CONF.edge_sched_wanted.max_clients
        #: How many asks had no place.
        self.refused = 0

    def want(
        self,
        named: Iterable[Named],
        standing: bool,
        measured: bool | None = None,
    ) -> None:
        """Put on the list who may be on it and is not measured.

        :param measured: whether they are, ``None`` if that is to be looked up
        """
        named = list(named)
        if not standing:
            named = self._hopeful(named)
        asks = self._asks(named, standing)
        if not asks:
            return
        places = self._wanted.places()
        listed = [ask for ask in asks if ask.place in places]
        new = [] if measured else [a for a in asks if a.place not in places]
        # Only who could have a place is looked up, so that no stranger has
        # more than that looked up.
        found = admit(places.items(), new, self._max_clients)
        self.refused += found.refused
        if measured is None:
            admitted = self._unmeasured(found, asks)
        else:
            admitted = found.admitted
        if wanted := [*listed, *admitted]:
            self._wanted.want(wanted, self._max_clients)

    def _hopeful(self, named: Sequence[Named]) -> list[Named]:
        """Those of requests that have a place or may get one.

        Strangers may name thousands a page, and to see who is permitted takes
        most of the time that they cost.
        """
        places = self._wanted.places() if named else {}
        count = collections.Counter(place.project_id for place in places)
        is_full = len(places) >= self._max_clients
        share = share_of(self._max_clients)
        hopeful = []
        for project_id, client in named:
            if client.prefix and (is_full or count[project_id] >= share):
                place = Place(str(cut(client.prefix)), project_id)
                if place not in places:
                    self.refused += 1
                    continue
            hopeful.append((project_id, client))
        return hopeful

    def _asks(
        self, named: Iterable[Named], standing: bool
    ) -> dict[Ask, Prefix]:
        """Those that are permitted, and under what they were asked for."""
        prefixes: list[tuple[str, Prefix]] = []
        names = []
        for project_id, client in named:
            if client.prefix:
                prefixes.append((project_id, client.prefix))
            elif client.name:
                names.append((client.name, project_id))
        for (_, project_id), pointed in self._pointed_at(names).items():
            prefixes += [(project_id, prefix) for prefix in pointed]
        asks = {}
        for project_id, prefix in prefixes:
            if target := self.permitted.target(prefix):
                asks[Ask(target, project_id, standing)] = prefix
        return asks

    def _pointed_at(
        self, names: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Sequence[Prefix]]:
        return self._wanted.pointed_at(names) if names else {}

    def _unmeasured(
        self, found: Admission, prefix_of: Mapping[Ask, Prefix]
    ) -> list[Ask]:
        """Those that have no row which is used, as the scheduler sees them."""
        now = time.time()
        max_age_seconds = CONF.edge_sched.max_age
        client_of = {
            ask: Client(prefix=prefix_of[ask]) for ask in found.admitted
        }
        left = []
        for some in batches(found.admitted, keys.MAX_CLIENTS):
            asked = dict.fromkeys((client_of[ask], '') for ask in some)
            answers = self._store.answers(list(asked))
            left += [
                ask
                for ask in some
                if not is_measured(
                    answers[client_of[ask], ''], now, max_age_seconds
                )
            ]
        return left
