# SPDX-License-Identifier: Apache-2.0

"""What the aggregates of hosts say of them."""

import nova.conf
from oslo_config import fixture as config_fixture
from oslotest import base

from edge_sched.scheduler.topology import membership
from edge_sched.scheduler.topology.membership import MULTIPLIER_KEY
from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.scheduler.topology.membership import Location
from tests.unit.model.test_names import ONE
from tests.unit.model.test_names import TWO


def location(*aggregates: dict[str, str]) -> Location:
    """Of a host that is in some aggregates, by their metadata."""
    members_of = [Aggregate('uuid', pairs, ['h']) for pairs in aggregates]
    return Location(*membership.where_in(members_of), 'cell1')


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
        self.assertEqual(ONE, location({'edge:site': TWO}).name())
        self.assertEqual(ONE, location({'availability_zone': TWO}).zone)
        self.conf.config(default_availability_zone=TWO)
        self.assertEqual(ONE, location().zone)

    def test_host_in_no_site_is_called_by_its_zone(self) -> None:
        south = location({'availability_zone': 'south'}, {})
        self.assertEqual('south', south.name())
        self.assertEqual('south', south.label(None))

    def test_host_in_no_zone_is_in_the_default_one(self) -> None:
        self.assertEqual('nova', location({'edge:site': 'lyon'}).zone)

    def test_two_sites_are_in_the_order_of_their_names(self) -> None:
        both = location({'edge:site': 'zurich'}, {'edge:site': 'aarau'})
        self.assertEqual(('aarau', 'zurich'), both.names['site'])
        self.assertEqual('aarau', both.name())

    def test_label_hides_sites_of_other_projects(self) -> None:
        kept = {'edge:site': 'lyon', 'filter_tenant_id9': 'a, b'}
        lyon = location(kept)
        self.assertEqual('lyon', lyon.label('b'))
        self.assertEqual('', lyon.label('c'))
        self.assertEqual('', lyon.label(None))
        self.assertEqual('lyon', lyon.name())
        both = location(kept, {'edge:site': 'metro'})
        self.assertEqual('metro', both.label('c'))

    def test_site_that_decided_is_named_or_none_is(self) -> None:
        both = location(
            {'edge:site': 'aaa'},
            {'edge:site': 'lyon', 'filter_tenant_id': 'a'},
        )
        self.assertEqual('lyon', both.label('a', 'lyon'))
        self.assertEqual('', both.label('b', 'lyon'))
        self.assertEqual('aaa', both.label('b', 'aaa'))
        self.assertEqual('aaa', both.label('b', 'cell1'))
        self.assertEqual('lyon', both.name('lyon'))
        self.assertEqual('aaa', both.name('cell1'))

    def test_site_is_hidden_if_any_of_its_aggregates_says_so(self) -> None:
        kept = {'edge:site': 'lyon', 'filter_tenant_id': 'a'}
        for_all = {'edge:site': 'lyon'}
        self.assertEqual('', location(kept, for_all).label('c'))
        self.assertEqual('', location(for_all, kept).label('c'))


def aggregate(multiplier: str | None) -> Aggregate:
    metadata = {} if multiplier is None else {MULTIPLIER_KEY: multiplier}
    return Aggregate('uuid', metadata, ['h'])


class MultiplierTest(base.BaseTestCase):
    def said(self, *values: str | None) -> float | None:
        """Of a host in aggregates that say so."""
        found = membership.multipliers_of([aggregate(v) for v in values])
        return found.get('h')

    def test_no_aggregate_says_anything(self) -> None:
        self.assertIsNone(self.said())
        self.assertIsNone(self.said(None, None))

    def test_lowest_of_several(self) -> None:
        self.assertEqual(2.5, self.said('40', None, '2.5'))
        self.assertEqual(0.0, self.said('0', '1'))
        self.assertEqual(9000.0, self.said('9000'))

    def test_option_stands_for_what_is_none(self) -> None:
        for bad in ('nan', 'inf', '-inf', '-1', 'much', ''):
            self.assertEqual(3000.0, self.said(bad), bad)
        self.assertEqual(3000.0, self.said('b', '9000'))
        self.assertEqual(10.0, self.said('nan', '10', 'b', 'b'))

    def test_values_that_are_none_are_named_once(self) -> None:
        with self.assertLogs('edge_sched', 'WARNING') as log:
            membership.warn_of_multipliers(
                [aggregate(v) for v in ('nan', '10', 'b', 'b', None)]
            )
        (line,) = log.output
        self.assertIn("['b', 'nan'] is not a finite", line)
        with self.assertNoLogs('edge_sched'):
            membership.warn_of_multipliers([aggregate('0'), aggregate(None)])
