# SPDX-License-Identifier: Apache-2.0

"""What a round of the auditor came to."""

import collections
import dataclasses

from edge_sched.auditing.audit import Finding
from edge_sched.model.standing import OVER
from edge_sched.model.standing import UNKNOWN
from edge_sched.model.standing import WITHIN
from edge_sched.store.cache import Key


@dataclasses.dataclass(slots=True)
class Tally:
    """Servers by what was found.

    :ivar servers: how many, by site and verdict
    :ivar unmeasured: clients that nobody has measured lately
    """

    servers: collections.Counter[tuple[str, str]] = dataclasses.field(
        default_factory=collections.Counter
    )
    unmeasured: set[Key] = dataclasses.field(default_factory=set)

    def add(self, finding: Finding) -> None:
        self.servers[finding.site, finding.comparison.standing.word] += 1
        self.unmeasured.update(finding.unmeasured)

    def __str__(self) -> str:
        """``4711 servers: 4700 within, 10 over, 1 unknown``."""
        counts = collections.Counter[str]()
        for (_, verdict), servers in self.servers.items():
            counts[verdict] += servers
        order = WITHIN, OVER, UNKNOWN
        of_each = ', '.join(f'{counts[each]} {each}' for each in order)
        return f'{counts.total()} servers: {of_each}'
