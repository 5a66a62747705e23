# SPDX-License-Identifier: Apache-2.0

"""Which pages there are, and who may read them."""

import hmac
import threading
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol
from wsgiref.types import StartResponse
from wsgiref.types import WSGIApplication
from wsgiref.types import WSGIEnvironment

from oslo_log import log as logging
from prometheus_client import make_wsgi_app
from prometheus_client.registry import CollectorRegistry

LOG = logging.getLogger(__name__)

#: What is sent to a scraper that does not say what it can read.
OPENMETRICS = 'application/openmetrics-text; version=1.0.0'

_METRICS = frozenset({'/', '/metrics'})


class Answer(NamedTuple):
    """What a page says.

    :param status: ``200 OK``
    """

    status: str
    content_type: str
    body: bytes


class Branch(Protocol):
    """Pages of their own, each by a name, from threads of the server.

    :ivar path: what they begin with, ``/targets/``
    """

    path: str

    def authorization(self, name: str) -> bytes | None:
        """The header that lets one in to this page alone.

        :return: empty if nobody is; ``None`` if whoever may read the metrics
            may read it
        """

    def answer(self, name: str) -> Answer:
        """The page, soon."""


class _Page(NamedTuple):
    branch: Branch
    name: str


class Guard:
    """Lets only those in who may, to the pages that there are.

    One page of metrics is rendered at a time: many scrapers then take no more
    of the interpreter from the rest of the process than one does.

    :param authorization: the header that lets one in to all pages; empty
        lets everybody in
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        authorization: Callable[[], bytes],
        branch: Branch | None,
    ) -> None:
        self._metrics: WSGIApplication = make_wsgi_app(registry)
        self._authorization = authorization
        self._branch = branch
        self._rendering = threading.Lock()

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        path = environ['PATH_INFO']
        page = self._page(path)
        given = environ.get('HTTP_AUTHORIZATION', '').encode('latin-1')
        if not self._may_read(page, given):
            return _say(
                start_response,
                text('401 Unauthorized', 'user name and password please'),
                ('WWW-Authenticate', 'Basic realm="metrics"'),
            )
        try:
            if page is not None:
                method = environ['REQUEST_METHOD']
                return _say(start_response, _answer(page, method))
            if path not in _METRICS:
                missing = text('404 Not Found', 'metrics are at /metrics')
                return _say(start_response, missing)
            with self._rendering:
                return self._metrics(_accepting(environ), start_response)
        except Exception:
            LOG.exception('A scrape failed.')
            failed = text('500 Internal Server Error', 'the log says why')
            return _say(start_response, failed)

    def _page(self, path: str) -> _Page | None:
        """One of the branch; ``None`` if it is none."""
        if self._branch is None or not path.startswith(self._branch.path):
            return None
        # WSGI has the octets of the path as text (PEP 3333).
        octets = path.removeprefix(self._branch.path).encode('latin-1')
        try:
            return _Page(self._branch, octets.decode())
        except UnicodeDecodeError:
            return None

    def _may_read(self, page: _Page | None, given: bytes) -> bool:
        every = self._authorization()
        own = None if page is None else page.branch.authorization(page.name)
        if own is None and not every:
            return True
        return any(
            hmac.compare_digest(given, each) for each in (own, every) if each
        )


def _answer(page: _Page, method: str) -> Answer:
    if method != 'GET':
        return text('405 Method Not Allowed', 'it can only be read')
    return page.branch.answer(page.name)


def _accepting(environ: WSGIEnvironment) -> WSGIEnvironment:
    """With a format that the page has."""
    accepted = environ.get('HTTP_ACCEPT', '')
    if 'openmetrics-text' not in accepted and 'text/plain' not in accepted:
        environ['HTTP_ACCEPT'] = OPENMETRICS
    return environ


def text(status: str, line: str) -> Answer:
    """One line, for a reader."""
    return Answer(status, 'text/plain', f'{line}\n'.encode())


def _say(
    start_response: StartResponse, answer: Answer, *headers: tuple[str, str]
) -> list[bytes]:
    content_type = ('Content-Type', answer.content_type)
    start_response(answer.status, [content_type, *headers])
    return [answer.body]
