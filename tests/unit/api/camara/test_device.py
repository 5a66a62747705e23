# SPDX-License-Identifier: Apache-2.0

import sys
from typing import Any

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base
from testtools import matchers

from edge_sched.api.camara.device import IdentifierError
from edge_sched.api.camara.device import devices_of
from edge_sched.api.errors import BadRequestError
from edge_sched.api.parsing import body_of
from tests.unit.api.bodies import request_with

IPV4 = {'publicAddress': '84.125.93.10', 'publicPort': 59765}
IPV6 = '2001:db8:85a3:8d3:1319:8a2e:370:7344'

#: Any JSON, with the names that mean something among the keys.
_NAMES = st.sampled_from(
    [
        'device',
        'ipv4Address',
        'ipv6Address',
        'phoneNumber',
        'networkAccessIdentifier',
        'publicAddress',
        'privateAddress',
        'publicPort',
    ]
)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(['84.125.93.10', '2001:db8::7', '+123456789']),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(_NAMES | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@ddt.ddt
class DevicesTest(base.BaseTestCase):
    def refused(self, body: Any) -> str:
        return str(self.assertRaises(BadRequestError, devices_of, body))

    def test_by_the_public_address(self) -> None:
        for ipv4_address in (
            IPV4,
            {'publicAddress': '84.125.93.10', 'privateAddress': '10.1.2.3'},
            {**IPV4, 'privateAddress': '10.1.2.3'},
        ):
            found = devices_of({'device': {'ipv4Address': ipv4_address}})
            self.assertEqual(
                [('84.125.93.10', {'ipv4Address': ipv4_address})], found
            )

    def test_ipv6_is_a_device_s_own_and_goes_first(self) -> None:
        found = devices_of(
            {'device': {'ipv4Address': IPV4, 'ipv6Address': IPV6}}
        )
        self.assertEqual(
            [
                (IPV6, {'ipv6Address': IPV6}),
                ('84.125.93.10', {'ipv4Address': IPV4}),
            ],
            found,
        )

    def test_others_beside_an_address_are_left_alone(self) -> None:
        found = devices_of(
            {
                'device': {
                    'phoneNumber': '+123456789',
                    'networkAccessIdentifier': '123456789@domain.com',
                    'ipv6Address': '2001:db8::7',
                }
            }
        )
        self.assertEqual(
            [('2001:db8::7', {'ipv6Address': '2001:db8::7'})], found
        )

    def test_no_identifier(self) -> None:
        error = self.assertRaises(IdentifierError, devices_of, {})
        self.assertEqual(
            (422, 'MISSING_IDENTIFIER'), (error.status, error.code)
        )

    @ddt.data(
        {'phoneNumber': '+123456789'},
        {'networkAccessIdentifier': '123456789@domain.com'},
        {'networkAccessIdentifier': 'x' * 2048},
        {'phoneNumber': '+12345', 'networkAccessIdentifier': ''},
    )
    def test_no_identifier_that_is_supported(self, device: Any) -> None:
        error = self.assertRaises(
            IdentifierError, devices_of, {'device': device}
        )
        self.assertEqual(
            (422, 'UNSUPPORTED_IDENTIFIER'), (error.status, error.code)
        )

    @ddt.data(
        ([], '$ is not an object with nothing but a device'),
        (None, '$ is not an object'),
        ('device', "$ 'device' is not an object"),
        ({'devices': {}}, '$ is not an object'),
        ({'device': None}, '$.device is not an object with one or more'),
        ({'device': {}}, '$.device is not an object with one or more'),
        ({'device': {'imei': '1'}}, '$.device is not an object'),
    )
    @ddt.unpack
    def test_what_is_no_device(self, body: Any, said: str) -> None:
        self.assertThat(self.refused(body), matchers.StartsWith(said))

    @ddt.data(
        ('phoneNumber', '123456789'),
        ('phoneNumber', '+0123456'),
        ('phoneNumber', '+1234'),
        ('phoneNumber', '+1234567890123456'),
        ('phoneNumber', 123456789),
        ('networkAccessIdentifier', 'x' * 2049),
        ('networkAccessIdentifier', 7),
        ('ipv6Address', '84.125.93.10'),
        ('ipv6Address', '2001:db8::/64'),
        ('ipv6Address', 'fe80::1%eth0'),
        ('ipv6Address', ''),
        ('ipv6Address', [IPV6]),
        ('ipv4Address', '84.125.93.10'),
        ('ipv4Address', {'publicAddress': '84.125.93.10'}),
        ('ipv4Address', {'publicPort': 1, 'privateAddress': '10.1.2.3'}),
        ('ipv4Address', {**IPV4, 'port': 1}),
        ('ipv4Address.publicAddress', '84.125.93.010'),
        ('ipv4Address.publicAddress', '84.125.93.0/24'),
        ('ipv4Address.publicAddress', IPV6),
        ('ipv4Address.privateAddress', 'x'),
        ('ipv4Address.publicPort', 0),
        ('ipv4Address.publicPort', 65536),
        ('ipv4Address.publicPort', '80'),
        ('ipv4Address.publicPort', True),
    )
    @ddt.unpack
    def test_identifier_that_makes_no_sense(
        self, path: str, value: Any
    ) -> None:
        name, _, field = path.partition('.')
        device = {name: {**IPV4, field: value} if field else value}
        said = self.refused({'device': device})
        self.assertThat(said, matchers.StartsWith(f'$.device.{path} '))
        self.assertIn(' is not a', said)
        # Whatever else there is.
        self.refused({'device': {'ipv6Address': IPV6, **device}})

    def test_what_is_said_is_short_and_plain(self) -> None:
        said = self.refused({'device': {'ipv6Address': '\x1b[2J' * 4000}})
        self.assertTrue(said.isprintable())
        self.assertLess(len(said), 120)

    def test_as_deep_as_can_be_read(self) -> None:
        body: Any = []
        for _ in range(900):
            body = [body]
        for nested in (body, {'device': {'ipv4Address': body}}):
            self.assertIn(' is not an object', self.refused(nested))

    def test_however_deep_a_body_is_it_is_refused(self) -> None:
        for depth in range(1, sys.getrecursionlimit() + 50):
            deep = b'[' * depth + b']' * depth
            raw = b'{"device": {"ipv6Address": ' + deep + b'}}'
            self.assertRaises(
                BadRequestError,
                lambda raw=raw: devices_of(body_of(request_with(raw))),
            )

    @hypothesis.given(_JSON)
    def test_anything(self, body: Any) -> None:
        try:
            found = devices_of(body)
        except (BadRequestError, IdentifierError) as error:
            self.assertLess(len(str(error)), 512)
        else:
            self.assertTrue(found)
