# SPDX-License-Identifier: Apache-2.0

"""What becomes of a client that is wanted."""

import math
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from edge_sched.wanted import progress
from edge_sched.wanted.progress import ANSWER_SECONDS
from edge_sched.wanted.progress import CHOSEN_SECONDS
from edge_sched.wanted.progress import KEPT_SITES
from edge_sched.wanted.progress import SILENT_SECONDS
from edge_sched.wanted.progress import Sought
from edge_sched.wanted.progress import Step
from edge_sched.wanted.progress import step

NOW = 1000.0
SITES = [f's{number}' for number in range(1, 9)]


class ProgressTest(base.BaseTestCase):
    """Of few sites all probe, at once or in rounds."""

    def setUp(self):
        super().setUp()
        patcher = mock.patch.object(progress, 'next_sites', self.next_sites)
        patcher.start()
        self.addCleanup(patcher.stop)

    def next_sites(self, sites, mesh_ms, measured_ms, near):
        self.measured_ms = measured_ms
        return tuple(s for s in (*near, *sites) if s not in measured_ms)[:4]

    def of(self, state='probing', sites=(), done_at=None, since=NOW):
        return Sought(state, dict.fromkeys(sites, since), done_at)

    def step(self, sought, heard_ms=None, sites=SITES, near=(), now=NOW):
        return step(sought, now, sites, {}, heard_ms or {}, near)

    def test_sites_probe_in_rounds(self):
        first = self.step(self.of(), near=['s8'])
        self.assertEqual(Step('probing', ('s8', 's1', 's2', 's3')), first)
        sought = self.of(sites=first.add)
        heard = {'s8': 9.0, 's1': 1.0, 's2': 2.0}
        self.assertIsNone(self.step(sought, heard))
        heard['s3'] = 3.0
        self.assertEqual(
            Step('probing', ('s4', 's5', 's6', 's7')), self.step(sought, heard)
        )

    def test_a_clock_that_is_set_back_holds_nobody_up(self):
        now = NOW - 10_000
        sought = self.of(sites=['s1', 's2'])
        self.assertIsNotNone(self.step(sought, {'s1': 5.0}, now=now))
        sought = self.of('silent', done_at=NOW)
        self.assertEqual('probing', self.step(sought, now=now).state)

    def test_who_sends_nothing_has_heard_nothing(self):
        sought = self.of(sites=['s1', 's2'])
        heard = {'s1': 5.0}
        now = NOW + ANSWER_SECONDS
        self.assertIsNone(self.step(sought, heard, now=now - 1))
        self.assertEqual('probing', self.step(sought, heard, now=now).state)
        self.assertEqual({'s1': 5.0, 's2': math.inf}, self.measured_ms)

    def test_who_is_gone_is_not_waited_for(self):
        sought = self.of(sites=['gone', 's1'])
        self.assertEqual('probing', self.step(sought, {'s1': 5.0}).state)

    def test_who_probes_or_did_counts_and_nobody_else(self):
        sought = self.of(sites=['s1', 'gone'])
        self.step(sought, {'s1': 5.0, 's2': 6.0, 'gone': 7.0, 'else': 8.0})
        self.assertEqual({'s1': 5.0, 's2': 6.0, 'gone': 7.0}, self.measured_ms)

    def test_the_nearest_go_on(self):
        heard = {site: 10.0 - n for n, site in enumerate(SITES)}
        heard |= {'s8': math.inf, 'elsewhere': 0.1}
        done = self.step(self.of(sites=SITES), heard)
        self.assertEqual(Step('measured', (), ('s1', 's8')), done)
        self.assertEqual(KEPT_SITES, len(SITES) - len(done.drop))

    def test_who_was_measured_by_chance_goes_on_as_well(self):
        heard = dict.fromkeys(SITES, 5.0)
        self.assertEqual(
            Step('measured', tuple(SITES[:6])), self.step(self.of(), heard)
        )

    def test_nobody_got_an_answer(self):
        sought = self.of(sites=SITES, since=NOW - ANSWER_SECONDS)
        self.assertEqual(Step('silent', (), tuple(SITES)), self.step(sought))

    def test_without_sites_it_waits(self):
        self.assertIsNone(self.step(self.of(), sites=[]))
        self.assertIsNone(self.step(self.of(sites=['gone']), sites=[]))

    def test_it_is_tried_again(self):
        silent = self.of('silent', done_at=NOW)
        now = NOW + SILENT_SECONDS
        self.assertIsNone(self.step(silent, now=now))
        self.assertEqual(
            Step('probing', (), []), self.step(silent, now=now + 1)
        )

    def test_the_nearest_are_looked_for_anew(self):
        measured = self.of('measured', ['s1', 'gone'], NOW)
        now = NOW + CHOSEN_SECONDS
        self.assertIsNone(self.step(measured, now=now))
        self.assertEqual(
            Step('probing', (), ['gone']), self.step(measured, now=now + 1)
        )
        # At once, if all of them are gone.
        measured = self.of('measured', ['gone'], NOW)
        self.assertEqual(Step('probing', (), ['gone']), self.step(measured))
        self.assertIsNone(self.step(measured, sites=[]))


class DescentTest(base.BaseTestCase):
    @given(
        st.lists(st.floats(0.1, 300), min_size=1, max_size=40),
        st.sets(st.integers(0, 39)),
    )
    def test_it_ends_with_few_sites_and_few_probes(self, rtts_ms, silent):
        """Whatever sites there are, and whichever of them answer."""
        sites = [f's{number}' for number in range(len(rtts_ms))]
        sought, probed, now = Sought('probing', {}), set(), 0.0
        for _ in range(20):
            heard = {
                f's{n}': rtt_ms
                for n, rtt_ms in enumerate(rtts_ms)
                if f's{n}' in probed and n not in silent
            }
            found = step(sought, now, sites, {}, heard)
            now += 61
            if found is None:
                continue
            probed |= {*found.add}
            left = dict.fromkeys(found.add, now) | sought.sites
            for site in found.drop:
                del left[site]
            sought = Sought(found.state, left, now)
            if found.state != 'probing':
                break
        self.assertNotEqual('probing', sought.state)
        self.assertLessEqual(len(probed), 12)
        self.assertLessEqual(len(sought.sites), KEPT_SITES)
        self.assertEqual(sought.state == 'silent', not sought.sites)
