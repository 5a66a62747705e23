# SPDX-License-Identifier: Apache-2.0

"""Devices as CAMARA has them, and the zone that is closest."""

import http
import io
import json
import math
import sys
import types
from collections.abc import Sequence
from typing import Any

import fixtures
import nova.conf
import webob
from oslo_config.fixture import Config
from oslotest import base

from edge_sched import conf as edge_conf
from edge_sched.api import policies
from edge_sched.api.camara import zones
from edge_sched.api.camara.device import Device
from edge_sched.api.camara.device import IdentifierError
from edge_sched.api.camara.device import devices_of
from edge_sched.api.camara.form import Correlator
from edge_sched.api.camara.form import camara_form
from edge_sched.api.camara.form import check_correlator
from edge_sched.api.errors import ApiError
from edge_sched.api.errors import BadRequestError
from edge_sched.api.errors import ForbiddenError
from edge_sched.api.faults import Fault
from edge_sched.api.parsing import body_of

V4, V6 = '203.0.113.7', '2001:db8::7'
BY_V4 = {'ipv4Address': {'publicAddress': V4, 'publicPort': 1}}
BY_V6 = {'ipv6Address': V6}


def request(raw: bytes) -> webob.Request:
    found = webob.Request.blank('/', method='POST')
    found.environ |= {
        'wsgi.input': io.BytesIO(raw),
        'CONTENT_LENGTH': str(len(raw)),
        'CONTENT_TYPE': 'application/json',
    }
    return found


class DeviceTest(base.BaseTestCase):
    def test_address_of_its_own_goes_before_a_shared_one(self) -> None:
        both = {**BY_V4, **BY_V6, 'phoneNumber': '+123456789'}
        self.assertEqual(
            [Device(V6, BY_V6), Device(V4, BY_V4)],
            devices_of({'device': both}),
        )

    def test_however_deep_a_body_is_it_is_refused(self) -> None:
        for depth in range(1, sys.getrecursionlimit() + 50):
            deep = b'[' * depth + b']' * depth
            raw = b'{"device": {"ipv6Address": ' + deep + b'}}'
            self.assertRaises(
                BadRequestError, lambda raw=raw: devices_of(_read(raw))
            )

    def test_what_is_wrong_is_named_and_what_is_allowed(self) -> None:
        for device, said in (
            ({'ipv6Address': V4}, f"$.device.ipv6Address '{V4}' is not an IP"),
            ({'ipv6Address': 'fe80::1%eth0'}, 'is not an IPv6 address'),
            ({'ipv6Address': [V6]}, '$.device.ipv6Address is not an IPv6'),
            (
                {'ipv4Address': {'publicAddress': V4, 'publicPort': 0}},
                '$.device.ipv4Address.publicPort 0 is not an integer from 1',
            ),
        ):
            error = self.assertRaises(
                BadRequestError, devices_of, {'device': device}
            )
            self.assertIn(said, str(error))

    def test_identifiers_that_do_not_do(self) -> None:
        for body, code in (
            ({}, 'MISSING_IDENTIFIER'),
            (
                {'device': {'phoneNumber': '+123456789'}},
                'UNSUPPORTED_IDENTIFIER',
            ),
        ):
            error = self.assertRaises(IdentifierError, devices_of, body)
            self.assertEqual((422, code), (error.status, error.code))


class ZonesTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        edge_conf.register_opts(nova.conf.CONF)
        self.conf = self.useFixture(Config(nova.conf.CONF))
        self.checked: list[str] = []
        self.caller: Any = types.SimpleNamespace(
            check=self.checked.append, nova_context='mine'
        )
        #: By address, name and figure of each site.
        self.near: dict[str, Sequence[tuple[str, float | None]]] = {}
        self.asked: list[Any] = []
        self.useFixture(
            fixtures.MonkeyPatch(
                'edge_sched.api.camara.zones.preview', self._preview
            )
        )

    def _preview(self, context: str, wish: Any) -> Any:
        self.assertEqual('mine', context)
        self.asked.append(dict(wish.hints))
        (address,) = wish.hints['edge:client']
        sites = [
            types.SimpleNamespace(
                name=name,
                verdict=types.SimpleNamespace(
                    deciding=types.SimpleNamespace(rank_ms=rank_ms)
                ),
            )
            for name, rank_ms in self.near.get(address, ())
        ]
        return types.SimpleNamespace(sites=sites)

    def closest(self, **device: Any) -> Any:
        raw = json.dumps({'device': device or {**BY_V4, **BY_V6}}).encode()
        return zones.Zones('Example').closest(request(raw), self.caller)

    def test_first_site_of_the_best_identifier_with_a_figure(self) -> None:
        self.near = {
            V6: [('lost', math.inf), ('nobody', None)],
            V4: [('lost', math.inf), ('lyon', 9.0), ('paris', 10.0)],
        }
        told = self.closest()
        self.assertEqual(
            ('lyon', BY_V4), (told['edgeCloudZoneName'], told['device'])
        )
        self.near[V6] = [('x' * 99, 0.0)]
        told = self.closest()
        self.assertEqual(BY_V6, told['device'])
        self.assertLessEqual(len(told['edgeCloudZoneName']), 64)
        self.assertEqual(str(zones.zone_id('x' * 99)), told['edgeCloudZoneId'])
        self.assertEqual([policies.SHOW_CAMARA] * 2, self.checked)
        self.assertEqual(
            {'edge:client': [V6], 'edge:objective': ['nearest']},
            self.asked[-1],
        )

    def test_device_that_is_lost_is_not_one_that_is_unknown(self) -> None:
        for figure, status, code in (
            (math.inf, 422, 'SERVICE_NOT_APPLICABLE'),
            (None, 404, 'IDENTIFIER_NOT_FOUND'),
        ):
            self.near = {V6: [('lyon', figure)]}
            error = self.assertRaises(ApiError, self.closest)
            self.assertEqual((status, code), (error.status, error.code))

    def test_nothing_is_asked_where_nothing_is_told(self) -> None:
        self.conf.config(group='edge_sched', reason_detail='none')
        self.assertRaises(ForbiddenError, self.closest)
        self.assertEqual([], self.asked)


class FormTest(base.BaseTestCase):
    def test_correlator_comes_back_if_it_can(self) -> None:
        for sent, back in (
            ({}, None),
            ({'x-correlator': 'a-1'}, 'a-1'),
            ({'x-correlator': ''}, ''),
            ({'x-correlator': 'a b'}, None),
            ({'x-correlator': 'a' * 257}, None),
        ):
            asked = webob.Request.blank('/', headers=sent)
            answer = asked.get_response(Correlator(webob.Response('fine')))
            self.assertEqual(back, answer.headers.get('x-correlator'))
            if sent and back is None:
                self.assertRaises(BadRequestError, check_correlator, asked)
            else:
                check_correlator(asked)

    def test_errors_have_a_code_and_a_bounded_message(self) -> None:
        for status, code in (
            (400, 'INVALID_ARGUMENT'),
            (401, 'UNAUTHENTICATED'),
            (403, 'PERMISSION_DENIED'),
            (404, 'NOT_FOUND'),
            (405, 'METHOD_NOT_ALLOWED'),
            (413, 'INVALID_ARGUMENT'),
            (429, 'TOO_MANY_REQUESTS'),
            (500, 'INTERNAL'),
            (503, 'UNAVAILABLE'),
        ):
            fault = Fault(http.HTTPStatus(status), 'x' * 999)
            told = camara_form(fault, 'req-1')
            self.assertEqual((status, code), (told['status'], told['code']))
            self.assertEqual(512, len(told['message']))
        fault = Fault(http.HTTPStatus.NOT_FOUND, 'none', code='OTHER')
        self.assertEqual('OTHER', camara_form(fault, 'req-1')['code'])


def _read(raw: bytes) -> Any:
    return body_of(request(raw))
