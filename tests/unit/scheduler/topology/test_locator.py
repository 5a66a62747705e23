# SPDX-License-Identifier: Apache-2.0

"""Where hosts are, from what the aggregates say."""

import types
from collections.abc import Sequence

import nova.conf
from oslo_config import fixture as config_fixture
from oslotest import base

from edge_sched.scheduler.topology.locator import Locator
from edge_sched.scheduler.topology.locator import Place
from edge_sched.scheduler.topology.locator import _places
from edge_sched.scheduler.topology.locator import make_locator
from edge_sched.scheduler.topology.membership import Aggregate
from tests.unit.model.test_names import ONE
from tests.unit.model.test_names import TWO

ORDER = ['host', 'site', 'zone', 'cell']


def placed(*aggregates: tuple[dict[str, str], list[str]]) -> dict[str, Place]:
    """The place of each host, by metadata and hosts of some aggregates."""
    return _places(Aggregate('uuid', *fields) for fields in aggregates)


def host(name: str, cell: str = 'uuid-1') -> types.SimpleNamespace:
    return types.SimpleNamespace(host=name, cell_uuid=cell)


class PlacesTest(base.BaseTestCase):
    """The default names of option site_metadata_key and the default zone."""

    def test_hosts_of_one_site_share_their_place(self) -> None:
        places = placed(
            ({'edge:site': 'lyon'}, ['lyon-1', 'lyon-2']),
            (
                {'availability_zone': 'south'},
                ['lyon-1', 'lyon-2', 'nice-1'],
            ),
        )
        self.assertIs(places['lyon-1'], places['lyon-2'])
        self.assertEqual(('lyon',), places['lyon-1'].sites)
        self.assertEqual('south', places['lyon-1'].zone)
        self.assertEqual((), places['nice-1'].sites)
        self.assertEqual('south', places['nice-1'].name())

    def test_names_are_in_their_one_form(self) -> None:
        conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        conf.config(default_availability_zone=TWO)
        aggregates = (
            Aggregate('a', {'edge:site': TWO}, ['h']),
            Aggregate('b', {'availability_zone': TWO}, ['i']),
        )
        cell = types.SimpleNamespace(uuid='c', name=TWO)
        nameless = types.SimpleNamespace(uuid='d', name=None)
        locator = make_locator(
            types.SimpleNamespace(
                aggregates=aggregates, cells={'c': cell, 'd': nameless}
            )
        )
        self.assertEqual((ONE,) * 3, locator.location('h', 'c').chain)
        self.assertEqual((ONE,) * 2, locator.location('i', 'c').chain)
        self.assertEqual((ONE,), locator.location('j', 'd').chain)

    def test_host_in_no_zone_is_in_the_default_one(self) -> None:
        places = placed(({'edge:site': 'lyon'}, ['lyon-1']))
        self.assertEqual('nova', places['lyon-1'].zone)

    def test_two_sites_are_in_the_order_of_their_names(self) -> None:
        places = placed(
            ({'edge:site': 'zurich'}, ['h']),
            ({'edge:site': 'aarau'}, ['h']),
        )
        self.assertEqual(('aarau', 'zurich'), places['h'].sites)
        self.assertEqual('aarau', places['h'].name())

    def test_label_hides_sites_of_other_projects(self) -> None:
        places = placed(
            ({'edge:site': 'lyon', 'filter_tenant_id9': 'a, b'}, ['h', 'g']),
            ({'edge:site': 'metro'}, ['g']),
        )
        self.assertEqual('lyon', places['h'].label('b'))
        self.assertEqual('', places['h'].label('c'))
        self.assertEqual('', places['h'].label(None))
        self.assertEqual('metro', places['g'].label('c'))
        self.assertEqual('lyon', places['h'].name())

    def test_site_that_decided_is_named_or_none_is(self) -> None:
        places = placed(
            ({'edge:site': 'aaa'}, ['h']),
            ({'edge:site': 'lyon', 'filter_tenant_id': 'a'}, ['h']),
        )
        self.assertEqual('lyon', places['h'].label('a', 'lyon'))
        self.assertEqual('', places['h'].label('b', 'lyon'))
        self.assertEqual('aaa', places['h'].label('b', 'aaa'))
        self.assertEqual('aaa', places['h'].label('b', 'cell1'))
        self.assertEqual('lyon', places['h'].name('lyon'))
        self.assertEqual('aaa', places['h'].name('cell1'))

    def test_site_is_hidden_if_any_of_its_aggregates_says_so(self) -> None:
        kept = ({'edge:site': 'lyon', 'filter_tenant_id': 'a'}, ['h'])
        for_all = ({'edge:site': 'lyon'}, ['h'])
        for aggregates in ((kept, for_all), (for_all, kept)):
            self.assertEqual('', placed(*aggregates)['h'].label('c'))


class LocateTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.lyon = Place(('lyon', 'metro'), 'south', {})
        self.nowhere = Place((), 'nova', {})

    def locator(self, order: Sequence[str] = ORDER) -> Locator:
        return Locator(
            {'lyon-1': self.lyon, 'lyon-2': self.lyon},
            {'uuid-1': 'cell1', 'uuid-2': 'cell2'},
            self.nowhere,
            order,
        )

    def chains(
        self,
        *hosts: types.SimpleNamespace,
        measured: str = 'lyon',
        order: Sequence[str] = ORDER,
    ) -> list[tuple[str, ...]]:
        locations = self.locator(order).locate(hosts, frozenset([measured]))
        return [location.chain for location in locations]

    def test_most_specific_first(self) -> None:
        self.assertEqual(
            [('lyon', 'metro', 'south', 'cell1')], self.chains(host('lyon-1'))
        )
        self.assertEqual(
            [('cell1', 'lyon', 'metro')],
            self.chains(host('lyon-1'), order=['cell', 'site']),
        )

    def test_own_name_only_if_something_was_measured_from_it(self) -> None:
        hosts = (host('lyon-1'), host('lyon-2'), host('new'))
        self.assertEqual(
            [
                ('lyon-1', 'lyon', 'metro', 'south', 'cell1'),
                ('lyon', 'metro', 'south', 'cell1'),
                ('nova', 'cell1'),
            ],
            self.chains(*hosts, measured='lyon-1'),
        )
        self.assertEqual(
            ('new', 'nova', 'cell1'),
            self.chains(*hosts, measured='new')[2],
        )
        self.assertEqual(
            ('lyon', 'cell1'),
            self.chains(
                host('lyon-1'), measured='lyon-1', order=['site', 'cell']
            )[0][::2],
        )

    def test_host_is_where_it_was(self) -> None:
        locator, hosts = self.locator(ORDER), [host('lyon-1'), host('lyon-2')]
        for measured in ('lyon', 'lyon-1'):
            first, second = (
                locator.locate(hosts, frozenset([measured])) for _ in range(2)
            )
            self.assertEqual(first, second)

    def test_host_and_cell_that_nobody_knows(self) -> None:
        self.assertEqual(
            [('nova', 'cell2'), ('nova',)],
            self.chains(host('new', 'uuid-2'), host('newer', 'uuid-9')),
        )

    def test_hosts_at_one_place_share_their_location(self) -> None:
        locator = self.locator()
        hosts = [host('lyon-1'), host('lyon-2'), host('new')]
        first, second, other = locator.locate(hosts, frozenset())
        self.assertIs(first, second)
        self.assertIs(self.lyon, first.place)
        self.assertIs(self.nowhere, other.place)
        self.assertIs(first, locator.locate(hosts[:1], frozenset())[0])
