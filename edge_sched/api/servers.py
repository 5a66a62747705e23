# SPDX-License-Identifier: Apache-2.0

"""``/v1/servers``: how a server of the project stands to its clients."""

import datetime
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import nova.conf
import webob
from oslo_log import log as logging

from edge_sched.api import policies
from edge_sched.api.caller import Caller
from edge_sched.api.errors import AwayError
from edge_sched.api.errors import NotFoundError
from edge_sched.api.parsing import query_of
from edge_sched.api.sites import figure
from edge_sched.auditing.explain import Explanation
from edge_sched.auditing.explain import explain
from edge_sched.auditing.trouble import Troubles
from edge_sched.model.text import shorten
from edge_sched.scheduler.topology.topology import TOPOLOGY
from edge_sched.store.reader import Reader
from edge_sched.store.standings import Standings

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)


class Servers:
    """Answers.

    :param standings: what the auditor leaves of servers; asked for in the
        process that serves
    """

    def __init__(
        self, store: Reader, standings: Callable[[], Standings]
    ) -> None:
        self._store = store
        self._standings = standings

    def show(
        self, request: webob.Request, caller: Caller, server: str
    ) -> Mapping[str, Any]:
        """``GET /v1/servers/{id}``."""
        caller.check(policies.SHOW_SERVER)
        query_of(request, (), ())
        found = None
        troubles = Troubles(LOG.info)
        if _is_uuid(server):
            found = explain(
                server, self._store, troubles, project_id=caller.project_id
            )
        if troubles.away:
            raise AwayError('where the server is cannot be told now')
        if found is None:
            raise NotFoundError(
                f'there is no server {shorten(server)!r} that is to be near '
                'anybody'
            )
        hour = self._standings().hours([server]).get(server)
        since = hour.over_since if hour else None
        return {'server': _told(found, since, caller.project_id)}


def _told(
    found: Explanation, over_since: float | None, project_id: str
) -> Mapping[str, Any]:
    detail = CONF.edge_sched.reason_detail
    shows_site, shows_figure = detail != 'none', detail == 'figure'
    finding = found.finding
    comparison = finding.comparison
    here = _known((finding.site, *finding.sites), project_id)
    best = _known((finding.best_site,), project_id)
    return {
        'id': finding.server,
        'asks': found.intent.written(),
        'site': here if shows_site else None,
        'verdict': comparison.standing.word,
        'judged_ms': figure(comparison.judged_ms) if shows_figure else None,
        'budget_ms': comparison.budget_ms,
        'over_since': over_since and _utc(over_since),
        'best_site': best if shows_site else None,
        'best_ms': (
            figure(comparison.best_ms) if best and shows_figure else None
        ),
        # What is kept for others counts for nothing in it.
        'movable': finding.movable,
    }


def _known(names: tuple[str, ...], project_id: str) -> str | None:
    """The first that the project may know of: a site, or a zone."""
    locator = TOPOLOGY.get().locator
    for name in names:
        if locator.knows_site(name, project_id):
            return name
        if name and not locator.has_site(name):
            return name
    return None


def _utc(epoch_seconds: float) -> str:
    time = datetime.datetime.fromtimestamp(epoch_seconds, datetime.UTC)
    return time.replace(microsecond=0).isoformat()


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
