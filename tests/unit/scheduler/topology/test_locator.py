# SPDX-License-Identifier: Apache-2.0

"""Where hosts are, and what that is called."""

import nova.conf
from nova import objects
from nova.scheduler.host_manager import HostState
from oslo_config import fixture as config_fixture
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.locator import where_in
from edge_sched.scheduler.topology.membership import MULTIPLIER_KEY
from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.scheduler.topology.topology import Topology
from tests.unit.model.test_names import ONE
from tests.unit.model.test_names import TWO
from tests.unit.scheduler.topology.test_topology import CELL1
from tests.unit.scheduler.topology.test_topology import CELL2
from tests.unit.scheduler.topology.test_topology import SITE
from tests.unit.scheduler.topology.test_topology import topology


def location(*aggregates: dict[str, str]) -> Location:
    """Of a host that is in some aggregates, by their metadata."""
    members_of = [Aggregate('uuid', pairs, ['h']) for pairs in aggregates]
    return Location(*where_in(members_of), 'cell1')


class LocationTest(base.BaseTestCase):
    """The default name of option site_metadata_key and the default zone."""

    def setUp(self) -> None:
        super().setUp()
        self.conf = self.useFixture(config_fixture.Config(nova.conf.CONF))

    def test_vantages_most_specific_first(self) -> None:
        lyon = location({'edge:site': 'lyon'}, {'availability_zone': 'south'})
        self.assertEqual(('lyon', 'south', 'cell1'), lyon.chain)
        self.conf.config(
            group='edge_sched', vantage_order=['cell', 'host', 'site']
        )
        own = Location(lyon.sites, lyon.zone, lyon.cell, 'lyon-1')
        self.assertEqual(('cell1', 'lyon-1', 'lyon'), own.chain)
        self.assertEqual(
            {
                'host': ('lyon-1',),
                'site': ('lyon',),
                'zone': ('south',),
                'cell': ('cell1',),
            },
            own.names,
        )

    def test_names_are_in_their_one_form(self) -> None:
        self.assertEqual(ONE, location({'edge:site': TWO}).name_for_operator())
        self.assertEqual(ONE, location({'availability_zone': TWO}).zone)
        self.conf.config(default_availability_zone=TWO)
        self.assertEqual(ONE, location().zone)

    def test_host_in_no_site_is_called_by_its_zone(self) -> None:
        south = location({'availability_zone': 'south'}, {})
        self.assertEqual('south', south.name_for_operator())
        self.assertEqual('south', south.name_for_project(None))

    def test_host_in_no_zone_is_in_the_default_one(self) -> None:
        self.assertEqual('nova', location({'edge:site': 'lyon'}).zone)

    def test_two_sites_are_in_the_order_of_their_names(self) -> None:
        both = location({'edge:site': 'zurich'}, {'edge:site': 'aarau'})
        self.assertEqual(('aarau', 'zurich'), both.names['site'])
        self.assertEqual('aarau', both.name_for_operator())

    def test_label_hides_sites_of_other_projects(self) -> None:
        kept = {'edge:site': 'lyon', 'filter_tenant_id9': 'a, b'}
        lyon = location(kept)
        self.assertEqual('lyon', lyon.name_for_project('b'))
        self.assertEqual('', lyon.name_for_project('c'))
        self.assertEqual('', lyon.name_for_project(None))
        self.assertEqual('lyon', lyon.name_for_operator())
        both = location(kept, {'edge:site': 'metro'})
        self.assertEqual('metro', both.name_for_project('c'))

    def test_site_that_decided_is_named_or_none_is(self) -> None:
        both = location(
            {'edge:site': 'aaa'},
            {'edge:site': 'lyon', 'filter_tenant_id': 'a'},
        )
        self.assertEqual('lyon', both.name_for_project('a', 'lyon'))
        self.assertEqual('', both.name_for_project('b', 'lyon'))
        self.assertEqual('aaa', both.name_for_project('b', 'aaa'))
        self.assertEqual('aaa', both.name_for_project('b', 'cell1'))
        self.assertEqual('lyon', both.name_for_operator('lyon'))
        self.assertEqual('aaa', both.name_for_operator('cell1'))

    def test_site_is_hidden_if_any_of_its_aggregates_says_so(self) -> None:
        kept = {'edge:site': 'lyon', 'filter_tenant_id': 'a'}
        for_all = {'edge:site': 'lyon'}
        self.assertEqual('', location(kept, for_all).name_for_project('c'))
        self.assertEqual('', location(for_all, kept).name_for_project('c'))


class LocateTest(base.BaseTestCase):
    """Two hosts at two sites, one that is like them, and one of none."""

    def setUp(self) -> None:
        super().setUp()
        self.conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        names = ['lyon-1', 'lyon-2', 'lyon-3']
        self.aggregates = (
            Aggregate('u-metro', {SITE: 'metro'}, names),
            Aggregate('u-lyon', {SITE: 'lyon'}, names),
            Aggregate('u-more', {MULTIPLIER_KEY: '5'}, names[2:]),
        )
        self.cell_of = {**dict.fromkeys(names, CELL1), 'alone': CELL2}
        self.topology = topology(*self.aggregates, cell_of=self.cell_of)

    def locate(self, *names: str, measured: str = 'lyon') -> list[Location]:
        hosts = [HostState(name, name, CELL1) for name in names]
        return self.topology.locator.locate(hosts, frozenset([measured]))

    def chains(self, *names: str, measured: str) -> list[tuple[str, ...]]:
        return [each.chain for each in self.locate(*names, measured=measured)]

    def test_hosts_at_one_place_share_their_location(self) -> None:
        first, second, third, alone = self.locate(*self.cell_of)
        self.assertIs(first, second)
        # What else is said of it does not matter.
        self.assertIs(first, third)
        self.assertEqual(('lyon', 'metro', 'nova', 'cell1'), first.chain)
        self.assertEqual(('nova', 'cell2'), alone.chain)

    def test_own_name_only_if_something_was_measured_from_it(self) -> None:
        self.assertEqual(
            [
                ('lyon-1', 'lyon', 'metro', 'nova', 'cell1'),
                ('lyon', 'metro', 'nova', 'cell1'),
                ('nova', 'cell2'),
            ],
            self.chains('lyon-1', 'lyon-2', 'alone', measured='lyon-1'),
        )
        self.assertEqual(
            [('alone', 'nova', 'cell2')],
            self.chains('alone', measured='alone'),
        )

    def test_own_name_is_no_vantage_if_the_order_says_so(self) -> None:
        self.conf.config(group='edge_sched', vantage_order=['site', 'cell'])
        self.topology = topology(*self.aggregates)
        self.assertEqual(
            [('lyon', 'metro', 'cell1')],
            self.chains('lyon-1', measured='lyon-1'),
        )

    def test_host_that_is_called_like_a_site(self) -> None:
        """The name is the site's, for all of its hosts."""
        self.topology = topology(
            Aggregate('u-lyon', {SITE: 'lyon'}, ['lyon', 'lyon-2'])
        )
        first, second = self.locate('lyon', 'lyon-2', measured='lyon')
        self.assertIs(first, second)

    def test_host_is_where_it_was(self) -> None:
        for measured in ('lyon', 'lyon-1'):
            first, second = (
                self.locate(*self.cell_of, measured=measured) for _ in range(2)
            )
            self.assertEqual(first, second)

    def test_host_that_is_newer_is_at_no_site_of_its_cell(self) -> None:
        self.assertEqual(
            [('nova', 'cell1'), ('lyon', 'metro', 'nova', 'cell1')],
            self.chains('new', 'lyon-1', measured='lyon'),
        )

    def test_host_that_is_newer_measured_by_its_own_name(self) -> None:
        (first,) = self.locate('new', measured='new')
        self.assertEqual(('new', 'nova', 'cell1'), first.chain)
        (second,) = self.locate('new', measured='new')
        self.assertIs(first, second)
        # That is the name of the zone, and of the site.
        for taken in ('nova', 'lyon'):
            self.assertEqual(
                [('nova', 'cell1')], self.chains(taken, measured=taken)
            )
        self.conf.config(group='edge_sched', vantage_order=['site', 'zone'])
        self.topology = topology(*self.aggregates, cell_of=self.cell_of)
        self.assertEqual([('nova',)], self.chains('new', measured='new'))

    def test_host_of_a_newer_cell_is_nowhere(self) -> None:
        new = HostState('new', 'new', uuids.cell3)
        (location,) = self.topology.locator.locate([new], frozenset(['lyon']))
        self.assertEqual(('nova',), location.chain)

    def test_cells_are_called_by_their_names(self) -> None:
        cell = objects.CellMapping(uuid=CELL1, name=TWO)
        nameless = objects.CellMapping(uuid=CELL2, name=None)
        self.topology = Topology(
            [], {CELL1: cell, CELL2: nameless}, {'h': CELL1, 'i': CELL2}, {}
        )
        self.assertEqual(
            [('nova', ONE), ('nova',)], self.chains('h', 'i', measured='')
        )

    def test_one_host_by_its_name(self) -> None:
        """As if it were measured by it, if it can be."""
        locator = self.topology.locator
        own = locator.location('lyon-1', CELL1)
        self.assertEqual(
            ('lyon-1', 'lyon', 'metro', 'nova', 'cell1'), own.chain
        )
        self.assertIs(own, self.locate('lyon-1', measured='lyon-1')[0])
        for host, cell, chain in (
            ('new', CELL2, ('new', 'nova', 'cell2')),
            ('new', uuids.cell3, ('new', 'nova')),
            # That is the name of a site.
            ('lyon', CELL1, ('nova', 'cell1')),
        ):
            self.topology = topology(*self.aggregates, cell_of=self.cell_of)
            found = self.topology.locator.location(host, cell)
            self.assertEqual(chain, found.chain)
        self.conf.config(group='edge_sched', vantage_order=['site', 'cell'])
        self.topology = topology(*self.aggregates, cell_of=self.cell_of)
        found = self.topology.locator.location('lyon-1', CELL1)
        self.assertEqual(('lyon', 'metro', 'cell1'), found.chain)


class KnownSiteTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.useFixture(config_fixture.Config(nova.conf.CONF))
        kept = {SITE: 'kept', 'filter_tenant_id': 'a'}
        self.locator = topology(
            Aggregate('1', {SITE: 'all'}, ['h1']),
            Aggregate('2', kept, ['h2']),
            Aggregate('3', kept | {'filter_tenant_id': 'b'}, ['h3']),
            # Others than these have some of its hosts.
            Aggregate('4', {SITE: 'both', 'filter_tenant_id': 'a'}, ['h4']),
            Aggregate('5', {SITE: 'both'}, ['h5']),
            Aggregate('6', {SITE: 'both', 'filter_tenant_id': 'b'}, ['h6']),
            Aggregate('7', {SITE: 'empty'}, ['gone']),
            cell_of={f'h{number}': CELL1 for number in range(1, 7)},
        ).locator

    def test_site_that_a_project_may_know_of(self) -> None:
        for site, projects in (
            ('all', 'abc'),
            ('kept', 'ab'),
            ('both', 'abc'),
            ('empty', ''),
            ('none', ''),
            # These are no sites.
            ('nova', ''),
            ('cell1', ''),
            ('h1', ''),
        ):
            known = [p for p in 'abc' if self.locator.knows_site(site, p)]
            self.assertEqual([*projects], known, site)
