# SPDX-License-Identifier: Apache-2.0

"""The versions that there are, told without a token."""

import http
import json
from typing import Any

import webob
import webob.dec


class Versions:
    """Middleware: answers for ``/`` and ``/v1``, and passes on the rest."""

    def __init__(self, application: Any) -> None:
        self._application = application

    @webob.dec.wsgify  # type: ignore[untyped-decorator]
    def __call__(self, request: webob.Request) -> Any:
        path = request.environ.get('PATH_INFO', '')
        if path not in ('', '/', '/v1', '/v1/'):
            return self._application
        if request.method not in ('GET', 'HEAD'):
            return webob.Response(
                status=http.HTTPStatus.METHOD_NOT_ALLOWED.value, allow='GET'
            )
        href = f'{request.application_url}/v1'
        version = {
            'id': 'v1.0',
            'status': 'CURRENT',
            'links': [{'rel': 'self', 'href': href}],
        }
        is_v1 = path.startswith('/v1')
        body = {'version': version} if is_v1 else {'versions': [version]}
        return webob.Response(
            content_type='application/json',
            charset='UTF-8',
            body=json.dumps(body).encode(),
        )
