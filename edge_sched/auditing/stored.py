# SPDX-License-Identifier: Apache-2.0

"""What the store has of those that servers ask for, and of all others."""

from collections.abc import Iterator, Mapping, Sequence

from edge_sched.auditing.demand import Demand
from edge_sched.auditing.demand import Demands
from edge_sched.model import keys
from edge_sched.model.client import Client
from edge_sched.model.client import parse_client
from edge_sched.model.latency import DERIVED
from edge_sched.model.latency import Answer
from edge_sched.store.cache import Key
from edge_sched.store.reader import Reader
from edge_sched.store.settings import StoreSettings
from edge_sched.store.survey import measured_clients

#: What answers for each client that is asked for.
Answering = Mapping[Key, Sequence[Key]]


def answering(demands: Demands, store: Reader) -> Answering:
    """What is stored that answers for each client.

    For ``203.0.113.7`` it is ``203.0.113.0/24``, or several prefixes if not
    all vantages have measured the same; for a name the prefixes that it points
    at as well, or those that answer for them.

    :raises StoreUnavailableError: if the store cannot be asked
    """
    order = list(demands.keys)
    found: dict[Key, Sequence[Key]] = {}
    for begin in range(0, len(order), keys.MAX_CLIENTS):
        some = order[begin : begin + keys.MAX_CLIENTS]
        answers = store.answers(some)
        found |= {key: _stored(key, answers[key]) for key in some}
    return found


def _stored(key: Key, answer: Answer) -> list[Key]:
    client, project_id = key
    texts = {
        row.client
        for part in answer.parts
        for row in part.values()
        if row.source != DERIVED
    }
    if client.site:
        return [key] if texts else []
    return [
        (stored, project_id if stored == client else '')
        for stored in map(parse_client, texts)
    ]


def as_measured(found: Answering) -> dict[Key, tuple[Key]]:
    """What each client is to be measured as.

    An address by the prefix that it is measured by from anywhere, however
    short that is from one place or another; what nobody measures, and a name,
    as it is.
    """
    return {key: (_measured_as(key, each),) for key, each in found.items()}


def _measured_as(key: Key, found: Sequence[Key]) -> Key:
    prefixes = [client.prefix for client, _ in found if client.prefix]
    if not key[0].prefix or not prefixes:
        return key
    return Client(prefix=max(prefixes, key=lambda p: p.prefixlen)), ''


def stored_demands(
    demands: Demands,
    found: Answering,
    settings: StoreSettings,
    project_id: str | None,
) -> Iterator[dict[Key, Demand]]:
    """Whatever was measured, with what is asked of it: some at a time.

    :param project_id: whose names are shown, besides the shared ones; of all
        if ``None``
    :raises StoreUnavailableError: if the store cannot be read in time
    """
    own = {
        key
        for page in measured_clients(settings)
        for key in page
        if key in found
    }
    # Who has no own client of a name asks for the shared one.
    names = {
        key: [each if each in own else (each[0], '') for each in stored]
        for key, stored in found.items()
    }
    asked = demands.by(names)
    nothing = Demand()
    for page in measured_clients(settings):
        yield {
            key: asked.get(key, nothing)
            for key in page
            if project_id is None or key[1] in ('', project_id)
        }
