# SPDX-License-Identifier: Apache-2.0

"""Arguments that several commands take, checked; bad ones in one line."""

import argparse
import math
import re
import uuid
from typing import Any

from edge_sched.measurement.record import MAX_NAME_LENGTH
from edge_sched.model.client import MAX_SITE_LENGTH
from edge_sched.model.client import MEASURED
from edge_sched.model.client import NAME
from edge_sched.model.client import Client
from edge_sched.model.client import Prefix
from edge_sched.model.client import parse_client
from edge_sched.model.client import parse_prefix
from edge_sched.model.keys import BadValueError
from edge_sched.model.keys import Key
from edge_sched.model.names import normal
from edge_sched.model.text import shorten
from edge_sched.probe.outcome import Address
from edge_sched.probe.target import ONE_HOST
from edge_sched.probe.target import one_host


class BadArgumentError(ValueError):
    """An argument that makes no sense; the message is for its author."""


def client_of(text: str) -> Client:
    """``203.0.113.7``, ``2001:db8::/56``, ``vehicle-42`` or ``site:lyon``.

    :raises BadArgumentError: if it is none of them
    """
    try:
        return parse_client(text)
    except ValueError:
        raise BadArgumentError(
            f'{shorten(text)!r} is not {MEASURED}'
        ) from None


def prefixes_of(texts: list[str]) -> tuple[Prefix, ...]:
    """Prefixes in the order given, each once.

    :raises BadArgumentError: if one is neither a prefix nor an address
    """
    try:
        return tuple(dict.fromkeys(parse_prefix(text) for text in texts))
    except ValueError as error:
        raise BadArgumentError(str(error)) from None


def name_of(text: str) -> str:
    """A client's name.

    :raises BadArgumentError: if it cannot be one
    """
    if not NAME.fullmatch(text):
        raise BadArgumentError(
            f'{shorten(text)!r} is not a name: a letter, then up to 62 '
            'letters, digits, dots, hyphens and underscores'
        )
    return text


def add_owner(parser: argparse.ArgumentParser) -> None:
    """Add ``(--project ID | --shared)``, one of them required."""
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument(
        '--project',
        metavar='ID',
        help='The project that owns the name; no other can use it.',
    )
    group.add_argument(
        '--shared',
        action='store_true',
        help='Every project can use the name, unless it has its own.',
    )


def owner_of(arguments: argparse.Namespace) -> str | None:
    """The project of ``add_owner``, ``None`` if shared.

    :raises BadArgumentError: if it cannot be a project's id
    """
    return None if arguments.shared else project_of(arguments.project)


def project_of(text: str) -> str:
    """A project's id.

    :raises BadArgumentError: if it cannot be one
    """
    return _stored_text(text, 'a project id')


def vantage_of(text: str) -> str:
    """A vantage point's name, as a measurement file may have it.

    :raises BadArgumentError: if it cannot be one
    """
    return _stored_text(normal(text), 'the name of a vantage point')


def site_of(text: str) -> str:
    """A site's name, as of the client ``site:paris``.

    :raises BadArgumentError: if it cannot be one
    """
    try:
        site = parse_client(f'site:{text}').site
    except ValueError:
        site = None
    if site is None:
        raise BadArgumentError(
            f'{shorten(text)!r} is not the name of a site: up to '
            f'{MAX_SITE_LENGTH} characters, no comma and no @, and "lyon" '
            'where the client is "site:lyon"'
        )
    return site


def server_of(text: str) -> str:
    """The id of a server."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise BadArgumentError(
            f'{shorten(text)!r} is not the id of a server'
        ) from None


def address_of(text: str) -> Address:
    """The address of one host.

    :raises BadArgumentError: if it is none
    """
    address = one_host(text)
    if address is None:
        raise BadArgumentError(f'{shorten(text)!r} is not {ONE_HOST}')
    return address


def _stored_text(text: str, what: str) -> str:
    if (
        not text
        or len(text) > MAX_NAME_LENGTH
        or not text.isprintable()
        or text != text.strip()
    ):
        raise BadArgumentError(f'{shorten(text)!r} is not {what}')
    return text


def seconds_of(option: str, text: str) -> float:
    """A number of seconds, 0 or more.

    :raises BadArgumentError: if it is not
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise BadArgumentError(
            f'{option} {shorten(text)!r} is not a number of seconds'
        )
    return seconds


def whole_of(option: str, text: str, least: int, most: int) -> int:
    """A whole number in a range.

    :raises BadArgumentError: naming the option and what is allowed
    """
    if not re.fullmatch(r'\d{1,9}', text, re.ASCII) or not (
        least <= int(text) <= most
    ):
        raise BadArgumentError(
            f'{option} {shorten(text)!r} is not a whole number in '
            f'{least}..{most}'
        )
    return int(text)


def value_of(option: str, key: Key, text: str) -> Any:
    """The value of an option that means what an ``edge:*`` key does.

    :raises BadArgumentError: naming the option and what is allowed
    """
    try:
        return key.parse(text)
    except BadValueError as error:
        raise BadArgumentError(
            f'{option} {shorten(text)!r} is not {error.allowed}'
        ) from None
