# SPDX-License-Identifier: Apache-2.0

"""Which vantages are a collector's own, where several share the work."""

import dataclasses
import zlib
from typing import Self


@dataclasses.dataclass(frozen=True, slots=True)
class Shard:
    """Part ``number`` of ``count``, from 1 on."""

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``2/3``.

        :raises ValueError: if there is no such part
        """
        number, count = (int(part) for part in text.split('/'))
        if not 1 <= number <= count:
            raise ValueError(f'{text!r} is not i/n with i from 1 to n')
        return cls(number, count)

    def __str__(self) -> str:
        return f'{self.number}/{self.count}'

    def has(self, vantage: str) -> bool:
        """Whether a vantage is of this part; the same in every process."""
        return zlib.crc32(vantage.encode()) % self.count == self.number - 1
