# SPDX-License-Identifier: Apache-2.0

"""What came of one fault."""

import dataclasses
import re
from collections import Counter
from typing import NamedTuple

from tests.cloud import audit
from tests.cloud.audit import Damage
from tests.cloud.audit import Snapshot

#: Nova's preface of a fault, and what is of one server alone.
_NOT_KIND = re.compile(
    r'No valid host was found\. (Scheduling failed: )?| (for|of) .*'
)


class Recovery(NamedTuple):
    """How it was found out that creates work again.

    :param tries: names of servers that were asked for, one after the other.
        They are none of the trial: how many fail is a matter of chance
    :param asked_seconds: from the end of the fault until the last of them,
        which came up, was asked for
    :param active_seconds: until it was ACTIVE
    """

    tries: set[str]
    asked_seconds: float
    active_seconds: float

    def __str__(self) -> str:
        """``try 2 works: asked for after 5.0 s, active after 6.1 s``"""
        return (
            f'try {len(self.tries)} works: asked for after '
            f'{self.asked_seconds:.1f} s, active after '
            f'{self.active_seconds:.1f} s'
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Trial:
    """One fault, and what came of it.

    :param accepted: creates that the API has promised
    :param refused: answers of the API that promised nothing
    :param new: servers and allocations, once nothing changed any more
    """

    accepted: int
    refused: int
    new: Snapshot
    recovery: Recovery

    @property
    def damage(self) -> Damage:
        return audit.damage(self.new)

    def faults(self) -> list[str]:
        """What the servers in ERROR say."""
        return [s.fault for s in self.new.servers if s.status == 'ERROR']

    def __str__(self) -> str:
        """``accepted 12 (refused 0), active 12, error 1, stuck 0, ...``"""
        active = sum(s.status == 'ACTIVE' for s in self.new.servers)
        stuck, orphans = self.damage
        faults = Counter(_NOT_KIND.sub('', words) for words in self.faults())
        return (
            f'accepted {self.accepted} (refused {self.refused}), '
            f'active {active}, error {len(self.faults())}, stuck {stuck}, '
            f'orphans {orphans}, {self.recovery} {dict(faults) or ""}'
        )
