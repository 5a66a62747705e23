# SPDX-License-Identifier: Apache-2.0

"""Whom servers ask to be near, counted by client, or by what it goes by."""

import collections
import math
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from edge_sched.auditing.intake import Subject
from edge_sched.model.client import Client
from edge_sched.model.latency import PERCENTILES
from edge_sched.model.latency import Percentile
from edge_sched.store.cache import Key
from edge_sched.store.reader import key_of

Name = TypeVar('Name', bound=Hashable)


class Demand(NamedTuple):
    """What servers ask of one client.

    :param servers: how many name it
    :param budget_ms: the smallest latency budget of theirs, ``None`` if none
        has one
    :param percentile: that it is judged by
    """

    servers: int = 0
    budget_ms: float | None = None
    percentile: Percentile = PERCENTILES[0]

    def also(
        self, budget_ms: float | None, percentile: Percentile
    ) -> 'Demand':
        """With what else is asked, the stricter of both."""
        asked = Demand(self.servers, budget_ms, percentile)
        return min(self, asked, key=_strictness)


def _strictness(demand: Demand) -> tuple[float, int]:
    budget_ms = demand.budget_ms
    return (
        math.inf if budget_ms is None else budget_ms,
        -PERCENTILES.index(demand.percentile),
    )


class Demands:
    """What servers ask of clients, places by their sites.

    What is kept grows with what is asked, and not with who asks.
    """

    def __init__(self, subjects: Iterable[Subject]) -> None:
        #: The strictest that is asked of each.
        self._asked: dict[Key, Demand] = {}
        #: How many servers ask for the same clients.
        self._alike = collections.Counter[frozenset[Key]]()
        for subject in subjects:
            asks = Demand(percentile=subject.intent.percentile)
            keys = set()
            for client, budget_ms in _asked(subject):
                key = key_of(client, subject.project_id)
                _tighten(self._asked, key, asks._replace(budget_ms=budget_ms))
                keys.add(key)
            self._alike[frozenset(keys)] += 1

    @property
    def keys(self) -> Collection[Key]:
        """All clients that are asked for."""
        return self._asked.keys()

    def of_each(self) -> dict[Key, Demand]:
        """What is asked of each of them."""
        return self.by({key: (key,) for key in self._asked})

    def by(self, names: Mapping[Key, Iterable[Name]]) -> dict[Name, Demand]:
        """The same of whatever clients go by, each server counted once.

        :param names: of each client
        """
        found: dict[Name, Demand] = {}
        for key, demand in self._asked.items():
            for name in names[key]:
                _tighten(found, name, demand)
        servers = collections.Counter[Name]()
        for keys, count in self._alike.items():
            for each in {name for key in keys for name in names[key]}:
                servers[each] += count
        return {
            name: demand._replace(servers=servers[name])
            for name, demand in found.items()
        }


def _tighten(demands: dict[Name, Demand], name: Name, demand: Demand) -> None:
    """Have a demand hold as well."""
    known = demands.get(name, demand)
    demands[name] = known.also(demand.budget_ms, demand.percentile)


def _asked(subject: Subject) -> set[tuple[Client, float | None]]:
    """Whom a server must be near, and within what."""
    asked = set()
    for client, budget_ms in (
        (t.client, t.latency_budget_ms) for t in subject.intent.targets
    ):
        where = subject.places.where.get(client)
        if where is None:
            asked.add((client, budget_ms))
            continue
        for place in where.places:
            asked |= {(Client(site=s), budget_ms) for s in place.sites}
    return asked
