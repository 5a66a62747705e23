# SPDX-License-Identifier: Apache-2.0

"""Make and upgrade the tables: ``edge-sched db sync``.

The revisions are one line, each of one phase. An ``expand`` revision only
adds, so that the release before goes on reading and writing beside it; a
``contract`` revision takes away what no release needs any more that may
still run. Two branches, as other projects have them, would leave two heads
in the version table, which the first release of this one takes for broken.
"""

import dataclasses
import itertools
import pathlib
from typing import Literal

import sqlalchemy as sa
from alembic import command
from alembic import config
from alembic import migration
from alembic import script

from edge_sched.store.engine import Database
from edge_sched.store.errors import StoreError
from edge_sched.store.schema import VERSION_TABLE
from edge_sched.store.settings import StoreSettings
from edge_sched.store.transactions import available

Phase = Literal['expand', 'contract']

_MIGRATIONS = pathlib.Path(__file__).parent / 'migrations'


class WrongOrderError(StoreError):
    """A phase that another one has to go before."""


@dataclasses.dataclass(frozen=True, slots=True)
class Revision:
    """One step of the schema.

    :param name: e.g. ``0002``
    :param what: the first line of its text
    """

    name: str
    phase: Phase
    what: str


def sync(settings: StoreSettings, phase: Phase | None = None) -> str | None:
    """Upgrade to the newest schema; a missing SQLite file is made.

    A schema that is newer than this release is left as it is.

    :param phase: only the revisions of this phase that come next
    :returns: the revision that it is at then, ``None`` if it is empty
    :raises StoreUnavailableError: if that does not work
    :raises WrongOrderError: if the next one of this phase waits for another
    """
    database = Database(settings, 'create')
    try:
        with available(), database.writing() as connection:
            revision = _revision_of(connection)
            target = _target(revision, phase)
            if target is not None and target != revision:
                alembic = _config()
                alembic.attributes['connection'] = connection
                command.upgrade(alembic, target)
            return target
    finally:
        database.dispose()


def current(settings: StoreSettings) -> str | None:
    """The revision that the database is at, e.g. ``0001``; ``None``: empty.

    :raises StoreUnavailableError: if it cannot be read
    """
    database = Database(settings, 'read')
    try:
        with available(), database.reading() as connection:
            return _revision_of(connection)
    finally:
        database.dispose()


def revisions() -> tuple[Revision, ...]:
    """All that this release knows, the oldest first."""
    newest_first = script.ScriptDirectory.from_config(
        _config()
    ).walk_revisions()
    return tuple(
        Revision(each.revision, each.module.phase, each.doc)
        for each in newest_first
    )[::-1]


def head() -> str:
    """The newest revision, which the code is written for."""
    return revisions()[-1].name


def is_newer(revision: str | None) -> bool:
    """Whether only a newer release knows a revision."""
    return revision is not None and revision not in _names()


def pending(revision: str | None) -> tuple[Revision, ...]:
    """What is still to be done at a revision; nothing at a newer one."""
    if is_newer(revision):
        return ()
    done = 0 if revision is None else _names().index(revision) + 1
    return revisions()[done:]


def _target(revision: str | None, phase: Phase | None) -> str | None:
    """Where ``sync`` goes to from a revision.

    :raises WrongOrderError: see there
    """
    to_do = pending(revision)
    steps = [
        *itertools.takewhile(lambda step: phase in (None, step.phase), to_do)
    ]
    if steps:
        return steps[-1].name
    for step in to_do:
        if step.phase == phase:
            raise WrongOrderError(
                f'{step.name} ({phase}) waits for {to_do[0].name} '
                f'({to_do[0].phase})'
            )
    return revision


def _names() -> list[str]:
    return [revision.name for revision in revisions()]


def _revision_of(connection: sa.Connection) -> str | None:
    return migration.MigrationContext.configure(
        connection, opts={'version_table': VERSION_TABLE}
    ).get_current_revision()


def _config() -> config.Config:
    alembic = config.Config()
    # A percent sign begins an interpolation there.
    path = str(_MIGRATIONS).replace('%', '%%')
    alembic.set_main_option('script_location', path)
    return alembic
