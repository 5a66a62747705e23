# SPDX-License-Identifier: Apache-2.0

"""What the commands and the collector write with, and list what is there.

    with Writer(StoreSettings.from_conf(conf)) as writer:
        writer.set_client('vehicle-42', [parse_prefix('203.0.113.0/24')])
        writer.store_latencies(rows, progress=print)

The tables must be there (``migrate.sync``).
"""

import functools
from collections.abc import Callable, Iterable

from edge_sched.model.client import Client
from edge_sched.model.client import Prefix
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.store import candidates
from edge_sched.store import clock
from edge_sched.store import derived
from edge_sched.store import heartbeat
from edge_sched.store import measurements
from edge_sched.store import named
from edge_sched.store import reflectors
from edge_sched.store import retention
from edge_sched.store import schema
from edge_sched.store import vantages
from edge_sched.store.candidates import Candidate
from edge_sched.store.measurements import Recorded
from edge_sched.store.measurements import Stored
from edge_sched.store.measurements import StoredLatency
from edge_sched.store.named import NamedClient
from edge_sched.store.reflectors import Reflector
from edge_sched.store.retention import Remover
from edge_sched.store.settings import StoreSettings
from edge_sched.store.transactions import Transacting
from edge_sched.store.vantages import UnknownVantageError
from edge_sched.store.vantages import Vantage


class Writer(Transacting):
    """Each method is one transaction, tried again if another writer won.

    ``retain``, ``purge`` and ``delete_vantage`` are several. All of them raise
    ``StoreUnavailableError`` if the database does not do what it should, in
    which case nothing was written, but for what was deleted before.
    """

    def __init__(self, settings: StoreSettings) -> None:
        super().__init__(settings)
        self._remover = Remover(self._store.read, self._store.write)

    def store_latencies(
        self,
        rows: Iterable[NewLatency],
        progress: Callable[[int], None] = lambda done: None,
    ) -> Stored:
        """Write all rows or none; those older than what is stored are skipped.

        Of two that were measured at the same time the later one counts.
        Vantages, prefixes and sites are made as needed.

        :param progress: called with the number of rows done, every thousand;
            begins anew if the transaction does
        :raises UnknownClientError: with its line, for a name that is no
            client of its owner
        """
        every_row = list(rows)
        return self._store.write(
            lambda connection: measurements.store(
                connection, every_row, progress
            )
        )

    def record(self, rows: Iterable[NewLatency]) -> Recorded:
        """Write what a collector has read, as far as it has a place.

        Times are by the caller's clock, and become those of the database.
        Rows that are older than what is stored are skipped, those of a name
        that is no client of its owner are left out, and so are those of a
        name that was pointed elsewhere after ``address`` was probed. A few
        thousand rows a call are best.
        """
        every_row = list(rows)
        return self._store.write(
            lambda connection: measurements.record(connection, every_row)
        )

    def beat(self, collector: str) -> None:
        """Say that a collector is at work: its heartbeat is now.

        :param collector: its name, e.g. its shard ``1/1``
        """
        self._store.write(
            lambda connection: heartbeat.beat(
                connection, collector, clock.now(connection)
            )
        )

    def now(self) -> float:
        """UTC epoch seconds by the clock that all who write go by."""
        return self._store.read(clock.now)

    def skew_seconds(self) -> float:
        """How far that clock is ahead of ours; 0 if it is under a second."""
        return self._store.read(clock.ahead_seconds)

    def retain(self, older_than_seconds: float) -> int:
        """Delete rows that are older, old heartbeats, and what is unused.

        Prefixes, sites and vantages that are left without a row go, names do
        not. Many transactions, each of a few rows, so that others can write in
        between; one that fails leaves the rest for the next time.

        :returns: the number of rows
        """
        oldest = self.now() - older_than_seconds
        deleted = self._remover.delete(oldest)
        # A writer may have left some behind.
        self._remover.delete_unused(*retention.UNUSED)
        self._store.write(
            functools.partial(retention.delete_old_heartbeats, oldest=oldest)
        )
        return deleted

    def measured_prefixes(
        self, vantage: str, max_age_seconds: float
    ) -> list[tuple[Prefix, Latency]]:
        """The prefixes that were measured from there, and are not too old."""
        return self._store.read(
            lambda connection: derived.measured_prefixes(
                connection, vantage, max_age_seconds
            )
        )

    def replace_derived(
        self, vantage: str, rows: Iterable[NewLatency]
    ) -> None:
        """Have these be what is derived there, and nothing else.

        What was measured meanwhile stays as it was.
        """
        every_row = list(rows)
        self._store.write(
            lambda connection: derived.replace(connection, vantage, every_row)
        )

    def list_latencies(
        self, client: Client | None = None, vantage: str | None = None
    ) -> list[StoredLatency]:
        """Rows by client and vantage.

        :param client: only of this very prefix, or of this name or site,
            whoever owns it
        """
        return self._store.read(
            lambda connection: measurements.listed(connection, client, vantage)
        )

    def purge(
        self,
        *,
        older_than_seconds: float | None = None,
        client: Client | None = None,
        vantage: str | None = None,
    ) -> int:
        """Delete the rows that meet every condition given; all if none is.

        Prefixes, sites and vantages that are left without a row go as well,
        names do not. Many transactions; one that fails leaves the rest.

        :returns: the number of rows
        """
        oldest = None
        if older_than_seconds is not None:
            oldest = self.now() - older_than_seconds
        deleted = self._remover.delete(oldest, client, vantage)
        self._remover.delete_unused(schema.vantages)
        return deleted

    def set_client(
        self,
        name: str,
        prefixes: Iterable[Prefix],
        project_id: str | None = None,
        most: int | None = None,
    ) -> None:
        """Point a name at these prefixes; its own rows go if it moves.

        :param project_id: the owner; ``None`` or ``''`` is shared
        :param most: names that the owner may have if this is a new one
        :raises TooManyClientsError: if it has as many
        """
        every_prefix = tuple(prefixes)
        self._store.write(
            lambda connection: named.set_client(
                connection, name, every_prefix, project_id or '', most
            )
        )

    def unset_client(self, name: str, project_id: str | None = None) -> None:
        """Forget a name and its own rows.

        :raises UnknownClientError: if there is none of this owner
        """
        self._store.write(
            lambda connection: named.unset_client(
                connection, name, project_id or ''
            )
        )

    def list_clients(self, project_id: str | None = None) -> list[NamedClient]:
        """Names, by name and owner; the shared one first.

        :param project_id: only of this one, and those that are shared
        """
        return self._store.read(
            lambda connection: named.listed(connection, project_id)
        )

    def find_client(self, name: str, project_id: str) -> NamedClient | None:
        """What a project means by a name: its own, or else the shared one."""
        found = self._store.read(
            lambda connection: named.listed(connection, project_id, name)
        )
        return found[-1] if found else None

    def set_reflector(self, reflector: Reflector) -> None:
        """Have a site answer there, and no more where it did before."""
        self._store.write(
            functools.partial(reflectors.set_reflector, reflector=reflector)
        )

    def unset_reflector(self, site: str) -> None:
        """Forget where a site answers.

        :raises UnknownReflectorError: if nobody has said it
        """
        self._store.write(
            functools.partial(reflectors.unset_reflector, site=site)
        )

    def list_reflectors(self) -> list[Reflector]:
        """Every one, by site."""
        return self._store.read(reflectors.listed)

    def list_vantages(self) -> list[Vantage]:
        """Every vantage that has a row, by name."""
        return self._store.read(vantages.listed)

    def rename_vantage(
        self, old: str, new: str, *, keep: bool = False, merge: bool = False
    ) -> int:
        """Give the rows of a vantage to another name; how many there were.

        Those of the site of this name go along, whoever measured it.

        :param keep: leave them under the old name as well
        :param merge: the new name may have rows: of each client the newer
            stays
        :raises UnknownVantageError: if the old name has none
        :raises VantageTakenError: if the new name has any, or is the old one
        """
        return self._store.write(
            lambda connection: vantages.rename(
                connection, old, new, keep=keep, merge=merge
            )
        )

    def delete_vantage(self, name: str) -> int:
        """Delete a vantage and its rows; how many there were.

        :raises UnknownVantageError: if it has none
        """
        deleted = self.purge(vantage=name)
        if not deleted:
            raise UnknownVantageError(name)
        return deleted

    def list_candidates(self, vantage: str) -> list[Candidate]:
        """Every prefix that could be probed from a site, in no order."""
        return self._store.read(
            functools.partial(candidates.candidates, vantage=vantage)
        )
