# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""What a request asks for: flavor extra specs and hints made one.

The flavor is the operator's contract, the hint the tenant's wish, and a hint
may only tighten. A value that cannot be read is kept as a problem beside what
could be read: on create it is refused, on a move of a server that lives it is
left out and the rest is judged as ever.
"""

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from edge_sched import keys
from edge_sched.client import Client
from edge_sched.keys import BadValueError
from edge_sched.keys import NearClient
from edge_sched.latency import PERCENTILES
from edge_sched.latency import Percentile

#: The loosest value first.
_TIGHTNESS: dict[str, tuple[str, ...]] = {
    keys.PERCENTILE.name: PERCENTILES,
    keys.BUDGET_MODE.name: ('preferred', 'required'),
    keys.UNKNOWN.name: ('allow', 'reject'),
}


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


@dataclasses.dataclass(frozen=True, slots=True)
class Intent:
    """What a request asks for, flavor and hints merged.

    :param targets: the clients, each with the latency budget that holds for
        it, ``None`` if there is none
    :param percentile: the statistic a latency budget is judged by
    :param required: over-budget hosts are rejected, else ranked lower
    :param reject_unknown: hosts without usable data are rejected
    :param clamped: keys of hints that were looser than the flavor
    :param problems: values that were left out because they make no sense
    """

    targets: tuple[NearClient, ...]
    jitter_budget_ms: float | None = None
    loss_budget_pct: float | None = None
    percentile: Percentile = 'p95'
    required: bool = True
    reject_unknown: bool = False
    objective: str = 'nearest'
    combine: str = 'worst'
    clamped: tuple[str, ...] = ()
    problems: tuple[BadValueError, ...] = ()

    @property
    def has_budget(self) -> bool:
        """Whether any metric of any client has a budget."""
        return (
            self.jitter_budget_ms is not None
            or self.loss_budget_pct is not None
            or any(t.latency_budget_ms is not None for t in self.targets)
        )

    @property
    def clients(self) -> tuple[Client, ...]:
        """Who must be near."""
        return tuple(target.client for target in self.targets)

    def relaxed(self) -> 'Intent':
        """The same, but only preferred: nothing is a reason to reject."""
        return dataclasses.replace(self, required=False, reject_unknown=False)

    def without(self, clients: frozenset[Client]) -> 'Intent':
        """The same without some of the clients."""
        return dataclasses.replace(
            self,
            targets=tuple(t for t in self.targets if t.client not in clients),
        )


def read_flavor(extra_specs: Mapping[str, str] | None) -> Wish:
    """Read the ``edge:*`` extra specs of a flavor, ``{key: text}``."""
    return read_hints(
        {key: [text] for key, text in (extra_specs or {}).items()}
    )


def read_hints(hints: Mapping[str, Sequence[str]] | None) -> Wish:
    """Read the ``edge:*`` hints as Nova stores them.

    :param hints: ``{'edge:client': ['203.0.113.7', 'vehicle-42@10']}``;
        an empty list is no value. Other keys are not ours.
    """
    clients: tuple[NearClient, ...] = ()
    values: dict[str, Any] = {}
    problems: list[BadValueError] = []
    for key, texts in (hints or {}).items():
        if not key.startswith(keys.NAMESPACE) or not texts:
            continue
        try:
            if key == keys.CLIENT.name:
                clients, bad_items = _read_clients(texts)
                problems += bad_items
            else:
                values[key] = _read_value(key, texts)
        except BadValueError as problem:
            problems.append(problem)
    return Wish(clients, values, tuple(problems))


def merge(
    flavor: Wish,
    hint: Wish,
    default_percentile: Percentile = 'p95',
) -> Intent:
    """Make one of the operator's contract and the tenant's wish.

    The smaller budget, the higher percentile, ``required`` and ``reject``
    win; clients are united; the flavor's objective and combine win. If the
    flavor sets a budget, the keys that it leaves out stand at their defaults,
    else the hint's hold as written: a flavor with ``edge:latency_budget_ms
    20`` and hints ``edge:latency_budget_ms 30``, ``edge:percentile p99``
    make 20 ms at p99, and the 30 is recorded as clamped.
    """
    clamped: list[str] = []

    def smaller(key: str) -> Any:
        asked = [w.values[key] for w in (flavor, hint) if key in w.values]
        if key in hint.values and min(asked) < hint.values[key]:
            clamped.append(key)
        return min(asked, default=None)

    def tighter(key: str, default: str, contract: str | None = None) -> str:
        """``contract``: what the flavor holds a hint to if it says nothing."""
        said = hint.values.get(key)
        held = flavor.values.get(key, contract if said else None)
        asked = [value for value in (said, held) if value is not None]
        chosen = max(asked, key=_TIGHTNESS[key].index, default=default)
        if said is not None and chosen != said:
            clamped.append(key)
        return chosen

    def flavors(key: str, default: str) -> str:
        held = flavor.values.get(key, default if flavor.sets_budget else None)
        said = hint.values.get(key)
        if held is not None and said is not None and said != held:
            clamped.append(key)
        return str(held or said or default)

    def contract(default: str) -> str | None:
        return default if flavor.sets_budget else None

    targets, loosened = _merge_clients(flavor, hint)
    clamped += loosened
    jitter_budget_ms = smaller(keys.JITTER_BUDGET.name)
    loss_budget_pct = smaller(keys.LOSS_BUDGET.name)
    mode = tighter(keys.BUDGET_MODE.name, 'required', contract('required'))
    any_budget = flavor.sets_budget or hint.sets_budget
    flavor_mode = flavor.values.get(keys.BUDGET_MODE.name, 'required')
    return Intent(
        targets=targets,
        jitter_budget_ms=jitter_budget_ms,
        loss_budget_pct=loss_budget_pct,
        percentile=tighter(  # type: ignore[arg-type]
            keys.PERCENTILE.name,
            default_percentile,
            contract(default_percentile),
        ),
        required=mode == 'required',
        reject_unknown=tighter(
            keys.UNKNOWN.name,
            _default_unknown(any_budget, mode),
            contract(_default_unknown(True, flavor_mode)),
        )
        == 'reject',
        objective=flavors(keys.OBJECTIVE.name, 'nearest'),
        combine=flavors(keys.COMBINE.name, 'worst'),
        clamped=tuple(clamped),
        problems=flavor.problems + hint.problems,
    )


def _default_unknown(any_budget: bool, mode: str) -> str:
    return 'reject' if any_budget and mode == 'required' else 'allow'


def _merge_clients(
    flavor: Wish, hint: Wish
) -> tuple[tuple[NearClient, ...], list[str]]:
    """Unite the clients; say which of the hint's budgets were too loose."""
    targets = []
    loosened = set()
    both = (*flavor.clients, *hint.clients)
    for client in dict.fromkeys(near.client for near in both):
        asked = hint.latency_budgets_ms(client)
        budget_ms = min(
            (*flavor.latency_budgets_ms(client), *asked), default=None
        )
        if budget_ms is not None and asked and budget_ms < min(asked):
            own = any(
                near.client == client and near.latency_budget_ms is not None
                for near in hint.clients
            )
            key = keys.CLIENT if own else keys.LATENCY_BUDGET
            loosened.add(key.name)
        targets.append(NearClient(client, budget_ms))
    return tuple(targets), sorted(loosened)


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
    if key not in keys.KEYS:
        near = difflib.get_close_matches(key[:64], keys.KEYS, n=1)
        raise keys.UnknownKeyError(key, near[0] if near else '')
    if len(texts) > 1:
        raise BadValueError(key, ', '.join(texts[:4]), 'one value')
    return keys.KEYS[key].parse(texts[0])
