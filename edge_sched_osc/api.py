# SPDX-License-Identifier: Apache-2.0

"""Asks the API for tenants, and says in one line what went wrong."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from keystoneauth1 import adapter
from keystoneauth1 import exceptions as ksa_exceptions
from keystoneauth1 import session as ksa_session
from osc_lib import exceptions

from edge_sched_osc import shapes
from edge_sched_osc.text import cleaned
from edge_sched_osc.text import readable

if TYPE_CHECKING:
    import requests

SERVICE_TYPE = 'edge-latency'

#: How long an answer is waited for unless the cloud's configuration says it.
#: Chosen: the service has bounds of its own, far below.
TIMEOUT_SECONDS = 60

T = TypeVar('T', bound=tuple[Any, ...])


class RefusedError(exceptions.CommandError):
    """The API answered that it does not do it.

    :ivar retry_seconds: when it may, if that was said
    """

    def __init__(self, line: str, retry_seconds: int | None) -> None:
        super().__init__(line)
        self.retry_seconds = retry_seconds


class Client:
    """The API at an endpoint, with or without its version.

    Every method raises ``RefusedError`` for what the API refuses,
    ``CommandError`` if it cannot be reached or answers something else, and
    what keystoneauth raises if there is no token.

    :param endpoint: ``https://cloud.example.org/edge-latency``
    """

    def __init__(self, session: ksa_session.Session, endpoint: str) -> None:
        root = endpoint.rstrip('/').removesuffix('/v1')
        self._adapter = adapter.Adapter(
            session,
            service_type=SERVICE_TYPE,
            endpoint_override=f'{root}/v1',
            client_name='edge-sched-osc',
        )
        self._timeout = session.timeout or TIMEOUT_SECONDS

    def sites(self, query: Mapping[str, Any]) -> shapes.Sites:
        """What a create would be told.

        :param query: ``{'client': ['203.0.113.7'], 'latency_budget_ms':
            '20'}``
        """
        answer = self._ask('GET', '/sites', params=query)
        return _read(shapes.Sites, answer)

    def clients(self, all_projects: bool) -> list[shapes.NamedClient]:
        """The project's own names and shared ones, or those of all."""
        query = {'all_projects': 'true'} if all_projects else {}
        answer = self._ask('GET', '/clients', params=query)
        return read_all(shapes.NamedClient, _get(answer, 'clients'))

    def client(self, name: str) -> shapes.NamedClient:
        """What a name points at."""
        answer = self._ask('GET', _path_of(name))
        return _read(shapes.NamedClient, _get(answer, 'client'))

    def set_client(self, name: str, prefixes: Sequence[str]) -> None:
        """Point a name of the project's own at these prefixes."""
        self._ask('PUT', _path_of(name), json={'prefixes': list(prefixes)})

    def unset_client(self, name: str) -> None:
        """Forget a name of the project's own."""
        self._ask('DELETE', _path_of(name))

    def server(self, server: str) -> shapes.Server:
        """How a server of the project stands; by its id."""
        answer = self._ask('GET', f'/servers/{quote(server, safe="")}')
        return _read(shapes.Server, _get(answer, 'server'))

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        """The document that is answered, or None if there is none."""
        try:
            response = self._adapter.request(
                path,
                method,
                headers={'Accept': 'application/json'},
                timeout=self._timeout,
                raise_exc=False,
                **more,
            )
        except ksa_exceptions.ConnectionError as error:
            raise exceptions.CommandError(
                f'the {SERVICE_TYPE} service does not answer: '
                f'{readable(str(error))}'
            ) from None
        if not response.ok:
            raise _refused(response)
        if not response.content:
            return None
        try:
            return cleaned(response.json())
        except ValueError:
            raise _strange('no JSON') from None


def read_all(shape: type[T], values: Any) -> list[T]:
    """Each of a list that was answered, in this shape."""
    if not isinstance(values, list):
        raise _strange(f'no list of {shape.__name__}')
    return [_read(shape, each) for each in values]


def _read(shape: type[T], value: Any) -> T:
    try:
        return shapes.read(shape, value)
    except shapes.StrangeAnswerError as error:
        raise _strange(str(error)) from None


def _get(answer: Any, name: str) -> Any:
    return answer.get(name) if isinstance(answer, dict) else None


def _strange(what: str) -> exceptions.CommandError:
    return exceptions.CommandError(
        f'there is something else than the {SERVICE_TYPE} service at its '
        f'endpoint, or another version of it: it answers {what}'
    )


def _path_of(name: str) -> str:
    """The path of a named client."""
    # Dots alone are steps in a path, and nothing is the path of all.
    if not name.strip('.'):
        raise exceptions.CommandError(f'{name!r} is not the name of a client')
    return f'/clients/{quote(name, safe="")}'


def _refused(response: 'requests.Response') -> RefusedError:
    """As ``no client vehicle-43 (HTTP 404, request req-5f0c...)``.

    A proxy that answers in our place has a word for it, and a page that is
    not for terminals.
    """
    try:
        first = response.json()['errors'][0]
        detail, request = first['detail'], first['request_id']
    except (ValueError, LookupError, TypeError):
        detail, request = response.reason, None
    status = response.status_code
    # The other form is a date, which nobody of ours sends.
    after = response.headers.get('Retry-After', '')
    retry_seconds = int(after) if re.fullmatch('[0-9]{1,9}', after) else None
    again = '' if retry_seconds is None else f'; try again in {after} s'
    known = f', request {request}' if request else ''
    line = f'{detail}{again} (HTTP {status}{known})'
    return RefusedError(readable(line), retry_seconds)
