# SPDX-License-Identifier: Apache-2.0


"""Clouds in which a query for the aggregates of sites does not find all."""

from typing import Any

import nova.virt.fake
from oslo_utils.fixture import uuidsentinel as uuids

from tests.functional import cloud
from tests.functional.test_narrowing import ALICE
from tests.functional.test_narrowing import ALL_RAM_MB
from tests.functional.test_narrowing import NarrowingTestCase


class ManyNodesDriver(nova.virt.fake.MediumFakeDriver):
    """Like Ironic's: one service, three nodes."""

    def init_host(self, host: str) -> None:
        super().init_host(host)
        self._set_nodes([f'{host}-n{i}' for i in range(3)])


class NoDiskDriver(nova.virt.fake.MediumFakeDriver):
    """All disk is shared."""

    def update_provider_tree(
        self, provider_tree: Any, nodename: str, allocations: Any = None
    ) -> None:
        super().update_provider_tree(provider_tree, nodename, allocations)
        inventory = dict(provider_tree.data(nodename).inventory)
        del inventory['DISK_GB']
        provider_tree.update_inventory(nodename, inventory)


nova.virt.fake.ManyNodesDriver = ManyNodesDriver
nova.virt.fake.NoDiskDriver = NoDiskDriver


class UnseenHostsTestCase(NarrowingTestCase):
    def set_aggregates(self, provider: str, *aggregates: str) -> None:
        """What Placement has a provider in."""
        url = f'/resource_providers/{provider}/aggregates'
        known = self.placement.get(url, version='1.19').body
        self.placement.put(
            url, {**known, 'aggregates': list(aggregates)}, version='1.19'
        )

    def uuid_of(self, number: int) -> str:
        """Of an aggregate."""
        url = f'os-aggregates/{number}'
        return str(self.admin.api_get(url).body['aggregate']['uuid'])

    def warnings(self) -> list[str]:
        return self.log_lines(
            ' WARNING [edge_sched.scheduler.narrowing.narrow]'
        )


class ManyNodesTest(UnseenHostsTestCase):
    """Nova puts the first node of a host into Placement's aggregates only."""

    compute_driver = 'fake.ManyNodesDriver'

    def place_twelve(self) -> None:
        """As many as there are near nodes, each taken whole."""
        flavor = self.create_flavor(ram=ALL_RAM_MB)
        for _ in range(12):
            server = self.near(ALICE, latency_budget_ms='20', flavor=flavor)
            self.assertEqual('ACTIVE', server['status'], self.fault(server))

    # Seven hosts, 21 nodes: Placement does not hand out all.
    @cloud.cloud(
        conf={'scheduler': {'max_placement_results': '8', 'max_attempts': '1'}}
    )
    def test_every_node_of_the_near_sites_is_used(self) -> None:
        self.place_twelve()
        self.assertIn(
            'Placement has 3 of 9 hosts in the aggregates', self.warnings()[0]
        )

    def test_narrowed_once_placement_knows_all_nodes(self) -> None:
        site_of = {
            host: self.uuid_of(self.aggregates[name])
            for name, (_, (host,)) in self.sites.items()
        }
        for each in self.placement.get('/resource_providers').body[
            'resource_providers'
        ]:
            host, _, _ = each['name'].rpartition('-')
            self.set_aggregates(each['uuid'], site_of[host])
        self.place_twelve()
        self.assertEqual([], self.warnings())
        for query in self.queries:
            self.assertNotEqual([], self.asked_for(query))


class SharedDiskTest(UnseenHostsTestCase):
    """Disk is shared through an aggregate that is no site."""

    compute_driver = 'fake.NoDiskDriver'

    def setUp(self) -> None:
        super().setUp()
        hosts = [host for _, hosts in self.sites.values() for host in hosts]
        self.shared_by = self.uuid_of(self.create_aggregate('nfs', hosts))
        url = f'/resource_providers/{uuids.nfs}'
        new = {'name': 'nfs', 'uuid': uuids.nfs}
        self.placement.post('/resource_providers', new, version='1.36')
        for path, body in (
            ('inventories', {'inventories': {'DISK_GB': {'total': 9000}}}),
            ('traits', {'traits': ['MISC_SHARES_VIA_AGGREGATE']}),
        ):
            known = self.placement.get(url, version='1.36').body
            body['resource_provider_generation'] = known['generation']
            self.placement.put(f'{url}/{path}', body, version='1.36')
        self.set_aggregates(uuids.nfs, self.shared_by)

    def test_hosts_with_shared_disk_are_found(self) -> None:
        self.assertLanded('paris', self.near(ALICE, latency_budget_ms='20'))
        (line,) = self.warnings()
        self.assertIn('their disk is of a provider that is not in', line)
        self.assertEqual([], self.asked_for(self.queries[-1]))

    def test_narrowed_once_the_provider_is_in_the_sites(self) -> None:
        sites = map(self.uuid_of, self.aggregates.values())
        self.set_aggregates(uuids.nfs, self.shared_by, *sites)
        flavor = self.create_flavor(ram=ALL_RAM_MB)
        for site in ('paris', 'lille', 'brest'):
            self.assertLanded(site, self.near(ALICE, flavor=flavor))
            self.assertNotEqual([], self.asked_for(self.queries[-1]))
        self.assertEqual([], self.warnings())
