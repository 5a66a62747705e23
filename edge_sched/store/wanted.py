# SPDX-License-Identifier: Apache-2.0

"""Clients that are asked for and were not measured: a bounded list.

    with Wanted(StoreSettings.from_conf(conf)) as wanted:
        for target in wanted.targets('lyon'):
            ...

The auditor keeps it; a collector reads of it whom each site is to probe.
"""

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence

from edge_sched.model.client import Prefix
from edge_sched.model.names import normal
from edge_sched.model.wanted import WantedTarget
from edge_sched.store import clock
from edge_sched.store import wanted_list
from edge_sched.store import wanted_probes
from edge_sched.store import wanted_rows
from edge_sched.store import wanting
from edge_sched.store.transactions import Transacting
from edge_sched.store.wanted_list import Entry
from edge_sched.store.wanted_probes import Change
from edge_sched.wanted.admission import Admission
from edge_sched.wanted.admission import Ask
from edge_sched.wanted.admission import Place

#: A site is noted as one that asks so often. Chosen: less than the time after
#: which it is no more counted on.
_NOTED_SECONDS = 20.0

#: A site that has not asked for so long is none that probes. Chosen: a few
#: turns of a prober.
SITE_SECONDS = 120.0

#: Whom nobody has asked for since is not wanted any more. Chosen: as long as
#: a server may be unheard of by the rounds, and a user may try again.
KEPT_SECONDS = 3600.0


class Wanted(Transacting):
    """The list; each call is one transaction.

    All of them raise ``StoreUnavailableError`` if the database does not do
    what it should, in which case nothing was written.
    """

    def targets(self, vantage: str) -> list[WantedTarget]:
        """Whom a site is to probe now, by client.

        Nobody that has not been asked for of late, though no auditor may be
        there any more to forget him. And a note that the site asks: only those
        that do are given any.
        """
        vantage = normal(vantage)
        found, heard_ago = self._store.read(
            functools.partial(
                wanted_probes.targets,
                vantage=vantage,
                asked_within_seconds=KEPT_SECONDS,
            )
        )
        if heard_ago is None or not 0 <= heard_ago < _NOTED_SECONDS:
            self._store.write(
                functools.partial(wanted_probes.hear, vantage=vantage)
            )
        return found

    def sites(self) -> list[str]:
        """The sites that ask, by name."""
        return self._store.read(
            functools.partial(wanted_probes.sites, within_seconds=SITE_SECONDS)
        )

    def want(self, asks: Sequence[Ask], max_clients: int) -> Admission:
        """Put clients on the list, as far as there are places.

        Those that have one are wanted anew. Of one that answered nothing the
        address that was named last is probed when it is tried again.
        """
        return self._store.write(
            functools.partial(
                wanted_list.want, asks=asks, max_clients=max_clients
            )
        )

    def places(self) -> dict[Place, bool]:
        """Who has a place, and whether a server stands that names it."""
        return dict(self._store.read(wanted_list.places))

    def entries(self) -> list[Entry]:
        """All clients on the list, those first that were wanted first."""
        return self._store.read(wanted_list.entries)

    def now(self) -> float:
        """UTC epoch seconds, by the clock that all times here are of."""
        return self._store.read(clock.now)

    def measured(
        self, clients: Sequence[str], max_age_seconds: float
    ) -> dict[str, dict[str, float]]:
        """What was measured of them lately: client -> vantage -> median.

        ``inf`` where the probes were lost.
        """
        return self._store.read(
            functools.partial(
                wanted_rows.measured,
                texts=clients,
                max_age_seconds=max_age_seconds,
            )
        )

    def near(self, client: str) -> list[str]:
        """The vantages that are nearest to who is beside a client."""
        return self._store.read(
            functools.partial(wanted_rows.near, client=client)
        )

    def mesh(self) -> dict[tuple[str, str], float]:
        """Medians between sites, from one to the other as it was measured."""
        return self._store.read(wanted_rows.mesh)

    def named(self) -> Iterator[list[tuple[str, Prefix]]]:
        """What names point at, and whose they are; some at a time."""
        after = 0
        while True:
            after, found = self._store.read(
                functools.partial(wanted_rows.named_after, after=after)
            )
            if not found:
                return
            yield found

    def pointed_at(
        self, names: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Sequence[Prefix]]:
        """What names point at, as projects see them.

        :param names: ``('vehicle-42', project)``
        """
        return self._store.read(
            functools.partial(wanted_rows.pointed_at, names=names)
        )

    def drop(self, places: Collection[Place]) -> None:
        """Take them off the list, and from the sites that probe them."""
        self._store.write(functools.partial(wanted_list.drop, places=places))

    def change(self, changes: Sequence[Change]) -> None:
        """Have sites begin or end to probe clients."""
        self._store.write(
            functools.partial(wanted_probes.change, changes=changes)
        )

    def expire(self, older_than_seconds: float) -> int:
        """Forget whom nobody has asked for since; how many places are free."""
        return self._store.write(
            functools.partial(
                wanted_list.expire, older_than_seconds=older_than_seconds
            )
        )

    def beat(self, max_clients: int) -> None:
        """Say that somebody looks after the list."""
        self._store.write(
            functools.partial(wanting.beat, max_clients=max_clients)
        )
