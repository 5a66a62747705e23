# SPDX-License-Identifier: Apache-2.0

"""What the auditor found, as this package reads it."""

import importlib
from collections.abc import Sequence
from typing import Protocol, cast

from edge_sched.judging.moves import ServerStanding
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.settings import StoreSettings


class ReadStandings(Protocol):
    """Reads how every audited server stands."""

    def __call__(self, settings: StoreSettings) -> Sequence[ServerStanding]:
        """One of each server.

        :raises StoreUnavailableError: if they cannot be read in time
        """


def read_standings(settings: StoreSettings) -> Sequence[ServerStanding]:
    """Those of the latency store.

    :raises StoreUnavailableError: if it keeps none
    """
    try:
        module = importlib.import_module('edge_sched.store.standings')
    except ModuleNotFoundError as error:
        raise StoreUnavailableError(
            'this release has no auditor whose findings it could read'
        ) from error
    return cast(ReadStandings, module.read_standings)(settings)
