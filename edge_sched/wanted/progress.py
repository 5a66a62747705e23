# SPDX-License-Identifier: Apache-2.0

"""What becomes of a client on the list next: who probes it, and when is done.

Sites probe it in rounds, each of those that the last one's answers lead to.
Once no site could be nearer the nearest go on, for as long as it is wanted.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from edge_sched.wanted.descent import next_sites

State = Literal['probing', 'measured', 'silent']
STATES: tuple[State, ...] = get_args(State)

#: A site that has sent nothing for so long has heard nothing. Chosen: two
#: turns of a collector, and one of a prober, by default.
ANSWER_SECONDS = 60.0

#: So many sites go on probing. Chosen: as many as a required budget and two
#: that are full leave of a handful.
KEPT_SITES = 6

#: Whoever answered nothing is tried again so much later. Chosen: a phone is
#: switched on within a quarter of an hour, or is not.
SILENT_SECONDS = 900.0

#: The nearest are looked for anew so often: paths change over weeks (chosen).
CHOSEN_SECONDS = 86_400.0


class Sought(NamedTuple):
    """How far it is with a client.

    :param sites: who probes it, and since when, as are all times in seconds
    :param done_at: when they were chosen, ``None`` while they are not
    """

    state: State
    sites: Mapping[str, float]
    done_at: float | None = None


class Step(NamedTuple):
    """What changes.

    :param add: sites that begin to probe
    :param drop: sites that end
    """

    state: State
    add: Sequence[str] = ()
    drop: Sequence[str] = ()


def is_due(sought: Sought, now: float, sites: Collection[str]) -> bool:
    """Whether there may be something to do."""
    # What is from the future counts as old: the clock was set back.
    since_seconds = abs(now - (sought.done_at or 0.0))
    match sought.state:
        case 'probing':
            return True
        case 'silent':
            return since_seconds > SILENT_SECONDS
        case _:
            left = not sought.sites.keys().isdisjoint(sites)
            return since_seconds > CHOSEN_SECONDS or (bool(sites) and not left)


def step(
    sought: Sought,
    now: float,
    sites: Sequence[str],
    mesh_ms: Mapping[tuple[str, str], float],
    heard_ms: Mapping[str, float],
    near: Sequence[str] = (),
) -> Step | None:
    """What to do next, ``None`` for to wait.

    :param sites: those that probe
    :param heard_ms: the medians that were measured of late, from anywhere;
        ``inf`` where probes were lost
    :param near: sites that are likely to be near, the nearest first
    """
    if not is_due(sought, now, sites):
        return None
    if sought.state != 'probing':
        gone = [site for site in sought.sites if site not in sites]
        return Step('probing', drop=gone)
    measured_ms = {
        site: rtt_ms
        for site, rtt_ms in heard_ms.items()
        if site in sites or site in sought.sites
    }
    for site, since in sought.sites.items():
        if site in measured_ms:
            continue
        if site in sites and abs(now - since) < ANSWER_SECONDS:
            return None
        measured_ms[site] = math.inf
    if not sites:
        return None
    following = next_sites(sites, mesh_ms, measured_ms, near)
    add = tuple(site for site in following if site not in sought.sites)
    if add:
        return Step('probing', add)
    return _done(sought, sites, measured_ms)


def _done(
    sought: Sought, sites: Sequence[str], measured_ms: Mapping[str, float]
) -> Step:
    """Have the nearest go on."""
    answered = sorted(
        (rtt_ms, site)
        for site, rtt_ms in measured_ms.items()
        if rtt_ms < math.inf and site in sites
    )
    kept = [site for _, site in answered[:KEPT_SITES]]
    return Step(
        'measured' if kept else 'silent',
        tuple(site for site in kept if site not in sought.sites),
        tuple(site for site in sought.sites if site not in kept),
    )
