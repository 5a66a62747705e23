# SPDX-License-Identifier: Apache-2.0

"""Inputs as the collector makes them, from a configuration file."""

import pathlib

import fixtures
from oslo_config import cfg
from oslotest import base

from edge_sched.collector.inputs import loading
from edge_sched.http.deadline import Deadline
from tests.unit.collector.fakes import PATIENCE_SECONDS
from tests.unit.collector.fakes import Clock


class InputTestCase(base.BaseTestCase):
    """Inputs of one name; their group is ``[edge_sched_input_<name>]``."""

    NAME: str

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.clock = Clock()

    def make(self, *lines, mine=lambda vantage: True):
        """An input with these lines in its group."""
        path = self.home / 'inputs.conf'
        path.write_text(
            '\n'.join([f'[edge_sched_input_{self.NAME}]', *lines]) + '\n'
        )
        self.conf = cfg.ConfigOpts()
        self.conf([], default_config_files=[str(path)], default_config_dirs=[])
        (made,) = loading.load(self.conf, [self.NAME], mine)
        self.addCleanup(made.close)
        return made

    def make_with_clock(self, *lines):
        """The same, by the clock of the test."""
        made = self.make(*lines)
        return type(made)(
            self.NAME, self.conf, made.group, made.mine, self.clock
        )

    def assertRefused(self, message, *lines):
        """The lines make no sense, for that reason."""
        error = self.assertRaises(ValueError, self.make, *lines)
        self.assertEqual(
            f'[edge_sched_input_{self.NAME}] {message}', str(error)
        )

    def collect(self, made, seconds=PATIENCE_SECONDS):
        return list(made.collect(Deadline(seconds)))
