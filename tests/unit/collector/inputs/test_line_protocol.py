# SPDX-License-Identifier: Apache-2.0

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.collector.inputs import line_protocol


class ParseTest(base.BaseTestCase):
    def test_a_line_of_the_plug_in_ping(self):
        tags, fields, time_ns = line_protocol.parse(
            'ping,host=lyon-1,url=203.0.113.7 average_response_ms=23.066,'
            'ttl=63,packets_received=5i,packets_transmitted=5u,x=-1.5e-3 '
            '1535747258000000000'
        )
        self.assertEqual({'host': 'lyon-1', 'url': '203.0.113.7'}, tags)
        self.assertEqual(
            {
                'average_response_ms': 23.066,
                'ttl': 63.0,
                'packets_received': 5.0,
                'packets_transmitted': 5.0,
                'x': -0.0015,
            },
            fields,
        )
        self.assertEqual(1535747258000000000, time_ns)

    def test_what_is_escaped_and_quoted(self):
        tags, fields, _ = line_protocol.parse(
            r'my\ ping,rack\,row=a\=b\ c,path=C:\\temp '
            r'text="a, b=\"c\" d",n\ m=1,on=true 5'
        )
        self.assertEqual({'rack,row': 'a=b c', 'path': r'C:\\temp'}, tags)
        self.assertEqual({'n m': 1.0}, fields)

    def test_without_tags(self):
        self.assertEqual(
            ({}, {'a': 1.0}, 7), line_protocol.parse('ping a=1 7')
        )

    def test_what_is_none(self):
        for line in (
            '',
            'ping',
            'ping 5',
            'ping,host= a=1 5',
            'ping,host=a a= 5',
            'ping,host=a a=1,,b=2 5',
            'ping,host=a a="1 5',
            'ping,host=a a=1 soon',
            'ping,host=a a=1 5 6',
        ):
            error = self.assertRaises(ValueError, line_protocol.parse, line)
            self.assertEqual(
                f'{line!r} is not measurement,tag=value field=value,... time',
                str(error),
            )

    def test_a_line_without_a_time(self):
        error = self.assertRaises(ValueError, line_protocol.parse, 'ping a=1')
        self.assertEqual("'ping a=1' has no time", str(error))

    def test_a_hostile_line_is_gone_through_once(self):
        for line in (
            'a,' + 'b=c,' * 2000,
            'a ' + 'b=' * 4000,
            'a b="' + '\\"' * 4000,
            'a,' + '\\' * 8001,
        ):
            self.assertRaises(ValueError, line_protocol.parse, line)

    @hypothesis.given(
        st.text('ab,= \\"\n1i.', max_size=40) | st.text(max_size=40)
    )
    def test_any_text_is_a_point_or_refused(self, text):
        for line in (text, f'ping,{text}', f'ping {text} 5'):
            try:
                point = line_protocol.parse(line)
            except ValueError:
                continue
            self.assertNotIn('', point.tags)
            self.assertNotIn('', point.fields)
