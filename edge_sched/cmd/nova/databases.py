# SPDX-License-Identifier: Apache-2.0

"""What a command says if Nova's databases cannot be used."""

import contextlib
from collections.abc import Iterator

import sqlalchemy as sa
from oslo_db import exception as db_exception

from edge_sched.store.reasons import reason


class NovaDatabaseError(Exception):
    """Why not, in one line for an operator."""


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn what the databases raise into ``NovaDatabaseError``."""
    try:
        yield
    except (db_exception.DBError, sa.exc.SQLAlchemyError) as error:
        raise NovaDatabaseError(
            f"Nova's database cannot be used: {reason(error)}"
        ) from error
