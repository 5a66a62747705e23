# SPDX-License-Identifier: Apache-2.0

"""Records in full that are read, and believed as little as can be."""

import copy
import json

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.judging import record as short
from edge_sched.model.latency import Answer
from edge_sched.replay import recorded
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.replay.factories import record_of

ANSWER = Answer(True, ({'lyon': make_row(5, 9, rtt_p99_ms=float('inf'))},))
RECORD = record_of(
    make_intent(spread=('site',)),
    [ANSWER],
    {'lyon': [0.5, 1.0], 'nice': [2.0]},
    {'lyon': [1]},
)


def paths(value, path=()):
    """Of every value that is somewhere in a record."""
    yield path
    children = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    for key, child in children:
        yield from paths(child, (*path, key))


PATHS = [path for path in paths(RECORD) if path]


def changed(path, value):
    record = copy.deepcopy(RECORD)
    where = record
    for key in path[:-1]:
        where = where[key]
    where[path[-1]] = value
    return record


class ReadTest(base.BaseTestCase):
    def test_all_that_the_decision_hung_on(self):
        read = recorded.read(RECORD)
        (target,) = read.intent.targets
        lyon, nice = read.places
        self.assertEqual(20.0, target.latency_budget_ms)
        self.assertEqual(('site',), read.intent.spread)
        self.assertEqual(('lyon-1', True), (read.first, read.is_ranked))
        self.assertEqual(
            ('within', True, (1,)),
            (lyon.standing, lyon.accepted, lyon.members),
        )
        self.assertEqual(('unknown', None), (nice.standing, nice.best))
        self.assertTrue(read.answers[target.client].known)
        row = read.answers[target.client].parts[0]['0']
        self.assertEqual((5, float('inf')), (row.rtt_p50_ms, row.rtt_p99_ms))
        self.assertEqual(3000.0, read.settings.latency_weight_multiplier)

    def test_in_short(self):
        record = {k: v for k, v in RECORD.items() if k != 'places'}
        record['hosts'] = {'within': 2, 'unknown': 0, 'over': 0}
        error = self.assertRaises(
            recorded.NotInFullError, recorded.read, record
        )
        self.assertEqual('is in short', str(error))

    def test_nothing_was_judged(self):
        record = short.make_record(
            short.Subject('r', 'u', 1, 'create', 'enforce'),
            make_intent(),
            'no_client',
            short.Source(),
        )
        error = self.assertRaises(
            recorded.NotInFullError, recorded.read, record
        )
        self.assertEqual('nothing was judged', str(error))

    def test_nothing_left_for_other_reasons(self):
        self.assertFalse(recorded.read(RECORD).nothing_left)
        for more in ({'short_of': 'site'}, {'narrowed': {'sites': 0}}):
            self.assertTrue(recorded.read(RECORD | more).nothing_left)
        more = {'narrowed': {'sites': 'all'}}
        self.assertFalse(recorded.read(RECORD | more).nothing_left)

    def test_row_that_cannot_be(self):
        path = ('places', 0, 'rows', 0, 0, 'rtt_p50_ms')
        for value, words in (
            (-1, 'rows: rtt_p50_ms -1 is not in'),
            (10, 'rows: rtt_p95_ms 9 is less than'),
            ('many', "rtt_p50_ms is 'many'"),
            (True, 'rtt_p50_ms is True'),
        ):
            error = self.assertRaises(
                recorded.BadRecordError, recorded.read, changed(path, value)
            )
            self.assertIn(words, str(error))

    def test_what_is_no_name(self):
        for path in (
            ('places', 0, 'rows', 0, 0, 'source'),
            ('places', 0, 'rows', 0, 0, 'client'),
            ('places', 0, 'site'),
            ('places', 0, 'cell'),
            ('ranking', 'first', 'host'),
        ):
            for value in (5, None, ['lyon']):
                error = self.assertRaises(
                    recorded.BadRecordError,
                    recorded.read,
                    changed(path, value),
                )
                self.assertEqual(f'a name is {value!r}', str(error))

    def test_what_is_none_of_its_choices(self):
        for path, name in (
            (('mode',), 'mode'),
            (('objective',), 'edge:objective'),
            (('places', 0, 'class'), 'class'),
        ):
            error = self.assertRaises(
                recorded.BadRecordError, recorded.read, changed(path, 'odd')
            )
            self.assertEqual(
                f'{name.removeprefix("edge:")} is {"odd"!r}', str(error)
            )

    def test_as_many_places_as_are_recorded(self):
        record = RECORD | {'places': RECORD['places'] * 16}
        self.assertEqual(32, len(recorded.read(record).places))

    def test_too_many_places(self):
        record = RECORD | {'places': RECORD['places'] * 17}
        error = self.assertRaises(
            recorded.BadRecordError, recorded.read, record
        )
        self.assertEqual('places is no list of at most 32', str(error))

    def test_settings_that_cannot_be(self):
        for name, value in (
            ('tie_band_ms', 0),
            ('max_age', -1),
            ('fit_headroom', 'x'),
            ('rank_percentile', 'p42'),
            ('max_attempts', None),
            ('max_attempts', 0),
            ('max_attempts', 1.5),
            ('max_attempts', 10**9),
        ):
            self.assertRaises(
                recorded.BadRecordError,
                recorded.read,
                changed(('settings', name), value),
            )

    @hypothesis.settings(max_examples=500, deadline=None)
    @hypothesis.given(
        st.sampled_from(PATHS),
        st.none()
        | st.booleans()
        | st.integers(-1, 10**400)
        | st.text(max_size=5)
        | st.sampled_from([[], {}, [None], [[]], {'a': 1}, 'lost', 1e308]),
    )
    def test_any_change_is_read_or_refused(self, path, value):
        record = changed(path, value)
        try:
            recorded.read(json.loads(json.dumps(record)))
        except (recorded.BadRecordError, recorded.NotInFullError) as error:
            self.assertLess(len(str(error)), 200)

    @hypothesis.given(st.sampled_from(PATHS))
    def test_anything_may_be_missing(self, path):
        record = copy.deepcopy(RECORD)
        where = record
        for key in path[:-1]:
            where = where[key]
        del where[path[-1]]
        try:
            recorded.read(record)
        except (recorded.BadRecordError, recorded.NotInFullError):
            pass
