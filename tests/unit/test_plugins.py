# SPDX-License-Identifier: Apache-2.0

"""Classes come from entry points, and a bad one stops the start."""

import pathlib
from importlib import metadata
from unittest import mock

import fixtures
import nova.conf
from nova import objects
from nova.scheduler import request_filter
from oslo_config import fixture as config_fixture
from oslotest import base
from stevedore import extension

from edge_sched import plugins
from edge_sched.conf import checks
from edge_sched.scheduler.request_filter import edge_latency

# As nova's services do before they load a plug-in.
objects.register_all()


def entry_point(name: str, value: str) -> metadata.EntryPoint:
    return metadata.EntryPoint(name, value, 'edge_sched.filters')


class PluginsTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        stock = list(request_filter.ALL_REQUEST_FILTERS)
        patcher = mock.patch.object(
            request_filter, 'ALL_REQUEST_FILTERS', stock
        )
        patcher.start()
        self.addCleanup(patcher.stop)

    def with_entry_points(self, *found: metadata.EntryPoint) -> None:
        patcher = mock.patch.object(
            extension.ExtensionManager,
            'list_entry_points',
            return_value=list(found),
        )
        patcher.start()
        self.addCleanup(patcher.stop)

    def test_our_own(self) -> None:
        self.assertEqual(
            ['EdgeLatencyFilter'],
            [plugin.__name__ for plugin in plugins.all_filters()],
        )
        self.assertEqual(
            {'EdgeLatencyWeigher', 'EdgeCellLatencyWeigher'},
            {plugin.__name__ for plugin in plugins.all_weighers()},
        )

    def test_request_filter_is_appended_once(self) -> None:
        plugins.all_filters()
        plugins.all_filters()
        known = request_filter.ALL_REQUEST_FILTERS
        self.assertEqual(1, known.count(edge_latency))
        self.assertIs(edge_latency, known[-1])

    def test_bad_option_stops_the_start(self) -> None:
        conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        folder = self.useFixture(fixtures.TempDir()).path
        nova_conf = pathlib.Path(folder, 'nova.conf')
        nova_conf.write_text('[edge_sched]\nmax_age = soon\n')
        conf.set_config_files([str(nova_conf)])
        error = self.assertRaises(checks.BadOptionError, plugins.all_filters)
        self.assertIn('max_age', str(error))
        self.assertIn('soon', str(error))

    def test_misspelt_option_is_named_and_stops_nothing(self) -> None:
        conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        folder = self.useFixture(fixtures.TempDir()).path
        nova_conf = pathlib.Path(folder, 'nova.conf')
        nova_conf.write_text('[edge_sched]\nmax_agee = 60\n')
        conf.set_config_files([str(nova_conf)])
        with self.assertLogs('edge_sched.plugins', 'WARNING') as logged:
            plugins.all_filters()
        self.assertEqual(
            [
                f'[edge_sched] max_agee in {nova_conf} is no option: did you '
                'mean max_age?'
            ],
            [record.getMessage() for record in logged.records],
        )

    def test_start_goes_on_where_oslo_config_does_not_let_us_look(
        self,
    ) -> None:
        with (
            mock.patch.object(checks, 'unknown', side_effect=AttributeError),
            self.assertLogs('edge_sched.plugins', 'WARNING') as logged,
        ):
            self.assertTrue(plugins.all_filters())
        self.assertIn('Cannot look for unknown options', logged.output[0])

    def test_third_party_class_is_loaded(self) -> None:
        self.with_entry_points(
            entry_point(
                'Compute',
                'nova.scheduler.filters.compute_filter:ComputeFilter',
            )
        )
        (found,) = plugins.all_filters()
        self.assertEqual('ComputeFilter', found.__name__)

    def test_what_cannot_be_imported_is_named(self) -> None:
        self.with_entry_points(entry_point('Theirs', 'no_such_module:Filter'))
        error = self.assertRaises(plugins.BadPluginError, plugins.all_filters)
        self.assertIn('Theirs = no_such_module:Filter', str(error))
        self.assertIn('edge_sched.filters', str(error))

    def test_what_is_of_the_wrong_type_is_named(self) -> None:
        self.with_entry_points(
            entry_point('Theirs', 'nova.scheduler.weights.ram:RAMWeigher')
        )
        error = self.assertRaises(plugins.BadPluginError, plugins.all_filters)
        self.assertIn('Theirs', str(error))
        self.assertIn('is not a BaseHostFilter', str(error))
