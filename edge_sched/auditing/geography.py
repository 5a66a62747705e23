# SPDX-License-Identifier: Apache-2.0

"""Where clients are, by an operator's own database of addresses."""

import contextlib
from typing import Any

from edge_sched.store.reasons import reason
from edge_sched.wanted.geography import Position


class GeoDatabaseError(Exception):
    """Why it cannot be used, in one line for an operator."""


class GeoDatabase:
    """A file in the MaxMind DB format.

    :param path: where it is
    :raises GeoDatabaseError: if it cannot be read, or nothing can read it
    """

    def __init__(self, path: str) -> None:
        try:
            # Only who has such a file needs it.
            import maxminddb
        except ImportError:
            raise GeoDatabaseError(
                '[edge_sched_wanted] geo_database needs the Python package '
                "maxminddb: pip install '.[geo]'"
            ) from None
        try:
            self._reader: Any = maxminddb.open_database(path)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise GeoDatabaseError(
                f'[edge_sched_wanted] geo_database {path} cannot be read: '
                f'{reason(error)}'
            ) from error
        #: What a record may be: none, another kind of thing, or damaged.
        self._unusable = (
            ValueError,
            KeyError,
            TypeError,
            maxminddb.InvalidDatabaseError,
        )

    def position(self, address: str) -> Position | None:
        """``None`` if it has none."""
        with contextlib.suppress(*self._unusable):
            location = self._reader.get(address)['location']
            return Position(
                float(location['latitude']), float(location['longitude'])
            )
        return None
