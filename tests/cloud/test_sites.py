# SPDX-License-Identifier: Apache-2.0

"""Sites that change while the scheduler runs: its workers notice."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from openstack.compute.v2.aggregate import Aggregate
from openstack.compute.v2.server import Server

from tests.cloud import measurements
from tests.cloud.expected import CACHE_TTL_SECONDS
from tests.cloud.expected import PlacedTestCase
from tests.cloud.expected import expected

ALICE = '203.0.113.7'
NETWORK = '203.0.113.0/24'
#: Seconds for both workers to notice, on a machine that is busy (chosen).
PATIENCE_SECONDS = 90
#: Nearer than any site of the demo.
NEARER_MS = (2, 3)


class SiteTestCase(PlacedTestCase):
    def setUp(self):
        super().setUp()
        self.compute = self.admin.compute

    def until_workers_agree(
        self,
        what: str,
        request: Callable[[], Server],
        holds: Callable[[Mapping[str, Any]], bool],
    ) -> None:
        """Ask again and again, until each worker has decided like that.

        :param holds: whether a decision record is as it has to become
        """
        agree: dict[int, bool] = {}

        def all_agree() -> bool:
            for pid, record in self.decided(request()):
                agree[pid] = holds(record)
            workers = self.cloud.scheduler_workers()
            return all(agree.get(pid) for pid in workers)

        self.wait_for(what, all_agree, PATIENCE_SECONDS)

    def until_host_counts_as(
        self, standing: str, host: str, client: str, budget_ms: float
    ) -> None:
        """``within``, ``over`` or ``unknown``, for each worker."""
        self.until_workers_agree(
            f'{host} to be {standing}',
            lambda: self.near(client, budget_ms, by=self.admin, host=host),
            lambda record: record['hosts'][standing] == 1,
        )

    def aggregate(self, site: str) -> Aggregate:
        return self.compute.find_aggregate(site, ignore_missing=False)

    def move_host(
        self, host: str, old: Aggregate | None, new: Aggregate | None
    ) -> None:
        """From one aggregate to another; None is none."""
        if old:
            self.compute.remove_host_from_aggregate(old, host)
        if new:
            self.compute.add_host_to_aggregate(new, host)

    # -- tests -----------------------------------------------------------

    def test_host_leaves_its_site_and_joins_another(self):
        host, (nice, lyon) = 'nice-4', map(self.aggregate, ('nice', 'lyon'))
        self.assertEqual({'lyon'}, expected(ALICE, 9).sites)
        self.until_host_counts_as('over', host, ALICE, 9)
        # From here on backwards.
        self.addCleanup(self.until_host_counts_as, 'over', host, ALICE, 9)
        self.addCleanup(self.move_host, host, None, nice)
        self.move_host(host, nice, None)
        self.until_host_counts_as('unknown', host, ALICE, 9)
        self.addCleanup(self.move_host, host, lyon, None)
        self.move_host(host, None, lyon)
        self.until_host_counts_as('within', host, ALICE, 9)

    def test_site_is_added_renamed_and_drained(self):
        hosts = ['rennes-3', 'rennes-4']
        self.add_site('bordeaux', hosts)
        server = self.near(ALICE)
        self.assertIn(self.host_of(server), hosts)
        self.rename_site('bordeaux', 'gironde')
        self.drain(hosts)
        self.assertPlaced(expected(ALICE), self.near(ALICE))
        self.live_migrate(server)
        self.assertPlaced(expected(ALICE, cell='cell1'), server)

    def add_site(self, site: str, hosts: list[str]) -> None:
        """Of hosts of rennes; they are given back after the test."""
        rennes = self.aggregate('rennes')
        for host in hosts:
            self.addCleanup(
                self.until_host_counts_as, 'within', host, '198.51.100.7', 7
            )
        self.measure('added', self.rows(site))
        added = self.compute.create_aggregate(name=site)
        self.addCleanup(self.compute.delete_aggregate, added)
        self.compute.set_aggregate_metadata(added, {'edge:site': site})
        for host in hosts:
            self.addCleanup(self.move_host, host, added, rennes)
            self.move_host(host, rennes, added)
        self.until_nearest_is(site)

    def rename_site(self, old: str, new: str) -> None:
        """As the guide says, so that no server is refused meanwhile."""
        self.run_edge_sched('vantage', 'rename', old, new, '--keep')
        self.addCleanup(self.run_edge_sched, 'vantage', 'delete', new)
        renamed_at = time.time()
        self.measure('added', self.rows(new))
        self.wait_for(
            f'{new} to be measured', lambda: self.is_fresher(new, old)
        )
        time.sleep(max(0, renamed_at + CACHE_TTL_SECONDS - time.time()))
        self.compute.set_aggregate_metadata(
            self.aggregate(old), {'edge:site': new}
        )
        begun = self.cloud.log_size('nova-scheduler')
        self.until_nearest_is(new)
        self.assertEqual(
            {'judged'},
            {each.record['outcome'] for each in self.decided(since=begun)},
        )
        self.run_edge_sched('vantage', 'delete', old)

    def drain(self, hosts: list[str]) -> None:
        """New servers are kept away; those that are there stay."""
        for service in self.compute.services(binary='nova-compute'):
            if service.host in hosts:
                self.addCleanup(self.compute.enable_service, service)
                self.compute.disable_service(
                    service, disabled_reason='draining'
                )

    # -- parts -----------------------------------------------------------

    def until_nearest_is(self, site: str) -> None:
        """To all workers, and within a budget that no other site keeps."""
        self.assertFalse(expected(ALICE, 5).sites)
        self.until_workers_agree(
            f'{site} to be the nearest',
            lambda: self.near(ALICE, 5),
            lambda record: record['best'][0]['site'] == site,
        )

    def rows(self, site: str) -> list[dict[str, str]]:
        return [measurements.row(site, NETWORK, *NEARER_MS)]

    def is_fresher(self, vantage: str, other: str) -> bool:
        """Than the one that it has the rows of."""
        measured_at = {
            row['vantage']: row['measured_at']
            for row in self.edge_sched('vantage', 'list')
        }
        return measured_at[vantage] > measured_at[other]
