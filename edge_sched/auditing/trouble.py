# SPDX-License-Identifier: Apache-2.0

"""What an audit could not judge as it should, counted and named."""

import collections
import dataclasses
from collections.abc import Callable, Iterator

from edge_sched.judging.ages import of_outage
from edge_sched.judging.verdict import Policy
from edge_sched.model.text import readable

#: So many servers are named of each kind of trouble. Chosen: a screen.
NAMED = 20

#: The kinds of trouble, as a metric labels them.
UNREADABLE, SENSELESS = 'unreadable', 'senseless'
GONE, PLACELESS = 'gone', 'placeless'

#: What is said of one of each kind, and of several.
SAID = {
    UNREADABLE: (
        'request that cannot be read',
        'requests that cannot be read',
    ),
    SENSELESS: (
        'server that asks for what makes no sense',
        'servers that ask for what makes no sense',
    ),
    GONE: (
        'server that was deleted meanwhile',
        'servers that were deleted meanwhile',
    ),
    PLACELESS: ('server without a host', 'servers without a host'),
}


@dataclasses.dataclass
class AwayCell:
    """A cell that did not answer.

    :param servers: how many of its servers were not judged
    """

    name: str
    servers: int = 0


class Troubles:
    """What was not judged, or by older rows than usual.

    :param say: is told a line of each that is named, at once
    :ivar away: the cells that did not answer, by UUID
    :ivar counts: how many of each kind
    :ivar outage: whether measuring was down for any of them
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.away: dict[str, AwayCell] = {}
        self.counts: collections.Counter[str] = collections.Counter()
        self.outage = False

    def note(self, kind: str, server: str, why: str) -> None:
        """Count one, and name it if there were not many."""
        self.counts[kind] += 1
        if self.counts[kind] <= NAMED:
            self._say(f'server {server}: {readable(why)}')

    def count(self, kind: str) -> None:
        """Count one that is as it should be."""
        self.counts[kind] += 1

    def cell_away(self, uuid: str, name: str, why: str) -> None:
        """Name a cell; it is not asked again."""
        self.away[uuid] = AwayCell(readable(name))
        self._say(f'cell {readable(name)} is away: {readable(why)}')

    def measuring_is_down(self, policy: Policy) -> None:
        """Say so, once."""
        if not self.outage:
            self.outage = True
            self._say(of_outage(policy))

    def summary(self) -> Iterator[str]:
        """A line of each kind there was, with how many."""
        for cell in self.away.values():
            one = f'server of cell {cell.name} is not judged'
            several = f'servers of cell {cell.name} are not judged'
            yield _counted(cell.servers, one, several)
        for kind, words in SAID.items():
            if count := self.counts[kind]:
                yield _counted(count, *words)


def _counted(count: int, one: str, several: str) -> str:
    return f'{count} {one if count == 1 else several}'
