# SPDX-License-Identifier: Apache-2.0

"""What the API answers, as far as the commands show it. Pure.

Names, units and meanings are those of its OpenAPI document.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar, get_origin, get_type_hints

T = TypeVar('T', bound=tuple[Any, ...])

#: JSON has one kind of number: 20.0 may come as an integer.
Number = int | float | None
Text = str | None


class StrangeAnswerError(Exception):
    """This is not what the API is said to answer."""


class Site(NamedTuple):
    """How a site, or a zone, stands to what was asked."""

    name: str
    kind: str
    rank: int | None
    accepted: bool
    verdict: str
    judged_ms: Number
    rtt_p50_ms: Number
    age_seconds: Number
    assumed: bool
    room: Text
    why_not: Text


class Sites(NamedTuple):
    """What a create would be told; ``sites`` are still JSON."""

    accepted: bool
    reason: Text
    retry_seconds: Number
    enforced: bool
    detail: str
    sites: list[Any]


class NamedClient(NamedTuple):
    """A name and what it points at: ``['203.0.113.0/24']``."""

    name: str
    prefixes: list[Any]
    shared: bool
    project_id: Text = None


class Server(NamedTuple):
    """How a server stands to its clients."""

    id: str
    asks: dict[str, Any]
    site: Text
    verdict: str
    judged_ms: Number
    budget_ms: Number
    over_since: Text
    best_site: Text
    best_ms: Number
    movable: Text


def read(shape: type[T], value: Any) -> T:
    """What of a JSON object has the names and types of a shape.

    A newer API may have more in it.

    :raises StrangeAnswerError: if something is missing, or of another type
    """
    if not isinstance(value, Mapping):
        raise StrangeAnswerError(f'no {shape.__name__}')
    # What may be missing is what has a default.
    found = {**getattr(shape, '_field_defaults', {}), **value}
    fields = {}
    for name, kind in get_type_hints(shape).items():
        fields[name] = found.get(name, ...)
        # Of what is in a list or a dict nobody knows the type.
        origin = get_origin(kind)
        bare = origin if origin in (list, dict) else kind
        if not isinstance(fields[name], bare):
            raise StrangeAnswerError(f'no {name} of a {shape.__name__}')
    return shape(**fields)
