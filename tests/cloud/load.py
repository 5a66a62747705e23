# SPDX-License-Identifier: Apache-2.0

"""Creates by callers in parallel, who ask again where the API refuses."""

import dataclasses
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Self

from keystoneauth1.exceptions import ClientException
from openstack.exceptions import SDKException

from tests.cloud.processes import wait_for

#: Required budgets (ms, p95), each of which some sites meet and some do not.
BUDGETS_MS: tuple[Mapping[str, float], ...] = (
    {'203.0.113.7': 12.0},
    {'198.51.100.7': 12.0},
    {'2001:db8:a::7': 15.0},
    {'203.0.113.9': 20.0, '192.0.2.9': 20.0},
    {'192.0.2.7': 10.0},
    {},
)
#: At a time (chosen: two for each worker of nova-scheduler).
CALLERS = 4

#: How long a caller asks for one server (chosen: longer than any fault
#: lasts), and what it waits after a refusal.
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.5

#: What an API says, or nobody, if it does not do what it is asked to.
REFUSALS = (SDKException, ClientException)


@dataclasses.dataclass(frozen=True, slots=True)
class Ask:
    """One server that somebody wants.

    :param budgets_ms: by client, ``{'203.0.113.7': 12.0}``
    :param mode: ``required`` or ``preferred``
    """

    name: str
    budgets_ms: Mapping[str, float] = dataclasses.field(default_factory=dict)
    mode: str = 'required'

    def hints(self) -> dict[str, str | list[str]]:
        """``{'edge:client': ['203.0.113.7@12'], ...}``"""
        if not self.budgets_ms:
            return {}
        clients = [f'{c}@{ms:g}' for c, ms in self.budgets_ms.items()]
        return {'edge:client': clients, 'edge:budget_mode': self.mode}


class Load:
    """All that is asked for; a context that ends when no caller asks more.

    :param create: asks once
    :ivar accepted: what the API has promised
    :ivar refused: what it said when it promised nothing
    """

    def __init__(
        self, create: Callable[[Ask], object], asks: Iterable[Ask]
    ) -> None:
        self._create = create
        self._asks: queue.SimpleQueue[Ask] = queue.SimpleQueue()
        for ask in asks:
            self._asks.put(ask)
        self._callers = [
            threading.Thread(target=self._call, daemon=True)
            for _ in range(CALLERS)
        ]
        self.accepted: list[Ask] = []
        self.refused: list[str] = []

    def __enter__(self) -> Self:
        for caller in self._callers:
            caller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.join()

    def join(self) -> None:
        """Until all that is asked for is promised, or given up."""
        for caller in self._callers:
            caller.join()

    def wait_for(self, accepted: int) -> None:
        """Until so many servers are promised."""
        wait_for(
            f'{accepted} accepted creates',
            lambda: len(self.accepted) >= accepted,
        )

    def _call(self) -> None:
        while True:
            try:
                ask = self._asks.get_nowait()
            except queue.Empty:
                return
            self._insist(ask)

    def _insist(self, ask: Ask) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                self._create(ask)
            except REFUSALS as error:
                self.refused.append(str(error))
                time.sleep(PAUSE_SECONDS)
            else:
                self.accepted.append(ask)
                return
