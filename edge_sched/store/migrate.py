# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Make and upgrade the tables: ``edge-sched db sync``."""

import pathlib

from alembic import command
from alembic import config
from alembic import migration
from alembic import script

from edge_sched.store.engine import Database
from edge_sched.store.schema import VERSION_TABLE
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import available

_MIGRATIONS = pathlib.Path(__file__).parent / 'migrations'


def sync(settings: StoreSettings) -> None:
    """Upgrade to the newest schema; a missing SQLite file is made.

    :raises StoreUnavailableError: if that does not work
    """
    database = Database(settings, 'create')
    try:
        with available(), database.writing() as connection:
            alembic = _config()
            alembic.attributes['connection'] = connection
            command.upgrade(alembic, 'head')
    finally:
        database.dispose()


def current(settings: StoreSettings) -> str | None:
    """The revision that the database is at, e.g. ``0001``; ``None``: empty.

    :raises StoreUnavailableError: if it cannot be read
    """
    database = Database(settings, 'read')
    try:
        with available(), database.reading() as connection:
            return migration.MigrationContext.configure(
                connection, opts={'version_table': VERSION_TABLE}
            ).get_current_revision()
    finally:
        database.dispose()


def head() -> str:
    """The newest revision, which the code is written for."""
    revision = script.ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def _config() -> config.Config:
    alembic = config.Config()
    # A percent sign begins an interpolation there.
    path = str(_MIGRATIONS).replace('%', '%%')
    alembic.set_main_option('script_location', path)
    return alembic
