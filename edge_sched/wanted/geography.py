# SPDX-License-Identifier: Apache-2.0

"""Which sites are near a client, by where on the Earth they are. Pure.

To say who is asked first; who is nearest is measured.
"""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from edge_sched.model.text import readable

#: Kilometres, the mean radius (IUGG, R1).
_EARTH_KM = 6371.0088

#: The longest position that is looked at.
_MAX_LENGTH = 64

#: ``45.76``, ``-4``: no exponent, ``nan`` or blank within.
_NUMBER = r'[+-]?[0-9]+(?:\.[0-9]*)?'
_POSITION = re.compile(rf'\s*({_NUMBER})\s*,\s*({_NUMBER})\s*', re.ASCII)


class BadPositionError(ValueError):
    """Why a text is no position."""


class Position(NamedTuple):
    """A place on the Earth, in degrees (WGS 84), north and east positive."""

    latitude: float
    longitude: float

    def km_to(self, other: 'Position') -> float:
        """Along the great circle (haversine), within 0.6 % of the truth."""
        north, east = math.radians(self.latitude), math.radians(self.longitude)
        other_north, other_east = map(math.radians, other)
        half = (
            math.sin((other_north - north) / 2) ** 2
            + math.cos(north)
            * math.cos(other_north)
            * math.sin((other_east - east) / 2) ** 2
        )
        # Rounding may carry it beyond 1 at the other end of the world.
        return 2 * _EARTH_KM * math.asin(math.sqrt(min(half, 1.0)))


def parse_position(text: str) -> Position:
    """Latitude and longitude as text, ``45.76,4.84``, blanks allowed.

    :raises BadPositionError: naming the text and what is allowed
    """
    shown = readable(text, _MAX_LENGTH)
    found = len(text) <= _MAX_LENGTH and _POSITION.fullmatch(text)
    if not found:
        raise BadPositionError(
            f"{shown!r} is not 'latitude,longitude' in degrees, as "
            "'45.76,4.84'"
        )
    latitude, longitude = map(float, found.groups())
    if abs(latitude) > 90:
        raise BadPositionError(
            f'{shown!r}: latitude {latitude:g} is not in -90..90'
        )
    if abs(longitude) > 180:
        raise BadPositionError(
            f'{shown!r}: longitude {longitude:g} is not in -180..180'
        )
    return Position(latitude, longitude)


def nearest(
    position: Position, positions_of_sites: Mapping[str, Position]
) -> list[str]:
    """All sites, the nearest first; by name where they are as near.

    :param position: the client's
    :param positions_of_sites: ``{'lyon': Position(45.76, 4.84)}``
    """
    return sorted(
        positions_of_sites,
        key=lambda site: (position.km_to(positions_of_sites[site]), site),
    )
