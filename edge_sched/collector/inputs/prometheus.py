# SPDX-License-Identifier: Apache-2.0

"""Driver ``prometheus``: without Keystone."""

import re
from collections.abc import Callable, Mapping

import requests
from oslo_config import cfg
from requests import auth

from edge_sched.collector.inputs import questions
from edge_sched.collector.inputs.promql import QUERY_PATH
from edge_sched.collector.inputs.promql import Link
from edge_sched.collector.inputs.promql_input import PromQLInput
from edge_sched.conf import access
from edge_sched.http.bounded import BoundedSession
from edge_sched.http.fetch import check_cafile
from edge_sched.http.fetch import check_url
from edge_sched.http.fetch import first_line

OPTS = (
    cfg.StrOpt(
        'url',
        help="""
The URL of the Prometheus, or of what speaks its language.

Each of the questions of a round, some ten of them, has ``timeout``,
``max_bytes`` and ``max_series`` for itself. Prometheus needs about two
seconds and 12 MB for 50 000 pairs, each.

Possible values:

* ``http://<host>:9090`` or ``https://<host>:9090``, with a path if it is
  behind a proxy; required.
""",
    ),
    *access.opts('the Prometheus'),
    cfg.StrOpt(
        'token_file',
        help="""
The file whose first line is a bearer token for Prometheus.

It must be readable by the service alone. It is read in each round, so that
whoever renews it needs to tell nobody.

Possible values:

* An absolute path; not with ``user``.
""",
    ),
    cfg.MultiStrOpt(
        'header',
        default=[],
        secret=True,
        help="""
A header that is sent with each question.

Where one server has the series of several tenants, it says whose are asked
for. The option may stand several times, a line for each.

Possible values:

* ``<name>: <value>``, e.g. ``X-Scope-OrgID: edge`` (Mimir, Cortex) or
  ``THANOS-TENANT: edge`` (Thanos); in ASCII, at most 1024 characters. Not
  those that the collector sets itself: a token goes into ``token_file``.
""",
    ),
)

#: Chosen: tenants and tokens are shorter, servers take lines of 8 KiB.
_MAX_HEADER_LENGTH = 1024

#: https://www.rfc-editor.org/rfc/rfc9110#section-5.5 without what is obsolete.
_HEADER = re.compile(
    r"([!#$%&'*+.^`|~\w-]+):[ \t]*([!-~](?:[ -~\t]*[!-~])?)", re.ASCII
)

#: What says how long the question is, where it goes, and who asks.
_OWN_HEADERS = frozenset(
    {
        'accept-encoding',
        'authorization',
        'connection',
        'content-encoding',
        'content-length',
        'content-type',
        'host',
        'transfer-encoding',
    }
)


class PrometheusInput(PromQLInput):
    """Prometheus itself, or what speaks its language.

    Thanos, Mimir, VictoriaMetrics.
    """

    OPTS = (*OPTS, *questions.OPTS)

    def __init__(
        self,
        name: str,
        conf: cfg.ConfigOpts,
        group: str,
        mine: Callable[[str], bool],
    ) -> None:
        super().__init__(name, conf, group, mine)
        settings = self.settings
        try:
            check_url(settings.url or '')
        except ValueError as error:
            raise self.bad_setting('url', settings.url, str(error)) from None
        if (settings.user is None) != (settings.password_file is None):
            raise self.bad_setting(
                'user', settings.user, 'goes with password_file'
            )
        if settings.user is not None and ':' in settings.user:
            raise self.bad_setting('user', settings.user, 'has a colon')
        if settings.user is not None and settings.token_file is not None:
            raise self.bad_setting(
                'token_file', settings.token_file, 'does not go with user'
            )
        self._headers = self._read_headers()
        self._check_file('password_file', first_line)
        self._check_file('token_file', first_line)
        self._check_file('cafile', check_cafile)

    def link(self) -> Link:
        settings = self.settings
        session = BoundedSession()
        session.verify = settings.cafile or True
        session.headers.update(self._headers)
        if settings.user is not None:
            password = first_line(settings.password_file)
            session.auth = auth.HTTPBasicAuth(
                settings.user.encode(), password.encode()
            )
        if settings.token_file is not None:
            token = first_line(settings.token_file)
            session.headers['Authorization'] = f'Bearer {token}'
        return PlainLink(session, settings.url.rstrip('/') + QUERY_PATH)

    def _read_headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for number, text in enumerate(self.settings.header, 1):
            # It may be a secret: no message has more of it than this.
            which = f'number {number}'
            found = _HEADER.fullmatch(text)
            if found is None or len(text) > _MAX_HEADER_LENGTH:
                raise self.bad_setting(
                    'header',
                    which,
                    'is not a name, a colon and a value, in ASCII, of at '
                    f'most {_MAX_HEADER_LENGTH} characters',
                )
            name, value = found.groups()
            if name.lower() in _OWN_HEADERS:
                raise self.bad_setting(
                    'header', which, f'is {name}, which is not for an option'
                )
            if name.lower() in headers:
                raise self.bad_setting('header', which, f'has {name} twice')
            headers[name.lower()] = value
        return headers

    def _check_file(self, option: str, use: Callable[[str], object]) -> None:
        path = self.settings[option]
        try:
            if path is not None:
                use(path)
        except (OSError, ValueError) as error:
            raise self.bad_setting(
                option, path, f'cannot be used: {error}'
            ) from error


class PlainLink:
    """By POST: an expression may be longer than proxies let a URL be."""

    errors: tuple[type[Exception], ...] = (OSError,)

    def __init__(self, session: BoundedSession, url: str) -> None:
        self.session = session
        self._url = url

    def send(
        self, parameters: Mapping[str, str], timeout_seconds: float
    ) -> requests.Response:
        return self.session.post(
            self._url,
            data=parameters,
            timeout=timeout_seconds,
            stream=True,
            allow_redirects=False,
        )
