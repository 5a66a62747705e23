# SPDX-License-Identifier: Apache-2.0

"""Where the store is and how long it is waited for."""

import dataclasses
import pathlib
from typing import Self

import sqlalchemy as sa
from oslo_config import cfg

from edge_sched.store.errors import StoreUnavailableError

_EXAMPLE = 'mysql+pymysql://user:password@host/database'
_ENCODED = (
    'in a password, @ is written %40, : is %3A, / is %2F, ? is %3F and % is '
    '%25'
)


@dataclasses.dataclass(frozen=True, slots=True)
class StoreSettings:
    """The part of the configuration that the store needs.

    :param connection: an SQLAlchemy URL, e.g.
        ``sqlite:////var/lib/edge_sched/latency.sqlite``
    :param timeout_seconds: the longest that a look-up waits in all
    :param retry_after_seconds: how long a failed store is left alone
    :param cache_ttl_seconds: how long an answer is fresh; 0 keeps none
    :param max_age_seconds: how long an answer serves while the store is away
    :param outage_max_age_seconds: how long a collector counts that is no
        longer at work
    :param max_pool_size: connections that a process keeps open
    :param max_overflow: connections that it may open beyond those
    """

    # With its password, so never in a log.
    connection: str = dataclasses.field(repr=False)
    timeout_seconds: float = 2.0
    retry_after_seconds: float = 30.0
    cache_ttl_seconds: float = 10.0
    max_age_seconds: float = 900.0
    outage_max_age_seconds: float = 21_600.0
    max_pool_size: int = 2
    max_overflow: int = 10

    @property
    def url(self) -> sa.URL:
        """The connection; as a text it hides its password.

        :raises StoreUnavailableError: if it is no URL, without any part of
            it: what looks like a host or a port may be half a password
        """
        try:
            url = sa.make_url(self.connection)
        except (sa.exc.ArgumentError, ValueError):
            raise StoreUnavailableError(
                '[edge_sched_database] connection: this is no URL as in '
                f'{_EXAMPLE}; {_ENCODED}'
            ) from None
        if url.host and (
            self.connection.count('@') > 1 or '@' in (url.database or '')
        ):
            # SQLAlchemy ends the password, or the host, before it should.
            raise StoreUnavailableError(
                '[edge_sched_database] connection: there is an @ that is '
                f'none before the host; {_ENCODED}'
            )
        return url

    @property
    def sqlite_file(self) -> pathlib.Path | None:
        """The file of an SQLite store; ``None`` for any other store.

        :raises StoreUnavailableError: if the connection is no URL, or a
            database in memory, which would be gone with the process
        """
        url = self.url
        if url.get_backend_name() != 'sqlite':
            return None
        if url.database in (None, '', ':memory:'):
            raise StoreUnavailableError(
                '[edge_sched_database] connection: SQLite needs a file'
            )
        if url.database.startswith('file:'):
            return None
        return pathlib.Path(url.database)

    @classmethod
    def from_conf(cls, conf: cfg.ConfigOpts) -> Self:
        """Read ``[edge_sched]`` and ``[edge_sched_database]``.

        :param conf: with ``edge_sched.conf`` registered
        """
        return cls(
            connection=conf.edge_sched_database.connection,
            timeout_seconds=conf.edge_sched.store_timeout,
            retry_after_seconds=conf.edge_sched.store_retry_after,
            cache_ttl_seconds=conf.edge_sched.cache_ttl,
            max_age_seconds=conf.edge_sched.max_age,
            outage_max_age_seconds=conf.edge_sched.outage_max_age,
            max_pool_size=conf.edge_sched_database.max_pool_size,
            max_overflow=conf.edge_sched_database.max_overflow,
        )
