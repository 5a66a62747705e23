# SPDX-License-Identifier: Apache-2.0

"""The measurement file: what is read of it, and what is wrong with it."""

import csv
import dataclasses
import datetime
import io
import json
import math
import string
from collections.abc import Iterable
from typing import Any

import testtools
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from edge_sched.measurement import file
from edge_sched.measurement import lines
from edge_sched.measurement import record
from edge_sched.model.client import parse_client
from edge_sched.model.latency import NewLatency
from edge_sched.model.plausible import RTT_MAX_MS
from tests.unit import factories
from tests.unit.model.test_names import ONE
from tests.unit.model.test_names import TWO

NOW = 1_787_000_000.0
HEADER = 'vantage,client,rtt_p50_ms,rtt_p95_ms'


def read_csv(*text: str) -> list[NewLatency]:
    return file.read_measurements([f'{line}\n' for line in text], 'csv', NOW)


def read_json(*text: str) -> list[NewLatency]:
    return file.read_measurements(text, 'jsonl', NOW)


def iso(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()


class TestCsv(testtools.TestCase):
    def test_required_columns_are_enough(self):
        (row,) = read_csv(HEADER, 'lyon,203.0.113.0/24,9.5,12')

        self.assertEqual(2, row.line)
        self.assertEqual(parse_client('203.0.113.0/24'), row.client)
        self.assertEqual('', row.project_id)
        latency = row.latency
        self.assertEqual('lyon', latency.vantage)
        self.assertEqual('203.0.113.0/24', latency.client)
        self.assertEqual((9.5, 12.0), (latency.rtt_p50_ms, latency.rtt_p95_ms))
        self.assertEqual(NOW, latency.measured_at)
        self.assertEqual('', latency.source)
        for column in ('rtt_min_ms', 'rtt_p99_ms', 'pdv_ms', 'loss_ratio'):
            self.assertIsNone(getattr(latency, column))
        self.assertIsNone(latency.samples)

    def test_every_column_in_any_order(self):
        (row,) = read_csv(
            'project,source,measured_at,samples,loss_ratio,pdv_ms,rtt_p99_ms,'
            'rtt_min_ms,rtt_p95_ms,rtt_p50_ms,client,vantage',
            'p1,stamp,2026-01-02T03:04:05+01:00,600,0.01,4,30,8,12,9,car,lyon',
        )

        self.assertEqual('p1', row.project_id)
        self.assertEqual('car', row.client.name)
        latency = row.latency
        self.assertEqual('car', latency.client)
        self.assertEqual(8, latency.rtt_min_ms)
        self.assertEqual(9, latency.rtt_p50_ms)
        self.assertEqual(12, latency.rtt_p95_ms)
        self.assertEqual(30, latency.rtt_p99_ms)
        self.assertEqual(4, latency.pdv_ms)
        self.assertEqual(0.01, latency.loss_ratio)
        self.assertEqual(600, latency.samples)
        self.assertEqual(1767319445, latency.measured_at)
        self.assertEqual('stamp', latency.source)

    def test_empty_optional_cells_are_not_carried(self):
        (row,) = read_csv(
            f'{HEADER},rtt_min_ms,rtt_p99_ms,pdv_ms,loss_ratio,samples,'
            'measured_at,source,project',
            'lyon,car,9,12,,,,,,,,',
        )

        (bare,) = read_csv(HEADER, 'lyon,car,9,12')
        self.assertEqual(bare, row)

    def test_bom_crlf_quotes_and_blank_lines(self):
        rows = read_csv(
            f'\ufeff{HEADER}\r',
            '',
            '"rack ""A"", lyon","203.0.113.0/24","9","12"\r',
            '  ',
            'nice,2001:db8::/56,9,12',
        )

        self.assertEqual(
            [(3, 'rack "A", lyon'), (5, 'nice')],
            [(row.line, row.latency.vantage) for row in rows],
        )

    def test_lost_quantiles(self):
        lost = math.inf
        for p50, p95, p99, expected in (
            ('9', '', '', (9, lost, lost)),
            ('9', 'inf', '', (9, lost, lost)),
            ('9', 'Inf', '30', (9, lost, lost)),
            ('', '', '', (lost, lost, lost)),
            ('inf', '12', '30', (lost, lost, lost)),
            ('', 'inf', 'inf', (lost, lost, lost)),
            ('9', '12', 'inf', (9, 12, lost)),
            ('9', '12', '', (9, 12, None)),
        ):
            (row,) = read_csv(
                f'{HEADER},rtt_p99_ms', f'lyon,car,{p50},{p95},{p99}'
            )
            latency = row.latency
            self.assertEqual(
                expected,
                (latency.rtt_p50_ms, latency.rtt_p95_ms, latency.rtt_p99_ms),
                (p50, p95, p99),
            )

    def test_hour(self):
        for p50, p95, kept in (
            ('8', '20', (8, 20)),
            ("8", "inf", (8, math.inf)),
            ("inf", "INF", (math.inf, math.inf)),
            ('', '', (None, None)),
        ):
            (row,) = read_csv(
                f'{HEADER},rtt_p50_hour_ms,rtt_p95_hour_ms',
                f'lyon,car,9,12,{p50},{p95}',
            )
            latency = row.latency
            self.assertEqual(
                kept, (latency.rtt_p50_hour_ms, latency.rtt_p95_hour_ms)
            )

    def test_loss_of_the_hour(self):
        for text, ratio in (('0.02', 0.02), ('', None)):
            (row,) = read_csv(
                f'{HEADER},loss_hour_ratio', f'lyon,car,9,12,{text}'
            )
            self.assertEqual(ratio, row.latency.loss_hour_ratio)

    def test_clients_are_kept_in_one_form(self):
        (row,) = read_csv(
            HEADER,
            'lyon,203.0.113.7/24,9,12',
            'lyon,::ffff:203.0.113.0/120,10,12',
        )

        self.assertEqual('203.0.113.0/24', row.latency.client)
        self.assertEqual(10, row.latency.rtt_p50_ms)

    def test_site(self):
        row, other = read_csv(
            HEADER, 'lyon,site:Orle\u0301ans,9,12', 'lyon,site:lyon,1,2'
        )
        self.assertEqual('Orl\xe9ans', row.client.site)
        self.assertEqual('site:Orl\xe9ans', row.latency.client)
        self.assertEqual('site:lyon', other.latency.client)
        self.assertRaises(
            file.BadFileError,
            read_csv,
            f'{HEADER},project',
            'lyon,site:oslo,9,12,p1',
        )

    def test_of_two_lines_the_later_measured_counts(self):
        header = f'{HEADER},measured_at'
        early, late = iso(NOW - 60), iso(NOW - 30)
        for first, second, kept in (
            (early, late, 2.0),
            (late, early, 1.0),
            (late, late, 2.0),
            ('', late, 1.0),
        ):
            (row,) = read_csv(
                header, f'lyon,car,1,9,{first}', f'lyon,car,2,9,{second}'
            )
            self.assertEqual(kept, row.latency.rtt_p50_ms)

    def test_the_same_name_of_two_owners_is_two_clients(self):
        rows = read_csv(
            f'{HEADER},project',
            'lyon,car,1,9,p1',
            'lyon,car,2,9,p2',
            'lyon,car,3,9,',
        )

        self.assertEqual(['p1', 'p2', ''], [row.project_id for row in rows])

    def test_five_seconds_of_skew_are_forgiven(self):
        (row,) = read_csv(
            f'{HEADER},measured_at', f'lyon,car,1,2,{iso(NOW + 5)}'
        )

        self.assertEqual(NOW + 5, row.latency.measured_at)

    def test_header_alone_is_no_rows(self):
        self.assertEqual([], read_csv(HEADER))


class BadLines(testtools.TestCase):
    def assertBad(
        self, expected: Iterable[tuple[int, str]], form: file.Form, *text: str
    ) -> list[str]:
        error = self.assertRaises(
            file.BadFileError, file.read_measurements, text, form, NOW
        )
        self.assertEqual(
            list(expected), [(bad.line, bad.column) for bad in error.bad]
        )
        self.assertEqual(
            [str(bad) for bad in error.bad], str(error).split('\n')
        )
        return [bad.why for bad in error.bad]


class TestBadCsv(BadLines):
    def test_header(self):
        for header, column in (
            (f'{HEADER},rtt_p75_ms', "'rtt_p75_ms'"),
            (f'{HEADER},', "''"),
            (f'{HEADER}, source', "' source'"),
            (HEADER.upper(), "'VANTAGE'"),
            (HEADER.replace(',', ';'), repr(HEADER.replace(',', ';'))),
            (f'{HEADER},client', 'client'),
            ('client,rtt_p50_ms,rtt_p95_ms', 'vantage'),
            ('vantage,rtt_p50_ms,rtt_p95_ms', 'client'),
            ('vantage,client,rtt_p95_ms', 'rtt_p50_ms'),
            ('vantage,client,rtt_p50_ms', 'rtt_p95_ms'),
        ):
            self.assertBad([(1, column)], 'csv', header, 'lyon,car,x,y')

    def test_no_header(self):
        self.assertBad([(1, '')], 'csv')
        self.assertBad([(1, '')], 'csv', '\ufeff\n', '\n')

    def test_one_bad_cell(self):
        header = (
            f'{HEADER},rtt_min_ms,rtt_p99_ms,pdv_ms,loss_ratio,samples,'
            'measured_at,source,project'
        )
        good = dict.fromkeys(header.split(','), '') | {
            'vantage': 'lyon',
            'client': 'car',
            'rtt_p50_ms': '9',
            'rtt_p95_ms': '12',
        }
        number = ('x', 'nan', '1_0', '1e999', '\u0661', '0x1', '-1', ' 1')
        rtt = (*number, '0', '10000.1', '-inf')
        for column, texts in (
            ('vantage', ('', ' lyon', 'lyon ', 'ly\ton', 'l' * 256, 'a\x00')),
            # Twice as long in its one form.
            ('vantage', ('\u0958' * 128,)),
            ('client', ('', '999.1.1.1', '-car', '10.0.0.0/33', 'fe80::1%e0')),
            ('client', ('site:', 'site:a@1', 'Site:a', 'server:a')),
            ('rtt_p50_ms', (*rtt, '12.1')),
            ('rtt_p95_ms', (*rtt, '8.9')),
            ('rtt_min_ms', (*rtt, 'inf', '9.1')),
            ('rtt_p99_ms', (*rtt, '11')),
            ('pdv_ms', (*number, 'inf', '10001')),
            ('loss_ratio', (*number, '1.01', 'inf', '5%')),
            ('samples', (*number, '0', '6.0', '2147483648', '1e3')),
            (
                'measured_at',
                (
                    'now',
                    '1787000000',
                    '2026-01-01',
                    '2026-01-01T00:00:00',
                    '2026-13-01T00:00:00Z',
                    '1969-12-31T23:59:59Z',
                    iso(NOW + 5.1),
                    '9999-12-31T23:59:59Z',
                ),
            ),
            ('source', ('s' * 256, 'a\x1bb', ' a')),
            ('project', ('p' * 256, 'a\x7f', 'a ')),
        ):
            for text in texts:
                cells = good | {column: text}
                # One wrong p50 or p95 shows in whichever is the larger.
                named = 'rtt_p95_ms' if text == '12.1' else column
                if (column, text) == ('rtt_min_ms', '9.1'):
                    named = 'rtt_p50_ms'
                self.assertBad(
                    [(3, named)],
                    'csv',
                    header,
                    ','.join(good.values()),
                    ','.join(cells.values()),
                )

    def test_p50_beyond_p95(self):
        (why,) = self.assertBad(
            [(2, 'rtt_p95_ms')], 'csv', HEADER, 'lyon,car,31,30'
        )

        self.assertEqual('30 is less than rtt_p50_ms 31', why)

    def test_owner_of_a_prefix(self):
        self.assertBad(
            [(2, 'project')],
            'csv',
            f'{HEADER},project',
            'lyon,203.0.113.7,1,2,p1',
        )

    def test_number_of_cells(self):
        self.assertBad(
            [(2, 'rtt_p95_ms'), (3, 'client'), (5, '5')],
            'csv',
            HEADER,
            'lyon,car,9',
            '"lyon"',
            '',
            'lyon,car,9,12,',
        )

    def test_quotes(self):
        self.assertBad(
            [(2, ''), (3, '')],
            'csv',
            HEADER,
            '"lyon,car,9,12',
            '"lyon"x,car,9,12',
            'lyon,car,9,12',
        )

    def test_not_utf8(self):
        stream = io.TextIOWrapper(
            io.BytesIO(f'{HEADER}\nly\xf4n,car,9,12\n'.encode('latin-1')),
            encoding='utf-8',
            errors='surrogateescape',
        )

        (why,) = self.assertBad([(2, '')], 'csv', *stream)

        self.assertEqual('is not UTF-8 text', why)

    def test_long_line_ends_the_reading(self):
        self.assertBad(
            [(2, 'client'), (3, '')],
            'csv',
            HEADER,
            'lyon,,1,2',
            'x' * (lines.MAX_LINE_LENGTH + 1),
            'lyon,,1,2',
        )

    def test_longest_line_that_is_read(self):
        line = 'x' * lines.MAX_LINE_LENGTH
        self.assertEqual([(1, line)], list(lines.numbered([line])))

    def test_largest_cells_that_are_read(self):
        (row,) = read_csv(
            f'{HEADER},samples', f'{"l" * 255},car,9,12,2147483647'
        )
        self.assertEqual(
            ('l' * 255, 2**31 - 1), (row.latency.vantage, row.latency.samples)
        )

    def test_error_names_line_and_column(self):
        for column, text in (
            ('samples', 'line 7, column samples: is odd'),
            ('', 'line 7: is odd'),
        ):
            error = lines.BadLineError(7, column, 'is odd')
            self.assertEqual(text, str(error))

    def test_at_most_ten_are_named(self):
        self.assertBad(
            [(number, 'client') for number in range(2, 12)],
            'csv',
            HEADER,
            *['lyon,,1,2'] * 50,
        )

    def test_too_many_rows(self):
        self.patch(file, 'MAX_ROWS', 2)

        self.assertBad(
            [(4, '')], 'csv', HEADER, 'a,c,1,2', 'b,c,1,2', 'c,c,1,2'
        )


class TestJson(BadLines):
    def test_same_names_and_null_for_empty(self):
        rows = read_json(
            '{"vantage": "lyon", "client": "car", "rtt_p50_ms": 9, '
            '"rtt_p95_ms": null, "samples": 60, "source": null}\n',
            '\n',
            '{"vantage": "nice", "client": "10.0.0.1", "rtt_p50_ms": "9.5",'
            ' "rtt_p95_ms": Infinity, "loss_ratio": 1e-2}',
        )

        first, second = rows
        self.assertEqual((1, 3), (first.line, second.line))
        self.assertEqual(60, first.latency.samples)
        self.assertEqual(math.inf, first.latency.rtt_p95_ms)
        self.assertEqual(math.inf, second.latency.rtt_p95_ms)
        self.assertEqual(0.01, second.latency.loss_ratio)

    def test_not_utf8(self):
        self.assertBad([(1, '')], 'jsonl', '{"vantage": "ly\udcf4n"}')

    def test_nothing_is_no_rows(self):
        self.assertEqual([], read_json())

    def test_bad_lines(self):
        good: dict[str, Any] = {
            'vantage': 'lyon',
            'client': 'car',
            'rtt_p50_ms': 9,
            'rtt_p95_ms': 12,
        }
        for line, column in (
            ('{', ''),
            ('[]', ''),
            ('5', ''),
            ('"lyon"', ''),
            ('[' * 5000, ''),
            ('{"a": ' * 1000, ''),
            (json.dumps(good) + ',', ''),
            ('{"vantage": "a", "vantage": "a"}', 'vantage'),
            (json.dumps(good | {'rtt': 5}), "'rtt'"),
            (json.dumps(good | {'vantage': 5}), 'vantage'),
            (json.dumps(good | {'vantage': None}), 'vantage'),
            (json.dumps(good | {'vantage': '\ud800'}), 'vantage'),
            (json.dumps(good | {'client': ['car']}), 'client'),
            (json.dumps(good | {'rtt_p50_ms': True}), 'rtt_p50_ms'),
            (json.dumps(good | {'rtt_p50_ms': math.nan}), 'rtt_p50_ms'),
            (json.dumps(good | {'rtt_p95_ms': -math.inf}), 'rtt_p95_ms'),
            (json.dumps(good | {'rtt_p95_ms': {}}), 'rtt_p95_ms'),
            (json.dumps(good | {'samples': 60.0}), 'samples'),
            (json.dumps(good | {'samples': 10**400}), 'samples'),
            (json.dumps(good | {'measured_at': NOW}), 'measured_at'),
            (json.dumps({'vantage': 'a', 'client': 'b'}), 'rtt_p50_ms'),
        ):
            self.assertBad([(2, column)], 'jsonl', json.dumps(good), line)


class TestNames(testtools.TestCase):
    def test_forms_that_look_the_same_are_one(self):
        header = f'{HEADER},source'
        [row] = read_csv(
            header,
            f'{TWO},203.0.113.7,1,2,{TWO}',
            f'{ONE},203.0.113.7,3,4,{TWO}',
        )
        self.assertEqual(
            (ONE, ONE, 3.0),
            (row.latency.vantage, row.latency.source, row.latency.rtt_p50_ms),
        )


class TestForm(testtools.TestCase):
    def test_by_the_end_of_the_name(self):
        for path in ('a/b.jsonl', 'b.JSONL', 'b.ndjson', 'b.csv.NdJson'):
            self.assertEqual('jsonl', file.form_of(path))
        for path in ('b.csv', 'b.json', '-', 'jsonl', 'b.jsonl.csv'):
            self.assertEqual('csv', file.form_of(path))


#: A busy machine is no failure.
patient = settings(suppress_health_check=[HealthCheck.too_slow])

NAMES = st.text(st.characters(codec='utf-8'), min_size=1, max_size=20).filter(
    lambda text: text.isprintable() and text == text.strip()
)
PREFIXES = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6)
    .filter(lambda ip: ip.ipv4_mapped is None)
    .map(lambda ip: f'{ip}/56'),
)
CLIENT_NAMES = st.text(
    string.ascii_letters + string.digits + '._-', max_size=62
).map(lambda text: f'c{text}')
RTTS = st.floats(min_value=1e-6, max_value=RTT_MAX_MS)


@st.composite
def rows(draw: Any) -> dict[str, Any]:
    """A row that may be written, as cells that are numbers or text."""
    figures = sorted(draw(st.lists(RTTS, min_size=4, max_size=4)))
    lost = draw(st.integers(min_value=1, max_value=4))
    figures[lost:] = [math.inf] * (4 - lost)
    low, p50, p95, p99 = figures
    rtt_min = draw(st.sampled_from([low, None]))
    named = draw(st.booleans())
    return {
        'vantage': draw(NAMES),
        'client': draw(CLIENT_NAMES if named else PREFIXES),
        'rtt_p50_ms': p50,
        'rtt_p95_ms': p95,
        'rtt_min_ms': rtt_min,
        'rtt_p99_ms': p99,
        'pdv_ms': draw(factories.variations_ms(rtt_min, p95, RTT_MAX_MS)),
        'loss_ratio': draw(factories.loss_ratios(rtt_min, p50, p95, p99)),
        'samples': draw(st.none() | st.integers(1, record.MAX_SAMPLES)),
        'measured_at': iso(draw(st.integers(0, int(NOW)))),
        'source': draw(NAMES | st.none()),
        'project': draw(NAMES | st.none()) if named else None,
    }


class TestProperties(testtools.TestCase):
    def assertSame(self, row: dict[str, Any], got: NewLatency):
        latency = dataclasses.asdict(got.latency)
        for column in row.keys() - {'client', 'project', 'measured_at'}:
            expected = row[column]
            if column == 'source':
                expected = expected or ''
            self.assertEqual(expected, latency[column], column)
        self.assertEqual(parse_client(row['client']), got.client)
        self.assertEqual(row['project'] or '', got.project_id)
        self.assertEqual(row['measured_at'], iso(latency['measured_at']))

    @patient
    @given(rows(), st.sampled_from(['\n', '\r\n']))
    def test_csv_comes_back_as_it_was_written(self, row, end):
        stream = io.StringIO()
        writer = csv.DictWriter(stream, list(row), lineterminator=end)
        writer.writeheader()
        writer.writerow(row)
        stream.seek(0)

        (got,) = file.read_measurements(stream, 'csv', NOW)

        self.assertSame(row, got)

    @patient
    @given(rows())
    def test_json_comes_back_as_it_was_written(self, row):
        (got,) = read_json(json.dumps(row))

        self.assertSame(row, got)

    @patient
    @given(st.lists(rows(), min_size=1), st.data())
    def test_one_bad_line_spoils_the_file(self, good, data):
        text = [json.dumps(row) for row in good]
        where = data.draw(st.integers(0, len(text)))
        column = data.draw(st.sampled_from(lines.REQUIRED))
        bad = good[0] | {column: '\x00'}
        text.insert(where, json.dumps(bad))

        error = self.assertRaises(file.BadFileError, read_json, *text)

        (line,) = error.bad
        self.assertEqual((where + 1, column), (line.line, line.column))

    @patient
    @given(st.lists(st.text()), st.sampled_from(['csv', 'jsonl']))
    def test_any_text_is_rows_or_bad_lines(self, text, form):
        try:
            file.read_measurements(text, form, NOW)
        except file.BadFileError as error:
            self.assertTrue(str(error).replace('\n', '').isprintable())

    @patient
    @given(
        st.dictionaries(
            st.sampled_from(sorted(lines.COLUMNS)),
            st.text() | st.text('0123456789.eE+-:TZ'),
        )
    )
    def test_any_cells_are_a_row_or_a_bad_column(self, cells):
        cells = dict.fromkeys(lines.REQUIRED, '1') | cells
        try:
            got = record.parse_record(7, cells, NOW, parse_client)
        except lines.BadLineError as error:
            self.assertEqual(7, error.line)
            self.assertIn(error.column, lines.COLUMNS)
        else:
            got.latency.check()
