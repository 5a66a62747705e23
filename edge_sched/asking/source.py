# SPDX-License-Identifier: Apache-2.0

"""What one source, a flavor or the hints of a request, asks for.

Hints come from strangers: they are bounded in length and number, and a value
that cannot be read is kept as a problem beside what could be read.
"""

import dataclasses
import difflib
import functools
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, Self

from edge_sched.model import keys
from edge_sched.model.client import Client
from edge_sched.model.keys import BadValueError
from edge_sched.model.keys import NearClient
from edge_sched.model.text import shorten

#: How many texts a process knows by heart: a cloud has few flavors, and most
#: requests are for clients who ask again. Chosen; they are bounded in length.
_KEPT = 1024

#: As much of a key is looked at to see whether it is ours, misspelt; twice
#: the length of the longest.
_MAX_KEY_LENGTH = 64

_SCOPE = keys.NAMESPACE.rstrip(':')
_PUNCTUATION = re.compile(r'[\W_]+')


def our_hints(names: Iterable[str]) -> list[str]:
    """Those hints that are ours, misspelt ones included.

    ``Edge:client`` and ``edge_client`` are: ours but for case and
    punctuation, and nobody else's.
    """
    return [n for n in names if _is_scoped(n) or _fold(n) in _FOLDED]


def our_extra_specs(names: Iterable[str]) -> list[str]:
    """Those extra specs of a flavor that are ours, misspelt ones included.

    ``Edge:client`` is, but not ``edge_client``: an extra spec without a
    namespace may be there for ``AggregateInstanceExtraSpecsFilter``, which
    looks for it in the metadata of aggregates.
    """
    return [name for name in names if _is_scoped(name)]


def _is_scoped(name: str) -> bool:
    scope, colon, _ = name.partition(':')
    return bool(colon) and (scope == _SCOPE or _fold(scope) == _SCOPE)


def _fold(key: str) -> str:
    """``edgeclient`` for ``edge:client``, `` Edge_Client`` and the like."""
    return _PUNCTUATION.sub('', key[:_MAX_KEY_LENGTH]).casefold()


_FOLDED = {_fold(name): name for name in keys.KEYS}


class UnknownKeyError(BadValueError):
    """An ``edge:`` key that does not exist: a typo must not drop a budget.

    ``key`` is the one that is meant, if that is beyond doubt; ``value`` is
    what was written.
    """

    def __init__(self, key: str) -> None:
        super().__init__(_FOLDED.get(_fold(key), key), key, 'an edge: key')

    def __str__(self) -> str:
        # Only now: a stranger may send thousands, of which a few are shown.
        near = difflib.get_close_matches(
            self.key[:_MAX_KEY_LENGTH], keys.KEYS, n=1
        )
        question = f', did you mean {near[0]}?' if near else ''
        return f'{shorten(self.value)!r} is not {self.allowed}{question}'


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """What one source, the flavor or the hints, asks for.

    :param clients: ``edge:client``, as read
    :param values: the other keys that are set, ``{'edge:percentile': 'p99'}``
    :param problems: what could not be read
    :ivar asks: whether it has any ``edge:`` key, readable or not
    :ivar names_client: whether it has an ``edge:client``, readable or not
    :ivar names_spread: whether it has an ``edge:spread``, readable or not
    :ivar sets_budget: whether it sets any budget, one of a client's own
        included
    """

    clients: tuple[NearClient, ...] = ()
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    problems: tuple[BadValueError, ...] = ()
    asks: bool = dataclasses.field(init=False)
    names_client: bool = dataclasses.field(init=False)
    names_spread: bool = dataclasses.field(init=False)
    sets_budget: bool = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        put = functools.partial(object.__setattr__, self)
        put('asks', bool(self.clients or self.values or self.problems))
        unreadable = {problem.key for problem in self.problems}
        put(
            'names_client',
            bool(self.clients) or keys.CLIENT.name in unreadable,
        )
        put(
            'names_spread', keys.SPREAD.name in self.values.keys() | unreadable
        )
        put(
            'sets_budget',
            any(key in self.values for key in keys.BUDGETS)
            or any(n.latency_budget_ms is not None for n in self.clients),
        )

    def without(self, clients: Set[Client]) -> Self:
        """The same as if some clients had never been named."""
        left = tuple(n for n in self.clients if n.client not in clients)
        return dataclasses.replace(self, clients=left)


#: Of most flavors and requests.
_NOTHING = Wish()


def read_flavor(extra_specs: Mapping[str, str] | None) -> Wish:
    """Read the ``edge:*`` extra specs of a flavor, ``{key: text}``."""
    specs = extra_specs or {}
    ours = {key: [specs[key]] for key in our_extra_specs(specs)}
    return _read(ours, peers=False)


def read_hints(hints: Mapping[str, Sequence[str]] | None) -> Wish:
    """Read the ``edge:*`` hints as Nova stores them.

    :param hints: ``{'edge:client': ['203.0.113.7', 'vehicle-42@10']}``;
        an empty list is no value. Other keys are not ours.
    """
    hints = hints or {}
    ours = our_hints(hints)
    return _read({key: hints[key] for key in ours if hints[key]}, peers=True)


def _read(ours: Mapping[str, Sequence[str]], peers: bool) -> Wish:
    if not ours:
        return _NOTHING
    clients: tuple[NearClient, ...] = ()
    values: dict[str, Any] = {}
    problems: list[BadValueError] = []
    for key, texts in ours.items():
        try:
            if key == keys.CLIENT.name:
                clients, bad_items = _read_clients(texts, peers)
                problems += bad_items
            elif key not in keys.KEYS:
                # Not raised: there may be thousands.
                problems.append(UnknownKeyError(key))
            else:
                values[key] = _read_value(key, texts)
        except BadValueError as problem:
            problems.append(problem)
    return Wish(clients, values, tuple(problems))


def _read_clients(
    texts: Sequence[str], peers: bool
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
                clients.append(_near_client(item.strip(), peers))
            except BadValueError as problem:
                problems.append(problem)
    return tuple(clients), problems


def _read_value(key: str, texts: Sequence[str]) -> Any:
    if len(texts) > 1:
        raise BadValueError(key, ', '.join(texts[:4]), 'one value')
    return _value(key, texts[0])


# Texts have been bounded before. What makes no sense is raised, not kept.
_near_client = functools.lru_cache(maxsize=_KEPT)(keys.parse_near_client)


@functools.lru_cache(maxsize=_KEPT)
def _value(key: str, text: str) -> Any:
    return keys.KEYS[key].parse(text)
