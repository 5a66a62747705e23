# SPDX-License-Identifier: Apache-2.0

"""The mesh: which other sites the prober of a site probes. Pure.

Sites are known by their names.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping

#: The most of one site, so that what it costs does not grow with the number
#: of sites. Chosen: at the default rates 51 packets a second, and all there
#: are for most operators.
MAX_SITES = 64

#: The part of them that is drawn by lot. A site that never measured another
#: does not know that it is near, and the nearest of those that it happened to
#: draw first would stay for good. Simulated on the round trips of PlanetLab's
#: 490 sites, files being made anew again and again: with a quarter each site
#: had found all of its 48 nearest after 16 times, with half of them its 32
#: nearest after 9, with an eighth its 56 after 31.
LOT_SHARE = 0.25


def choose(
    site: str, others: Iterable[str], rtts_ms: Mapping[str, float], most: int
) -> list[str]:
    """The sites to probe: the nearest, and some by lot.

    Those come first in the lot that no round trip was ever measured to, so
    that each is drawn at some time. The lot of a site is always the same, and
    another site has another: a site more or less changes one place in it.

    :param others: which there are
    :param rtts_ms: medians, of either direction; ``inf`` is a lost one
    :param most: as many at the most, and never more than ``MAX_SITES``
    """
    most = min(most, MAX_SITES)
    lot = sorted(others, key=lambda other: _lot(site, other))
    reached = [each for each in lot if rtts_ms.get(each, math.inf) < math.inf]
    nearest = sorted(reached, key=rtts_ms.__getitem__)
    chosen = nearest[: most - int(most * LOT_SHARE)]
    rest = [each for each in lot if each not in chosen]
    rest.sort(key=rtts_ms.__contains__)
    return [*chosen, *rest[: most - len(chosen)]]


def _lot(site: str, other: str) -> bytes:
    return hashlib.sha256(f'{site}\n{other}'.encode()).digest()
