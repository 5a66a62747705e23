# SPDX-License-Identifier: Apache-2.0

"""``/v1/clients``: the names that a project has for its clients."""

from collections.abc import Callable, Mapping
from typing import Any

import webob

from edge_sched.api import policies
from edge_sched.api.caller import Caller
from edge_sched.api.errors import BadRequestError
from edge_sched.api.errors import ForbiddenError
from edge_sched.api.errors import NotFoundError
from edge_sched.api.parsing import body_of
from edge_sched.api.parsing import query_of
from edge_sched.model.client import NAME
from edge_sched.model.client import Prefix
from edge_sched.model.client import parse_prefix
from edge_sched.model.text import shorten
from edge_sched.store.errors import TooManyClientsError
from edge_sched.store.errors import UnknownClientError
from edge_sched.store.named import NamedClient
from edge_sched.store.writer import Writer

#: Prefixes of one name: as many as clients of a request.
MOST_PREFIXES = 16


class Clients:
    """Answers.

    :param writer: what to write with; asked for in the process that serves
    :param most: names that a project may have
    :param shortest: lengths of the largest prefixes, ``{4: 16, 6: 32}``
    """

    def __init__(
        self,
        writer: Callable[[], Writer],
        most: int,
        shortest: Mapping[int, int],
    ) -> None:
        self._writer = writer
        self._most = most
        self._shortest = shortest

    def index(
        self, request: webob.Request, caller: Caller
    ) -> Mapping[str, Any]:
        """``GET /v1/clients``."""
        caller.check(policies.LIST_CLIENTS)
        query = query_of(request, {'all_projects'}, ())
        (all_projects,) = query.get('all_projects', ('false',))
        if all_projects not in ('true', 'false'):
            raise BadRequestError(
                f"'all_projects': {all_projects!r} is not true or false"
            )
        if all_projects == 'true':
            caller.check(policies.LIST_ALL_CLIENTS)
            found = self._writer().list_clients()
            return {
                'clients': [
                    {**_told(each), 'project_id': each.project_id or None}
                    for each in found
                ]
            }
        found = self._writer().list_clients(caller.project_id)
        return {'clients': [_told(each) for each in found]}

    def show(
        self, request: webob.Request, caller: Caller, name: str
    ) -> Mapping[str, Any]:
        """``GET /v1/clients/{name}``."""
        caller.check(policies.SHOW_CLIENT)
        query_of(request, (), ())
        return {'client': _told(self._find(caller, name))}

    def set(
        self, request: webob.Request, caller: Caller, name: str
    ) -> Mapping[str, Any]:
        """``PUT /v1/clients/{name}``."""
        caller.check(policies.SET_CLIENT)
        query_of(request, (), ())
        if not NAME.fullmatch(name):
            raise BadRequestError(
                f'{shorten(name)!r} is not a name: a letter, and up to 62 '
                'letters, digits, dots, dashes and underscores'
            )
        prefixes = self._prefixes(body_of(request))
        try:
            self._writer().set_client(
                name, prefixes, caller.project_id, self._most
            )
        except TooManyClientsError as error:
            raise ForbiddenError(
                f'the project has {self._most} clients, and may have no more'
            ) from error
        return {'client': _told(self._find(caller, name))}

    def unset(self, request: webob.Request, caller: Caller, name: str) -> None:
        """``DELETE /v1/clients/{name}``."""
        caller.check(policies.UNSET_CLIENT)
        query_of(request, (), ())
        try:
            if not NAME.fullmatch(name):
                raise UnknownClientError(name)
            self._writer().unset_client(name, caller.project_id)
        except UnknownClientError as error:
            shared = self._find(caller, name)
            raise ForbiddenError(
                f'client {shared.name!r} is shared: it is the '
                "operator's to change"
            ) from error

    def _find(self, caller: Caller, name: str) -> NamedClient:
        """The project's own, or else the shared one."""
        found = None
        if NAME.fullmatch(name):
            found = self._writer().find_client(name, caller.project_id)
        if found is None:
            raise _no_client(name)
        return found

    def _prefixes(self, body: Any) -> list[Prefix]:
        texts = body.get('prefixes') if isinstance(body, dict) else None
        if (
            not isinstance(texts, list)
            or len(body) != 1
            or not 1 <= len(texts) <= MOST_PREFIXES
        ):
            raise BadRequestError(
                'the body is not {"prefixes": [...]} with 1 to '
                f'{MOST_PREFIXES} addresses or prefixes'
            )
        return [self._prefix(text) for text in texts]

    def _prefix(self, text: Any) -> Prefix:
        try:
            if not isinstance(text, str):
                raise TypeError
            prefix = parse_prefix(text)
        except (TypeError, ValueError) as error:
            raise BadRequestError(
                f'prefixes: {shorten(repr(text))} is not an address or a '
                'prefix'
            ) from error
        shortest = self._shortest[prefix.version]
        if prefix.prefixlen < shortest:
            raise BadRequestError(
                f'prefixes: {text!r} is not /{shortest} or smaller'
            )
        return prefix


def _told(client: NamedClient) -> Mapping[str, Any]:
    return {
        'name': client.name,
        'prefixes': [str(prefix) for prefix in client.prefixes],
        'shared': not client.project_id,
    }


def _no_client(name: str) -> NotFoundError:
    return NotFoundError(f'there is no client {shorten(name)!r}')
