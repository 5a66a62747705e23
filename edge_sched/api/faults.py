# SPDX-License-Identifier: Apache-2.0

"""Every refusal in the form that OpenStack's services agreed on.

``{"errors": [{"status": 404, "title": "Not Found", "detail": "there is no
client 'x'", "request_id": "req-..."}]}``, whoever in the pipeline refused.
"""

import http
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import webob
import webob.dec
from oslo_context import context
from oslo_log import log as logging
from oslo_middleware import request_id

from edge_sched.api.errors import RETRY_SECONDS
from edge_sched.api.errors import ApiError

LOG = logging.getLogger(__name__)

#: Those that are worth another try.
_LATER = (
    http.HTTPStatus.TOO_MANY_REQUESTS,
    http.HTTPStatus.SERVICE_UNAVAILABLE,
)


class Fault(NamedTuple):
    """What is told of a refusal.

    :param code: see ``ApiError``
    """

    status: http.HTTPStatus
    detail: str
    retry_seconds: int | None = None
    code: str = ''


def openstack_form(fault: Fault, request_id: str) -> Mapping[str, Any]:
    """The body of an answer, as above."""
    error = {
        'status': int(fault.status),
        'title': fault.status.phrase,
        'detail': fault.detail,
        'request_id': request_id,
    }
    return {'errors': [error]}


class Faults:
    """Middleware, outside of whatever may refuse.

    :param form: of a fault and the id of the request
    """

    def __init__(
        self,
        application: Any,
        form: Callable[[Fault, str], Mapping[str, Any]] = openstack_form,
    ) -> None:
        self._application = application
        self._form = form

    @webob.dec.wsgify  # type: ignore[untyped-decorator]
    def __call__(self, request: webob.Request) -> webob.Response:
        # What is logged of it has its id, and not that of another request.
        context.RequestContext(request_id=_id_of(request))
        try:
            response = request.get_response(self._application)
        except ApiError as error:
            fault = Fault(
                error.status, str(error), error.retry_seconds, error.code
            )
            told = self._response(request, fault)
            if error.allowed:
                told.headers['Allow'] = error.allowed
            return told
        except Exception:
            LOG.exception('A request could not be answered')
            fault = Fault(
                http.HTTPStatus.INTERNAL_SERVER_ERROR,
                'something went wrong: the operator can look it up by the '
                'request id',
            )
            return self._response(request, fault)
        status = response.status_int
        if status < http.HTTPStatus.BAD_REQUEST:
            return response
        retry_seconds = RETRY_SECONDS if status in _LATER else None
        fault = Fault(http.HTTPStatus(status), _said(response), retry_seconds)
        told = self._response(request, fault)
        for header in 'WWW-Authenticate', 'Allow':
            if header in response.headers:
                told.headers[header] = response.headers[header]
        return told

    def _response(
        self, request: webob.Request, fault: Fault
    ) -> webob.Response:
        response = webob.Response(
            status=int(fault.status),
            content_type='application/json',
            charset='UTF-8',
            body=json.dumps(self._form(fault, _id_of(request))).encode(),
        )
        if fault.retry_seconds:
            response.headers['Retry-After'] = str(fault.retry_seconds)
        return response


def _id_of(request: webob.Request) -> str:
    return str(request.environ.get(request_id.ENV_REQUEST_ID, ''))


def _said(response: webob.Response) -> str:
    """What other middleware says, in the forms that are known of it."""
    if response.status_int == http.HTTPStatus.UNAUTHORIZED:
        return 'a valid token is needed, in X-Auth-Token'
    if response.status_int == http.HTTPStatus.SERVICE_UNAVAILABLE:
        return 'the identity service is away'
    return http.HTTPStatus(response.status_int).description
