# SPDX-License-Identifier: Apache-2.0

"""What all stages of a request share: what it asks, what is known of it."""

import dataclasses
from collections.abc import Mapping

from edge_sched.asking.intent import Intent
from edge_sched.judging.record import Source
from edge_sched.model.client import Client
from edge_sched.model.latency import Answer
from edge_sched.scheduler.narrowing.search import Search
from edge_sched.scheduler.spec import PerRequest
from edge_sched.scheduler.spec import Request
from edge_sched.scheduler.spread import Group
from edge_sched.wanted.words import Said


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """What is asked, and what the store has of the clients.

    :param intent: what is judged. On the move of a server that lives, values
        and names that make no sense (any more) are left out
    :param outcome: of the decision record, ``''`` if it hangs on the hosts
    :param refusal: why there is nothing for it whatever the hosts, or ``''``
    :param group: what is to be spread, if that is asked and there is one
    :param request_id: of the API request, if known
    :param search: what Placement is asked for, if that was narrowed
    :param told: what the user is told besides of clients without rows
    """

    request: Request
    intent: Intent
    answers: Mapping[Client, Answer] = dataclasses.field(default_factory=dict)
    source: Source = dataclasses.field(default_factory=Source)
    outcome: str = ''
    refusal: str = ''
    group: Group | None = None
    request_id: str | None = None
    search: Search | None = None
    told: Mapping[Client, Said] = dataclasses.field(default_factory=dict)

    @property
    def is_judged(self) -> bool:
        """Whether anything is asked that hangs on the hosts."""
        return bool(self.intent.targets or self.group)

    @property
    def wanted(self) -> frozenset[Client]:
        """Those that the user is told are being measured."""
        return frozenset(
            c for c, said in self.told.items() if said.retry_seconds
        )

    @property
    def measured(self) -> frozenset[str]:
        """The vantages that any of the clients was measured from."""
        return frozenset[str]().union(
            *(rows for a in self.answers.values() for rows in a.parts)
        )


#: Made by the request filter, which may then change what the request asks.
CASES: PerRequest[Case] = PerRequest('case')
