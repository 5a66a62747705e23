# SPDX-License-Identifier: Apache-2.0

"""What is told of sites: their names, order, room."""

import types
from typing import Any

import nova.conf
from oslo_config.fixture import Config
from oslotest import base

from edge_sched import conf as edge_conf
from edge_sched.asking.intent import Intent
from edge_sched.judging.decision import Decision
from edge_sched.judging.decision import HostVerdict
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.verdict import Verdict
from edge_sched.scheduler.judged import Judged
from edge_sched.scheduler.preview.room import Room
from edge_sched.scheduler.preview.sites import Site
from edge_sched.scheduler.preview.sites import Usable
from edge_sched.scheduler.preview.sites import sites_of
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.topology import Area


def usable(site: str, *hosts: str, cell: str = '1', **location: Any) -> Usable:
    sites = ((site, location.pop('tenants', None)),) if site else ()
    where = Location(sites, location.pop('zone', 'nova'), '')
    found = frozenset(hosts or {f'{site}-1'})
    return Usable(Area(site, site, cell, where, found), found, found)


def verdict(score: float, accepted: bool = True) -> HostVerdict:
    standing = WITHIN if accepted else OVER
    deciding = Verdict(standing, over=() if accepted else ('latency',))
    return HostVerdict(standing, accepted, score, (deciding,), deciding)


class SitesTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        edge_conf.register_opts(nova.conf.CONF)
        self.conf = self.useFixture(Config(nova.conf.CONF))
        self.conf.config(
            group='edge_sched',
            latency_weight_multiplier=100.0,
            cell_latency_weight_multiplier=10.0,
        )
        self.conf.config(group='scheduler', max_attempts=2)

    def sites(
        self,
        places: dict[Usable, HostVerdict],
        room: Room | None = None,
        multipliers: dict[str, float] | None = None,
    ) -> list[Site]:
        verdicts = {p.area.location: v for p, v in places.items()}
        judged = Judged(
            Decision(Intent(()), verdicts), (), dict.fromkeys(verdicts, 1)
        )
        topology: Any = types.SimpleNamespace(multipliers=multipliers or {})
        usable = [
            p._replace(left=p.hosts & room.hosts) if room else p
            for p in places
        ]
        return sites_of(usable, judged, room, topology, 'mine')

    def test_best_first_and_the_rejected_last(self) -> None:
        found = self.sites(
            {
                usable('far'): verdict(0.2),
                usable('over'): verdict(0.9, accepted=False),
                usable('near'): verdict(0.8),
                usable('also-far'): verdict(0.2),
            }
        )
        self.assertEqual(
            ['near', 'also-far', 'far', 'over'], [site.name for site in found]
        )
        self.assertEqual(found[1].weight, found[2].weight)

    def test_site_of_others_is_left_out(self) -> None:
        mine, theirs = frozenset({'mine'}), frozenset({'theirs'})
        found = self.sites(
            {
                usable('a', tenants=theirs): verdict(0.9),
                usable('b', tenants=mine): verdict(0.5),
                usable('', zone='west'): verdict(0.4),
            }
        )
        self.assertEqual(
            [('b', False), ('west', True)],
            [(site.name, site.is_zone) for site in found],
        )

    def test_one_name_of_several_places_is_told_by_the_best(self) -> None:
        places = {
            usable('lyon', 'a'): verdict(0.9),
            usable('lyon', 'b'): verdict(0.3),
            usable('lyon', 'c'): verdict(0.9, accepted=False),
        }
        (site,) = self.sites(places)
        self.assertEqual((0.9, True), (site.verdict.score, site.accepted))
        for hosts, score, told in (
            ('ab', 0.9, 'yes'),
            ('b', 0.3, 'yes'),
            ('', 0.9, 'no'),
        ):
            room = Room(frozenset(hosts), None, is_cut=False)
            (site,) = self.sites(places, room)
            self.assertEqual((score, told), (site.verdict.score, site.room))
        room = Room(frozenset(), frozenset('ac'), is_cut=False)
        (site,) = self.sites(places, room)
        self.assertEqual('unknown', site.room)

    def test_weights_are_those_of_our_weighers(self) -> None:
        places = {
            usable('a', 'a1', 'a2', cell='1'): verdict(0.5),
            usable('b', 'b1', cell='1'): verdict(0.4),
            usable('c', 'c1', cell='2'): verdict(0.7),
        }
        weights = {site.name: site.weight for site in self.sites(places)}
        # Cell 1 is worth what its second host is worth, 2 has none.
        self.assertEqual({'a': 55.0, 'b': 45.0, 'c': 70.0}, weights)
        room = Room(frozenset({'a2', 'b1', 'c1'}), None, is_cut=False)
        weights = {site.name: site.weight for site in self.sites(places, room)}
        self.assertEqual({'a': 54.0, 'b': 44.0, 'c': 70.0}, weights)

    def test_hosts_may_have_multipliers_of_their_own(self) -> None:
        self.conf.config(
            group='edge_sched', cell_latency_weight_multiplier=0.0
        )
        places = {usable('a', 'a1', 'a2'): verdict(0.5)}
        for multipliers, hosts, weight in (
            ({'a1': 10.0, 'z': 1.0}, None, 50.0),
            ({'a1': 300.0}, None, 150.0),
            ({'a1': 300.0}, 'a2', 50.0),
            ({'a1': 10.0, 'a2': 20.0}, None, 10.0),
        ):
            room = Room(frozenset({hosts}), None, False) if hosts else None
            (site,) = self.sites(places, room, multipliers)
            self.assertEqual(weight, site.weight)

    def test_rejected_hosts_are_of_no_worth_to_their_cell(self) -> None:
        self.conf.config(group='scheduler', max_attempts=1)
        (site, _) = self.sites(
            {
                usable('a'): verdict(0.5),
                usable('b'): verdict(0.9, accepted=False),
            }
        )
        self.assertEqual(55.0, site.weight)
