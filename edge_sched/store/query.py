# SPDX-License-Identifier: Apache-2.0

"""The look-up: all clients of a request in one statement.

Each prefix finds the stored prefixes that contain it (``packing``), each name
its own rows and those that contain the prefixes it points at; the longest at
each vantage is left. Each site finds the rows of it and those from it of other
sites: a round trip is the same from either end. Every step goes by an index.
"""

import functools
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from edge_sched.model.client import Client
from edge_sched.model.latency import DERIVED
from edge_sched.model.latency import Answer
from edge_sched.store.cache import Key
from edge_sched.store.figures import FIGURES
from edge_sched.store.figures import site_text
from edge_sched.store.found import FROM_SITES
from edge_sched.store.found import NAMES
from edge_sched.store.found import TO_SITES
from edge_sched.store.found import Found
from edge_sched.store.packing import candidates
from edge_sched.store.packing import pack
from edge_sched.store.schema import ancestors
from edge_sched.store.schema import clients
from edge_sched.store.schema import heartbeats
from edge_sched.store.schema import latencies
from edge_sched.store.schema import named_prefixes
from edge_sched.store.schema import vantages

#: How many statements are kept, by what they are for; one takes a quarter of
#: a look-up to make. Chosen: most requests have one or two clients.
_SHAPES = 8

_DERIVED: sa.ColumnClause[str] = sa.literal_column(f"'{DERIVED}'")

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
    sites = [client.site for client, _ in keys if client.site]
    values: dict[str, object] = {'heard_since': heard_since}
    for number, prefix in enumerate(prefixes):
        values[f'networks_{number}'] = candidates(prefix)
        values[f'last_{number}'] = pack(prefix).last
    if named:
        values['names'] = sorted({name for name, _ in named})
        values['owners'] = sorted({'', *(owner for _, owner in named)})
    if sites:
        values['sites'] = sorted(sites)
    select = statement(len(prefixes), bool(named), bool(sites))
    found = Found(connection.execute(select, values).all())
    numbers = {prefix: number for number, prefix in enumerate(prefixes)}

    def answer(client: Client, owner: str) -> Answer:
        if client.prefix:
            return found.of_prefix(numbers[client.prefix])
        if client.site:
            return found.of_site(client)
        return found.of_name(client.name or '', owner)

    return {key: answer(*key) for key in keys}


@functools.lru_cache(maxsize=_SHAPES)
def statement(
    prefix_count: int, has_names: bool, has_sites: bool
) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """The rows of all that is asked for, each with the oldest heartbeat.

    Its parameters are ``heard_since``, ``networks_0`` and ``last_0`` of each
    prefix by the number that ``asked`` has, ``names``, and the ``owners`` that
    ask for any of them: rows that another of these owns are among the result.
    ``sites`` are names.
    """
    branches = [_containing(number) for number in range(prefix_count)]
    if has_names:
        branches += _named()
    selects = [_longest(branches)] if branches else []
    if has_sites:
        selects += [_to_sites(), _from_sites()]
    return selects[0] if len(selects) == 1 else sa.union_all(*selects)


def _row(
    asked: sa.ColumnElement[Any],
    part_id: sa.ColumnElement[Any],
    owner_project: sa.ColumnElement[Any],
    *columns: sa.ColumnElement[Any],
) -> sa.Select[Any]:
    """A row as ``Found`` wants it.

    :param columns: as ``to_latency`` wants them
    """
    oldest_heartbeat = sa.select(sa.func.min(heartbeats.c.beaten_at)).where(
        heartbeats.c.beaten_at >= sa.bindparam('heard_since')
    )
    return sa.select(
        oldest_heartbeat.scalar_subquery().label('heartbeat_at'),
        asked.label('asked'),
        part_id.label('part_id'),
        owner_project.label('owner_project'),
        *columns,
    )


def _to_sites() -> sa.Select[Any]:
    """What was measured of the sites."""
    return (
        _row(
            sa.literal(TO_SITES),
            _NONE,
            clients.c.project_id,
            vantages.c.name,
            site_text(clients.c.site),
            clients.c.network,
            clients.c.length,
            *FIGURES,
        )
        .select_from(clients.join(latencies).join(vantages))
        .where(clients.c.site.in_(_any_of('sites')))
    )


def _from_sites() -> sa.Select[Any]:
    """What was measured of any site from these, turned round."""
    return (
        _row(
            sa.literal(FROM_SITES),
            _NONE,
            clients.c.project_id,
            clients.c.site,
            site_text(vantages.c.name),
            clients.c.network,
            clients.c.length,
            *FIGURES,
        )
        .select_from(
            vantages.join(
                latencies, latencies.c.site_vantage_id == vantages.c.id
            ).join(clients)
        )
        .where(vantages.c.name.in_(_any_of('sites')))
    )


def _longest(branches: Sequence[sa.Select[Any]]) -> sa.Select[Any]:
    """Of each vantage the row of the longest prefix that matches."""
    matches = sa.union_all(*branches).cte('matches')
    place = sa.func.row_number().over(
        partition_by=(
            matches.c.asked,
            matches.c.owner_id,
            matches.c.part_id,
            latencies.c.vantage_id,
        ),
        # What was derived counts where nothing was measured.
        order_by=(latencies.c.source == _DERIVED, matches.c.length.desc()),
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
    return (
        _row(
            ranked.c.asked,
            ranked.c.part_id,
            owners.c.project_id,
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
        _match(NAMES, owners.c.id, _NONE, owners).where(*wanted),
        _match(NAMES, owners.c.id, part_id)
        .select_from(pointers)
        .where(*wanted),
        _match(NAMES, owners.c.id, part_id, clients)
        .select_from(containing)
        .where(*wanted),
    ]


def _any_of(parameter: str) -> sa.BindParameter[Any]:
    return sa.bindparam(parameter, expanding=True)
