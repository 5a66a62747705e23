# SPDX-License-Identifier: Apache-2.0

"""The ``edge:*`` keys, once: names, values allowed, what they mean.

Flavor extra specs and scheduler hints carry the same keys. Everything that
reads one of them (the request, the flavor API's validators, the docs) takes
its rules from here, so that they cannot disagree.
"""

import dataclasses
import math
import re
from collections.abc import Callable
from typing import Any

from edge_sched.model.client import Client
from edge_sched.model.client import parse_client
from edge_sched.model.client import parse_peer
from edge_sched.model.latency import PERCENTILES
from edge_sched.model.text import shorten

NAMESPACE = 'edge:'

#: Bounds of what a stranger may send. A flavor extra spec cannot be longer
#: than 255 characters in Nova either; 16 clients keep the one query small.
MAX_VALUE_LENGTH = 255
MAX_CLIENTS = 16

#: Plain or exponent notation in ASCII digits. ``float()`` would also take
#: ``nan``, ``inf``, ``1_000`` and digits of other scripts.
_NUMBER = re.compile(r'\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?', re.ASCII)


class BadValueError(ValueError):
    """A value that an ``edge:*`` key cannot have.

    The message is for users: ``edge:latency_budget_ms 'soon' is not a number
    > 0``. Values are quoted by ``repr``, which escapes control characters.
    """

    def __init__(self, key: str, value: str, allowed: str) -> None:
        self.key = key
        self.value = value
        self.allowed = allowed
        super().__init__(f'{key} {shorten(value)!r} is not {allowed}')


class MissingKeyError(BadValueError):
    """A key in a hint that says nothing without another.

    :param question: what the other one answers
    """

    def __init__(self, key: str, other: 'Key', question: str) -> None:
        super().__init__(key, '', other.allowed)
        self._said = f'{key} needs {other.name}: {question}?'

    def __str__(self) -> str:
        return self._said


def nobody_near(key: str) -> BadValueError:
    """The error of a budget in a hint, and nobody who must be near."""
    return MissingKeyError(key, CLIENT, 'who must be near')


def spread_over_nothing() -> BadValueError:
    """The error of a mode of spreading in a hint, and nothing to spread."""
    return MissingKeyError(SPREAD_MODE.name, SPREAD, 'spread over what')


class NoHostYetError(BadValueError):
    """A server that others are to be near to, and that is nowhere yet."""

    def __init__(self, client: Client) -> None:
        super().__init__(CLIENT.name, str(client), 'a server with a host')

    def __str__(self) -> str:
        return f'{self.key} {shorten(self.value)!r} has no host yet'


def unknown_client(client: Client) -> BadValueError:
    """The error of a client that the project does not have."""
    allowed = CLIENT.allowed
    if client.site:
        allowed = 'a site'
    elif client.server:
        allowed = 'a server of this project'
    elif client.group:
        allowed = 'a server group of this project'
    return BadValueError(CLIENT.name, str(client), allowed)


def too_long(key: str, value: str) -> BadValueError:
    """The error of a value that is longer than a stranger may send."""
    return BadValueError(key, value, f'at most {MAX_VALUE_LENGTH} characters')


@dataclasses.dataclass(frozen=True, slots=True)
class NearClient:
    """One item of ``edge:client``: ``203.0.113.7@10`` has its own budget."""

    client: Client
    latency_budget_ms: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """One ``edge:*`` key.

    :param allowed: ends the sentence "the value is not ...", and is what the
        flavor API answers
    :param read: text -> value; raises ``ValueError``
    :param choices: all values, if they are few. Where a hint may only
        tighten, the loosest comes first
    """

    name: str
    allowed: str
    meaning: str
    read: Callable[[str], Any] = dataclasses.field(repr=False)
    choices: tuple[str, ...] = ()

    def parse(self, text: str) -> Any:
        """The value of a text.

        :raises BadValueError: naming the key, the text and what is allowed
        """
        if len(text) > MAX_VALUE_LENGTH:
            raise too_long(self.name, text)
        try:
            return self.read(text)
        except BadValueError:
            raise
        except ValueError as error:
            raise BadValueError(self.name, text, self.allowed) from error


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _positive(text: str) -> float:
    number = _number(text)
    if number <= 0:
        raise ValueError(text)
    return number


def _percentage(text: str) -> float:
    number = _number(text)
    if number > 100:
        raise ValueError(text)
    return number


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return read


def _clients(text: str) -> tuple[NearClient, ...]:
    items = text.split(',')
    if len(items) > MAX_CLIENTS:
        raise BadValueError(
            CLIENT.name, text, f'a list of at most {MAX_CLIENTS} clients'
        )
    return tuple(parse_near_client(item.strip()) for item in items)


def parse_near_client(item: str, peers: bool = False) -> NearClient:
    """One item of ``edge:client``: ``203.0.113.7`` or ``vehicle-42@10``.

    :param peers: whether it may be ``server:`` or ``group:``, as in a hint:
        a flavor is for all projects, and each of those is of one
    :raises BadValueError: naming the item
    """
    who, at, budget = item.partition('@')
    try:
        client = (parse_peer(who) if peers else None) or parse_client(who)
    except ValueError as error:
        raise BadValueError(CLIENT.name, who, _client(who, peers)) from error
    if not at:
        return NearClient(client)
    try:
        return NearClient(client, _positive(budget))
    except ValueError as error:
        raise BadValueError(
            CLIENT.name, item, 'a client, @ and a number > 0'
        ) from error


def _client(who: str, peers: bool) -> str:
    """What is allowed in the place of what was meant for a client."""
    kind, colon, _ = who.partition(':')
    if colon and kind == 'site':
        return 'site: and a name, without , and @'
    if not colon or kind not in ('server', 'group'):
        return CLIENT.allowed
    if peers:
        return f'{kind}: and an id'
    return 'for a flavor: only hints name servers and groups'


def _choice(name: str, choices: tuple[str, ...], meaning: str) -> Key:
    allowed = 'one of ' + ', '.join(choices)
    return Key(name, allowed, meaning, _one_of(*choices), choices)


CLIENT = Key(
    'edge:client',
    'an address, a prefix or a known client',
    'Who must be near: addresses, prefixes, client names or sites '
    '(site:lyon), separated by commas, each optionally with a latency budget '
    'of its own in milliseconds: 203.0.113.7@10,vehicle-42. Hints may also '
    'name servers and server groups, as server: or group: and an id.',
    _clients,
)
LATENCY_BUDGET = Key(
    'edge:latency_budget_ms',
    'a number > 0',
    'The largest tolerated round-trip time, in milliseconds, at the '
    'percentile of edge:percentile.',
    _positive,
)
JITTER_BUDGET = Key(
    'edge:jitter_budget_ms',
    'a number > 0',
    'The largest tolerated packet delay variation (p95 minus min of the '
    'round trip), in milliseconds.',
    _positive,
)
LOSS_BUDGET = Key(
    'edge:loss_budget_pct',
    'a number from 0 to 100',
    'The largest tolerated round-trip loss, in percent.',
    _percentage,
)
PERCENTILE = _choice(
    'edge:percentile',
    PERCENTILES,
    'The statistic that a latency budget is judged by.',
)
BUDGET_MODE = _choice(
    'edge:budget_mode',
    ('preferred', 'required'),
    'Whether a host over budget is rejected (required) or only ranked lower '
    '(preferred).',
)
UNKNOWN = _choice(
    'edge:unknown',
    ('allow', 'reject'),
    'What becomes of a host without usable measurements.',
)
OBJECTIVE = _choice(
    'edge:objective',
    ('fit', 'nearest'),
    'nearest: the nearest host wins. fit: every host well within budget is '
    'as good as the next, so that load spreads.',
)
COMBINE = _choice(
    'edge:combine',
    ('mean', 'worst'),
    'With several clients: rank by the worst or by the mean of them.',
)
SPREAD = _choice(
    'edge:spread',
    ('site', 'zone'),
    'What the servers of a server group are spread over.',
)
SPREAD_MODE = _choice(
    'edge:spread_mode',
    ('preferred', 'required'),
    'Whether a site or zone with a server of the group is rejected (required) '
    'or only ranked lower (preferred).',
)

#: The keys that set a budget of all clients.
BUDGETS = (LATENCY_BUDGET.name, JITTER_BUDGET.name, LOSS_BUDGET.name)

KEYS: dict[str, Key] = {
    key.name: key
    for key in (
        CLIENT,
        LATENCY_BUDGET,
        JITTER_BUDGET,
        LOSS_BUDGET,
        PERCENTILE,
        BUDGET_MODE,
        UNKNOWN,
        OBJECTIVE,
        COMBINE,
        SPREAD,
        SPREAD_MODE,
    )
}
