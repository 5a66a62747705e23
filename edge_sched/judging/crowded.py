# SPDX-License-Identifier: Apache-2.0

"""Why no place is left that has no server of the group, for the user.

Under the same rules as every other reason: at most 180 bytes, and no place is
named or counted that the user may not know of.
"""

from edge_sched.asking.intent import Intent
from edge_sched.judging.reason import bounded
from edge_sched.judging.reason import within


def every_place(intent: Intent, known: int, detail: str) -> str:
    """That wherever the server may be there is one of its group.

    ``all 2 sites within 20 ms (p95) of 203.0.113.7 have a server of the
    group``.

    :param known: how many of these places the user may know of
    :param detail: ``none`` counts none
    """
    level = intent.spread[-1]
    if detail == 'none' or not known:
        said = f'every {level}{_near(intent, detail)} has'
    elif known == 1:
        said = f'the only {level}{_near(intent, detail)} has'
    else:
        said = f'all {known} {level}s{_near(intent, detail)} have'
    # Each has one in itself or in its zone; which of them is too long a story.
    zone = ', there or in the zone' if len(intent.spread) > 1 else ''
    return bounded(f'{said} a server of the group{zone}')


def too_few_places(
    intent: Intent, servers: int, level: str, known: int, detail: str
) -> str:
    """That there is no place for each of several new servers.

    ``3 servers, but only 2 sites within 20 ms (p95) of 203.0.113.7 without
    one of the group``.

    :param level: ``site`` or ``zone``: of which there are too few
    :param known: how many are left, of those that the user may know of
    :param detail: ``none`` counts none
    """
    if detail == 'none' or not known:
        places = f'fewer {level}s'
    else:
        places = f'only {known} {level}{"" if known == 1 else "s"}'
    near = _near(intent, detail)
    return bounded(
        f'{servers} servers, but {places}{near} without one of the group'
    )


def _near(intent: Intent, detail: str) -> str:
    """Where they are, `` within 20 ms (p95) of 203.0.113.7``, or nothing."""
    rejects = intent.reject_unknown or (intent.required and intent.has_budget)
    return f' {within(intent, detail)}' if intent.targets and rejects else ''
