# SPDX-License-Identifier: Apache-2.0

"""Why a database failed, in one line that is fit for a log."""

from edge_sched.store.errors import StoreError

#: Chosen: drivers put what matters first.
_MAX_LENGTH = 200


def reason(error: BaseException) -> str:
    """``OperationalError: unable to open database file``.

    That of the driver: the messages of SQLAlchemy and oslo.db around it carry
    the statement and its parameters, which are addresses of clients. What one
    of ours says is a reason already.
    """
    inner = error
    while True:
        below = getattr(inner, 'inner_exception', None) or getattr(
            inner, 'orig', None
        )
        if not isinstance(below, BaseException) or below is inner:
            break
        inner = below
    # PyMySQL has (2003, 'message'), psycopg2 several lines.
    text = str(inner.args[-1]) if inner.args else str(inner)
    line = ' '.join(text.split())
    if isinstance(inner, StoreError) and line:
        return line[:_MAX_LENGTH]
    name = type(inner).__name__
    return f'{name}: {line}'[:_MAX_LENGTH] if line else name
