# SPDX-License-Identifier: Apache-2.0

"""``edge-sched-status upgrade check`` on a real Nova.

The judgements are in the unit tests; here is what only a Nova can show.
"""

import contextlib
import io
import threading
from collections.abc import Sequence

import fixtures
import os_traits
import sqlalchemy as sa
from nova import objects
from nova.context import RequestContext
from nova.context import get_admin_context
from nova.context import target_cell
from oslo_upgradecheck.upgradecheck import Code
from oslo_upgradecheck.upgradecheck import Result
from oslo_utils import uuidutils

from edge_sched.status import cloud as status_cloud
from edge_sched.status.checks import Checks
from tests.functional import cloud
from tests.functional.measured import MeasuredCloudTestCase

SITES = {
    'paris': ('cell1', ['paris-1', 'paris-2']),
    'lyon': ('cell2', ['lyon-1']),
}
CLIENT = '203.0.113.0/24'


class StatusTestCase(MeasuredCloudTestCase):
    sites = SITES

    def check(self) -> dict[str, Result]:
        """The result of each check by its name, read anew."""
        checks = Checks()
        return {name: run(checks) for name, run in checks._upgrade_checks}

    def assertFound(self, code: Code, check: str, *words: str) -> None:
        """What this check finds has this code and these words."""
        found = self.check()[check]
        self.assertEqual(code, found.code, found.details)
        for each in words:
            self.assertIn(each, found.details)


class HealthyTest(StatusTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.measure(CLIENT, paris=9, lyon=30)
        self.writer.beat('1/1')

    def test_nothing_is_found(self) -> None:
        self.assertEqual(
            {}, {n: r.details for n, r in self.check().items() if r.code}
        )

    def test_what_is_no_url_fails_with_the_line_to_write(self) -> None:
        self.flags(connection='mysql//h/x', group='edge_sched_database')
        found = self.check()
        store = found['Latency store']
        self.assertEqual(Code.FAILURE, store.code)
        self.assertIn('[edge_sched_database]', store.details)
        self.assertIn(
            'Not checked', found['Latency store of all controllers'].details
        )

    def test_table_and_exit_status(self) -> None:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            status = Checks().check()

        self.assertEqual(Code.SUCCESS, status)
        table = out.getvalue()
        self.assertEqual(12, table.count('Result: Success'))
        self.assertIn('vantage point of each of', table)

    def test_hosts_are_read_by_as_many_queries_however_many(self) -> None:
        self.assertEqual(4, self.statements())
        for i in range(20):
            objects.HostMapping(
                get_admin_context(),
                host=f'new-{i}',
                cell_mapping=self.cell_mappings['cell1'],
            ).create()

        self.assertEqual(4, self.statements())
        self.assertFound(
            Code.WARNING,
            'Vantage points of hosts',
            '20 of 23 (86 %) compute hosts',
            'and 15 more',
        )

    def statements(self) -> int:
        """How many it takes to read the hosts, besides what services do."""
        texts = []
        thread = threading.get_ident()

        def note(connection, cursor, statement, *args):
            if threading.get_ident() == thread and 'SELECT' in statement:
                texts.append(statement)

        sa.event.listen(sa.Engine, 'before_cursor_execute', note)
        try:
            status_cloud.read_hosts()
        finally:
            sa.event.remove(sa.Engine, 'before_cursor_execute', note)
        return len(texts)

    def test_second_controller_with_a_file(self) -> None:
        with target_cell(
            get_admin_context(), self.cell_mappings['cell2']
        ) as context:
            objects.Service(
                context,
                binary='nova-scheduler',
                host='controller-2',
                topic='scheduler',
            ).create()

        self.assertFound(
            Code.FAILURE,
            'Latency store of all controllers',
            f'controller-2, {self.scheduler.host}',
            'connection = mysql+pymysql://',
        )

    def test_cell_that_does_not_answer(self) -> None:
        away = self.cell_mappings['cell2'].uuid

        def hosts(context: RequestContext) -> list[str]:
            if context.cell_uuid == away:
                raise OSError('no route')
            return ['controller']

        self.useFixture(
            fixtures.MonkeyPatch(
                'edge_sched.status.cloud._scheduler_hosts', hosts
            )
        )

        self.assertFound(
            Code.WARNING,
            'Latency store of all controllers',
            'these cells do not answer: cell2',
        )

    def test_sites_and_names(self) -> None:
        self.create_aggregate(
            'metro', ['lyon-1'], metadata={'edge:site': 'paris-1'}
        )
        self.create_aggregate('north', ['paris-2'], zone='lyon')

        self.assertFound(
            Code.WARNING,
            'Vantage points of hosts',
            '1 compute host in more than one site: lyon-1 (lyon, paris-1)',
        )
        self.assertFound(
            Code.WARNING, 'Names', 'lyon (site, zone), paris-1 (host, site)'
        )

    def test_stale_data(self) -> None:
        self.measure('192.0.2.0/24', nice=9, age=1000)

        self.assertFound(
            Code.WARNING, 'Fresh measurements', '1 of 3 (33 %)', ': nice.'
        )

    def test_data_from_the_future(self) -> None:
        self.measure('192.0.2.0/24', nice=9, age=-60)

        self.assertFound(
            Code.WARNING,
            'Fresh measurements',
            '1 of 3 (33 %)',
            'from the future',
            ': nice.',
        )


class ConfigurationTest(StatusTestCase):
    @cloud.cloud(conf={'edge_sched': {'narrow_candidates': 'always'}})
    def test_sites_that_placement_does_not_know(self) -> None:
        check = 'What Placement is asked for'
        self.assertFound(Code.SUCCESS, check, 'of all their hosts: 3')
        provider, *_ = self.placement.get('/resource_providers').body[
            'resource_providers'
        ]
        url = f'/resource_providers/{provider["uuid"]}/aggregates'
        known = self.placement.get(url, version='1.19').body
        self.placement.put(url, {**known, 'aggregates': []}, version='1.19')
        self._share_disk_in(known['aggregates'])
        self.assertFound(
            Code.WARNING,
            check,
            '1 of 3 (33 %) hosts of sites',
            '    $ nova-manage placement sync_aggregates',
        )

    def _share_disk_in(self, aggregates: Sequence[str]) -> None:
        """Make a provider of some aggregates that is no host."""
        sharing = uuidutils.generate_uuid()
        url = f'/resource_providers/{sharing}'
        self.placement.post(
            '/resource_providers',
            {'name': 'shared', 'uuid': sharing},
            version='1.20',
        )
        self.placement.put(
            f'{url}/traits',
            {
                'traits': [os_traits.MISC_SHARES_VIA_AGGREGATE],
                'resource_provider_generation': 0,
            },
            version='1.20',
        )
        self.placement.put(
            f'{url}/aggregates',
            {'aggregates': aggregates, 'resource_provider_generation': 1},
            version='1.20',
        )
        members = self.placement.get(
            f'/resource_providers?member_of={aggregates[0]}', version='1.20'
        )
        self.assertIn(
            'shared',
            [each['name'] for each in members.body['resource_providers']],
        )

    @cloud.cloud(
        conf={
            'filter_scheduler': {
                'enabled_filters': 'EdgeLatencyFilter,ComputeFilter',
                'host_subset_size': '2',
            },
            'edge_sched': {'mode': 'shadow', 'narrow_candidates': 'never'},
            'scheduler': {'max_placement_results': '2'},
        }
    )
    def test_settings_that_work_against_it(self) -> None:
        self.assertFound(
            Code.WARNING,
            'Filter',
            '    enabled_filters = ComputeFilter,EdgeLatencyFilter',
        )
        self.assertFound(
            Code.WARNING, 'Options', 'mode is shadow', 'host_subset_size is 2'
        )
        self.assertFound(
            Code.WARNING,
            'What Placement is asked for',
            'is 2, and there are 3 compute hosts',
            '    narrow_candidates = auto',
        )
        self.assertFound(
            Code.FAILURE, 'Fresh measurements', 'Nothing is stored'
        )
        self.assertFound(
            Code.FAILURE, 'Vantage points of hosts', '3 of 3 (100 %)'
        )


class StockNovaTest(StatusTestCase):
    with_plugin = False
    store_exists = False

    def test_plug_in_is_not_configured(self) -> None:
        self.assertFound(
            Code.FAILURE,
            'Filter',
            '    available_filters = edge_sched.plugins.all_filters',
            ',EdgeLatencyFilter',
        )
        self.assertFound(
            Code.FAILURE,
            'Weighers',
            '    weight_classes = nova.scheduler.weights.all_weighers,'
            'edge_sched.plugins.all_weighers',
        )
        self.assertFound(
            Code.WARNING, 'Request filter', 'is not in available_filters'
        )


class NoStoreTest(StatusTestCase):
    store_exists = False

    def test_what_can_be_seen_is_checked(self) -> None:
        found = self.check()
        self.assertFound(
            Code.FAILURE,
            'Latency store',
            'there is no such file',
            '$ edge-sched db sync',
        )
        for name in (
            'Fresh measurements',
            'Collectors',
            'Vantage points of hosts',
        ):
            self.assertEqual(
                'Not checked: the latency store cannot be read (there is no '
                'such file).',
                found[name].details,
            )
        self.assertEqual(Code.SUCCESS, found['Names'].code)
