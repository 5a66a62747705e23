# SPDX-License-Identifier: Apache-2.0

"""The look-up: all clients of a request in one statement.

Each prefix finds the stored prefixes that contain it (``packing``), each name
its own rows and those that contain the prefixes it points at; the longest at
each vantage is left. Every step goes by an index.
"""

import functools
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from edge_sched.model.latency import Answer
from edge_sched.model.latency import Latency
from edge_sched.store.cache import Key
from edge_sched.store.figures import FIGURES
from edge_sched.store.figures import to_latency
from edge_sched.store.packing import candidates
from edge_sched.store.packing import pack
from edge_sched.store.schema import ancestors
from edge_sched.store.schema import clients
from edge_sched.store.schema import heartbeats
from edge_sched.store.schema import latencies
from edge_sched.store.schema import named_prefixes
from edge_sched.store.schema import vantages

#: ``asked`` of the rows of names; a prefix has its number.
_NAMES = -1

#: How many statements are kept, by what they are for; one takes a quarter of
#: a look-up to make. Chosen: most requests have one or two clients.
_SHAPES = 8

#: No id of any row.
_NONE = sa.literal(0)


def fetch(
    connection: sa.Connection, keys: Sequence[Key], heard_since: float
) -> dict[Key, Answer]:
    """Answer each key, by one statement in all; none for no key.

    :param heard_since: collectors whose heartbeat is older are no more; UTC
        epoch seconds
    """
    if not keys:
        return {}
    prefixes = [client.prefix for client, _ in keys if client.prefix]
    named = [(client.name, owner) for client, owner in keys if client.name]
    values: dict[str, object] = {'heard_since': heard_since}
    for number, prefix in enumerate(prefixes):
        values[f'networks_{number}'] = candidates(prefix)
        values[f'last_{number}'] = pack(prefix).last
    if named:
        values['names'] = sorted({name for name, _ in named})
        values['owners'] = sorted({'', *(owner for _, owner in named)})
    select = statement(len(prefixes), bool(named))
    found = _Found(connection.execute(select, values).all())
    numbers = {prefix: number for number, prefix in enumerate(prefixes)}
    return {
        (client, owner): (
            found.of_prefix(numbers[client.prefix])
            if client.prefix
            else found.of_name(client.name or '', owner)
        )
        for client, owner in keys
    }


@functools.lru_cache(maxsize=_SHAPES)
def statement(prefix_count: int, has_names: bool) -> sa.Select[Any]:
    """The rows of every prefix and name, each with the oldest heartbeat.

    Its parameters are ``heard_since``, ``networks_0`` and ``last_0`` of each
    prefix by the number that ``asked`` has, ``names``, and the ``owners`` that
    ask for any of them: rows that another of these owns are among the result.
    """
    branches = [_containing(number) for number in range(prefix_count)]
    if has_names:
        branches += _named()
    matches = sa.union_all(*branches).cte('matches')
    place = sa.func.row_number().over(
        partition_by=(
            matches.c.asked,
            matches.c.owner_id,
            matches.c.part_id,
            latencies.c.vantage_id,
        ),
        order_by=matches.c.length.desc(),
    )
    ranked = (
        sa.select(
            matches.c.asked,
            matches.c.owner_id,
            matches.c.part_id,
            matches.c.client_id,
            latencies.c.vantage_id,
            *FIGURES,
            place.label('place'),
        )
        .select_from(
            matches.outerjoin(
                latencies, latencies.c.client_id == matches.c.client_id
            )
        )
        .subquery('ranked')
    )
    owners = clients.alias('owners')
    oldest_heartbeat = sa.select(sa.func.min(heartbeats.c.beaten_at)).where(
        heartbeats.c.beaten_at >= sa.bindparam('heard_since')
    )
    return (
        sa.select(
            oldest_heartbeat.scalar_subquery().label('heartbeat_at'),
            ranked.c.asked,
            ranked.c.part_id,
            owners.c.project_id.label('owner_project'),
            # As ``to_latency`` wants them.
            vantages.c.name.label('vantage'),
            owners.c.name.label('owner_name'),
            clients.c.network,
            clients.c.length,
            *(ranked.c[column.name] for column in FIGURES),
        )
        .select_from(
            ranked.outerjoin(vantages, vantages.c.id == ranked.c.vantage_id)
            .outerjoin(clients, clients.c.id == ranked.c.client_id)
            .outerjoin(owners, owners.c.id == ranked.c.owner_id)
        )
        .where(ranked.c.place == 1)
    )


def _match(
    asked: int,
    owner_id: sa.ColumnElement[Any],
    part_id: sa.ColumnElement[Any],
    matched: sa.FromClause | None = None,
) -> sa.Select[Any]:
    """One branch: ``matched`` is the client that has the rows, if any."""
    return sa.select(
        sa.literal(asked).label('asked'),
        owner_id.label('owner_id'),
        part_id.label('part_id'),
        (_NONE if matched is None else matched.c.id).label('client_id'),
        (_NONE if matched is None else matched.c.length).label('length'),
    )


def _containing(number: int) -> sa.Select[Any]:
    return _match(number, _NONE, _NONE, clients).where(
        clients.c.network.in_(_any_of(f'networks_{number}')),
        clients.c.last >= sa.bindparam(f'last_{number}'),
    )


def _named() -> list[sa.Select[Any]]:
    """A row for each name and each prefix it points at, and their matches."""
    owners = clients.alias('names')
    wanted = (
        owners.c.name.in_(_any_of('names')),
        owners.c.project_id.in_(_any_of('owners')),
    )
    pointers = owners.join(
        named_prefixes, named_prefixes.c.client_id == owners.c.id
    )
    containing = pointers.join(
        ancestors, ancestors.c.named_prefix_id == named_prefixes.c.id
    ).join(
        clients,
        sa.and_(
            clients.c.network == ancestors.c.network,
            clients.c.last >= named_prefixes.c.last,
        ),
    )
    part_id = named_prefixes.c.id
    return [
        _match(_NAMES, owners.c.id, _NONE, owners).where(*wanted),
        _match(_NAMES, owners.c.id, part_id)
        .select_from(pointers)
        .where(*wanted),
        _match(_NAMES, owners.c.id, part_id, clients)
        .select_from(containing)
        .where(*wanted),
    ]


def _any_of(parameter: str) -> sa.BindParameter[Any]:
    return sa.bindparam(parameter, expanding=True)


class _Found:
    """The rows of a statement, sorted by whom they are for."""

    def __init__(self, rows: Sequence[sa.Row[Any]]) -> None:
        self._prefixes: dict[int, dict[str, Latency]] = {}
        #: (name, project) -> part -> vantage -> row; part 0 is the name's own
        self._names: dict[tuple[str, str], dict[int, dict[str, Latency]]] = {}
        #: One object for equal texts, since the cache keeps many rows.
        texts: dict[object, str] = {}
        self._heartbeat_at: float | None = None
        for heartbeat_at, asked, part_id, owner_project, *row in rows:
            vantage, owner_name, *_ = row
            self._heartbeat_at = heartbeat_at
            if asked == _NAMES:
                owner = (owner_name, owner_project)
                parts = self._names.setdefault(owner, {})
                part = parts.setdefault(part_id, {})
            else:
                part = self._prefixes.setdefault(asked, {})
            if vantage is not None:
                latency = to_latency(row, texts)
                part[latency.vantage] = latency

    def of_prefix(self, number: int) -> Answer:
        parts = (self._prefixes.get(number, {}),)
        return Answer(True, parts, self._heartbeat_at)

    def of_name(self, name: str, project_id: str) -> Answer:
        """The project's own client of this name goes before the shared."""
        parts = self._names.get((name, project_id))
        if parts is None:
            parts = self._names.get((name, ''))
        if parts is None:
            return Answer(known=False)
        own = parts.get(0, {})
        pointed = [
            part | own for number, part in sorted(parts.items()) if number
        ]
        return Answer(True, tuple(pointed) or (own,), self._heartbeat_at)
