# SPDX-License-Identifier: Apache-2.0

"""What a request asks for: flavor extra specs and hints made one.

The flavor is the operator's contract, the hint the tenant's wish, and a hint
may only tighten. What could not be read stays a problem: on create the
request is refused, on a move of a server that lives it is left out and the
rest is judged as ever.
"""

import dataclasses
import functools
from typing import Any, Self, cast

from edge_sched.asking.source import Wish
from edge_sched.model import keys
from edge_sched.model.client import Client
from edge_sched.model.keys import Key
from edge_sched.model.keys import NearClient
from edge_sched.model.latency import Percentile


@dataclasses.dataclass(frozen=True, slots=True)
class Intent:
    """What a request asks for, flavor and hints merged.

    :param targets: the clients, each with the latency budget that holds for
        it, ``None`` if there is none
    :param percentile: the statistic a latency budget is judged by
    :param required: over-budget hosts are rejected, else ranked lower
    :param reject_unknown: hosts without usable data are rejected
    :param spread: what the servers of a group are spread over, the wider
        first: ``('zone', 'site')``
    :param spread_required: a place with one of them is rejected, else ranked
        lower
    :param clamped: keys of hints that were looser than the flavor
    :ivar clients: who must be near
    :ivar has_budget: whether any metric of any client has a budget
    :ivar may_reject: whether any verdict is a reason to reject a host
    """

    targets: tuple[NearClient, ...]
    jitter_budget_ms: float | None = None
    loss_budget_pct: float | None = None
    percentile: Percentile = 'p95'
    required: bool = True
    reject_unknown: bool = False
    objective: str = 'nearest'
    combine: str = 'worst'
    spread: tuple[str, ...] = ()
    spread_required: bool = False
    clamped: tuple[str, ...] = ()
    clients: tuple[Client, ...] = dataclasses.field(init=False)
    has_budget: bool = dataclasses.field(init=False)
    may_reject: bool = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        put = functools.partial(object.__setattr__, self)
        put('clients', tuple(target.client for target in self.targets))
        put(
            'has_budget',
            self.jitter_budget_ms is not None
            or self.loss_budget_pct is not None
            or any(t.latency_budget_ms is not None for t in self.targets),
        )
        put(
            'may_reject',
            self.reject_unknown or (self.required and self.has_budget),
        )

    def written(self) -> dict[str, Any]:
        """By the keys that say so, those of the defaults included.

        ``{'edge:client': ['203.0.113.7@20'], 'edge:percentile': 'p95', ...}``
        """
        keys_of: dict[Key, Any] = {
            keys.CLIENT: [
                f'{client}@{budget_ms:g}' if budget_ms else f'{client}'
                for client, budget_ms in (
                    (t.client, t.latency_budget_ms) for t in self.targets
                )
            ],
            keys.JITTER_BUDGET: self.jitter_budget_ms,
            keys.LOSS_BUDGET: self.loss_budget_pct,
            keys.PERCENTILE: self.percentile,
            keys.BUDGET_MODE: 'required' if self.required else 'preferred',
            keys.UNKNOWN: 'reject' if self.reject_unknown else 'allow',
            keys.OBJECTIVE: self.objective,
            keys.COMBINE: self.combine,
        }
        if self.spread:
            mode = 'required' if self.spread_required else 'preferred'
            keys_of |= {
                keys.SPREAD: list(self.spread),
                keys.SPREAD_MODE: mode,
            }
        return {
            key.name: value
            for key, value in keys_of.items()
            if value not in (None, [])
        }

    def relaxed(self) -> Self:
        """The same, but only preferred: nothing is a reason to reject."""
        return dataclasses.replace(
            self, required=False, reject_unknown=False, spread_required=False
        )


def merge(
    flavor: Wish,
    hint: Wish,
    default_percentile: Percentile = 'p95',
) -> Intent:
    """Make one of the operator's contract and the tenant's wish.

    The smaller budget, the higher percentile, ``required`` and ``reject``
    win; clients are united, and so is what to spread over; the flavor's
    objective and combine win. If the flavor sets a budget, the keys that it
    leaves out stand at their defaults, else the hint's hold as written: a
    flavor with ``edge:latency_budget_ms 20`` and hints
    ``edge:latency_budget_ms 30``, ``edge:percentile p99`` make 20 ms at p99,
    and the 30 is recorded as clamped.
    """
    merger = _Merger(flavor, hint)
    targets = merger.targets()
    jitter_budget_ms = merger.smaller(keys.JITTER_BUDGET)
    loss_budget_pct = merger.smaller(keys.LOSS_BUDGET)
    mode = merger.tighter(keys.BUDGET_MODE, 'required')
    unknown = merger.tighter(
        keys.UNKNOWN,
        _default_unknown(flavor.sets_budget or hint.sets_budget, mode),
        # What the flavor by itself would do holds a hint that loosens it.
        floor=_default_unknown(
            flavor.sets_budget,
            flavor.values.get(keys.BUDGET_MODE.name, 'required'),
        ),
    )
    spread = merger.spread()
    spread_mode = merger.tighter(keys.SPREAD_MODE, 'preferred')
    return Intent(
        targets=targets,
        jitter_budget_ms=jitter_budget_ms,
        loss_budget_pct=loss_budget_pct,
        percentile=cast(
            Percentile, merger.tighter(keys.PERCENTILE, default_percentile)
        ),
        required=mode == 'required',
        reject_unknown=unknown == 'reject',
        objective=merger.of_flavor(keys.OBJECTIVE, 'nearest'),
        combine=merger.of_flavor(keys.COMBINE, 'worst'),
        spread=spread,
        spread_required=bool(spread) and spread_mode == 'required',
        clamped=tuple(merger.clamped),
    )


def _default_unknown(any_budget: bool, mode: str) -> str:
    return 'reject' if any_budget and mode == 'required' else 'allow'


class _Merger:
    """Merges key by key, and notes which hints were looser."""

    def __init__(self, flavor: Wish, hint: Wish) -> None:
        self._flavor = flavor
        self._hint = hint
        self.clamped: list[str] = []

    def targets(self) -> tuple[NearClient, ...]:
        """All clients, each with the smallest latency budget that is set."""
        both = (*self._flavor.clients, *self._hint.clients)
        clients = dict.fromkeys(near.client for near in both)
        return tuple(map(self._target, clients))

    def spread(self) -> tuple[str, ...]:
        """What either says, the wider first: every zone has its sites."""
        asked = {
            wish.values.get(keys.SPREAD.name)
            for wish in (self._flavor, self._hint)
        }
        return tuple(c for c in reversed(keys.SPREAD.choices) if c in asked)

    def smaller(self, key: Key) -> Any:
        """The smaller budget, ``None`` if neither sets one."""
        said = self._hint.values.get(key.name)
        held = self._flavor.values.get(key.name)
        budget = min((b for b in (said, held) if b is not None), default=None)
        self._note(key, said, budget)
        return budget

    def tighter(self, key: Key, default: str, floor: str | None = None) -> str:
        """The tighter choice.

        :param default: if neither says anything
        :param floor: what a flavor with a budget, but without this key,
            holds a hint to; the default if not given
        """
        said = self._hint.values.get(key.name)
        held = self._flavor.values.get(key.name)
        if held is None and said is not None and self._flavor.sets_budget:
            held = floor or default
        asked = [choice for choice in (said, held) if choice is not None]
        chosen = max(asked, key=key.choices.index, default=default)
        self._note(key, said, chosen)
        return chosen

    def of_flavor(self, key: Key, default: str) -> str:
        """The flavor's choice; the hint's if the flavor leaves it open."""
        said = self._hint.values.get(key.name)
        held = self._flavor.values.get(key.name)
        if held is None and self._flavor.sets_budget:
            held = default
        chosen: str = held or said or default
        self._note(key, said, chosen)
        return chosen

    def _target(self, client: Client) -> NearClient:
        said, own = _latency_budget(self._hint, client)
        held, _ = _latency_budget(self._flavor, client)
        budget_ms = min(
            (b for b in (said, held) if b is not None), default=None
        )
        self._note(
            keys.CLIENT if own else keys.LATENCY_BUDGET, said, budget_ms
        )
        return NearClient(client, budget_ms)

    def _note(self, key: Key, said: Any, chosen: Any) -> None:
        looser = said is not None and said != chosen
        if looser and key.name not in self.clamped:
            self.clamped.append(key.name)


def _latency_budget(wish: Wish, client: Client) -> tuple[float | None, bool]:
    """What a source sets for a client, and whether for this very one.

    By ``@<ms>``, the smallest if there are several, before all: ``10.0`` for
    ``a`` of ``edge:client=a@10`` whatever ``edge:latency_budget_ms`` is.
    """
    own = [
        near.latency_budget_ms
        for near in wish.clients
        if near.client == client and near.latency_budget_ms is not None
    ]
    if own:
        return min(own), True
    return wish.values.get(keys.LATENCY_BUDGET.name), False
