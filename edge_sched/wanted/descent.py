# SPDX-License-Identifier: Apache-2.0

"""Which sites probe a client next: all of a few, else the first ones."""

from collections.abc import Mapping, Sequence


def next_sites(
    sites: Sequence[str],
    mesh_ms: Mapping[tuple[str, str], float],
    measured_ms: Mapping[str, float],
    near: Sequence[str] = (),
    most: int = 12,
    at_once: int = 4,
) -> tuple[str, ...]:
    """The sites that are to probe next, ``()`` when it is done."""
    if len(sites) <= most:
        return tuple(s for s in sites if s not in measured_ms)
    left = max(0, most - len(measured_ms))
    order = dict.fromkeys([*(n for n in near if n in sites), *sites])
    return tuple(s for s in order if s not in measured_ms)[
        : min(at_once, left)
    ]
