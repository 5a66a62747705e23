# SPDX-License-Identifier: Apache-2.0

import http
from typing import Any

import ddt
import webob
from oslotest import base

from edge_sched.api.camara.form import Correlator
from edge_sched.api.camara.form import camara_form
from edge_sched.api.camara.form import check_correlator
from edge_sched.api.errors import BadRequestError
from edge_sched.api.faults import Fault


@ddt.ddt
class CamaraFormTest(base.BaseTestCase):
    @ddt.data(
        (400, 'INVALID_ARGUMENT'),
        (401, 'UNAUTHENTICATED'),
        (403, 'PERMISSION_DENIED'),
        (404, 'NOT_FOUND'),
        (405, 'METHOD_NOT_ALLOWED'),
        (413, 'INVALID_ARGUMENT'),
        (415, 'UNSUPPORTED_MEDIA_TYPE'),
        (429, 'TOO_MANY_REQUESTS'),
        (500, 'INTERNAL'),
        (503, 'UNAVAILABLE'),
    )
    @ddt.unpack
    def test_code_of_a_status(self, status: int, code: str) -> None:
        fault = Fault(http.HTTPStatus(status), 'no')
        self.assertEqual(
            {'status': status, 'code': code, 'message': 'no'},
            camara_form(fault, 'req-1'),
        )

    def test_code_of_its_own(self) -> None:
        fault = Fault(http.HTTPStatus(422), 'x' * 600, code='MISSING')
        told = camara_form(fault, 'req-1')
        self.assertEqual('MISSING', told['code'])
        self.assertEqual(512, len(told['message']))


@ddt.ddt
class CorrelatorTest(base.BaseTestCase):
    @ddt.data('b4333c46-49c0', 'a/b<c>{d};e:f.g_h', 'x' * 256, '')
    def test_comes_back(self, text: str) -> None:
        request = _request(text)
        check_correlator(request)
        self.assertEqual(text, _answered(request))

    @ddt.data('x' * 257, 'a b', 'é', 'a\n', '\x1b[2J', 'a,b')
    def test_does_not_come_back(self, text: str) -> None:
        request = _request(text)
        self.assertRaises(BadRequestError, check_correlator, request)
        self.assertIsNone(_answered(request))

    def test_is_not_there(self) -> None:
        request = webob.Request.blank('/')
        check_correlator(request)
        self.assertIsNone(_answered(request))


def _request(correlator: str) -> Any:
    request = webob.Request.blank('/')
    request.environ['HTTP_X_CORRELATOR'] = correlator
    return request


def _answered(request: Any) -> Any:
    application = Correlator(webob.Response('told'))
    response = request.get_response(application)
    assert response.text == 'told'
    return response.headers.get('x-correlator')
