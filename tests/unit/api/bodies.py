# SPDX-License-Identifier: Apache-2.0

"""Requests that have a body."""

import io
from typing import Any

import webob


def request_with(raw: bytes, path: str = '/', **environ: Any) -> webob.Request:
    """As a WSGI server hands it on.

    :param environ: over what it is otherwise
    """
    request = webob.Request.blank(path, method='PUT')
    request.environ |= {
        'wsgi.input': io.BytesIO(raw),
        'CONTENT_LENGTH': str(len(raw)),
        'CONTENT_TYPE': 'application/json',
        **environ,
    }
    return request
