# SPDX-License-Identifier: Apache-2.0

"""Which sites are nearest on the map."""

from collections.abc import Mapping


def nearest(
    position: tuple[float, float],
    positions: Mapping[str, tuple[float, float]],
) -> list[str]:
    """Sites by their distance, nearest first."""
    return sorted(
        positions,
        key=lambda site: sum(
            (a - b) ** 2
            for a, b in zip(position, positions[site], strict=True)
        ),
    )
