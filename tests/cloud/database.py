# SPDX-License-Identifier: Apache-2.0

"""The two MariaDB servers, as an administrator sees them."""

import contextlib
import os
import subprocess
from collections.abc import Sequence
from typing import Any

import pymysql

from tests.cloud import ports
from tests.cloud.layout import Layout
from tests.cloud.layout import find_program
from tests.cloud.settings import PASSWORD

#: Seconds for one statement (chosen).
TIMEOUT = 30


def install(layout: Layout, name: str) -> None:
    """Make the files of a server that has none yet."""
    data = layout.data(name)
    if (data / 'installed').exists():
        return
    user = ['--user=root'] if os.geteuid() == 0 else []
    with layout.log(name).open('ab') as log:
        subprocess.run(
            [
                find_program('mariadb-install-db'),
                '--no-defaults',
                *user,
                f'--datadir={data}',
                f'--tmpdir={layout.path("tmp")}',
                '--auth-root-authentication-method=socket',
                f'--auth-root-socket-user={_user()}',
                '--skip-test-db',
            ],
            stdout=log,
            stderr=log,
            env=layout.environment(),
            check=True,
        )
    (data / 'installed').touch()


def _user() -> str:
    return 'root' if os.geteuid() == 0 else os.environ.get('USER', 'nobody')


def execute(
    layout: Layout, name: str, *statements: str, database: str | None = None
) -> Sequence[Any]:
    """Rows of the last statement, each a dictionary.

    :param name: ``mariadb`` or ``mariadb-store``
    """
    with contextlib.closing(
        pymysql.connect(
            host=ports.HOST,
            port=layout.ports[name],
            user='root',
            password=PASSWORD,
            database=database,
            autocommit=True,
            connect_timeout=TIMEOUT,
            read_timeout=TIMEOUT,
            cursorclass=pymysql.cursors.DictCursor,
        )
    ) as connection:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()


def databases(layout: Layout, name: str) -> set[str]:
    return {row['Database'] for row in execute(layout, name, 'SHOW DATABASES')}
