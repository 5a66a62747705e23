# SPDX-License-Identifier: Apache-2.0

"""A round trip by a clock that may be set while the packet is under way.

The kernel stamps what it receives by the wall clock, to the microsecond and
however late we come to read it; but the wall clock can be stepped. The
monotonic clock cannot, but says only when we came to read. The difference of
the two is exact and changes by nothing but a step: what slews one slews both.
"""

import time
from typing import NamedTuple

#: A change of wall minus monotonic that is a step. Chosen: a tenth of the
#: default ``tie_band_ms``, so what is missed does not move a host; nothing
#: but a step comes near it, since a reading says how exact it is.
STEP_NS = 100_000


class Reading(NamedTuple):
    """Both clocks, in nanoseconds: the wall clock between two monotonic ones.

    However long the process slept in between, the wall clock was read after
    ``before_ns`` and before ``after_ns``.
    """

    before_ns: int
    wall_ns: int
    after_ns: int


def read() -> Reading:
    return Reading(time.monotonic_ns(), time.time_ns(), time.monotonic_ns())


class Trip(NamedTuple):
    """How long a round trip took, and whether the wall clock was stepped."""

    nanoseconds: int
    stepped: bool


def trip(sent: Reading, received_ns: int, seen: Reading) -> Trip:
    """T4 - T1 by the wall clock, or by the monotonic one if that was stepped.

    :param sent: as the packet was sent; its wall clock is T1
    :param received_ns: T4, the wall clock as the kernel received the reply
    :param seen: when the reply was read, after that
    """
    least_ns = (seen.wall_ns - seen.after_ns) - (sent.wall_ns - sent.before_ns)
    most_ns = (seen.wall_ns - seen.before_ns) - (sent.wall_ns - sent.after_ns)
    by_wall_ns = received_ns - sent.wall_ns
    if least_ns > STEP_NS or most_ns < -STEP_NS or by_wall_ns <= 0:
        return Trip(seen.after_ns - sent.before_ns, stepped=True)
    return Trip(by_wall_ns, stepped=False)
