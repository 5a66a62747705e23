# SPDX-License-Identifier: Apache-2.0

"""Where servers were lately, by Nova's own record of migrations.

It has the moves of everyone: of Watcher, of operators and of evacuations.
"""

import collections
import contextlib
import datetime
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from keystoneauth1 import exceptions as keystone_exc
from openstack import exceptions as sdk_exc
from oslo_utils import timeutils
from watcher.common import exception
from watcher.common import nova_helper

from edge_sched.judging.moves import PastMove
from edge_sched.model.names import normal

#: Nova's API since Queens; the first that filters migrations by time.
MICROVERSION = '2.59'

#: Of one answer, where Watcher's configuration sets none. Chosen: Nova reads
#: a page of migrations in far less.
TIMEOUT_SECONDS = 60.0

#: More are not read. Chosen: a day of a cloud that moves one server every ten
#: seconds, and a few MB.
MAX_MIGRATIONS = 10_000

#: How Nova says that a server is where it was to go. One that was reverted is
#: where it was.
_ARRIVED = frozenset({'completed', 'confirmed', 'done', 'finished'})


class PastUnknownError(Exception):
    """Why it cannot be told where servers were."""


class Migration(Protocol):
    """What is read of a migration; hosts are None before one is chosen."""

    server_id: str
    status: str
    source_compute: str | None
    dest_compute: str | None
    created_at: str
    updated_at: str | None


def read_past(since: float, site_key: str) -> dict[str, list[PastMove]]:
    """The moves of all servers that changed since then, by server.

    Two queries, of aggregates and of migrations, the latter in pages.

    :param since: UTC epoch seconds
    :param site_key: of the metadata that makes an aggregate a site
    :raises PastUnknownError: if Nova does not tell
    """
    changed = datetime.datetime.fromtimestamp(since, datetime.UTC)
    with _told():
        helper = nova_helper.NovaHelper()
        session = helper.connection.session
        session.timeout = session.timeout or TIMEOUT_SECONDS
        sites = sites_of_hosts(helper.get_aggregate_list(), site_key)
        listed: Iterable[Migration] = helper.connection.compute.migrations(
            microversion=MICROVERSION,
            changes_since=changed.strftime('%Y-%m-%dT%H:%M:%SZ'),
        )
        migrations = list(itertools.islice(listed, MAX_MIGRATIONS + 1))
    if len(migrations) > MAX_MIGRATIONS:
        raise PastUnknownError(
            f'more than {MAX_MIGRATIONS} migrations since {changed:%c}'
        )
    return past_moves(migrations, sites)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (
        sdk_exc.SDKException,
        keystone_exc.ClientException,
        exception.WatcherException,
    ) as error:
        raise PastUnknownError(f'Nova does not answer: {error}') from error


def sites_of_hosts(
    aggregates: Iterable[nova_helper.Aggregate], site_key: str
) -> dict[str, str]:
    """The site of each host; of several the first by name."""
    found: dict[str, str] = {}
    for aggregate in aggregates:
        if site := normal(aggregate.metadata.get(site_key, '')):
            for host in aggregate.hosts:
                found[host] = min(site, found.get(host, site))
    return found


def past_moves(
    migrations: Sequence[Migration], sites: Mapping[str, str]
) -> dict[str, list[PastMove]]:
    """By server; what stayed on its host, as resizes may, did not move.

    A host without a site is a place of its own.

    :raises PastUnknownError: if the hosts are hidden from us
    """
    found: dict[str, list[PastMove]] = collections.defaultdict(list)
    for migration in migrations:
        source, goal = migration.source_compute, migration.dest_compute
        arrived = migration.status in _ARRIVED
        if arrived and not (source and goal):
            raise PastUnknownError(
                'Nova hides the hosts of migrations; let this user do '
                'os_compute_api:os-migrations:index:host'
            )
        if not source or source != goal:
            found[migration.server_id].append(
                PastMove(
                    sites.get(source or '', source or ''),
                    sites.get(goal or '', goal or ''),
                    _epoch(migration.updated_at or migration.created_at),
                    arrived,
                )
            )
    return dict(found)


def _epoch(text: Any) -> float:
    """Nova's times are UTC, and do not say so."""
    moment = timeutils.normalize_time(timeutils.parse_isotime(text))
    return moment.replace(tzinfo=datetime.UTC).timestamp()
