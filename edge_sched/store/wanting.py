# SPDX-License-Identifier: Apache-2.0

"""How it is with the list, and with one client that a project is refused for.

What is said of a client hangs on the project's own asking: whether another one
has asked for it makes no difference.
"""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from edge_sched.model.client import Prefix
from edge_sched.store import clock
from edge_sched.store.packing import pack
from edge_sched.store.schema import wanted
from edge_sched.store.schema import wanted_asks
from edge_sched.store.schema import wanting
from edge_sched.store.upsert import insert_missing

#: So many clients that were measured last say how long the next will take.
#: Chosen: enough for a ninth decile.
_RECENT = 20

#: What it takes while nobody knows (chosen).
DEFAULT_RETRY_SECONDS = 60.0

#: The id of the one row.
_THE_ROW = 1


class Question(NamedTuple):
    """Of which client, and for which project.

    :param prefix: as it is wanted, ``203.0.113.0/24``
    """

    prefix: Prefix
    project_id: str


class Wanting(NamedTuple):
    """The list, and what of it is the project's.

    :param beaten_at: when an auditor last looked after it, UTC epoch seconds
    :param places: how many are left
    :param retry_seconds: how long a client takes
    :param own: how many places the project has
    :param since: since when it asks for this client, ``None`` if it does not
    :param state: how far it is with that, ``None`` if the project does not ask
    """

    beaten_at: float
    places: int
    retry_seconds: float
    own: int
    since: float | None
    state: str | None


def fetch(
    connection: sa.Connection, questions: Sequence[Question]
) -> dict[Question, Wanting | None]:
    """Answer each by one statement; ``None`` if nobody keeps a list."""
    found: dict[Question, Wanting | None] = {}
    for question in questions:
        packed = pack(question.prefix)
        row = connection.execute(
            _STATEMENT,
            {
                'network': packed.network,
                'last': packed.last,
                'project_id': question.project_id,
            },
        ).first()
        found[question] = None if row is None else Wanting(*row)
    return found


_own = (
    sa.select(sa.func.count())
    .select_from(wanted_asks)
    .where(wanted_asks.c.project_id == sa.bindparam('project_id'))
    .scalar_subquery()
)
_asked = (
    sa.select(wanted_asks.c.since, wanted.c.state)
    .join(wanted, wanted.c.id == wanted_asks.c.wanted_id)
    .where(
        wanted.c.network == sa.bindparam('network'),
        wanted.c.last == sa.bindparam('last'),
        wanted_asks.c.project_id == sa.bindparam('project_id'),
    )
    .subquery()
)
_STATEMENT = sa.select(
    wanting.c.beaten_at,
    wanting.c.places,
    wanting.c.retry_seconds,
    _own,
    _asked.c.since,
    _asked.c.state,
).select_from(wanting.outerjoin(_asked, sa.true()))


def beat(connection: sa.Connection, max_clients: int) -> None:
    """Say that somebody looks after the list, and how it is."""
    now = clock.now(connection)
    lock(connection)
    count = connection.scalar(sa.select(sa.func.count(wanted_asks.c.since)))
    took = connection.scalars(
        sa.select(wanted.c.done_at - wanted.c.wanted_at)
        .where(wanted.c.state == 'measured', wanted.c.done_at.is_not(None))
        .order_by(wanted.c.done_at.desc())
        .limit(_RECENT)
    ).all()
    connection.execute(
        sa.update(wanting).values(
            beaten_at=now,
            places=max(0, max_clients - (count or 0)),
            retry_seconds=_ninth_decile(took),
        )
    )


def _ninth_decile(took_seconds: Sequence[float]) -> float:
    if not took_seconds:
        return DEFAULT_RETRY_SECONDS
    ordered = sorted(took_seconds)
    return max(0.0, ordered[-(-9 * len(ordered) // 10) - 1])


def lock(connection: sa.Connection) -> None:
    """Have two auditors come one after the other."""
    row = {
        'id': _THE_ROW,
        # Nobody has said yet that he looks after the list.
        'beaten_at': 0.0,
        'places': 0,
        'retry_seconds': DEFAULT_RETRY_SECONDS,
    }
    insert_missing(connection, wanting, ('id',), [row])
    connection.execute(sa.select(wanting.c.id).with_for_update()).all()
