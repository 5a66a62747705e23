# SPDX-License-Identifier: Apache-2.0

import csv
import datetime
import pathlib

import fixtures
from oslotest import base

from edge_sched.measurement.file import read_measurements
from tests.cloud import measurements
from tests.cloud.measurer import stamp_all


class MeasurerTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.source = self._folder()
        self.target = self._folder()

    def _folder(self):
        return pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def test_rows_get_the_present_time(self):
        (self.source / 'a.csv').write_text('vantage,client\nlyon,c\n')
        before = datetime.datetime.now(datetime.UTC)
        stamp_all(self.source, self.target)
        with (self.target / 'a.csv').open(newline='') as stream:
            [row] = csv.DictReader(stream)
        self.assertEqual('lyon', row['vantage'])
        measured_at = datetime.datetime.fromisoformat(row['measured_at'])
        self.assertGreaterEqual(measured_at, before)

    def test_file_that_has_gone_goes(self):
        (self.source / 'a.csv').write_text('vantage,client\n')
        stamp_all(self.source, self.target)
        (self.source / 'a.csv').unlink()
        stamp_all(self.source, self.target)
        self.assertEqual([], list(self.target.iterdir()))

    def test_what_the_cloud_measures_can_be_read(self):
        rows = measurements.demo_rows() + measurements.tempest_rows()
        (self.source / 'a.csv').write_text(measurements.text(rows))
        stamp_all(self.source, self.target)
        now = datetime.datetime.now(datetime.UTC).timestamp()
        lines = (self.target / 'a.csv').read_text().splitlines(True)
        self.assertEqual(len(rows), len(read_measurements(lines, 'csv', now)))
