# SPDX-License-Identifier: Apache-2.0

"""Whom sites are to probe since he is asked for, and nobody has measured him.

    wanting = Wanting(reader(settings), wanted)
    wanting.look()

Every few seconds it looks at the newest requests and at what sites have sent;
the rounds of the audit tell it of servers that stand.
"""

import collections
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import nova.conf
from oslo_log import log as logging

from edge_sched.auditing.audit import Finding
from edge_sched.auditing.newest import NewestRequests
from edge_sched.auditing.outlook import is_measured
from edge_sched.auditing.seeking import Seeking
from edge_sched.conf.wanted import permitted
from edge_sched.model import keys
from edge_sched.model.client import Client
from edge_sched.model.client import Prefix
from edge_sched.model.client import parse_prefix
from edge_sched.store.ids import batches
from edge_sched.store.reader import Reader
from edge_sched.store.reasons import reason
from edge_sched.store.wanted import KEPT_SECONDS
from edge_sched.store.wanted import Wanted
from edge_sched.wanted.admission import Admission
from edge_sched.wanted.admission import Ask
from edge_sched.wanted.admission import Place
from edge_sched.wanted.admission import admit
from edge_sched.wanted.admission import share_of
from edge_sched.wanted.geography import Position
from edge_sched.wanted.permitted import cut

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: Names are looked through so often (chosen).
NAMED_SECONDS = 60.0

#: A client that somebody asks for: of which project, and under what.
_Named = tuple[str, Client]


class Wanting:
    """Keeps the list.

    Neither ``look`` nor ``standing`` raises: what fails is logged when it
    begins to, and tried again the next time.

    :param locate: where an address is, if there is a database that tells
    """

    def __init__(
        self,
        store: Reader,
        wanted: Wanted,
        locate: Callable[[str], Position | None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        group = CONF.edge_sched_wanted
        self._store = store
        self._wanted = wanted
        self._permitted = permitted(CONF)
        self._max_clients = group.max_clients
        self._named = group.named
        self._clock = clock
        self._names_due = clock()
        self._denied_are_gone = False
        self._requests = NewestRequests()
        self.seeking = Seeking(wanted, locate)
        self._failing: dict[str, str] = {}
        #: How many asks had no place, and how many times a part failed.
        self.refused = 0
        self.failures = 0

    def look(self) -> bool:
        """Look once; whether all went well.

        Only then, and while sites ask whom to probe, the scheduler tells users
        that clients are being measured.
        """
        parts = {
            'Who may not be wanted is probed': self._drop_denied,
            'New requests are not looked at': self._look_at_requests,
            'Names are not looked at': self._look_at_names,
            'Sites are not chosen': self.seeking.seek,
            'The list is not looked after': lambda: self._wanted.expire(
                KEPT_SECONDS
            ),
        }
        went_well = [self._try(what, part) for what, part in parts.items()]
        if all(went_well) and not self.seeking.any_sites:
            return True
        return all(went_well) and self._try(
            'Nobody is told that clients are being measured',
            lambda: self._wanted.beat(self._max_clients),
        )

    def end(self) -> None:
        """Have nobody probed who may not be, by one who looks no more."""
        self._try('Who may not be wanted is probed', self._drop_denied)

    def standing(self, findings: Iterable[Finding]) -> None:
        """Those that servers name: who lacks rows, and who is wanted yet."""

        def want() -> None:
            unmeasured, others = set[_Named](), set[_Named]()
            for each in findings:
                lacking = {client for client, _ in each.unmeasured}
                for client, _ in each.clients:
                    some = unmeasured if client in lacking else others
                    some.add((each.project_id, client))
            self._want(unmeasured, standing=True, measured=False)
            self._want(others, standing=True, measured=True)

        self._try('Clients of servers are not wanted', want)

    def _try(self, what: str, part: Callable[[], object]) -> bool:
        why = ''
        try:
            part()
        except Exception as error:
            why = f'{type(error).__name__}: {reason(error)}'
        if not why:
            self._failing.pop(what, None)
            return True
        self.failures += 1
        # Not within: oslo.log would say the error once more.
        if self._failing.get(what) != why:
            LOG.warning('%s: %s', what, why)
        self._failing[what] = why
        return False

    def _drop_denied(self) -> None:
        """Those who were permitted when they came, once: none comes since."""
        if self._denied_are_gone:
            return
        denied = {
            place
            for place in self._wanted.places()
            if not self._permitted.target(parse_prefix(place.client))
        }
        if denied:
            self._wanted.drop(denied)
            LOG.info(
                'Not wanted any more, as they may not be: %d clients',
                len({place.client for place in denied}),
            )
        self._denied_are_gone = True

    def _look_at_requests(self) -> None:
        for some in self._requests.read():
            self._want(
                {
                    (each.row.project_id, client)
                    for each in some
                    for client in each.intent.clients
                },
                standing=False,
            )

    def _look_at_names(self) -> None:
        if not self._named or self._clock() < self._names_due:
            return
        for some in self._wanted.named():
            self._want(
                {(project, Client(prefix=prefix)) for project, prefix in some},
                standing=False,
            )
        self._names_due = self._clock() + NAMED_SECONDS

    def _want(
        self,
        named: Iterable[_Named],
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

    def _hopeful(self, named: Sequence[_Named]) -> list[_Named]:
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
        self, named: Iterable[_Named], standing: bool
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
            if target := self._permitted.target(prefix):
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
