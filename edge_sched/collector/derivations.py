# SPDX-License-Identifier: Apache-2.0

"""Rows of prefixes that nobody measured, made of those of their parts."""

from collections.abc import Callable

from edge_sched.collector.equipment import Equipment
from edge_sched.judging.deriving import derived

#: The share of a round that it may take. Chosen: 0.1 s a vantage of 2000
#: clients are well within, and of very many some wait for the next round.
_SHARE = 0.1


class Derivations:
    """Looks at each vantage as often as its rows are stamped anew.

    :param clock: UTC epoch seconds; where it is set back, what was derived
        grows old, which is nothing that anybody trusts
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        #: Until when what was derived of a vantage will do.
        self._done_until: dict[str, float] = {}
        #: Those that have brought something since, in that order.
        self._due: dict[str, None] = {}

    def saw(self, vantage: str) -> None:
        """Note that rows of a vantage have come."""
        if vantage not in self._done_until:
            self._due[vantage] = None

    def derive(self, equipment: Equipment) -> None:
        """Replace what was derived of those that are due.

        :raises StoreUnavailableError: of the store; they stay due
        """
        begun = now = self._clock()
        until = begun + _SHARE * equipment.interval_seconds
        for vantage in tuple(self._due):
            if now > until:
                break
            measured = equipment.store.measured_prefixes(
                vantage, equipment.max_age_seconds
            )
            equipment.store.replace_derived(
                vantage, derived(measured, equipment.tie_band_ms)
            )
            del self._due[vantage]
            now = self._clock()
            self._done_until[vantage] = now + equipment.restamp_seconds
        for vantage, done_until in tuple(self._done_until.items()):
            if done_until <= now:
                del self._done_until[vantage]
