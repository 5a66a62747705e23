# SPDX-License-Identifier: Apache-2.0

"""What one source, a flavor or the hints of a request, asks for.

Hints come from strangers: they are bounded in length and number, and a value
that cannot be read is kept as a problem beside what could be read.
"""

import dataclasses
from collections.abc import Mapping, Sequence, Set
from typing import Any, Self

from edge_sched.model import keys
from edge_sched.model.client import Client
from edge_sched.model.keys import BadValueError
from edge_sched.model.keys import NearClient


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """What one source, the flavor or the hints, asks for.

    :param clients: ``edge:client``, as read
    :param values: the other keys that are set, ``{'edge:percentile': 'p99'}``
    :param problems: what could not be read
    """

    clients: tuple[NearClient, ...] = ()
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    problems: tuple[BadValueError, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether the source has any ``edge:`` key, readable or not."""
        return bool(self.clients or self.values or self.problems)

    @property
    def names_client(self) -> bool:
        """Whether it has an ``edge:client``, readable or not."""
        return bool(self.clients) or any(
            problem.key == keys.CLIENT.name for problem in self.problems
        )

    @property
    def sets_budget(self) -> bool:
        """Whether it sets any budget, one of a client's own included."""
        return any(key in self.values for key in keys.BUDGETS) or any(
            near.latency_budget_ms is not None for near in self.clients
        )

    def without(self, clients: Set[Client]) -> Self:
        """The same as if some clients had never been named."""
        left = tuple(n for n in self.clients if n.client not in clients)
        return dataclasses.replace(self, clients=left)

    def has_own_budget(self, client: Client) -> bool:
        """Whether it sets one for this very client, by ``@<ms>``."""
        return any(
            near.client == client and near.latency_budget_ms is not None
            for near in self.clients
        )

    def latency_budgets_ms(self, client: Client) -> list[float]:
        """The budgets that it sets for a client, ``@<ms>`` before all.

        ``[10.0]`` for ``a`` of ``edge:client=a@10`` whatever
        ``edge:latency_budget_ms`` is.
        """
        own = [
            near.latency_budget_ms
            for near in self.clients
            if near.client == client and near.latency_budget_ms is not None
        ]
        common = self.values.get(keys.LATENCY_BUDGET.name)
        return own or ([] if common is None else [common])


def read_flavor(extra_specs: Mapping[str, str] | None) -> Wish:
    """Read the ``edge:*`` extra specs of a flavor, ``{key: text}``."""
    return _read(
        {
            key: [text]
            for key, text in (extra_specs or {}).items()
            if keys.is_our_extra_spec(key)
        }
    )


def read_hints(hints: Mapping[str, Sequence[str]] | None) -> Wish:
    """Read the ``edge:*`` hints as Nova stores them.

    :param hints: ``{'edge:client': ['203.0.113.7', 'vehicle-42@10']}``;
        an empty list is no value. Other keys are not ours.
    """
    return _read(
        {
            key: texts
            for key, texts in (hints or {}).items()
            if texts and keys.is_our_hint(key)
        }
    )


def _read(ours: Mapping[str, Sequence[str]]) -> Wish:
    clients: tuple[NearClient, ...] = ()
    values: dict[str, Any] = {}
    problems: list[BadValueError] = []
    for key, texts in ours.items():
        try:
            if key == keys.CLIENT.name:
                clients, bad_items = _read_clients(texts)
                problems += bad_items
            elif key not in keys.KEYS:
                # Not raised: there may be thousands.
                problems.append(keys.UnknownKeyError(key))
            else:
                values[key] = _read_value(key, texts)
        except BadValueError as problem:
            problems.append(problem)
    return Wish(clients, values, tuple(problems))


def _read_clients(
    texts: Sequence[str],
) -> tuple[tuple[NearClient, ...], list[BadValueError]]:
    """Read every item by itself, so that a bad one does not hide the rest."""
    whole = ','.join(texts[: keys.MAX_CLIENTS + 1])
    if len(texts) > keys.MAX_CLIENTS or whole.count(',') >= keys.MAX_CLIENTS:
        raise BadValueError(
            keys.CLIENT.name,
            whole,
            f'a list of at most {keys.MAX_CLIENTS} clients',
        )
    clients = []
    problems = []
    for text in texts:
        if len(text) > keys.MAX_VALUE_LENGTH:
            problems.append(keys.too_long(keys.CLIENT.name, text))
            continue
        for item in text.split(','):
            try:
                clients.append(keys.parse_near_client(item.strip()))
            except BadValueError as problem:
                problems.append(problem)
    return tuple(clients), problems


def _read_value(key: str, texts: Sequence[str]) -> Any:
    if len(texts) > 1:
        raise BadValueError(key, ', '.join(texts[:4]), 'one value')
    return keys.KEYS[key].parse(texts[0])
