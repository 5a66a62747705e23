# SPDX-License-Identifier: Apache-2.0

from importlib import metadata
from unittest import mock

from oslo_config import cfg
from oslotest import base
from stevedore import extension

from edge_sched.cmd.options import list_opts
from edge_sched.collector.inputs import loading
from edge_sched.collector.inputs.file import FileInput
from edge_sched.collector.inputs.openmetrics import OpenMetricsInput


def mine(vantage):
    return True


class LoadingTest(base.BaseTestCase):
    def load(self, text, *names):
        path = self.create_tempfiles([('inputs', text)])[0]
        conf = cfg.ConfigOpts()
        conf([], default_config_files=[path], default_config_dirs=[])
        return loading.load(conf, names, mine)

    def with_entry_point(self, value):
        found = metadata.EntryPoint('mine', value, loading.NAMESPACE)
        patcher = mock.patch.object(
            extension.ExtensionManager,
            'list_entry_points',
            return_value=[found],
        )
        patcher.start()
        self.addCleanup(patcher.stop)

    def test_a_driver_has_the_name_of_the_input_or_its_own(self):
        made = self.load(
            '[edge_sched_input_openmetrics]\n'
            'prober = lyon http://127.0.0.1/\n'
            '[edge_sched_input_north]\n'
            'driver = openmetrics\n'
            'prober = oslo http://127.0.0.2/\n'
            'timeout = 3\n'
            '[edge_sched_input_file]\n'
            'directory = /tmp\n'
            'vantages = a, b\n',
            'openmetrics',
            'north',
            'file',
        )
        self.assertEqual(
            [OpenMetricsInput, OpenMetricsInput, FileInput],
            [type(each) for each in made],
        )
        self.assertEqual(
            [('openmetrics', 10.0), ('north', 3.0), ('file', 10.0)],
            [(each.name, each.limits.timeout_seconds) for each in made],
        )

    def test_inputs_must_be_there_and_differ(self):
        for names, shown in (((), ''), (('file', 'file'), 'file, file')):
            error = self.assertRaises(ValueError, self.load, '', *names)
            self.assertEqual(
                f'[edge_sched_collector] inputs: {shown!r} is not one or more '
                'names, each once',
                str(error),
            )

    def test_a_driver_that_is_not_there(self):
        error = self.assertRaises(ValueError, self.load, '', 'telepathy')
        self.assertEqual(
            "[edge_sched_input_telepathy] driver: 'telepathy' is not one of "
            'aetos, atlas, file, openmetrics, prometheus, telegraf',
            str(error),
        )

    def test_a_driver_that_is_no_input(self):
        self.with_entry_point('builtins:dict')
        error = self.assertRaises(ValueError, self.load, '', 'mine')
        self.assertEqual(
            "[edge_sched_input_mine] driver: 'mine' is no Input but "
            'builtins:dict',
            str(error),
        )

    def test_a_driver_that_cannot_be_loaded(self):
        self.with_entry_point('no_such_module:Input')
        error = self.assertRaises(ValueError, self.load, '', 'mine')
        self.assertEqual(
            'mine = no_such_module:Input in edge_sched.inputs cannot be '
            "loaded: No module named 'no_such_module'",
            str(error),
        )

    def test_a_value_of_the_wrong_kind(self):
        error = self.assertRaises(
            ValueError,
            self.load,
            '[edge_sched_input_file]\nmax_files = many\n',
            'file',
        )
        self.assertIn('max_files', str(error))

    def test_the_sample_file_has_a_group_for_each_driver(self):
        groups = {
            group.name: [option.name for option in options]
            for group, options in list_opts()
        }
        for name in ('aetos', 'file', 'openmetrics', 'prometheus'):
            self.assertIn('driver', groups[f'edge_sched_input_{name}'])
            self.assertIn('max_bytes', groups[f'edge_sched_input_{name}'])
        self.assertIn('prober', groups['edge_sched_input_openmetrics'])
