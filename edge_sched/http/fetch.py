# SPDX-License-Identifier: Apache-2.0

"""HTTP GET with a bound on time and on bytes that no server gets around.

Redirects are not followed: they would lead where the operator did not say.
"""

import contextlib
import http
import pathlib
import ssl
import time
import urllib.parse
from collections.abc import Callable, Mapping

import requests
from requests import auth
from urllib3.exceptions import HTTPError

from edge_sched.http.bounded import BoundedSession
from edge_sched.http.deadline import Deadline
from edge_sched.model.text import readable

#: Chosen: few pieces of a large answer, little too much of one too long.
_PIECE_BYTES = 65_536


class FetchError(Exception):
    """There is no whole answer; the message says why, without the URL."""


class Fetcher:
    """Fetches with one set of credentials and one idea of who is trusted.

    :param credentials: user and password, of basic authentication; sent in
        UTF-8
    :param cafile: certificates to trust instead of the system's
    :param clock: UTC epoch seconds
    """

    def __init__(
        self,
        credentials: tuple[str, str] | None = None,
        cafile: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        # As text they would be sent in ISO 8859-1.
        self._auth = credentials and auth.HTTPBasicAuth(
            *(part.encode() for part in credentials)
        )
        self._verify = cafile or True
        self._clock = clock

    def get(
        self,
        url: str,
        headers: Mapping[str, str],
        deadline: Deadline,
        max_bytes: int,
    ) -> tuple[bytes, float]:
        """The body of the answer, whole, and when it began to arrive.

        :raises FetchError: if it is not 200, too long, cut short or late
        """
        try:
            with (
                BoundedSession() as session,
                session.shut_at(deadline),
                session.get(
                    url,
                    headers=headers,
                    auth=self._auth,
                    verify=self._verify,
                    allow_redirects=False,
                    stream=True,
                    # One of 0 would be a socket that does not wait at all.
                    timeout=max(deadline.remaining_seconds(), 0.001),
                ) as response,
            ):
                begun_at = self._clock()
                body = _body(response, max_bytes)
        except (requests.RequestException, HTTPError) as error:
            if not deadline.passed():
                raise FetchError(reason(error)) from error
        except AttributeError:
            # urllib3 looks for the socket that was shut meanwhile.
            if not deadline.passed():
                raise
        # Where no length was promised, a socket that was shut is an end.
        if deadline.passed():
            raise FetchError('no whole answer in time')
        return body, begun_at


def check_url(url: str) -> None:
    """Refuse what ``Fetcher`` cannot get.

    :raises ValueError: saying what is allowed
    """
    allowed = 'is not http:// or https://, a host and a path'
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(allowed) from None
    if (
        parts.scheme not in ('http', 'https')
        or not parts.hostname
        or port == 0
        or parts.username is not None
        or parts.fragment
        or not url.isascii()
        or not url.isprintable()
        or ' ' in url
    ):
        raise ValueError(allowed)


def first_line(path: str) -> str:
    """The password that a file holds.

    :raises OSError: if it cannot be read
    :raises ValueError: if it is not UTF-8
    """
    text = pathlib.Path(path).read_text(encoding='utf-8')
    return text.partition('\n')[0].rstrip('\r')


def check_cafile(path: str) -> None:
    """Refuse a file without certificates.

    :raises OSError: if it has none, or cannot be read
    """
    ssl.create_default_context(cafile=path)


def reason(error: BaseException) -> str:
    """What is at the bottom of it, the same at each time."""
    while error.__context__ is not None:
        error = error.__context__
    return readable(f'{type(error).__name__}: {error}')


def _body(response: requests.Response, max_bytes: int) -> bytes:
    if response.status_code != http.HTTPStatus.OK:
        raise FetchError(_status(response))
    body = bytearray()
    for piece in response.iter_content(_PIECE_BYTES):
        body += piece
        if len(body) > max_bytes:
            raise FetchError(f'the answer is longer than {max_bytes} bytes')
    return bytes(body)


def _status(response: requests.Response) -> str:
    """``HTTP status 404, Not Found``, and where a redirect leads."""
    words = [f'HTTP status {response.status_code}']
    with contextlib.suppress(ValueError):
        words.append(http.HTTPStatus(response.status_code).phrase)
    where = response.headers.get('Location')
    if where:
        words.append(f'to {readable(where)}, which is not followed')
    return ', '.join(words)
