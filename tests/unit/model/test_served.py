# SPDX-License-Identifier: Apache-2.0

import json

import ddt
from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.model import served
from edge_sched.model.served import BadListError
from edge_sched.model.wanted import WantedTarget

PING = WantedTarget('203.0.113.0/24', '203.0.113.7')
GATEWAY = WantedTarget(
    '2001:db8:a::/56', '198.51.100.1', 'stamp', port=862, access_ms=12.5
)

TARGETS = st.builds(
    WantedTarget,
    st.text(),
    st.text(),
    st.sampled_from(['icmp', 'stamp']),
    st.integers(0, 65_535),
    st.integers(0, 10**9).map(lambda n: n / 10**6),
)


class FormatTest(base.BaseTestCase):
    def test_it_is_what_prometheus_discovers_by(self):
        self.assertEqual(
            [
                {
                    'targets': ['203.0.113.7'],
                    'labels': {'client': '203.0.113.0/24', 'probe': 'icmp'},
                },
                {
                    'targets': ['198.51.100.1'],
                    'labels': {
                        'client': '2001:db8:a::/56',
                        'probe': 'stamp',
                        'port': '862',
                        'access_ms': '12.5',
                    },
                },
            ],
            json.loads(served.to_json([PING, GATEWAY])),
        )

    def test_nobody_is_an_empty_list(self):
        self.assertEqual(b'[]', served.to_json([]))

    def test_no_more_are_served_than_are_taken(self):
        body = served.to_json([PING] * (served.MAX_TARGETS + 1))
        self.assertEqual(served.MAX_TARGETS, len(served.from_json(body)))

    def test_the_longest_list_is_short_enough(self):
        longest = WantedTarget(
            '2001:db8:1111:1100::/56',
            '2001:db8:1111:1111:1111:1111:1111:1111',
            'stamp',
            port=65_535,
            access_ms=1234.567891,
        )
        body = served.to_json([longest] * served.MAX_TARGETS)
        self.assertLess(len(body), served.MAX_BYTES)

    @given(st.lists(TARGETS, max_size=5))
    def test_what_is_served_is_what_is_read(self, targets):
        self.assertEqual(targets, served.from_json(served.to_json(targets)))


@ddt.ddt
class HostileTest(base.BaseTestCase):
    def refusal(self, body):
        error = self.assertRaises(BadListError, served.from_json, body)
        return str(error)

    def labelled(self, **labels):
        entry = {'targets': ['203.0.113.7'], 'labels': labels}
        return json.dumps([entry]).encode()

    @ddt.data(
        b'',
        b'[',
        b'\xff\xfe',
        b'[' * 100_000,
        b'1' * 10_000,
    )
    def test_no_json(self, body):
        self.assertIn('is not', self.refusal(body))

    @ddt.data(b'{}', b'null', b'"x"', b'NaN')
    def test_no_list(self, body):
        self.assertEqual('it is not a list', self.refusal(body))

    def test_too_many(self):
        body = b'[' + b'0,' * served.MAX_TARGETS + b'0]'
        self.assertEqual('it has more than 1000 entries', self.refusal(body))

    @ddt.data(
        1,
        [],
        {},
        {'targets': ['a']},
        {'labels': {}},
        {'targets': 'a', 'labels': {}},
        {'targets': [], 'labels': {}},
        {'targets': ['a', 'b'], 'labels': {}},
        {'targets': [1], 'labels': {}},
        {'targets': ['a'], 'labels': []},
    )
    def test_an_entry_of_another_form(self, entry):
        body = json.dumps([entry]).encode()
        self.assertEqual(
            'entry 1: is not one target with its labels', self.refusal(body)
        )

    def test_a_label_that_is_wrong_is_named(self):
        good = {'client': '203.0.113.0/24', 'probe': 'icmp'}
        for wrong, why in (
            ({'client': 1}, 'client: 1 is not text'),
            ({'client': None}, 'client: None is not text'),
            ({'probe': 'tcp'}, "probe: 'tcp' is not one of icmp, stamp"),
            ({'probe': ['icmp']}, "probe: ['icmp'] is not text"),
            ({'port': 862}, 'port: 862 is not text'),
            ({'port': '0'}, "port: '0' is not a number"),
            ({'port': '-1'}, "port: '-1' is not a number"),
            ({'port': '٣'}, "port: '٣' is not a number"),
            ({'port': '9' * 99}, f"port: '{'9' * 60}... is not a number"),
            ({'access_ms': 'nan'}, "access_ms: 'nan' is not a number"),
            ({'access_ms': '1e9'}, "access_ms: '1e9' is not a number"),
            ({'access_ms': '-1'}, "access_ms: '-1' is not a number"),
        ):
            self.assertEqual(
                f'entry 1: label {why}',
                self.refusal(self.labelled(**good | wrong)),
            )

    def test_labels_of_a_later_release_are_left_out(self):
        body = self.labelled(
            client='203.0.113.0/24', probe='icmp', colour='blue'
        )
        self.assertEqual([PING], served.from_json(body))

    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(['targets', 'labels', 'client', 'port']),
                    inner,
                )
            ),
        )
    )
    def test_whatever_it_is_it_is_read_or_refused(self, anything):
        try:
            targets = served.from_json(json.dumps(anything).encode())
        except BadListError:
            return
        self.assertEqual([], targets)
