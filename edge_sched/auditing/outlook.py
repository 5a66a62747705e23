# SPDX-License-Identifier: Apache-2.0

"""What is asked, judged at all sites of a cell: once for all who ask alike."""

import collections
import dataclasses
import time
from collections.abc import (
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
    Set,
)

import nova.conf

from edge_sched.auditing.intake import Subject
from edge_sched.conf.policy import policy_of
from edge_sched.judging.decision import Decision
from edge_sched.judging.decision import decide
from edge_sched.judging.standing import best_first
from edge_sched.model import keys
from edge_sched.model.latency import DERIVED
from edge_sched.model.latency import Answer
from edge_sched.model.latency import is_fresh
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.topology import Area
from edge_sched.scheduler.topology.topology import Topology
from edge_sched.store.cache import Key
from edge_sched.store.reader import Reader
from edge_sched.store.reader import key_of

CONF = nova.conf.CONF

#: Who see the same, and what the store is to be asked for.
_Group = tuple[frozenset[Key], list[Subject]]

#: Stands for all places that nothing was measured from.
_UNMEASURED = Location((), '', '')


@dataclasses.dataclass(frozen=True, slots=True)
class Outlook:
    """A decision on a cell.

    :param measured: vantages with any row for it
    :param best_first: locations with a site, that would be accepted
    :param unmeasured: clients that nobody has measured lately
    :param clients: all who are asked for
    """

    decision: Decision[Location]
    measured: frozenset[str]
    best_first: Sequence[Location]
    unmeasured: Sequence[Key]
    clients: Sequence[Key] = ()

    def judged_as(self, location: Location) -> Location:
        """What the decision knows a location by."""
        known = location in self.decision.verdicts
        return location if known else _UNMEASURED


class Outlooks:
    """Makes them, for many servers at once.

    :param store: is asked for no more than a request may ask for, at once
    """

    def __init__(self, store: Reader, topology: Topology) -> None:
        self._store = store
        self._topology = topology
        self._policy = policy_of(CONF)
        self._areas_in = collections.defaultdict(list)
        for area in topology.areas(frozenset()):
            self._areas_in[area.cell].append(area)

    def of(
        self, subjects: Iterable[Subject]
    ) -> Iterator[tuple[Outlook, Sequence[Subject]]]:
        """What each sees, those together that see the same.

        :raises StoreUnavailableError: if the store cannot be asked
        """
        alike = collections.defaultdict(list)
        for subject in subjects:
            alike[_asked(subject)].append(subject)
        groups = [
            (frozenset(_keys(group[0])), group) for group in alike.values()
        ]
        # Those of the same clients are together: each is looked up once.
        groups.sort(key=lambda each: hash(each[0]))
        for batch in _batches(groups):
            wanted = frozenset[Key]().union(*(keys for keys, _ in batch))
            found = self._store.answers(list(wanted))
            for _, group in batch:
                yield self._make(group[0], found), group

    def _make(self, subject: Subject, found: Mapping[Key, Answer]) -> Outlook:
        intent, places, now = subject.intent, subject.places, time.time()
        of_client = {key[0]: found[key] for key in _keys(subject)}
        answers = {
            client: places.answer(client, of_client, now)
            for client in intent.clients
        }
        measured = frozenset[str]().union(
            *(rows for a in answers.values() for rows in a.parts)
        )
        areas = [
            area
            for area in self._areas(subject.cell, measured)
            if not measured.isdisjoint(area.location.chain)
        ]
        chains = {area.location: area.location.chain for area in areas}
        chains[_UNMEASURED] = ()
        decision = decide(intent, answers, chains, self._policy, now)
        at_sites = dict.fromkeys(a.location for a in areas if a.site)
        ranked = best_first(decision.verdicts, at_sites)
        key_of_each = {
            client: key_of(client, subject.project_id) for client in answers
        }
        unmeasured = [
            key_of_each[client]
            for client, answer in answers.items()
            if not is_measured(answer, now, self._policy.max_age_seconds)
        ]
        clients = [*key_of_each.values()]
        return Outlook(decision, measured, ranked, unmeasured, clients)

    def _areas(self, cell: str, measured: frozenset[str]) -> Sequence[Area]:
        """Those of a cell, hosts apart that were measured by their names."""
        if not self._topology.locator.own_names & measured:
            return self._areas_in[cell]
        areas = self._topology.areas(measured)
        return [area for area in areas if area.cell == cell]


def is_measured(answer: Answer, now: float, max_age_seconds: float) -> bool:
    """Whether anybody has measured a client lately."""
    return any(
        is_fresh(row.age_seconds(now), max_age_seconds)
        for rows in answer.parts
        for row in rows.values()
        if row.source != DERIVED
    )


def _asked(subject: Subject) -> Hashable:
    """What is the same for all who see the same."""
    where = subject.places.where
    return (
        subject.intent,
        subject.cell,
        tuple(
            where.get(client, key_of(client, subject.project_id)[1])
            for client in subject.intent.clients
        ),
    )


def _keys(subject: Subject) -> list[Key]:
    """What the store is asked for."""
    clients = subject.places.measured_as(subject.intent.clients)
    return [key_of(client, subject.project_id) for client in clients]


def _batches(groups: Iterable[_Group]) -> Iterator[list[_Group]]:
    """Such as are looked up together: what is in memory is bounded so."""
    batch: list[_Group] = []
    together: Set[Key] = frozenset()
    for wanted, group in groups:
        if batch and len(together | wanted) > keys.MAX_CLIENTS:
            yield batch
            batch, together = [], frozenset()
        batch.append((wanted, group))
        together |= wanted
    if batch:
        yield batch
