# SPDX-License-Identifier: Apache-2.0

"""The cloud that the other tests stand on is the one they think it is."""

import socket
import sys

from nova import monkey_patch
from nova import objects
from nova import utils
from nova.conf import scheduler as scheduler_conf
from oslo_context import context

from tests.functional import base
from tests.functional import cloud


class ConcurrencyModeTest(base.EdgeCloudTestCase):
    with_plugin = False
    sites = {}

    def test_mode_is_the_one_of_the_environment(self) -> None:
        eventlet = base.eventlet_wanted()
        self.assertEqual(eventlet, monkey_patch.is_patched())
        self.assertEqual(eventlet, not utils.concurrency_mode_threading())
        self.assertEqual(eventlet, 'eventlet' in sys.modules)
        # The second of these is there only if all was patched before it was
        # imported: eventlet leaves what others have imported by then.
        for patched in (socket.socket, type(context._request_store)):
            self.assertEqual(
                eventlet, patched.__module__.startswith('eventlet'), patched
            )


class StockNovaTest(base.EdgeCloudTestCase):
    with_plugin = False

    def test_server_lands(self) -> None:
        server = self.create_server()
        self.assertEqual('ACTIVE', server['status'])
        self.assertIn(server[base.HOST], self.computes)
        mapping = self.host_mappings[server[base.HOST]]
        self.assertEqual(mapping.cell_mapping.name, self.cell_of(server))
        self.assertEqual(self.user.project_id, server['tenant_id'])

    def test_both_cells_are_there(self) -> None:
        for host, cell in (('paris-1', 'cell1'), ('nice-1', 'cell2')):
            server = self.create_server(host=host)
            self.assertLanded(host, server)
            self.assertEqual(cell, self.cell_of(server))

    def test_hints_reach_the_request_spec(self) -> None:
        server = self.create_server({'edge:client': '192.0.2.1'})
        spec = self.request_spec(server)
        self.assertEqual({'edge:client': ['192.0.2.1']}, spec.scheduler_hints)

    def test_sites_are_aggregates(self) -> None:
        aggregates = {
            aggregate['name']: aggregate
            for aggregate in self.admin.api_get('/os-aggregates').body[
                'aggregates'
            ]
        }
        self.assertEqual(set(self.sites), set(aggregates))
        self.assertEqual(['lyon-1'], aggregates['lyon']['hosts'])
        self.assertEqual('lyon', aggregates['lyon']['metadata']['edge:site'])

    def test_user_sees_only_servers_of_the_project(self) -> None:
        server = self.create_server()
        self.assertEqual('', self.fault(server))
        self.assertNotIn(base.HOST, self.user.get_server(server['id']))
        self.assertRaises(
            base.OpenStackApiException,
            self.other_user.get_server,
            server['id'],
        )

    def test_multi_create(self) -> None:
        servers = self.create_servers(count=3)
        self.assertEqual(['ACTIVE'] * 3, [s['status'] for s in servers])
        self.assertEqual(3, len({s['id'] for s in servers}))

    @cloud.cloud(sites={'paris': ('cell1', ['paris-1'])})
    def test_no_valid_host(self) -> None:
        flavor = self.create_flavor(ram=100_000)
        server = self.create_server(flavor=flavor)
        self.assertEqual('cell0', self.cell_of(server))
        self.assertRefused('No valid host was found.', server)


class ConfigurationTest(base.EdgeCloudTestCase):
    """The conf of the class, and of the test, is what Nova goes by."""

    with_plugin = False
    sites = {}
    conf = {
        'filter_scheduler': {
            'enabled_filters': 'ComputeFilter',
            'ram_weight_multiplier': '-1.0',
        }
    }

    def _enabled_filters(self) -> list[str]:
        manager = self.scheduler.manager.host_manager
        return [type(enabled).__name__ for enabled in manager.enabled_filters]

    def test_conf_of_the_class(self) -> None:
        self.assertEqual(['ComputeFilter'], self._enabled_filters())

    @cloud.cloud(
        conf={'filter_scheduler': {'enabled_filters': 'AllHostsFilter'}}
    )
    def test_conf_of_the_test_is_laid_over(self) -> None:
        self.assertEqual(['AllHostsFilter'], self._enabled_filters())
        self.assertEqual(
            -1.0, cloud.CONF.filter_scheduler.ram_weight_multiplier
        )

    def test_default_filters_are_those_of_nova(self) -> None:
        options = scheduler_conf.filter_scheduler_opts
        (default,) = [
            o.default for o in options if o.name == 'enabled_filters'
        ]
        self.assertEqual(cloud.DEFAULT_FILTERS, default)


class MovesTest(base.EdgeCloudTestCase):
    """Each move works on stock Nova, and stays in the cell."""

    with_plugin = False

    def setUp(self) -> None:
        super().setUp()
        self.server = self.create_server(zone='nova:paris-1')
        self.assertLanded('paris-1', self.server)

    def test_live_migrate(self) -> None:
        self.assertLanded('lille', self.live_migrate(self.server))
        self.assertLanded('paris', self.live_migrate(self.server, 'paris-1'))

    def test_cold_migrate(self) -> None:
        server = self.cold_migrate(self.server)
        self.assertEqual('VERIFY_RESIZE', server['status'])
        self.assertLanded('lille', self.confirm_resize(server))

    def test_resize(self) -> None:
        server = self.resize(self.server, self.create_flavor(ram=1024))
        self.assertEqual('VERIFY_RESIZE', server['status'])
        self.assertLanded('lille', self.confirm_resize(server))

    def test_unshelve(self) -> None:
        server = self.unshelve(self.server)
        self.assertEqual('ACTIVE', server['status'])
        self.assertEqual('cell1', self.cell_of(server))

    def test_evacuate(self) -> None:
        self.assertLanded('lille', self.evacuate(self.server))

    def test_rebuild(self) -> None:
        server = self.rebuild(self.server)
        self.assertLanded('paris', server)
        self.assertNotEqual(self.server['image'], server['image'])

    def test_refused_moves(self) -> None:
        self.kill_host('lille-1')
        server = self.live_migrate(self.server)
        self.assertEqual('paris-1', server[base.HOST])
        self.assertEqual('error', self.last_migration(server)['status'])
        server = self.cold_migrate(self.server)
        self.assertEqual('ACTIVE', server['status'])
        server = self.evacuate(self.server)
        self.assertRefused('No valid host was found.', server)

    def test_refused_unshelve(self) -> None:
        self.shelve(self.server)
        self.kill_host('paris-1')
        self.kill_host('lille-1')
        server = self.unshelve(self.server)
        self.assertEqual('SHELVED_OFFLOADED', server['status'])
        event = self.event(server, 'unshelve', 'schedule_instances')
        self.assertEqual('Error', event['result'])
        self.assertIn('No valid host', event['details'])


class RequestSpecTest(base.EdgeCloudTestCase):
    with_plugin = False
    sites = {'paris': ('cell1', ['paris-1'], 'north')}

    def test_zone(self) -> None:
        server = self.create_server(zone='north')
        self.assertLanded('paris', server)
        self.assertIsInstance(self.request_spec(server).flavor, objects.Flavor)
