# SPDX-License-Identifier: Apache-2.0

"""The paths that need a token, and who answers them."""

import contextlib
import http
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import routes
import sqlalchemy as sa
import webob
import webob.dec
from oslo_db import exception as db_exception
from oslo_log import log as logging
from oslo_policy import policy

from edge_sched.api.caller import caller_of
from edge_sched.api.camara.zones import PATH
from edge_sched.api.camara.zones import Zones
from edge_sched.api.clients import Clients
from edge_sched.api.errors import AwayError
from edge_sched.api.errors import MethodNotAllowedError
from edge_sched.api.errors import NotFoundError
from edge_sched.api.errors import TooManyRequestsError
from edge_sched.api.limits import Limiter
from edge_sched.api.servers import Servers
from edge_sched.api.sites import Sites
from edge_sched.judging.reason import STORE_AWAY
from edge_sched.scheduler.narrowing.placement import NoAnswerError
from edge_sched.scheduler.narrowing.placement import RefusedQueryError
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.reasons import reason

LOG = logging.getLogger(__name__)


class Application:
    """WSGI, behind what tells who asks.

    :param zones: what CAMARA has, ``None`` if nobody wants it
    """

    def __init__(
        self,
        enforcer: policy.Enforcer,
        limiter: Limiter,
        sites: Sites,
        clients: Clients,
        servers: Servers,
        zones: Zones | None,
    ) -> None:
        self._enforcer = enforcer
        self._limiter = limiter
        self._mapper = routes.Mapper(controller_scan=None)
        self._mapper.minimization = False
        self._answers: dict[str, Mapping[str, Callable[..., Any]]] = {
            '/v1/sites': {'GET': sites.index},
            '/v1/clients': {'GET': clients.index},
            '/v1/clients/{name}': {
                'GET': clients.show,
                'PUT': clients.set,
                'DELETE': clients.unset,
            },
            '/v1/servers/{server}': {'GET': servers.show},
        }
        if zones:
            self._answers[PATH] = {'POST': zones.closest}
        for path in self._answers:
            self._mapper.connect(path, controller=path)
        self._mapper.create_regs([])

    @webob.dec.wsgify  # type: ignore[untyped-decorator]
    def __call__(self, request: webob.Request) -> webob.Response:
        caller = caller_of(request, self._enforcer)
        if wait_seconds := self._limiter.take(caller.project_id):
            raise TooManyRequestsError(
                'the project has made all requests that it may make for now',
                wait_seconds,
            )
        found = self._mapper.match(_path(request))
        if found is None:
            raise NotFoundError('there is no such path')
        methods = self._answers[found.pop('controller')]
        found.pop('action', None)
        if request.method not in methods:
            raise MethodNotAllowedError(', '.join(sorted(methods)))
        with _explained():
            return _response(methods[request.method](request, caller, **found))


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turn what is raised while something is away into words for a user."""
    try:
        yield
    except StoreUnavailableError as error:
        LOG.warning('The latency store is away: %s', error)
        raise AwayError(STORE_AWAY) from error
    except (NoAnswerError, RefusedQueryError) as error:
        LOG.warning('Placement does not tell what has room: %s', error)
        raise AwayError('where there is room cannot be told now') from error
    except (db_exception.DBError, sa.exc.SQLAlchemyError) as error:
        LOG.warning("Nova's databases are away: %s", reason(error))
        raise AwayError('the compute service is away') from error


def _path(request: webob.Request) -> str:
    try:
        return str(request.path_info)
    except UnicodeDecodeError as error:
        raise NotFoundError('there is no such path') from error


def _response(body: Any) -> webob.Response:
    if body is None:
        return webob.Response(status=http.HTTPStatus.NO_CONTENT.value)
    return webob.Response(
        content_type='application/json',
        charset='UTF-8',
        body=json.dumps(body).encode(),
        # What is near whom is for who asked.
        cache_control='no-store',
    )
