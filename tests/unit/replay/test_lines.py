# SPDX-License-Identifier: Apache-2.0

"""Records found in logs."""

import io
import json
from unittest import mock

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.replay import lines

RECORD = {'outcome': 'judged', 'request_id': 'req-1'}
TEXT = f'2026-08-22 INFO x [-] edge decision {json.dumps(RECORD)}'


def found(*texts):
    return list(lines.records_of(texts))


class RecordsOfTest(base.BaseTestCase):
    def test_among_foreign_lines(self):
        self.assertEqual(
            [lines.Found(2, RECORD), lines.Found(4, RECORD)],
            found('boot\n', TEXT + '\n', '{}', TEXT + ' trailing', ''),
        )

    def test_when_it_was_logged(self):
        for begin, logged_at in (
            ('2026-08-22 10:15:00.123 7 INFO x', '2026-08-22 10:15:00.123'),
            (
                '2026-08-22T10:15:00+00:00 host x',
                '2026-08-22T10:15:00+00:00',
            ),
            ('Aug 22 10:15:00 host nova', ''),
            (
                f'2026-08-22 10:15:00{"." * 99}',
                f'2026-08-22 10:15:00{14 * "."}',
            ),
        ):
            text = f'{begin} {TEXT}'
            for line in text, json.dumps({'MESSAGE': text}):
                (one,) = found(line)
                self.assertEqual((RECORD, logged_at), (one[1], one.logged_at))

    def test_of_the_journal(self):
        entry = json.dumps({'MESSAGE': TEXT, 'PRIORITY': '6'})
        self.assertEqual([lines.Found(1, RECORD)], found(entry))

    def test_of_the_journal_without_a_text(self):
        for message in ([101, 100], None, 5):
            entry = {'MESSAGE': message, 'OTHER': 'edge decision no'}
            (one,) = found(json.dumps(entry))
            self.assertNotEqual('', one.problem)

    def test_half_a_line(self):
        (one,) = found(TEXT[:-5])
        self.assertEqual((1, {}), one[:2])
        self.assertEqual('is broken off, or no JSON', one.problem)

    def test_what_is_no_record(self):
        for text in ('[]', '5', '{}', 'null', '{"a": 1}'):
            (one,) = found('edge decision ' + text)
            self.assertEqual('is no decision record', one.problem)

    def test_nested_without_end(self):
        (one,) = found('edge decision ' + '[' * 100_000)
        self.assertEqual('is broken off, or no JSON', one.problem)

    def test_longer_than_any(self):
        (one,) = found(TEXT + ' ' * lines.LONGEST)
        self.assertEqual('has more than 262144 characters', one.problem)
        entry = '{"MESSAGE": ' + '[' * 100_000 + 'edge decision x'
        self.assertNotEqual('', found(entry)[0].problem)

    def test_as_long_as_is_looked_at(self):
        with mock.patch.object(lines, 'LONGEST', len(TEXT)):
            self.assertEqual([lines.Found(1, RECORD)], found(TEXT))
            (one,) = found(TEXT + ' ')
            self.assertNotEqual('', one.problem)

    @hypothesis.given(st.text())
    def test_anything(self, text):
        for one in found('edge decision ' + text, text):
            self.assertTrue(one.problem or 'outcome' in one.record)


class BoundedTest(base.BaseTestCase):
    """Nine characters are looked at: one more tells that there were more."""

    def bounded(self, text):
        with mock.patch.object(lines, 'LONGEST', 9):
            return list(lines.bounded(io.StringIO(text)))

    def test_lines_as_they_are(self):
        for text in ('', 'one\n', 'one\n\ntwo', '12345678\n', '123456789\n'):
            self.assertEqual(
                text.splitlines(keepends=True), self.bounded(text)
            )

    def test_rest_of_a_long_line_is_passed_over(self):
        for rest in ('', '1', '234567890', '2345678901' * 5):
            for end in ('\n', '\nnext\n', '\n\nnext', ''):
                text = f'123456789 {rest}{end}'
                self.assertEqual(
                    ['123456789 ', *text.splitlines(keepends=True)[1:]],
                    self.bounded(text),
                )
