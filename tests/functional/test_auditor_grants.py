# SPDX-License-Identifier: Apache-2.0

"""The auditor as the user that the guide makes for it, on a real MariaDB."""

import pathlib
import re

import sqlalchemy as sa

from edge_sched.store import migrate
from edge_sched.store.settings import StoreSettings
from edge_sched.store.standings import read_standings
from tests.functional.process import ROOT
from tests.functional.store import servers
from tests.functional.test_auditor_process import PATIENCE_SECONDS
from tests.functional.test_auditor_process import AuditorProcessTestCase

_GUIDE = ROOT / 'doc' / 'source' / 'admin' / 'is-it-good.rst'
_DATABASES = 'nova_api', 'nova_cell1', 'edge_sched'
_USER = "'edge_sched_audit'@'%'"

#: What a template of a cell becomes, from [database] connection.
_TEMPLATE = (
    '{scheme}://{username}:{password}@{hostname}:{port}/nova_cell1?{query}'
)


def grants() -> list[str]:
    """The statements of the guide."""
    block = re.search(
        r':name: audit-grants\n\n((?: +.*\n)+)', _GUIDE.read_text()
    )
    assert block
    return [line.strip().rstrip(';') for line in block[1].splitlines()]


class AuditorGrantsTest(AuditorProcessTestCase):
    def setUp(self) -> None:
        try:
            self.server = servers.server('mariadb')
        except servers.NotInstalledError as error:
            self.skipTest(str(error))
        for database in _DATABASES:
            self.execute(f'CREATE DATABASE {database}')
            self.addCleanup(self.execute, f'DROP DATABASE {database}')
        super().setUp()
        migrate.sync(StoreSettings(self.server.url('edge_sched')))
        for statement in grants():
            self.execute(statement)
        self.addCleanup(self.execute, f'DROP USER {_USER}')
        self.execute(
            f"UPDATE nova_api.cell_mappings SET database_connection = '"
            f"{_TEMPLATE}'"
        )
        url = sa.make_url(self.server.url('')).set(
            username='edge_sched_audit', password='OTHER_SECRET'
        )
        urls = {
            name: url.set(database=name).render_as_string(False)
            for name in _DATABASES
        }
        pathlib.Path(self.nova_conf).write_text(
            f'[api_database]\nconnection = {urls["nova_api"]}\n'
            f'[database]\nconnection = {urls["nova_cell1"]}\n'
        )
        self.settings = StoreSettings(urls['edge_sched'])
        self.configure()

    def database_urls(self) -> tuple[str, str]:
        return self.server.url('nova_api'), self.server.url('nova_cell1')

    def execute(self, statement: str) -> None:
        engine = sa.create_engine(self.server.url('mysql'))
        with engine.begin() as connection:
            connection.exec_driver_sql(statement.replace('%', '%%'))
        engine.dispose()

    def test_they_are_enough_and_none_is_too_much(self) -> None:
        # The one server is unknown: nothing was measured.
        for _ in range(2):
            self.assertEqual(0, self.start('--once').wait(PATIENCE_SECONDS))
            self.wait_for('1 servers: 0 within, 0 over, 1 unknown')
        self.assertEqual(1, len(read_standings(self.settings)))
        for line in grants()[1:]:
            with self.subTest(line):
                revoked = line.replace('GRANT', 'REVOKE').replace(
                    ' TO ', ' FROM '
                )
                self.execute(revoked)
                status = self.start('--once').wait(PATIENCE_SECONDS)
                log = self.log_path.read_text()
                self.assertIn('denied', log)
                self.assertEqual(0 if 'cell' in line else 1, status)
                self.execute(line)
