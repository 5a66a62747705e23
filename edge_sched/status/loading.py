# SPDX-License-Identifier: Apache-2.0

"""How Nova finds filters and weighers.

Classes are ``'edge_sched.scheduler.filters.EdgeLatencyFilter'`` here.
"""

from collections.abc import Sequence
from typing import Any

from oslo_upgradecheck.upgradecheck import Result

from edge_sched.status.finding import failure
from edge_sched.status.finding import result

SECTION = '[filter_scheduler]'


def load(handler: Any, names: Sequence[str]) -> list[str]:
    """Load classes as nova-scheduler does, by the same code.

    :param handler: Nova's, of filters or of weighers
    :param names: of classes, and of functions that return classes
    :raises Exception: whatever keeps nova-scheduler from starting
    """
    return [
        f'{each.__module__}.{each.__qualname__}'
        for each in handler.get_matching_classes(names)
    ]


def name_of(path: str) -> str:
    """``EdgeLatencyFilter``, which is what ``enabled_filters`` has."""
    return path.rpartition('.')[2]


def judge_unloaded(option: str, why: str, lines: Sequence[str]) -> Result:
    """What to say if the loader failed.

    :param why: what it raised
    :param lines: that set the option to Nova's classes and ours
    """
    broken = failure(
        f'nova-scheduler does not start: {option} cannot be loaded ({why}). '
        "Correct it in nova.conf; Nova's classes and ours are:",
        *lines,
    )
    return result([broken], '')
