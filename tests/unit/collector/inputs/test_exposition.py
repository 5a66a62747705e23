# SPDX-License-Identifier: Apache-2.0

import math
import tracemalloc
from unittest import mock

import ddt
from hypothesis import given
from hypothesis import strategies as st
from oslotest import base
from prometheus_client import CollectorRegistry
from prometheus_client import Gauge
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from edge_sched.collector.inputs import exposition
from edge_sched.collector.inputs.exposition import MalformedError
from edge_sched.collector.inputs.exposition import series


def read(text, *names, max_series=1000):
    return list(series(text, names or ('a', 'b'), max_series))


@ddt.ddt
class SeriesTest(base.BaseTestCase):
    def test_those_that_are_wanted(self):
        text = (
            '# HELP a One.\n# TYPE a gauge\n'
            'a{client="203.0.113.7",project=""} 1.5e-3\n'
            'other{client="x"} 1\na{quantile="0.5",} +Inf\na 7\nb{} NaN\n'
            '# EOF\n'
        )
        *known, (name, labels, value) = read(text)
        self.assertEqual(
            [
                ('a', {'client': '203.0.113.7', 'project': ''}, 0.0015),
                ('a', {'quantile': '0.5'}, math.inf),
                ('a', {}, 7.0),
            ],
            known,
        )
        self.assertEqual(('b', {}, True), (name, labels, math.isnan(value)))

    def test_values_of_labels_are_unescaped(self):
        (found,) = read('a{x="\\"} 1 \\\\n\\n}"} 2\n# EOF')
        self.assertEqual(('a', {'x': '"} 1 \\n\n}'}, 2.0), found)

    @ddt.data(
        '',
        'a 1\n',
        'a 1\n# EO',
        'a{x="1"} 1\na{x="2\n',
    )
    def test_half_a_text_is_malformed(self, text):
        error = self.assertRaises(MalformedError, read, text)
        self.assertIn('there is no "# EOF" at the end', str(error))

    def test_what_came_instead_is_told(self):
        html = '<!DOCTYPE html>\r\n\x1b[2J<html>' + 'x' * 999
        error = self.assertRaises(MalformedError, read, html)
        self.assertEqual(
            'there is no "# EOF" at the end; it begins with '
            r"'<!DOCTYPE html> \x1b[2J<html>xxxxxxxxxxxxxxxxxxxxxxxxxxxx...'",
            str(error),
        )

    @ddt.data(
        'a',
        'a{',
        'a{} ',
        'a{x=1} 1',
        'a{x="1" 1',
        'a{x="1"y="2"} 1',
        'a{x="1",x="2"} 1',
        'a{,} 1',
        'a{x="\\q"} 1',
        'a 1 1700000000',
        'a one',
        '{x="1"} 1',
        '<html>',
    )
    def test_what_is_no_series_is_malformed(self, line):
        error = self.assertRaises(
            MalformedError, read, f'b 1\n{line}\n# EOF\n'
        )
        self.assertEqual(
            f"line 2 is not a series: '{line.strip()}'", str(error)
        )

    def test_lines_are_bounded(self):
        longest = 'a{x="' + 'y' * 4087 + '"} 1'
        self.assertEqual(4096, len(longest))
        self.assertEqual(1, len(read(f'{longest}\n# EOF')))
        error = self.assertRaises(
            MalformedError, read, f'\n\n{longest}0\n# EOF'
        )
        self.assertIn(
            "line 3 is longer than 4096 characters: 'a{x=\"yyy", str(error)
        )

    def test_a_page_of_short_lines_takes_no_memory(self):
        text = '\n' * 2**22 + '#\n' * 2**18 + 'a 1\n# EOF'
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.assertEqual(1, len(read(text)))
        _, peak_bytes = tracemalloc.get_traced_memory()
        self.assertLess(peak_bytes, 2**20)

    def test_labels_are_bounded(self):
        def text(count):
            block = ','.join(f'x{number}=""' for number in range(count))
            return f'a{{{block}}} 1\n# EOF'

        self.assertEqual(16, len(read(text(16))[0][1]))
        self.assertRaises(MalformedError, read, text(17))

    def test_labels_that_are_kept_are_bounded(self):
        text = ''.join(f'a{{x="{n % 3}"}} 1\n' for n in range(7)) + '# EOF'
        with mock.patch.object(exposition, '_MAX_KEPT', 2):
            found = read(text)
        self.assertEqual(
            [f'{n % 3}' for n in range(7)],
            [labels['x'] for _, labels, _ in found],
        )
        kept = [labels for _, labels, _ in found]
        self.assertIsNot(kept[0], kept[3])
        kept = [labels for _, labels, _ in read(text)]
        self.assertIs(kept[0], kept[3])

    def test_series_are_bounded_whatever_their_name(self):
        text = 'a 1\nother 1\n# EOF\n'
        self.assertEqual(1, len(read(text, max_series=2)))
        error = self.assertRaises(MalformedError, read, text, max_series=1)
        self.assertEqual('there are more than 1 series', str(error))

    @given(
        st.dictionaries(
            st.tuples(st.text(max_size=9), st.text(max_size=9)),
            st.floats(),
            max_size=9,
        )
    )
    def test_it_reads_what_prometheus_client_reads(self, values):
        registry = CollectorRegistry()
        gauge = Gauge('a', 'Help.', ('client', 'b'), registry=registry)
        for labels, value in values.items():
            try:
                gauge.labels(*labels).set(value)
            except UnicodeError:
                pass
        text = generate_latest(registry).decode(errors='replace')
        (family,) = text_string_to_metric_families(text)
        self.assertEqual(
            [
                (sample.name, sample.labels, repr(sample.value))
                for sample in family.samples
            ],
            [
                (name, dict(labels), repr(value))
                for name, labels, value in read(text)
            ],
        )
