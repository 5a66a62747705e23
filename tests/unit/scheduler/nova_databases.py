# SPDX-License-Identifier: Apache-2.0

"""Nova's databases, with Nova's own tables and no rows."""

from typing import Any

import fixtures
import nova.conf
import sqlalchemy as sa
from nova import context as nova_context
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.main import api as main_db
from nova.db.main import models as main_models
from oslo_messaging.conffixture import ConfFixture


class _Database(fixtures.Fixture):
    """A database.

    :param url: of an empty one; a file of its own by default
    """

    BASE: Any

    def __init__(self, url: str | None = None) -> None:
        super().__init__()
        self._url = url

    def _setUp(self) -> None:
        folder = self.useFixture(fixtures.TempDir()).path
        self.url = self._url or f'sqlite:///{folder}/nova.sqlite'
        self.manager = main_db.create_context_manager(self.url)
        self.engine = self.manager.writer.get_engine()
        self.addCleanup(self.engine.dispose)
        self.BASE.metadata.create_all(self.engine)

    def insert(self, model: Any, *rows: dict[str, Any]) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.insert(model), list(rows))


class ApiDatabase(_Database):
    """What Nova's objects of the API database are read from meanwhile."""

    BASE = api_models.BASE

    def _setUp(self) -> None:
        super()._setUp()
        # Nova fills what it reads of a cell in with its own transport.
        self.useFixture(ConfFixture(nova.conf.CONF))
        self.addCleanup(api_db.context_manager.patch_factory(self.manager))


class CellDatabase(_Database):
    """The database of a cell."""

    BASE = main_models.BASE

    def _setUp(self) -> None:
        super()._setUp()
        #: Of who asks this cell.
        self.context = nova_context.get_admin_context()
        self.context.db_connection = self.manager
