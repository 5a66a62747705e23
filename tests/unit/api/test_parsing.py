# SPDX-License-Identifier: Apache-2.0

import json
from typing import Any

import webob
from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.api.errors import ApiError
from edge_sched.api.errors import BadRequestError
from edge_sched.api.errors import BodyTooLongError
from edge_sched.api.errors import WrongTypeError
from edge_sched.api.parsing import MAX_BODY_BYTES
from edge_sched.api.parsing import body_of
from edge_sched.api.parsing import query_of
from tests.unit.api.bodies import request_with


def _query(text: str) -> Any:
    request = webob.Request.blank('/')
    request.environ['QUERY_STRING'] = text
    return query_of(request, {'flavor'}, {'client'})


class QueryTest(base.BaseTestCase):
    def test_parameters_by_name(self) -> None:
        self.assertEqual(
            {'client': ['a', 'b'], 'flavor': ['big']},
            _query('client=a&flavor=big&client=b'),
        )

    def test_what_is_wrong_is_named(self) -> None:
        for text, said in (
            ('clent=a', "'clent' is not a parameter: client, flavor"),
            ('flavor=a&flavor=b', "'flavor' is given more than once"),
            ('client=%ff', 'the query is not UTF-8'),
            ('client=%1b', r"'client': '\x1b' is not at most 255 printable"),
            (f'client={"a" * 256}', "aaa...' is not at most 255 printable"),
            ('&'.join(['client=a'] * 65), '65 parameters are not at most 64'),
            (f'{"x" * 999}=1', "xxx...' is not a parameter"),
        ):
            error = self.assertRaises(BadRequestError, _query, text)
            self.assertIn(said, str(error))
            self.assertLess(len(str(error)), 200)

    def test_bounds_themselves_are_within(self) -> None:
        _query(f'client={"a" * 255}')
        _query('&'.join(['client=a'] * 64))

    @given(text=st.text(max_size=300))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        try:
            found = _query(text.encode('utf-8', 'replace').decode('latin-1'))
        except ApiError:
            return
        self.assertLessEqual(found.keys(), {'client', 'flavor'})


class BodyTest(base.BaseTestCase):
    def test_json_is_read(self) -> None:
        self.assertEqual([1], body_of(request_with(b'[1]')))
        kind = 'application/json; charset=UTF-8'
        self.assertEqual([1], body_of(request_with(b'[1]', CONTENT_TYPE=kind)))

    def test_what_is_none_is_refused(self) -> None:
        for raw in b'', b'{', b'\xff', b'[' * 10_000:
            error = self.assertRaises(
                BadRequestError, body_of, request_with(raw)
            )
            self.assertEqual('the body is not JSON', str(error))

    def test_other_kinds_are_refused(self) -> None:
        for kind in '', 'text/plain', 'application/x-www-form-urlencoded':
            request = request_with(b'[1]', CONTENT_TYPE=kind)
            self.assertRaises(WrongTypeError, body_of, request)

    def test_long_ones_are_not_read(self) -> None:
        raw = json.dumps('x' * (MAX_BODY_BYTES - 2)).encode()
        self.assertEqual(MAX_BODY_BYTES, len(raw))
        body_of(request_with(raw))
        request = request_with(raw + b' ')
        self.assertRaises(BodyTooLongError, body_of, request)
        self.assertEqual(0, request.environ['wsgi.input'].tell())

    def test_one_that_ends_early_is_refused(self) -> None:
        request = request_with(b'[1', CONTENT_LENGTH='3')
        error = self.assertRaises(BadRequestError, body_of, request)
        self.assertEqual('the body ends before its length', str(error))

    def test_no_more_is_read_than_what_may_be_there(self) -> None:
        request = request_with(b' ' * 100_000)
        del request.environ['CONTENT_LENGTH']
        request.environ['wsgi.input_terminated'] = True
        self.assertRaises(BodyTooLongError, body_of, request)
        self.assertEqual(
            MAX_BODY_BYTES + 1, request.environ['wsgi.input'].tell()
        )
