# SPDX-License-Identifier: Apache-2.0

"""A decision record in full, as it can be judged anew."""

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Never, cast

from edge_sched.asking.intent import Intent
from edge_sched.judging.detail import LOST
from edge_sched.judging.detail import MOST_PLACES
from edge_sched.judging.detail import Best
from edge_sched.judging.spread import Count
from edge_sched.model import keys
from edge_sched.model.client import Client
from edge_sched.model.keys import NearClient
from edge_sched.model.latency import PERCENTILES
from edge_sched.model.latency import Answer
from edge_sched.model.latency import Latency
from edge_sched.model.plausible import BadLatencyError
from edge_sched.model.plausible import check
from edge_sched.replay.settings import Settings

#: Clients of one request, and servers of a group at one place: far more than
#: can be asked for, or recorded.
_MOST = 1000

_CLASSES = ('over', 'unknown', 'within')


class NotInFullError(ValueError):
    """A record that nothing can be judged by anew.

    :param unjudged: whether nothing was judged in the first place
    """

    def __init__(self, unjudged: bool) -> None:
        self.unjudged = unjudged
        super().__init__('nothing was judged' if unjudged else 'is in short')


class BadRecordError(ValueError):
    """A record that cannot be what it seems; names what is wrong."""


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """One place of a record.

    :param standing: ``within``, ``unknown`` or ``over``
    :param hosts: how many came in
    :param members: of the group that are there, on each level
    :param best: the host that went first there, if any was left
    """

    site: str
    cell: str
    hosts: int
    standing: str
    accepted: bool
    crowded: bool
    score: float
    members: Count
    best: Best | None


@dataclasses.dataclass(frozen=True, slots=True)
class Recorded:
    """One decision, and all that it hung on.

    :param answers: of each client; their vantages are the numbers of places
    :param first: the host that was ranked first, ``''`` if none was left or
        nobody saw how they were ranked
    :param is_ranked: whether it was seen
    :param next: the best that was at another site, ``''`` if there was none
    :param without: which would have been first without some weighers
    :param turns: and at how many times their multipliers, ``{'RAMWeigher':
        [(3.1, 'lyon-2')]}``
    :param nothing_left: whether no host was left for every server for reasons
        that other settings do not change: no room, or too few places
    """

    request_id: str
    mode: str
    intent: Intent
    settings: Settings
    judged_at: float
    places: Sequence[Place]
    answers: Mapping[Client, Answer]
    first: str
    is_ranked: bool
    nothing_left: bool
    next: str = ''
    without: Mapping[str, str] = dataclasses.field(default_factory=dict)
    turns: Mapping[str, Sequence[tuple[float, str]]] = dataclasses.field(
        default_factory=dict
    )


def read(record: Mapping[str, Any]) -> Recorded:
    """Read a record.

    :raises NotInFullError: if it is one in short, or nothing was judged
    :raises BadRecordError: if it makes no sense
    """
    if 'places' not in record:
        raise NotInFullError(not any(_counts(record)))
    try:
        return _Reader(record).recorded()
    except BadRecordError:
        raise
    except BadLatencyError as error:
        raise BadRecordError(f'rows: {error}') from error
    # Too few or too many of something are a ValueError.
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise BadRecordError(f'is missing or odd: {error!s:.80}') from error
    except ArithmeticError as error:
        raise BadRecordError(f'is too large: {error!s:.80}') from error


def _counts(record: Mapping[str, Any]) -> Sequence[Any]:
    hosts = record.get('hosts')
    return list(hosts.values()) if isinstance(hosts, dict) else ()


class _Reader:
    """Reads one record, and believes nothing."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record

    def recorded(self) -> Recorded:
        record = self._record
        ranking: Any = record.get('ranking')
        places = self._list(record['places'], 'places', MOST_PLACES)
        narrowed = record.get('narrowed') or {}
        return Recorded(
            str(record['request_id']),
            _choice(record['mode'], ('enforce', 'shadow'), 'mode'),
            self._intent(),
            Settings.read(record['settings']),
            _number(record['judged_at'], 'judged_at'),
            [self._place(place) for place in places],
            self._answers(places),
            _text(ranking['first']['host']) if ranking else '',
            bool(ranking),
            bool(record.get('short_of')) or narrowed.get('sites') == 0,
            _text(ranking.get('next', {}).get('host', '')) if ranking else '',
            self._without(ranking or {}),
            self._turns(ranking or {}),
        )

    def _intent(self) -> Intent:
        budgets = self._record['budgets']
        spread: Any = self._record.get('spread')
        latency_ms = self._list(budgets['latency_ms'], 'latency_ms', _MOST)
        grouped = isinstance(spread, dict)
        over = self._list(spread['over'], 'over', _MOST) if grouped else ()
        return Intent(
            tuple(
                NearClient(_client(i), _number_or_none(ms, 'latency_ms'))
                for i, ms in enumerate(latency_ms)
            ),
            _number_or_none(budgets['jitter_ms'], 'jitter_ms'),
            _number_or_none(budgets['loss_pct'], 'loss_pct'),
            cast(
                Any, _choice(budgets['percentile'], PERCENTILES, 'percentile')
            ),
            _is(budgets['mode'], keys.BUDGET_MODE, 'required'),
            _is(budgets['unknown'], keys.UNKNOWN, 'reject'),
            _choice(
                self._record['objective'], keys.OBJECTIVE.choices, 'objective'
            ),
            _choice(self._record['combine'], keys.COMBINE.choices, 'combine'),
            tuple(_choice(o, keys.SPREAD.choices, 'over') for o in over),
            grouped and _is(spread['mode'], keys.SPREAD_MODE, 'required'),
        )

    def _answers(self, places: Sequence[Any]) -> dict[Client, Answer]:
        """What the store had, by the numbers of the places."""
        heartbeat_at = _number_or_none(
            self._record['heartbeat_at'], 'heartbeat_at'
        )
        unplaced = self._list(self._record['unplaced'], 'unplaced', _MOST)
        answers = {}
        for i, is_unplaced in enumerate(unplaced):
            parts: list[dict[str, Latency]] = []
            for number, place in enumerate(places):
                rows = self._list(place['rows'][i], 'rows', _MOST)
                parts += ({} for _ in range(len(rows) - len(parts)))
                for part, row in zip(parts, rows, strict=False):
                    if row is not None:
                        part[str(number)] = _row(row)
            answers[_client(i)] = Answer(
                True, tuple(parts), heartbeat_at, bool(is_unplaced)
            )
        return answers

    def _without(self, ranking: Mapping[str, Any]) -> dict[str, str]:
        return {
            _text(weigher): _text(host)
            for weigher, host in ranking.get('without', {}).items()
        }

    def _turns(
        self, ranking: Mapping[str, Any]
    ) -> dict[str, list[tuple[float, str]]]:
        return {
            _text(weigher): [
                (_number(factor, weigher), _text(host))
                for factor, host in self._list(turns, weigher, _MOST)
            ]
            for weigher, turns in ranking.get('turns', {}).items()
        }

    def _place(self, place: Mapping[str, Any]) -> Place:
        members = self._list(place.get('members', []), 'members', _MOST)
        best = place.get('best')
        return Place(
            _text(place['site']),
            _text(place['cell']),
            int(_number(place['hosts'], 'hosts')),
            _choice(place['class'], _CLASSES, 'class'),
            place['accepted'] is True,
            place.get('crowded') is True,
            _number(place['score'], 'score'),
            tuple(int(_number(n, 'members')) for n in members),
            _best(best) if best else None,
        )

    def _list(self, value: object, key: str, most: int) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            raise BadRecordError(f'{key} is no list of at most {most}')
        return value


@functools.cache
def _client(number: int) -> Client:
    """A client by its place: addresses are cut, so that two may be alike."""
    return Client(name=f'client-{number}')


def _best(best: Mapping[str, Any]) -> Best:
    return Best(
        _text(best['host']),
        _number(best['weight'], 'weight'),
        _number(best['multiplier'], 'multiplier'),
        _number(best['cell_weight'], 'cell_weight'),
    )


def _row(row: Mapping[str, Any]) -> Latency:
    figures: dict[str, Any] = {
        name: math.inf if value == LOST else value
        for name, value in row.items()
    }
    for name, value in figures.items():
        if name in ('vantage', 'client', 'source'):
            _text(value)
        elif value != math.inf:
            _number(value, name)
    latency = Latency(**figures)
    check(latency)
    return latency


def _number_or_none(value: object, key: str) -> float | None:
    return None if value is None else _number(value, key)


def _number(value: object, key: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(cast(float, value)):
        _odd(value, key)
    return cast(float, value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        _odd(value, 'a name')
    return value


def _choice(value: object, choices: Sequence[str], key: str) -> str:
    if value not in choices:
        _odd(value, key)
    return cast(str, value)


def _is(value: object, key: keys.Key, choice: str) -> bool:
    return _choice(value, key.choices, key.name) == choice


def _odd(value: object, key: str) -> Never:
    raise BadRecordError(f'{key} is {value!r:.40}')
