# SPDX-License-Identifier: Apache-2.0

"""Facts, which may be out of sight: no check ends in a traceback."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from oslo_upgradecheck.upgradecheck import Result

from edge_sched.status.finding import result
from edge_sched.status.finding import warning
from edge_sched.store.reasons import reason

T = TypeVar('T')


class Unseen(NamedTuple):
    """A fact that cannot be had.

    :param what: is the matter, ``the latency store cannot be read``
    :param why: of whatever was raised
    :param remedy: a sentence, or ``''``
    """

    what: str
    why: str
    remedy: str = ''


def seen(read: Callable[[], T], what: str, remedy: str = '') -> T | Unseen:
    """What was read, or why it could not be."""
    try:
        return read()
    except Exception as error:
        return Unseen(what, reason(error), remedy)


def judged(judge: Callable[..., Result], *facts: Any) -> Result:
    """The judgement, or a warning of what could not be seen."""
    unseen = [fact for fact in facts if isinstance(fact, Unseen)]
    if not unseen:
        return judge(*facts)
    what, why, remedy = unseen[0]
    blind = warning(f'Not checked: {what} ({why}). {remedy}'.rstrip())
    return result([blind], '')
