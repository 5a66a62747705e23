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
import urllib.parse
from collections.abc import Collection, Mapping, Sequence

from edge_sched.scheduler.narrowing.placement import Query
from edge_sched.scheduler.narrowing.placement import RefusedQueryError
from edge_sched.scheduler.narrowing.placement import member_of

#: Chosen: more are found sooner by Nova's query.
MOST_SAMPLED = 5

#: How many hosts are looked at for each that is found. Chosen: where a third
#: of the hosts have room three are found nine times of ten.
_TRIES = 5

#: Parameters of a query that one provider alone may meet.
_OF_ONE_HOST = frozenset(
    ('limit', 'member_of', 'required', 'resources', 'root_required')
)


def find_some(
    query: Query,
    aggregates: Sequence[str],
    hosts: Collection[str],
    enough: int,
) -> list[str] | None:
    """Names of so many hosts of some aggregates that have room.

    :param hosts: those that are looked at
    :return: fewer if that takes longer than to ask for all, none if more is
        asked than a host has by itself, like a device; ``None`` if Placement
        does not answer
    :raises RefusedQueryError: if Placement does not take the query
    """
    asked = urllib.parse.parse_qs(query.texts[0])
    if 'resources' not in asked or asked.keys() - _OF_ONE_HOST:
        return []
    amounts = [each.split(':') for each in asked['resources'][0].split(',')]
    terms = {'member_of': asked.get('member_of', [])}
    if traits := asked.get('required', []) + asked.get('root_required', []):
        terms['required'] = [','.join(traits)]
    matching = query.get(
        f'/resource_providers?{urllib.parse.urlencode(terms, doseq=True)}'
        f'{member_of(*aggregates)}',
        len(aggregates),
    )
    if matching is None:
        return None
    provider_of = _providers(matching['resource_providers'])
    picked = [host for host in hosts if host in provider_of]
    random.shuffle(picked)
    found: list[str] = []
    for tried, host in enumerate(picked):
        if len(found) == enough or tried == _TRIES * (len(found) + 1):
            break
        path = f'/resource_providers/{provider_of[host]}'
        try:
            has = query.get(f'{path}/inventories')
            used = has and query.get(f'{path}/usages')
        except RefusedQueryError:
            # Gone since it was listed.
            continue
        if not has or not used:
            return None
        if all(
            name in has['inventories']
            and _has_room(
                has['inventories'][name],
                used['usages'].get(name, 0),
                int(amount),
            )
            for name, amount in amounts
        ):
            found.append(host)
    return found


def _providers(listed: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The UUIDs of hosts by name, if they are themselves what has resources.

    Their nodes may be known by full names.
    """
    roots = [e for e in listed if e['uuid'] == e['root_provider_uuid']]
    short = {each['name'].partition('.')[0]: each['uuid'] for each in roots}
    return short | {each['name']: each['uuid'] for each in roots}


def _has_room(inventory: Mapping[str, float], used: int, amount: int) -> bool:
    """Whether so much is left, as Placement reckons it."""
    capacity = inventory['total'] - inventory['reserved']
    return (
        used + amount <= capacity * inventory['allocation_ratio']
        and inventory['min_unit'] <= amount <= inventory['max_unit']
        and amount % inventory['step_size'] == 0
    )
