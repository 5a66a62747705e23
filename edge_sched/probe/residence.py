# SPDX-License-Identifier: Apache-2.0

"""What a reflector says of the time that it held packets: likely or not.

One packet can wait for long on a busy host, so each claim alone is believed
up to a bound. But the host is not busy all the time. The shortest round trip
on the clock, which nothing that is claimed makes shorter, has hardly a
residence in it, and a typical one is short. Whoever wants to look nearer than
he is has to claim more than that, time and again.
"""

import math
import operator
from collections.abc import Sequence

#: The longest that the shortest residence of a window can be, about. Chosen:
#: three times what our reflector had of 64 probes at a load of 35 on two
#: processors (0.33 ms, measured), and the default ``tie_band_ms``, so that
#: what is gained by a lie moves no server.
LEAST_MAX_MS = 1.0

#: And the median. Likewise: it was 0.3 to 4 ms there.
TYPICAL_MAX_MS = 5.0


def likely(
    rtts_ms: Sequence[float], raw_rtts_ms: Sequence[float]
) -> Sequence[float]:
    """The round trips, those on the clock where the credit is not likely.

    That is all of them if most of what was credited is above
    ``TYPICAL_MAX_MS``, or else those that are more than ``LEAST_MAX_MS``
    below the shortest on the clock.

    :param rtts_ms: of a window, residence credited; ``inf`` if lost
    :param raw_rtts_ms: the same probes on the clock
    """
    if rtts_ms == raw_rtts_ms:
        return rtts_ms
    answered = len(rtts_ms) - rtts_ms.count(math.inf)
    # That of a lost probe is not a number, and so not long.
    held_ms = map(operator.sub, raw_rtts_ms, rtts_ms)
    if sum(map(TYPICAL_MAX_MS.__lt__, held_ms)) > answered / 2:
        return raw_rtts_ms
    least_ms = min(raw_rtts_ms) - LEAST_MAX_MS
    if min(rtts_ms) >= least_ms:
        return rtts_ms
    return [
        rtt if rtt >= least_ms else raw
        for rtt, raw in zip(rtts_ms, raw_rtts_ms, strict=True)
    ]
