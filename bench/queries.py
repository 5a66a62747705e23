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

"""Which SQL statements something sends, to any database."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

#: What oslo.db sends around a query: whether the connection that it took
#: from the pool is alive, and on SQLite the begin of the transaction.
_AROUND = ('SELECT 1', 'BEGIN')


class Statement(NamedTuple):
    """What the driver was given."""

    text: str
    parameters: Any


def count(run: Callable[[], object]) -> int:
    """Run something and count the statements that ask or tell something."""
    return len(sent(run))


def sent(run: Callable[[], object]) -> list[Statement]:
    """Run something; the statements that ask or tell something."""
    with _recorded() as statements:
        run()
    return [
        statement
        for statement in statements
        if statement.text.strip().upper() not in _AROUND
    ]


@contextlib.contextmanager
def _recorded() -> Iterator[list[Statement]]:
    statements: list[Statement] = []

    def record(
        connection: Any, cursor: Any, text: str, parameters: Any, *rest: Any
    ) -> None:
        statements.append(Statement(text, parameters))

    sa.event.listen(sa.Engine, 'before_cursor_execute', record)
    try:
        yield statements
    finally:
        sa.event.remove(sa.Engine, 'before_cursor_execute', record)
