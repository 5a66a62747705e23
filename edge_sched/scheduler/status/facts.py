# SPDX-License-Identifier: Apache-2.0

"""Facts that several checks share, each read once, when it is asked for.

Each may be ``Unseen``.
"""

import functools
import time
from collections.abc import Callable
from typing import TypeVar

import nova.conf

from edge_sched.conf import checks
from edge_sched.scheduler.status import cloud
from edge_sched.scheduler.status import filters
from edge_sched.scheduler.status import latency_store
from edge_sched.scheduler.status import narrowing
from edge_sched.scheduler.status import options
from edge_sched.scheduler.status.feeding import Freshness
from edge_sched.scheduler.status.unseen import Unseen
from edge_sched.scheduler.status.unseen import seen
from edge_sched.scheduler.topology.membership import VantageNames
from edge_sched.store import survey
from edge_sched.store.settings import StoreSettings

CONF = nova.conf.CONF

T = TypeVar('T')

_BAD_OPTION = Unseen('an option is wrong', 'see Options')
_FILTERS = 'the filters cannot be loaded'
_STORE = 'the latency store cannot be read'
_NOVA = "Nova's databases cannot be read"
_NOVA_REMEDY = (
    'Run this with the nova.conf of a host that has [api_database] connection.'
)
_PLACEMENT = 'Placement cannot be asked'
_PLACEMENT_REMEDY = (
    'Run this with the nova.conf of nova-scheduler, which has [placement].'
)


class Facts:
    """Of ``nova.conf``, Nova's databases and the latency store."""

    @functools.cached_property
    def bad_option(self) -> str:
        """Which option is wrong, where it is and what is allowed."""
        try:
            checks.check(CONF)
        except ValueError as error:
            return str(error)
        return ''

    @functools.cached_property
    def options(self) -> options.Options | Unseen:
        return _BAD_OPTION if self.bad_option else options.read_options()

    @functools.cached_property
    def filters(self) -> list[str] | Unseen:
        return self._seen(filters.load_filters, _FILTERS)

    @functools.cached_property
    def hosts(self) -> list[VantageNames] | Unseen:
        return self._seen(cloud.read_hosts, _NOVA, _NOVA_REMEDY)

    @functools.cached_property
    def nodes(self) -> int | Unseen:
        return self._seen(narrowing.count_nodes, _NOVA, _NOVA_REMEDY)

    @functools.cached_property
    def mirror(self) -> narrowing.Mirror | Unseen:
        return self._seen(narrowing.read_mirror, _PLACEMENT, _PLACEMENT_REMEDY)

    @functools.cached_property
    def schedulers(self) -> cloud.Schedulers | Unseen:
        return self._seen(cloud.read_schedulers, _NOVA, _NOVA_REMEDY)

    @functools.cached_property
    def store(self) -> latency_store.Store | Unseen:
        return self._seen(
            lambda: latency_store.read_store(_settings()), _STORE
        )

    @functools.cached_property
    def survey(self) -> survey.Survey | Unseen:
        """Not tried if that is known to be in vain."""
        store = self.store
        if isinstance(store, Unseen):
            return store
        if store.error or store.revision is None:
            return Unseen(_STORE, store.error or 'it has no tables')
        return seen(lambda: survey.survey(_settings()), _STORE)

    @functools.cached_property
    def freshness(self) -> Freshness | Unseen:
        """Which vantages are measured now; may take long, or too long."""
        found = self.survey
        if isinstance(found, Unseen):
            return found
        measured = found.vantages
        now = time.time()

        def read() -> Freshness:
            fresh = survey.fresh_vantages(
                _settings(), now, CONF.edge_sched.max_age
            )
            ahead = frozenset[str]()
            if measured - fresh:
                ahead = survey.vantages_ahead(_settings(), now)
            return Freshness(measured, fresh, ahead)

        return seen(read, _STORE)

    def _seen(
        self, read: Callable[[], T], what: str, remedy: str = ''
    ) -> T | Unseen:
        """A fact that takes our options to read and to judge."""
        if isinstance(self.options, Unseen):
            return self.options
        return seen(read, what, remedy)


def _settings() -> StoreSettings:
    return StoreSettings.from_conf(CONF)
