# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

import dataclasses
import os
import time
import unittest

from bench import prober
from bench import process

GOOD = prober.Result(
    'all answer',
    core_share=0.05,
    megabytes=60,
    sent=16_000,
    lost=0,
    lag_ms=2.5,
)


class ResultTestCase(unittest.TestCase):
    def test_what_is_at_its_target_passes(self):
        limit = dataclasses.replace(GOOD, core_share=0.25, megabytes=150)
        self.assertEqual([], limit.missed())

    def test_what_is_above_is_named_with_its_figure(self):
        dear = dataclasses.replace(GOOD, core_share=0.301, megabytes=151)
        self.assertEqual(
            [
                'all answer: 30.1% of a core, more than 25%',
                'all answer: 151 MB, more than 150',
            ],
            dear.missed(),
        )

    def test_runs_are_compared_with_the_first(self):
        silent = dataclasses.replace(
            GOOD, name='none answers', core_share=0.04, lost=16_000
        )
        *_, last = prober.report([GOOD, silent]).splitlines()
        self.assertEqual(
            ['none answers', '4.0%', '0.80', '60', '16000', '16000', '2.5'],
            [cell.strip() for cell in last.strip('|').split('|')],
        )


class TotalTestCase(unittest.TestCase):
    def test_all_targets_and_no_other_metric(self):
        text = (
            'sent_total{client="a"} 3.0\n'
            'sent_total{client="b"} 4.0\n'
            'sent_total_else{client="b"} 5.0\n'
            'lag 0.5\n'
        )
        self.assertEqual(7, prober.total(text, 'sent_total'))
        self.assertEqual(0.5, prober.total(text, 'lag'))


class PausesTestCase(unittest.TestCase):
    def test_scrapes_until_the_time_is_over(self):
        self.assertEqual([30, 30], list(prober._pauses(60)))
        self.assertEqual([30, 15], list(prober._pauses(45)))
        self.assertEqual([5], list(prober._pauses(5)))


class ProcessTestCase(unittest.TestCase):
    def test_share_is_of_the_time_between(self):
        before, after = process.Usage(1.0, 100.0), process.Usage(1.5, 110.0)
        self.assertEqual(0.05, after.share_since(before))

    def test_of_this_process(self):
        usage = process.usage(os.getpid())
        self.assertAlmostEqual(
            time.process_time(), usage.cpu_seconds, delta=1.0
        )
        self.assertGreater(process.peak_megabytes(os.getpid()), 5)
