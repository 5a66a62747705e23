# SPDX-License-Identifier: Apache-2.0

"""Some hosts of a ring that have room, picked by chance.

For Nova's own query Placement sums up what is used of all hosts of the cloud,
of each resource class: a fifth of a second at 10 000 hosts. What one host has
it looks up. So where hosts with room are many, a few of them are found sooner
one by one.

Each is one that Nova's query would find as well: it is in the aggregates, has
the traits, and has by itself all that is asked.
"""

import random
import time
import urllib.parse
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from edge_sched.scheduler.narrowing.placement import OneHost
from edge_sched.scheduler.narrowing.placement import RefusedQueryError
from edge_sched.scheduler.narrowing.placement import get

#: Chosen: more are found sooner by Nova's query.
MOST = 5

#: How many hosts are looked at for each that is found. Chosen: where a third
#: of the hosts have room three are found nine times of ten.
_TRIES = 5


def find_some(
    asked: OneHost,
    aggregates: int,
    hosts: Collection[str],
    enough: int,
    deadline: float,
) -> list[str]:
    """Names of so many hosts with room, of those that are named.

    :param aggregates: how many the query names
    :param deadline: by ``time.monotonic()``, after which nothing is asked
    :return: fewer if that takes longer than to ask for all, or if Placement
        does not answer
    :raises RefusedQueryError: if Placement does not take the query
    """

    def tell(path: str, aggregates: int = 1) -> dict[str, Any] | None:
        """What Placement says, ``None`` if it does not, or time is over."""
        if time.monotonic() > deadline:
            return None
        return get(f'/resource_providers{path}', aggregates)

    answer = tell(f'?{urllib.parse.urlencode(asked.terms)}', aggregates)
    provider_of = _providers(answer['resource_providers'] if answer else ())
    picked = [host for host in hosts if host in provider_of]
    random.shuffle(picked)
    found: list[str] = []
    for tried, host in enumerate(picked):
        if len(found) == enough or tried == _TRIES * (len(found) + 1):
            break
        path = f'/{provider_of[host]}'
        try:
            has = tell(f'{path}/inventories')
            used = has and tell(f'{path}/usages')
        except RefusedQueryError:
            # Gone since it was listed.
            continue
        if not has or not used:
            break
        if _has_room(has['inventories'], used['usages'], asked.amounts):
            found.append(host)
    return found


def _providers(listed: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The UUIDs of hosts by name, if they are themselves what has resources.

    Their nodes may be known by full names.
    """
    roots = [e for e in listed if e['uuid'] == e['root_provider_uuid']]
    short = {each['name'].partition('.')[0]: each['uuid'] for each in roots}
    return short | {each['name']: each['uuid'] for each in roots}


def _has_room(
    inventories: Mapping[str, Any],
    usages: Mapping[str, float],
    amounts: Mapping[str, int],
) -> bool:
    """Whether so much is left, as Placement reckons it."""
    return all(
        name in inventories
        and _is_left(inventories[name], usages.get(name, 0), amount)
        for name, amount in amounts.items()
    )


def _is_left(inventory: Mapping[str, float], used: float, amount: int) -> bool:
    capacity = inventory['total'] - inventory['reserved']
    return (
        used + amount <= capacity * inventory['allocation_ratio']
        and inventory['min_unit'] <= amount <= inventory['max_unit']
        and amount % inventory['step_size'] == 0
    )
