# SPDX-License-Identifier: Apache-2.0

"""Instant queries by the HTTP API of Prometheus, with bounds.

What its answers and errors look like:
https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import functools
import http
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import requests
from oslo_log import log as logging

from edge_sched.collector.inputs.base import InputError
from edge_sched.collector.inputs.base import Limits
from edge_sched.http.bounded import BoundedSession
from edge_sched.http.deadline import Deadline
from edge_sched.http.fetch import reason
from edge_sched.model.text import readable

LOG = logging.getLogger(__name__)

#: One series of an answer: its labels and its number, which may be ``inf`` or
#: ``nan``, e.g. ``({'client': '203.0.113.0/24'}, 0.012)``.
Sample: TypeAlias = tuple[Mapping[str, str], float]

#: Where it is, below the URL of a Prometheus.
QUERY_PATH = '/api/v1/query'

#: Chosen: few pieces for a long answer, little too much of one too long.
_PIECE_BYTES = 65_536

#: The type of labels.
_TEXT = frozenset({str})


class Link(Protocol):
    """The way to one server, for one question.

    :param session: that its requests go through; closed afterwards
    :param errors: what it raises, ``OSError`` among them
    """

    session: BoundedSession
    errors: tuple[type[Exception], ...]

    def send(
        self, parameters: Mapping[str, str], timeout_seconds: float
    ) -> requests.Response:
        """Ask; the body of the answer is yet to be read.

        :param timeout_seconds: of each read
        """


class Queries:
    """One server, asked several questions as of one moment; by any thread.

    That moment, ``at``, is UTC epoch seconds by the server's clock, which is
    ``ahead_seconds`` ahead of ours. It is the latest that the server answers
    for: VictoriaMetrics lets 30 seconds pass by default, and does so with
    ``time()`` too, which is no clock then
    (https://docs.victoriametrics.com/#query-latency, ``latencyOffset``).

    :param connect: makes a new link; may raise what reading files does
    :param limits: of each answer
    :param deadline: of all of them
    :raises InputError: if the server does not say what time it is
    """

    def __init__(
        self,
        connect: Callable[[], Link],
        limits: Limits,
        deadline: Deadline,
    ) -> None:
        self._connect = connect
        self._limits = limits
        self._deadline = deadline
        self.at, self.ahead_seconds, kind = self._time({})
        if kind == 'vector':
            # It is VictoriaMetrics, which has no scalars. Its own name for
            # "as of now, not of a while ago" is this.
            _, self.ahead_seconds, _ = self._time({'nocache': '1'})

    def vector(self, expression: str) -> Iterator[Sample]:
        """Its value, one number a series.

        The answer has been read when this returns, but not looked at.

        :raises InputError: for any other answer, naming the question
        """
        parameters = {'query': expression, 'time': f'{self.at:.3f}'}
        _, result = self._ask(parameters, ('vector',))
        if len(result) > self._limits.max_series:
            raise InputError(
                f'{expression}: {len(result)} series, more than '
                f'{self._limits.max_series}'
            )
        return _samples(expression, result)

    def _time(self, more: Mapping[str, str]) -> tuple[float, float, str]:
        """What ``time()`` is, how far ahead of our clock, and its type."""
        before = time.time()
        kind, result = self._ask(
            {'query': 'time()', **more}, ('scalar', 'vector')
        )
        try:
            if kind == 'vector':
                [series] = result
                result = series['value']
            at = float(result[1])
            if not math.isfinite(at):
                raise ValueError
        except (TypeError, ValueError, LookupError):
            raise InputError('time(): the answer is not a time') from None
        return at, at - (before + time.time()) / 2, kind

    def _ask(
        self, parameters: Mapping[str, str], wanted: Sequence[str]
    ) -> tuple[str, list[Any]]:
        try:
            return _result(self._body(parameters), wanted)
        except InputError as error:
            raise InputError(f'{parameters["query"]}: {error}') from error

    def _body(self, parameters: Mapping[str, str]) -> bytes:
        """The whole answer, unpacked."""
        deadline = self._deadline.within(self._limits.timeout_seconds)
        # A timeout of 0 would be a socket that does not wait at all.
        timeout_seconds = max(deadline.remaining_seconds(), 0.001)
        try:
            link = self._connect()
        except (OSError, ValueError) as error:
            raise InputError(f'cannot ask: {error}') from error
        try:
            with (
                link.session,
                link.session.shut_at(deadline),
                link.send(parameters, timeout_seconds) as response,
            ):
                body = _read(response, self._limits.max_bytes)
        except link.errors as error:
            late = deadline.passed()
            why = 'no whole answer in time' if late else reason(error)
            raise InputError(why) from error
        if deadline.passed():
            # One whose connection was shut can look whole.
            raise InputError('no whole answer in time')
        if response.status_code != http.HTTPStatus.OK:
            said = readable(body.decode(errors='replace'))
            raise InputError(f'HTTP status {response.status_code}: {said}')
        return body


def _samples(expression: str, result: list[Any]) -> Iterator[Sample]:
    try:
        for series in result:
            labels = series['metric']
            if not _TEXT.issuperset(map(type, labels.values())):
                raise TypeError
            yield labels, float(series['value'][1])
    except (TypeError, ValueError, LookupError, AttributeError):
        # A native histogram, for one.
        raise InputError(
            f'{expression}: the answer is not one number a series'
        ) from None


def _read(response: requests.Response, max_bytes: int) -> bytes:
    body = bytearray()
    for piece in response.iter_content(_PIECE_BYTES):
        body += piece
        if len(body) > max_bytes:
            raise InputError(f'the answer is longer than {max_bytes} bytes')
    return bytes(body)


def _result(body: bytes, wanted: Sequence[str]) -> tuple[str, list[Any]]:
    """What a successful query brought, of a type that is wanted; the type."""
    try:
        answer = json.loads(body)
        if answer['status'] != 'success':
            raise InputError(readable(str(answer.get('error'))))
        kind = answer['data']['resultType']
        result = answer['data']['result']
        if not isinstance(result, list):
            raise TypeError
        for warning in answer.get('warnings') or ():
            _warn_once(readable(str(warning)))
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ):
        raise InputError('the answer is not one of Prometheus') from None
    if kind not in wanted:
        raise InputError(
            f'the answer is a {kind!r}, not a {" or ".join(wanted)}'
        )
    return kind, result


@functools.lru_cache(maxsize=128)
def _warn_once(warning: str) -> None:
    LOG.warning('Prometheus warns: %s', warning)
