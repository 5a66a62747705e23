# SPDX-License-Identifier: Apache-2.0

"""Whom sites are to probe since he is asked for, and nobody has measured him.

    wanting = Wanting(reader(settings), wanted)
    wanting.look()

Every few seconds it looks at the newest requests and at what sites have sent;
the rounds of the audit tell it of servers that stand.
"""

import time
from collections.abc import Callable, Iterable

import nova.conf
from oslo_log import log as logging

from edge_sched.auditing.asks import Asks
from edge_sched.auditing.asks import Named
from edge_sched.auditing.audit import Finding
from edge_sched.auditing.newest import NewestRequests
from edge_sched.auditing.seeking import Seeking
from edge_sched.model.client import Client
from edge_sched.model.client import parse_prefix
from edge_sched.store.reader import Reader
from edge_sched.store.reasons import reason
from edge_sched.store.wanted import KEPT_SECONDS
from edge_sched.store.wanted import Wanted
from edge_sched.wanted.geography import Position

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: Names are looked through so often (chosen).
NAMED_SECONDS = 60.0


class Wanting:
    """Keeps the list.

    Neither ``look`` nor ``standing`` raises: what fails is logged when it
    begins to, and tried again the next time.

    :param locate: where an address is, if there is a database that tells
    """

    def __init__(
        self,
        store: Reader,
        wanted: Wanted,
        locate: Callable[[str], Position | None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        group = CONF.edge_sched_wanted
        self._wanted = wanted
        self._asks = Asks(store, wanted)
        self._max_clients = group.max_clients
        self._named = group.named
        self._clock = clock
        self._names_due = clock()
        self._denied_are_gone = False
        self._requests = NewestRequests()
        self.seeking = Seeking(wanted, locate)
        self._failing: dict[str, str] = {}
        #: How many times a part failed.
        self.failures = 0

    @property
    def refused(self) -> int:
        """How many asks had no place."""
        return self._asks.refused

    def look(self) -> bool:
        """Look once; whether all went well.

        Only then, and while sites ask whom to probe, the scheduler tells users
        that clients are being measured.
        """
        parts = {
            'Who may not be wanted is probed': self._drop_denied,
            'New requests are not looked at': self._look_at_requests,
            'Names are not looked at': self._look_at_names,
            'Sites are not chosen': self.seeking.seek,
            'The list is not looked after': lambda: self._wanted.expire(
                KEPT_SECONDS
            ),
        }
        went_well = [self._try(what, part) for what, part in parts.items()]
        if all(went_well) and not self.seeking.any_sites:
            return True
        return all(went_well) and self._try(
            'Nobody is told that clients are being measured',
            lambda: self._wanted.beat(self._max_clients),
        )

    def end(self) -> None:
        """Have nobody probed who may not be, by one who looks no more."""
        self._try('Who may not be wanted is probed', self._drop_denied)

    def standing(self, findings: Iterable[Finding]) -> None:
        """Those that servers name: who lacks rows, and who is wanted yet."""

        def want() -> None:
            unmeasured, others = set[Named](), set[Named]()
            for each in findings:
                lacking = {client for client, _ in each.unmeasured}
                for client, _ in each.clients:
                    some = unmeasured if client in lacking else others
                    some.add((each.project_id, client))
            self._asks.want(unmeasured, standing=True, measured=False)
            self._asks.want(others, standing=True, measured=True)

        self._try('Clients of servers are not wanted', want)

    def _try(self, what: str, part: Callable[[], object]) -> bool:
        why = ''
        try:
            part()
        except Exception as error:
            why = f'{type(error).__name__}: {reason(error)}'
        if not why:
            self._failing.pop(what, None)
            return True
        self.failures += 1
        # Not within: oslo.log would say the error once more.
        if self._failing.get(what) != why:
            LOG.warning('%s: %s', what, why)
        self._failing[what] = why
        return False

    def _drop_denied(self) -> None:
        """Those who were permitted when they came, once: none comes since."""
        if self._denied_are_gone:
            return
        denied = {
            place
            for place in self._wanted.places()
            if not self._asks.permitted.target(parse_prefix(place.client))
        }
        if denied:
            self._wanted.drop(denied)
            LOG.info(
                'Not wanted any more, as they may not be: %d clients',
                len({place.client for place in denied}),
            )
        self._denied_are_gone = True

    def _look_at_requests(self) -> None:
        for some in self._requests.read():
            self._asks.want(
                {
                    (each.row.project_id, client)
                    for each in some
                    for client in each.intent.clients
                },
                standing=False,
            )

    def _look_at_names(self) -> None:
        if not self._named or self._clock() < self._names_due:
            return
        for some in self._wanted.named():
            self._asks.want(
                {(project, Client(prefix=prefix)) for project, prefix in some},
                standing=False,
            )
        self._names_due = self._clock() + NAMED_SECONDS
