# SPDX-License-Identifier: Apache-2.0

"""Which servers and groups a project has, asked of each kind of database."""

from tests.functional.store import base
from tests.unit.scheduler import test_nova_internals


class MariaDBTestCase(base.MariaDB, test_nova_internals.PeerTablesTest):
    pass


class PostgreSQLTestCase(base.PostgreSQL, test_nova_internals.PeerTablesTest):
    pass
