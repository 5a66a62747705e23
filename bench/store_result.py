# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""What is measured of stores of several sizes, on each database."""

import dataclasses
from collections.abc import Mapping, Sequence

from bench.measure import Round
from bench.measure import median
from bench.measure import ratio
from bench.measure import total
from bench.store_databases import Part
from bench.store_lookups import subject_name
from bench.store_worker import Stage


@dataclasses.dataclass(frozen=True)
class Once:
    """What took long and was timed once.

    :param rows: how many, ``0`` if it failed
    :param failure: why the store did not do it, ``''`` if it did
    """

    seconds: float
    rows: int
    failure: str = ''

    @property
    def text(self) -> str:
        """``16000 rows, 1.2 s``; ``failed after 60 s``."""
        if self.failure:
            return f'failed after {self.seconds:.0f} s'
        return f'{self.rows} rows, {self.seconds:.3g} s'


@dataclasses.dataclass(frozen=True)
class Size:
    """What was measured of a store of one size.

    :param filled: the part that went by bulk SQL
    :param once: by what was done
    :param stages: of a worker that asks it
    """

    prefixes: int
    filled: Once
    parts: Sequence[Part]
    once: Mapping[str, Once]
    stages: Sequence[Stage]


@dataclasses.dataclass(frozen=True)
class Result:
    """What was measured on one database.

    :param version: ``MariaDB 10.11.6``
    :param rounds: of everything that was done in turns
    :param unindexed: the steps of each look-up in the largest store that
        read a whole table or index, ``{'a name': []}``
    :param rewritten: its volume after all rows were updated once and twice,
        to the volume before, ``[2.0, 2.0]``
    """

    title: str
    version: str
    sizes: Sequence[Size]
    look_ups: Sequence[Round]
    writes: Mapping[str, Sequence[Round]]
    unindexed: Mapping[str, Sequence[str]]
    rewritten: Sequence[float]

    @property
    def prefixes(self) -> list[int]:
        """The sizes, the smallest first."""
        return [size.prefixes for size in self.sizes]

    def seconds(self, what: str, prefixes: int) -> float:
        """The median of what was done in turns."""
        rounds = self.writes.get(what, self.look_ups)
        return median(rounds, total(subject_name(what, prefixes)))

    def growth(self, what: str) -> float:
        """The largest store to the smallest, compared within each round."""
        rounds = self.writes.get(what, self.look_ups)
        largest, smallest = self.prefixes[-1], self.prefixes[0]
        return median(
            rounds,
            ratio(
                total(subject_name(what, largest)),
                total(subject_name(what, smallest)),
            ),
        )
