# SPDX-License-Identifier: Apache-2.0

"""What all answers of CAMARA's have: the form of errors, the correlator."""

import http
import re
from collections.abc import Mapping
from typing import Any

import webob
import webob.dec

from edge_sched.api.errors import BadRequestError
from edge_sched.api.faults import Fault
from edge_sched.model.text import shorten

#: Where all of it is.
ROOT = '/simple-edge-discovery/'

#: As ``XCorrelator`` has it.
_CORRELATOR = re.compile('[a-zA-Z0-9_:;./<>{}-]{0,256}')
_HEADER = 'x-correlator'

_MAX_MESSAGE_LENGTH = 512

#: What an error is called whose status goes by another name.
_CODES = {
    http.HTTPStatus.BAD_REQUEST: 'INVALID_ARGUMENT',
    http.HTTPStatus.UNAUTHORIZED: 'UNAUTHENTICATED',
    http.HTTPStatus.FORBIDDEN: 'PERMISSION_DENIED',
    http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE: 'INVALID_ARGUMENT',
    http.HTTPStatus.INTERNAL_SERVER_ERROR: 'INTERNAL',
    http.HTTPStatus.SERVICE_UNAVAILABLE: 'UNAVAILABLE',
}


def camara_form(fault: Fault, request_id: str) -> Mapping[str, Any]:
    """``{"status": 404, "code": "NOT_FOUND", "message": "there is no..."}``.

    :param request_id: which has no place in it, but in a header
    """
    return {
        'status': int(fault.status),
        'code': fault.code or _CODES.get(fault.status, fault.status.name),
        'message': shorten(fault.detail, _MAX_MESSAGE_LENGTH),
    }


def check_correlator(request: webob.Request) -> None:
    """See whether the correlator, if there is one, can go back.

    :raises BadRequestError: if not
    """
    if _HEADER in request.headers and _correlator(request) is None:
        raise BadRequestError(
            f'the header {_HEADER} is not at most 256 letters, digits and '
            'characters of -_:;./<>{}'
        )


class Correlator:
    """Middleware, outside of all: the header of a request comes back."""

    def __init__(self, application: Any) -> None:
        self._application = application

    @webob.dec.wsgify  # type: ignore[untyped-decorator]
    def __call__(self, request: webob.Request) -> webob.Response:
        response = request.get_response(self._application)
        if (correlator := _correlator(request)) is not None:
            response.headers[_HEADER] = correlator
        return response


def _correlator(request: webob.Request) -> str | None:
    """``None`` if there is none, or none that is fit to be sent back."""
    text: str | None = request.headers.get(_HEADER)
    if text is None or not _CORRELATOR.fullmatch(text):
        return None
    return text
