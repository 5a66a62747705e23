# SPDX-License-Identifier: Apache-2.0

"""What a user is told whose client nobody measured.

It hangs on what the operator permits, on how full the list is, and on what the
user's own project has asked for: another project's asking shows in none of it.
That a client *is* measured anybody can see, as ever; who asked for it nobody.
"""

import math
from typing import NamedTuple

from edge_sched.wanted.admission import share_of
from edge_sched.wanted.progress import ANSWER_SECONDS

#: An auditor that has not looked after the list for so long is none. Chosen:
#: the longest interval, and as much again.
ALIVE_SECONDS = 120.0

#: Whoever has asked for less is not told of silence: where nobody asked before
#: it takes so long to find out, and he would learn that somebody did. Chosen:
#: the three rounds of twelve sites, and one more.
_SILENCE_SECONDS = 4 * ANSWER_SECONDS

#: Seconds are said in steps of so many.
_STEP = 5


class Said(NamedTuple):
    """What follows ``no usable latency data for ...``.

    :param words: ``''`` for nothing
    :param retry_seconds: when to try again, of one that is being measured
    """

    words: str = ''
    retry_seconds: int | None = None


NOTHING = Said()
SILENT = Said(' (it answers no probe)')


def words(
    client: str,
    *,
    beaten_ago: float,
    places: int,
    own: int,
    max_clients: int,
    asked_ago: float | None,
    silent: bool,
    retry_seconds: float,
) -> Said:
    """What a user is told of one client.

    ``: 203.0.113.0/24 is being measured, try again in 15 s``

    :param client: as it is measured
    :param beaten_ago: when an auditor last looked after the list, in seconds
    :param places: how many are left
    :param own: how many the project has
    :param max_clients: how many there are
    :param asked_ago: since when the project asks for it, in seconds, ``None``
        if it does not
    :param silent: whether it has been probed and answered nothing
    :param retry_seconds: how long a client takes
    """
    if abs(beaten_ago) > ALIVE_SECONDS:
        return NOTHING
    if asked_ago is None:
        if not places or own >= share_of(max_clients):
            return NOTHING
    elif silent and asked_ago >= _SILENCE_SECONDS:
        return SILENT
    seconds = max(_STEP, math.ceil(retry_seconds / _STEP) * _STEP)
    said = f': {client} is being measured, try again in {seconds} s'
    return Said(said, seconds)
