# SPDX-License-Identifier: Apache-2.0

"""Every refusal in the form that OpenStack's services agreed on.

``{"errors": [{"status": 404, "title": "Not Found", "detail": "there is no
client 'x'", "request_id": "req-..."}]}``, whoever in the pipeline refused.
"""

import http
import json
from typing import Any

import webob
import webob.dec
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


class Faults:
    """Middleware, outside of whatever may refuse."""

    def __init__(self, application: Any) -> None:
        self._application = application

    @webob.dec.wsgify  # type: ignore[untyped-decorator]
    def __call__(self, request: webob.Request) -> webob.Response:
        try:
            response = request.get_response(self._application)
        except ApiError as error:
            return self._response(
                request, error.status, str(error), error.retry_seconds
            )
        except Exception:
            LOG.exception('A request could not be answered')
            return self._response(
                request,
                http.HTTPStatus.INTERNAL_SERVER_ERROR,
                'something went wrong: the operator can look it up by the '
                'request id',
            )
        status = response.status_int
        if status < http.HTTPStatus.BAD_REQUEST or _is_ours(response):
            return response
        retry_seconds = RETRY_SECONDS if status in _LATER else None
        told = self._response(
            request, http.HTTPStatus(status), _said(response), retry_seconds
        )
        for header in 'WWW-Authenticate', 'Allow':
            if header in response.headers:
                told.headers[header] = response.headers[header]
        return told

    def _response(
        self,
        request: webob.Request,
        status: http.HTTPStatus,
        detail: str,
        retry_seconds: int | None = None,
    ) -> webob.Response:
        error = {
            'status': int(status),
            'title': status.phrase,
            'detail': detail,
            'request_id': request.environ.get(request_id.ENV_REQUEST_ID, ''),
        }
        response = webob.Response(
            status=int(status),
            content_type='application/json',
            charset='UTF-8',
            body=json.dumps({'errors': [error]}).encode(),
        )
        if retry_seconds:
            response.headers['Retry-After'] = str(retry_seconds)
        return response


def _is_ours(response: webob.Response) -> bool:
    return (
        response.content_type == 'application/json'
        and b'"errors"' in response.body[:20]
    )


def _said(response: webob.Response) -> str:
    """What other middleware says, in the forms that are known of it."""
    if response.status_int == http.HTTPStatus.UNAUTHORIZED:
        return 'a valid token is needed, in X-Auth-Token'
    if response.status_int == http.HTTPStatus.SERVICE_UNAVAILABLE:
        return 'the identity service is away'
    return http.HTTPStatus(response.status_int).description
