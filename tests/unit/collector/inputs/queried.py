# SPDX-License-Identifier: Apache-2.0

"""What the tests of inputs that read by PromQL have in common."""

from unittest import mock

from oslo_config import cfg
from oslotest import base

from edge_sched.collector.inputs import promql
from edge_sched.collector.inputs import promql_input
from edge_sched.conf import inputs as conf_inputs
from edge_sched.http.deadline import Deadline

#: A moment that every test can mean.
NOW = 1_700_000_000.0


def settings(name, opts, **overrides):
    """A configuration with the group of an input, and the group's name."""
    conf = cfg.ConfigOpts()
    conf([], project='edge_sched', default_config_files=[])
    group = conf_inputs.register_opts(conf, name, opts)
    for option, value in overrides.items():
        conf.set_override(option, value, group=group)
    return conf, group


def make(driver, mine=lambda vantage: True, **overrides):
    conf, group = settings('test', driver.OPTS, **overrides)
    return driver('test', conf, group, mine)


def collect(made, seconds=60.0):
    """The one harvest of an input."""
    [harvest] = made.collect(Deadline(seconds))
    return harvest


class AsOfNow(promql.Queries):
    """Asks what was the answer at ``NOW``."""

    def __init__(self, *args):
        super().__init__(*args)
        self.at = NOW
        self.ahead_seconds = 0.0


class AsOfNowTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        patch = mock.patch.object(promql_input, 'Queries', AsOfNow)
        patch.start()
        self.addCleanup(patch.stop)


def as_of(moment):
    """Our own clock stands still there."""
    return mock.patch.object(promql.time, 'time', lambda: moment)


def metric(name, labels, samples):
    """Lines of OpenMetrics: ``samples`` are pairs of time and value."""
    inside = ','.join(f'{key}="{value}"' for key, value in labels.items())
    return [
        f'{name}{{{inside}}} {value} {moment}' for moment, value in samples
    ]


def exposition(lines):
    """OpenMetrics wants the series of a family together."""
    return '\n'.join(
        [*sorted(lines, key=lambda line: line.split('{')[0]), '# EOF', '']
    )
