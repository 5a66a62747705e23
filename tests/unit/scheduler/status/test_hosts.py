# SPDX-License-Identifier: Apache-2.0

"""Compute hosts, and what speaks for them, by hand."""

from collections.abc import Collection, Sequence

from oslo_upgradecheck.upgradecheck import Result

from edge_sched.scheduler.status.hosts import judge_coverage
from edge_sched.scheduler.status.hosts import judge_names
from edge_sched.scheduler.topology.membership import VantageNames
from tests.unit.scheduler.status import base

ORDER = ['host', 'site', 'zone', 'cell']
SET_SITE = '$ openstack aggregate set --property edge:site=SITE AGGREGATE'
ADD_HOST = '$ openstack aggregate add host AGGREGATE HOST'
RENAME_WRONG = '$ edge-sched vantage rename WRONG RIGHT'


def host(
    name: str, *sites: str, zone: str = 'nova', cell: str = 'cell1'
) -> VantageNames:
    return {
        'host': (name,),
        'site': sites,
        'zone': (zone,),
        'cell': (cell,),
    }


class CoverageTest(base.JudgementTestCase):
    def judge(
        self,
        hosts: Sequence[VantageNames],
        measured: Collection[str],
        order: Sequence[str] = ORDER,
    ) -> Result:
        return judge_coverage(hosts, order, measured, 'edge:site')

    def test_every_kind_of_vantage_covers(self) -> None:
        hosts = [
            host('lyon-1', 'lyon'),
            host('lyon-2', 'lyon'),
            host('nice-1', 'nice', zone='south'),
            host('far-1', 'far', cell='cell2'),
        ]
        self.assertSuccess(
            self.judge(hosts, ['lyon-1', 'lyon', 'south', 'cell2']),
            'Something was measured from a vantage point of each of '
            '4 compute hosts.',
        )

    def test_kind_that_is_not_in_the_order_does_not_cover(self) -> None:
        result = self.judge([host('a')], ['cell1'], ['host', 'zone'])
        self.assertIn('1 of 1 (100 %) compute hosts', result.details)

    def test_some_without(self) -> None:
        hosts = [host(f'lyon-{i}', 'lyon') for i in range(3)]
        self.assertWarns(
            self.judge([*hosts, host('nice-1', 'nice')], ['lyon']),
            'of 1 of 4 (25 %) compute hosts, so that they are unknown, and '
            'rejected where a budget is required: nice-1. Measure',
            SET_SITE,
        )

    def test_none_has_any(self) -> None:
        self.assertFails(
            self.judge([host('lyon-1', 'lyon'), host('nice-1', 'nice')], []),
            'of 2 of 2 (100 %) compute hosts',
            SET_SITE,
        )

    def test_slip_of_the_pen(self) -> None:
        hosts = [host('lyon-1', 'lyon'), host('nice-1', 'nice')]
        result = self.judge(hosts, ['lyon', 'nise'])
        lines = result.details.split('\n')
        self.assertIn(
            'Measured, but no vantage point of any compute host: nise. '
            'If it is a slip of the pen, run:',
            lines,
        )
        self.assertEqual(f'    {RENAME_WRONG}', lines[-1])

    def test_site_that_is_no_more_is_nobodys_fault(self) -> None:
        self.assertSuccess(
            self.judge([host('lyon-1', 'lyon')], ['lyon', 'closed']),
            'Something was measured from a vantage point of each of '
            '1 compute host.',
        )

    def test_no_host_at_all(self) -> None:
        self.assertWarns(
            self.judge([], ['lyon']),
            'No compute host is mapped to a cell.',
            '$ nova-manage cell_v2 discover_hosts',
        )

    def test_host_in_no_site_beside_others(self) -> None:
        self.assertWarns(
            self.judge([host('lyon-1', 'lyon'), host('new-1')], ['nova']),
            '1 of 2 (50 %) compute hosts are in no site, while others are: '
            'new-1.',
            SET_SITE,
            ADD_HOST,
        )

    def test_cloud_without_sites(self) -> None:
        self.assertSuccess(
            self.judge([host('a'), host('b')], ['nova']),
            'Something was measured from a vantage point of each of '
            '2 compute hosts.',
        )

    def test_sites_that_do_not_count(self) -> None:
        hosts = [host('a', 'lyon', 'metro'), host('b')]
        self.assertEqual(0, self.judge(hosts, ['nova'], ['zone', 'cell']).code)

    def test_hosts_in_two_sites(self) -> None:
        self.assertWarns(
            self.judge(
                [host('lyon-1', 'lyon', 'metro'), host('lyon-2', 'lyon')],
                ['lyon'],
            ),
            '1 compute host in more than one site: lyon-1 (lyon, metro). ',
            '$ openstack aggregate remove host AGGREGATE HOST',
        )

    def test_list_is_bounded(self) -> None:
        hosts = [host(f'h{i}', 'a', 'b') for i in range(100)]
        details = self.judge(hosts, ['a']).details
        self.assertIn('100 compute hosts in more than one site: h0 (', details)
        self.assertIn('and 95 more', details)
        self.assertLess(len(details), 400)


class NamesTest(base.JudgementTestCase):
    def judge(
        self, *hosts: VantageNames, order: Sequence[str] = ORDER
    ) -> Result:
        return judge_names(hosts, order, 'edge:site')

    def test_each_means_one_thing(self) -> None:
        self.assertSuccess(
            self.judge(host('lyon-1', 'lyon'), host('nice-1', 'nice')),
            'No name means two things.',
        )

    def test_site_and_zone_of_the_same_hosts(self) -> None:
        self.assertEqual(
            0,
            self.judge(
                host('lyon-1', 'lyon', zone='lyon'),
                host('lyon-2', 'lyon', zone='lyon'),
                host('nice-1', 'nice'),
            ).code,
        )

    def test_site_and_zone_of_other_hosts(self) -> None:
        self.assertWarns(
            self.judge(
                host('lyon-1', 'lyon', zone='lyon'),
                host('lyon-2', 'metro', zone='lyon'),
            ),
            'what is measured from one counts for the other: '
            'lyon (site, zone). ',
            SET_SITE,
            '$ edge-sched vantage rename OLD NEW',
        )

    def test_site_called_as_a_host_of_another(self) -> None:
        self.assertIn(
            'lyon-1 (host, site)',
            self.judge(
                host('lyon-1', 'lyon'), host('lyon-2', 'lyon-1')
            ).details,
        )

    def test_site_called_as_a_cell(self) -> None:
        self.assertIn(
            'cell2 (site, cell)',
            self.judge(
                host('a', 'cell2', cell='cell1'), host('b', cell='cell2')
            ).details,
        )

    def test_host_that_is_a_site_of_its_own(self) -> None:
        self.assertEqual(0, self.judge(host('street-7', 'street-7')).code)

    def test_kind_that_does_not_count(self) -> None:
        hosts = [
            host('lyon-1', 'lyon', zone='lyon'),
            host('lyon-2', 'metro', zone='lyon'),
        ]
        self.assertEqual(
            0, self.judge(*hosts, order=['host', 'site', 'cell']).code
        )

    def test_name_that_no_measurement_can_have(self) -> None:
        for site in ('lyon ', ' lyon', 'ly\non', '\x7f'):
            escaped = repr(site)[1:-1]
            self.assertFails(
                self.judge(host('lyon-1', site)),
                f"characters that do not print: '{escaped}'. Call it",
                SET_SITE,
            )

    def test_such_a_name_of_a_site_that_does_not_count(self) -> None:
        self.assertEqual(
            0, self.judge(host('lyon-1', 'lyon '), order=['host']).code
        )
