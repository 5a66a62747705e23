# SPDX-License-Identifier: Apache-2.0

"""Whether a client that nobody measured is being measured, for the user.

One query, of a request that is refused anyway, and none unless an operator
lets clients be wanted.
"""

import time

import nova.conf
from oslo_log import log as logging

from edge_sched.conf.wanted import permitted
from edge_sched.model.client import Client
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.reader import reader
from edge_sched.store.settings import StoreSettings
from edge_sched.store.wanting import Question
from edge_sched.wanted.permitted import cut
from edge_sched.wanted.words import NOTHING
from edge_sched.wanted.words import Said
from edge_sched.wanted.words import words

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)


def words_for(client: Client, project_id: str | None) -> Said:
    """What the user is told besides.

    Nothing of a name: what it points at is not for users to know.
    """
    group = CONF.edge_sched_wanted
    if not group.allow or client.prefix is None:
        return NOTHING
    prefix = cut(client.prefix)
    if prefix is None or permitted(CONF).target(client.prefix) is None:
        return NOTHING
    store = reader(StoreSettings.from_conf(CONF))
    try:
        found = store.wanting(Question(prefix, project_id or ''))
    except StoreUnavailableError as error:
        LOG.debug('Whether clients are wanted cannot be told: %s', error)
        return NOTHING
    if found is None:
        return NOTHING
    now = time.time()
    return words(
        str(prefix),
        beaten_ago=now - found.beaten_at,
        places=found.places,
        own=found.own,
        max_clients=group.max_clients,
        asked_ago=None if found.since is None else now - found.since,
        silent=found.state == 'silent',
        # A worker keeps that there is nothing for so long.
        retry_seconds=max(found.retry_seconds, CONF.edge_sched.cache_ttl),
    )
