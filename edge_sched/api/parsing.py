# SPDX-License-Identifier: Apache-2.0

"""What strangers send, bounded and checked before anything is done."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import webob

from edge_sched.api.errors import BadRequestError
from edge_sched.api.errors import BodyTooLongError
from edge_sched.api.errors import WrongTypeError
from edge_sched.model.keys import MAX_VALUE_LENGTH
from edge_sched.model.text import shorten

#: More than any body needs: sixteen prefixes and what is around them.
MAX_BODY_BYTES = 16 * 1024

#: More parameters than any request needs: clients and every other once.
_MAX_PARAMETERS = 64


def query_of(
    request: webob.Request, single: Collection[str], several: Collection[str]
) -> Mapping[str, Sequence[str]]:
    """The parameters of a request, ``{'client': ['203.0.113.7']}``.

    :param single: those that may be there once
    :param several: those that may be there any number of times
    :raises BadRequestError: naming the parameter
    """
    try:
        pairs = list(request.GET.items())
    except UnicodeDecodeError as error:
        raise BadRequestError('the query is not UTF-8') from error
    if len(pairs) > _MAX_PARAMETERS:
        raise BadRequestError(
            f'{len(pairs)} parameters are not at most {_MAX_PARAMETERS}'
        )
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in single and name not in several:
            known = ', '.join(sorted({*single, *several})) or 'there is none'
            raise BadRequestError(
                f'{shorten(name)!r} is not a parameter: {known}'
            )
        found.setdefault(name, []).append(plain(name, value))
        if name in single and len(found[name]) > 1:
            raise BadRequestError(f'{name!r} is given more than once')
    return found


def plain(name: str, value: str) -> str:
    """A value that a database and a terminal can have.

    :raises BadRequestError: naming the parameter
    """
    if len(value) > MAX_VALUE_LENGTH or not value.isprintable():
        raise BadRequestError(
            f'{name!r}: {shorten(value)!r} is not at most '
            f'{MAX_VALUE_LENGTH} printable characters'
        )
    return value


def body_of(request: webob.Request) -> Any:
    """What is sent as JSON.

    :raises ApiError: if it is none, or too long
    """
    if request.content_type != 'application/json':
        raise WrongTypeError('the body has to be application/json')
    # Without a length, as in chunks, so much is read and no more.
    length = request.content_length
    if length is not None and length > MAX_BODY_BYTES:
        raise BodyTooLongError(
            f'{length} bytes are not at most {MAX_BODY_BYTES}'
        )
    try:
        raw = request.body_file.read(MAX_BODY_BYTES + 1)
    except OSError as error:
        raise BadRequestError('the body ends before its length') from error
    if len(raw) > MAX_BODY_BYTES:
        raise BodyTooLongError(f'there are more than {MAX_BODY_BYTES} bytes')
    try:
        return json.loads(raw)
    # Nested too deep is no less wrong.
    except (ValueError, RecursionError) as error:
        raise BadRequestError('the body is not JSON') from error
