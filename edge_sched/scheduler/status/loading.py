# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""How Nova finds filters and weighers.

Classes are ``'edge_sched.scheduler.filters.EdgeLatencyFilter'`` here.
"""

from collections.abc import Sequence
from typing import Any

from oslo_upgradecheck.upgradecheck import Result

from edge_sched.scheduler.status.finding import failure
from edge_sched.scheduler.status.finding import result

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
