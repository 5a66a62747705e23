# SPDX-License-Identifier: Apache-2.0

import json
import math
import types
from collections.abc import Sequence
from typing import Any

import fixtures
import nova.conf
from oslo_config.fixture import Config
from oslotest import base

from edge_sched import conf as edge_conf
from edge_sched.api import policies
from edge_sched.api.camara.zones import PATH
from edge_sched.api.camara.zones import Zones
from edge_sched.api.camara.zones import zone_id
from edge_sched.api.errors import ApiError
from edge_sched.api.errors import ForbiddenError
from tests.unit.api.bodies import request_with
from tests.unit.api.contract import document


class ZoneTest(base.BaseTestCase):
    def test_id_is_the_same_for_good(self) -> None:
        self.assertEqual(
            '0645dcf4-bbba-56ed-8577-2637776e7a98', str(zone_id('lyon'))
        )
        self.assertNotEqual(zone_id('lyon'), zone_id('paris'))

    def test_path_is_said_the_same_everywhere(self) -> None:
        self.assertEqual([PATH], [*document('edge_sched.api.camara')['paths']])
        (rule,) = (
            rule
            for rule in policies.list_rules()
            if rule.name == policies.SHOW_CAMARA
        )
        self.assertEqual([{'method': 'POST', 'path': PATH}], rule.operations)


V4, V6 = '203.0.113.7', '2001:db8::7'
BY_V4 = {'ipv4Address': {'publicAddress': V4, 'publicPort': 1}}
BY_V6 = {'ipv6Address': V6}


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
        return Zones('Example').closest(request_with(raw), self.caller)

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
        self.assertEqual(str(zone_id('x' * 99)), told['edgeCloudZoneId'])
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
