# SPDX-License-Identifier: Apache-2.0

"""Who gets a place on the list, which is bounded.

A place is a client of one project: two projects that ask for the same client
take two, so that what a project may add hangs on its own asking alone.

First come those that servers name which stand, then who comes first. No
project has more than its share, whoever it has got it by.
"""

import collections
from collections.abc import Iterable
from typing import NamedTuple

from edge_sched.model.wanted import WantedTarget

#: The part of the list that one project may fill. Chosen: it takes four who
#: are hostile to have no place left for a fifth.
SHARE = 0.25


class Place(NamedTuple):
    """Who has a place: a client of a project.

    :param client: ``203.0.113.0/24``
    """

    client: str
    project_id: str


class Ask(NamedTuple):
    """That somebody asks for a client.

    :param standing: whether it is a server that stands; else a request, or a
        name that was set
    """

    target: WantedTarget
    project_id: str
    standing: bool = False

    @property
    def place(self) -> Place:
        return Place(self.target.client, self.project_id)


class Admission(NamedTuple):
    """What becomes of the list.

    :param admitted: get a place, or keep it and are wanted anew
    :param dropped: lose theirs to a server that stands
    :param refused: how many have none
    """

    admitted: list[Ask]
    dropped: list[Place]
    refused: int


def share_of(max_clients: int) -> int:
    """How many places a project may have: 1000 -> 250."""
    return max(1, int(max_clients * SHARE))


def admit(
    listed: Iterable[tuple[Place, bool]],
    asks: Iterable[Ask],
    max_clients: int,
) -> Admission:
    """Give places to those who ask, in their order.

    :param listed: who has one, those first who had it first, and whether a
        server stands that names it
    """
    places = _Places(listed, max_clients)
    admitted: dict[Place, Ask] = {}
    refused = 0
    for ask in asks:
        if places.take(ask):
            before = admitted.get(ask.place, ask)
            standing = before.standing or ask.standing
            admitted[ask.place] = ask._replace(standing=standing)
        else:
            refused += 1
    gone = places.dropped
    return Admission(
        [ask for place, ask in admitted.items() if place not in gone],
        list(gone & places.were_there),
        refused,
    )


class _Places:
    def __init__(
        self, listed: Iterable[tuple[Place, bool]], max_clients: int
    ) -> None:
        self._max_clients = max_clients
        self._share = share_of(max_clients)
        self._standing: set[Place] = set()
        self._count = collections.Counter[str]()
        #: Of requests, by project, the youngest last.
        self._passing = collections.defaultdict[str, dict[Place, None]](dict)
        self.dropped: set[Place] = set()
        for place, standing in listed:
            self._add(place, standing)
        self.were_there = self._standing.union(*self._passing.values())

    def take(self, ask: Ask) -> bool:
        """Whether somebody has a place from now on."""
        place, project_id = ask.place, ask.project_id
        if place in self._standing:
            return True
        passing = self._passing[project_id]
        if place in passing:
            if ask.standing:
                del passing[place]
                self._standing.add(place)
            return True
        if self._count[project_id] >= self._share:
            if not (ask.standing and passing):
                return False
            self._drop_youngest_of(project_id)
        elif self._count.total() >= self._max_clients:
            most = max(self._passing, key=lambda p: len(self._passing[p]))
            if not (ask.standing and self._passing[most]):
                return False
            self._drop_youngest_of(most)
        self._add(place, ask.standing)
        return True

    def _add(self, place: Place, standing: bool) -> None:
        self._count[place.project_id] += 1
        self.dropped.discard(place)
        if standing:
            self._standing.add(place)
        else:
            self._passing[place.project_id][place] = None

    def _drop_youngest_of(self, project_id: str) -> None:
        place, _ = self._passing[project_id].popitem()
        self._count[project_id] -= 1
        self.dropped.add(place)
