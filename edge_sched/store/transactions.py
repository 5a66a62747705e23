# SPDX-License-Identifier: Apache-2.0

"""Work in a transaction, tried again if another writer won.

And patient reading, which nobody's request waits for.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Self, TypeVar

import sqlalchemy as sa
from oslo_db import api as db_api
from oslo_db import exception as db_exception

from edge_sched.store.engine import Database
from edge_sched.store.errors import OutrunError
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.reasons import reason
from edge_sched.store.settings import StoreSettings
from edge_sched.store.timeouts import PATIENCE_SECONDS

T = TypeVar('T')

#: What two writers at a time can do to each other, besides a deadlock: make
#: the same client, or purge the one that the other is about to use. MariaDB
#: can also find a row changed since the transaction began.
_COLLISIONS = (
    db_exception.DBDuplicateEntry,
    db_exception.DBReferenceError,
    db_exception.DBConsistencyError,
    OutrunError,
)


class Transactions:
    """Those of a service or an operator, who write.

    Both methods raise ``StoreUnavailableError`` if the database does not do
    what it should, in which case nothing was written.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self._database = Database(settings, 'write')

    def close(self) -> None:
        self._database.dispose()

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Do what writes nothing."""
        with available(), self._database.reading() as connection:
            return work(connection)

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Do it all or not at all, and more than once if need be."""
        # Chosen: 6 attempts within about 5 s; a collision takes an unlucky
        # moment, or a writer that is stuck for good.
        retry = db_api.wrap_db_retry(
            max_retries=5,
            retry_interval=0.1,
            inc_retry_interval=True,
            max_retry_interval=2,
            jitter=True,
            retry_on_deadlock=True,
            exception_checker=lambda error: isinstance(error, _COLLISIONS),
        )

        def attempt() -> T:
            with self._database.writing() as connection:
                return work(connection)

        with available():
            result: T = retry(attempt)()
            return result


class Transacting:
    """Works by transactions until it is left: ``with Wanted(settings) as w:``.

    Methods of a subclass raise ``StoreUnavailableError`` as those do.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self._store = Transactions(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        self._store.close()


@contextlib.contextmanager
def available() -> Iterator[None]:
    """Turn what databases and drivers raise into ``StoreUnavailableError``."""
    try:
        yield
    except (db_exception.DBError, sa.exc.SQLAlchemyError, ImportError) as e:
        raise StoreUnavailableError(reason(e)) from e


@contextlib.contextmanager
def patiently_reading(settings: StoreSettings) -> Iterator[sa.Connection]:
    """A connection of its own, for what no request waits for.

    :raises StoreUnavailableError: if it cannot be read in time
    """
    patient = dataclasses.replace(settings, timeout_seconds=PATIENCE_SECONDS)
    database = Database(patient, 'read')
    try:
        with available(), database.reading() as connection:
            yield connection
    finally:
        database.dispose()
