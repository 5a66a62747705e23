# SPDX-License-Identifier: Apache-2.0

"""The worst of what passes by, and no more of it."""

import heapq
from typing import Any, Generic, TypeVar

T = TypeVar('T')


class Worst(Generic[T]):
    """Keeps some.

    :param most: how many
    :ivar added: how many have passed by
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.added = 0
        # The least bad first, of these the last that came.
        self._heap: list[tuple[Any, int, T]] = []

    def add(self, badness: Any, one: T) -> None:
        """Keep one, unless as many are worse, or as bad and came before.

        :param badness: any that can be compared with the others
        """
        self.added += 1
        heapq.heappush(self._heap, (badness, -self.added, one))
        if len(self._heap) > self._most:
            heapq.heappop(self._heap)

    def first(self) -> list[T]:
        """What is kept, the worst first."""
        return [one for *_, one in sorted(self._heap, reverse=True)]
