# SPDX-License-Identifier: Apache-2.0

"""A circuit breaker: a store that has failed is left alone for a while."""

import time
from collections.abc import Callable
from typing import Literal

from oslo_log import log as logging

from edge_sched.store.errors import StoreUnavailableError

LOG = logging.getLogger(__name__)

State = Literal['closed', 'open']


class Breaker:
    """Opens with a failure; closes with the first success after it.

    While it is open nobody may touch the store, except for one probe each
    ``retry_after_seconds``. Not locked: ``Flights`` calls it under its own
    lock. One line is logged when it opens and one when it closes.
    """

    def __init__(
        self,
        retry_after_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._retry_after_seconds = retry_after_seconds
        self._clock = clock
        self.state: State = 'closed'
        self._retry_at = 0.0
        self._why = ''

    def check(self) -> None:
        """Join who is already waiting for the store.

        :raises StoreUnavailableError: if the store is being left alone
        """
        if self.state == 'closed':
            return
        remaining_seconds = self._retry_at - self._clock()
        if remaining_seconds > 0:
            raise StoreUnavailableError(
                f'{self._why}; left alone for {remaining_seconds:.0f} s'
            )

    def admit(self) -> None:
        """Touch the store: the first one after the time is the probe.

        :raises StoreUnavailableError: if the store is being left alone
        """
        self.check()
        if self.state == 'open':
            # Until the probe is back the others stay away.
            self._leave_alone()

    def failed(self, why: str) -> None:
        if self.state == 'closed':
            LOG.warning(
                'The latency store is away and left alone for %(seconds)g s: '
                '%(why)s',
                {'seconds': self._retry_after_seconds, 'why': why},
            )
        self._why = why
        self._leave_alone()

    def succeeded(self) -> None:
        if self.state == 'open':
            self.state = 'closed'
            LOG.info('The latency store is back.')

    def _leave_alone(self) -> None:
        self.state = 'open'
        self._retry_at = self._clock() + self._retry_after_seconds
