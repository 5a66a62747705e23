# SPDX-License-Identifier: Apache-2.0

"""Connections: an own engine, and bounds on every wait for it.

Inside nova-scheduler oslo.db fills each option that is not passed from Nova's
``[database]``: ``slave_connection`` would send our queries to Nova's replica,
``max_retries`` would sleep 100 s under a lock. So every option is passed.
"""

import contextlib
import math
import os
import threading
import urllib.parse
from collections.abc import Iterator
from typing import Any, Literal

import sqlalchemy as sa
from oslo_db.sqlalchemy import enginefacade

from edge_sched.store import timeouts
from edge_sched.store.schema import vantages
from edge_sched.store.settings import StoreSettings

#: ``read`` neither writes nor makes a missing file, ``write`` makes none
#: either, ``create`` does.
Access = Literal['read', 'write', 'create']

#: To be written by its owner, and read by the scheduler, by its group.
_FILE_MODE = 0o640

_SQLITE_MODES = {'read': 'ro', 'write': 'rw', 'create': 'rwc'}


@enginefacade.transaction_context_provider
class _Context:
    """What oslo.db keeps a transaction in; one for each."""


class Database:
    """The store's database; nothing is opened before it is used.

    SQLite keeps its rollback journal, not WAL: a WAL reader must write a
    shared-memory file beside the database, and the scheduler's user may
    neither write there nor own the file. A reader meets a lock only while a
    commit is flushed, since a writer keeps its pages in memory until then.
    """

    def __init__(self, settings: StoreSettings, access: Access) -> None:
        self._settings = settings
        self._access = access
        self._lock = threading.Lock()
        self._facade: Any = None

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection in a transaction that is rolled back."""
        reader = self.facade().reader.connection
        with reader.using(_Context()) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A connection in a transaction that is committed at the end."""
        writer = self.facade().writer.connection
        with writer.using(_Context()) as connection:
            if self._access == 'write' and connection.dialect.name == 'sqlite':
                # Lock first: a reader that goes on to write is not let wait
                # for another writer, since each might wait for the other.
                connection.execute(sa.delete(vantages).where(sa.false()))
            yield connection

    def engine(self) -> sa.Engine:
        """The engine; made, but not connected, if it was not there."""
        engine: sa.Engine = self.facade().writer.get_engine()
        return engine

    def dispose(self, *, close: bool = True) -> None:
        """Let go of the connections.

        :param close: false in the child of a fork, to which they do not
            belong
        """
        # Without the lock: in the child of a fork nobody may be left to
        # release it.
        facade = self._facade
        if facade is not None and facade.is_started:
            facade.writer.get_engine().dispose(close=close)

    def facade(self) -> Any:
        """Of oslo.db, made at the first call; a bad URL is found then."""
        with self._lock:
            if self._facade is None:
                self._facade = self._make_facade()
            return self._facade

    def _make_facade(self) -> Any:
        facade = enginefacade.transaction_context()
        url = self._settings.url
        if self._access == 'create':
            _make_file(url)
        url = _url(url, self._access)
        facade.configure(**_options(self._settings, url))
        reading = self._access == 'read'
        seconds = (
            self._settings.timeout_seconds
            if reading
            else timeouts.WRITER_SECONDS
        )
        facade.append_on_engine_create(
            lambda engine: timeouts.install(engine, seconds, reading)
        )
        return facade


def _make_file(url: sa.URL) -> None:
    """Make an SQLite file that is not there, for its users only.

    They are those of its folder: SQLite would let everybody read whom the
    cloud serves, and where. It gives its journal the same permissions. What
    cannot be made is left to it, which says why.
    """
    if not _is_file(url):
        return
    path = str(url.database)
    with contextlib.suppress(OSError):
        made = os.open(path, os.O_CREAT | os.O_EXCL, _FILE_MODE)
        try:
            # Whatever the umask is.
            os.fchmod(made, _FILE_MODE)
            folder = os.stat(os.path.dirname(path) or '.')
            # The owner too, if root makes it for a service.
            owner = -1 if os.geteuid() else folder.st_uid
            os.fchown(made, owner, folder.st_gid)
        finally:
            os.close(made)


def _is_file(url: sa.URL) -> bool:
    """Whether it is SQLite, and the database a path."""
    database = url.database or ':memory:'
    return (
        url.get_backend_name() == 'sqlite'
        and database != ':memory:'
        and not database.startswith('file:')
    )


def _url(url: sa.URL, access: Access) -> sa.URL:
    backend = url.get_backend_name()
    if backend == 'sqlite' and url.database not in (None, '', ':memory:'):
        path = str(url.database)
        if not path.startswith('file:'):
            path = 'file:' + urllib.parse.quote(path)
        return url.set(database=path).update_query_dict(
            {'mode': _SQLITE_MODES[access], 'uri': 'true'}
        )
    if backend in ('mysql', 'mariadb') and 'charset' not in url.query:
        # oslo.db's own default is the three-byte utf8.
        return url.update_query_dict({'charset': 'utf8mb4'})
    return url


def _options(settings: StoreSettings, url: sa.URL) -> dict[str, Any]:
    """Every option of oslo.db's engine facade, none left to ``[database]``."""
    return {
        'connection': url.render_as_string(hide_password=False),
        # Not None, which would be filled in; an empty one is none.
        'slave_connection': '',
        'asyncio_connection': '',
        'asyncio_slave_connection': '',
        'sqlite_fk': True,
        'sqlite_synchronous': True,
        'mysql_sql_mode': 'TRADITIONAL',
        'mysql_wsrep_sync_wait': None,
        'connection_recycle_time': 3600,
        'connection_debug': 0,
        'connection_trace': False,
        'connection_parameters': '',
        'max_pool_size': settings.max_pool_size,
        'max_overflow': settings.max_overflow,
        # oslo.db's SQLite has no pool, and refuses a timeout of it.
        'pool_timeout': (
            None
            if url.get_backend_name() == 'sqlite'
            else math.ceil(settings.timeout_seconds)
        ),
        # No attempt when the engine is made, so no sleep between two.
        'max_retries': 0,
        'retry_interval': 0,
        'thread_checkin': True,
        'json_serializer': None,
        'json_deserializer': None,
        'logging_name': 'edge_sched',
        'expire_on_commit': False,
        'synchronous_reader': True,
    }
