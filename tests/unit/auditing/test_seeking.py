# SPDX-License-Identifier: Apache-2.0

"""Which sites are made to probe, by a list that a test keeps."""

from unittest import mock

import nova.conf
from oslotest import base

from edge_sched import conf as edge_conf
from edge_sched.auditing import seeking
from edge_sched.auditing.seeking import Seeking
from edge_sched.model.wanted import WantedTarget
from edge_sched.store.wanted_list import Entry
from edge_sched.store.wanted_probes import Change
from edge_sched.wanted.geography import Position

CONF = nova.conf.CONF
NOW = 1_800_000_000.0

CLIENT = '203.0.113.0/24'
OTHER = '198.51.100.0/24'

#: More than are asked all at once.
SITES = [f'site-{number:02}' for number in range(20)]


def entry(client=CLIENT, state='probing', id_=1, **values):
    target = WantedTarget(client, client.replace('.0/24', '.7'))
    times = {
        'wanted_at': NOW,
        'done_at': None,
        'asked_at': NOW,
        'standing': False,
        'sites': {},
    }
    return Entry(id_, target, state, **times | values)


class Wanted:
    """The list, and what the store has besides."""

    def __init__(self):
        self.now_is = NOW
        self.asking = ['lyon', 'nice']
        self.on_list = [entry()]
        self.heard = {}
        self.beside = []
        self.mesh_ms = {}
        self.changed = []
        self.asked = []

    def sites(self):
        return self.asking

    def now(self):
        return self.now_is

    def entries(self):
        return self.on_list

    def measured(self, clients, max_age_seconds):
        self.asked.append(('measured', list(clients), max_age_seconds))
        return self.heard

    def near(self, client):
        self.asked.append(('near', client))
        return self.beside

    def mesh(self):
        self.asked.append(('mesh',))
        return self.mesh_ms

    def change(self, changes):
        self.changed += changes


class SeekingTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        edge_conf.register_opts(CONF)
        self.wanted = Wanted()
        self.clock = self.patch(seeking.time, 'monotonic')
        self.clock.return_value = 5.0
        self.positions = {}
        topology = self.patch(seeking.TOPOLOGY, 'get')
        topology.return_value = mock.Mock(positions=self.positions)
        self.topology = topology
        self.seeking = Seeking(self.wanted)

    def patch(self, where, name):
        patcher = mock.patch.object(where, name)
        self.addCleanup(patcher.stop)
        return patcher.start()

    def seek(self):
        """What becomes of the entries."""
        self.wanted.changed.clear()
        self.seeking.seek()
        return list(self.wanted.changed)

    def asked(self, what):
        return [each for each in self.wanted.asked if each[0] == what]

    def test_all_of_few_sites_are_asked_at_once(self):
        [change] = self.seek()
        self.assertEqual((1, 'probing', ()), (change[0], change[1], change[3]))
        self.assertEqual({'lyon', 'nice'}, set(change.add))
        self.assertTrue(self.seeking.any_sites)

    def test_without_sites_nothing_is_chosen(self):
        self.wanted.asking = []
        self.assertEqual([], self.seek())
        self.assertFalse(self.seeking.any_sites)

    def test_those_that_are_waited_for_are_left_alone(self):
        self.wanted.on_list = [entry(sites={'lyon': NOW, 'nice': NOW})]
        self.wanted.heard = {CLIENT: {'lyon': 5.0}, OTHER: {'nice': 1.0}}
        self.assertEqual([], self.seek())
        self.wanted.now_is += 61
        self.assertEqual([Change(1, 'measured', (), ('nice',))], self.seek())

    def test_those_that_have_nothing_to_do_cost_no_more_than_a_look(self):
        self.wanted.on_list = [
            entry(state='silent', done_at=NOW - 899),
            entry(OTHER, 'measured', done_at=NOW - 9, sites={'lyon': NOW}),
        ]
        self.assertEqual([], self.seek())
        self.assertEqual([], self.wanted.asked)
        self.assertEqual({'silent': 1, 'measured': 1}, self.seeking.states)
        self.wanted.now_is += 2
        self.assertEqual([Change(1, 'probing', drop=[])], self.seek())
        self.assertEqual(
            [('measured', [CLIENT], CONF.edge_sched.max_age)],
            self.asked('measured'),
        )

    def test_the_mesh_is_read_once_a_minute(self):
        for seconds, count in ((0, 1), (60, 1), (1, 2)):
            self.clock.return_value += seconds
            self.seek()
            self.assertEqual(count, len(self.asked('mesh')))

    def test_who_is_beside_says_who_is_asked_first(self):
        self.wanted.asking = SITES
        self.wanted.beside = ['gone', *SITES[7:17]]
        [change] = self.seek()
        self.assertEqual(tuple(SITES[7:11]), change.add)
        # As long as they are looked for, once.
        since = dict.fromkeys(SITES[7:11], NOW)
        self.wanted.on_list = [entry(sites=since)]
        self.wanted.heard = {CLIENT: dict.fromkeys(since, 9.0)}
        [change] = self.seek()
        self.assertEqual(tuple(SITES[11:15]), change.add)
        self.assertEqual([('near', CLIENT)], self.asked('near'))

    def test_it_is_forgotten_who_is_near_to_whom_is_sought_no_more(self):
        self.wanted.asking = SITES
        self.wanted.beside = SITES[:4]
        self.seek()
        self.wanted.on_list = []
        self.seek()
        self.wanted.on_list = [entry()]
        self.wanted.beside = SITES[4:8]
        [change] = self.seek()
        self.assertEqual(tuple(SITES[4:8]), change.add)

    def test_nobody_is_looked_up_beside_once_it_has_begun(self):
        self.wanted.asking = SITES
        since = {SITES[0]: NOW}
        self.wanted.on_list = [entry(sites=since)]
        self.wanted.heard = {CLIENT: {SITES[0]: 9.0}}
        self.seek()
        self.assertEqual([], self.asked('near'))

    def locate(self, address):
        self.located = address
        return Position(0.0, 0.0)

    def test_the_map_says_who_is_asked_after_those(self):
        self.wanted.asking = SITES
        self.positions.update(
            {
                site: Position(0.0, 1.0 + number)
                for number, site in enumerate(reversed(SITES))
            },
            gone=Position(0.0, 0.5),
        )
        self.seeking = Seeking(self.wanted, self.locate)
        self.wanted.beside = [SITES[0], SITES[19]]
        [change] = self.seek()
        self.assertEqual('203.0.113.7', self.located)
        self.assertEqual(
            (SITES[0], SITES[19], SITES[18], SITES[17]), change.add
        )

    def test_each_says_no_more_than_two_rounds_of_sites(self):
        self.wanted.asking = SITES
        self.positions[SITES[19]] = Position(0.0, 0.0)
        self.seeking = Seeking(self.wanted, self.locate)
        self.wanted.beside = SITES[:12]
        self.seek()
        self.assertEqual((*SITES[:8], SITES[19]), self.seeking._near[CLIENT])

    def test_where_nothing_is_on_the_map_the_cloud_is_not_asked(self):
        for locate in None, lambda address: None:
            self.seeking = Seeking(self.wanted, locate)
            self.assertEqual(1, len(self.seek()))
        self.topology.assert_not_called()

    def test_each_goes_its_own_way(self):
        self.wanted.on_list = [
            entry(sites={'lyon': NOW, 'nice': NOW}),
            entry(OTHER, id_=2),
            entry(
                '192.0.2.0/24', 'measured', 3, done_at=NOW, sites={'nice': NOW}
            ),
        ]
        self.wanted.heard = {CLIENT: {'lyon': 5.0, 'nice': 4.0}}
        first, second = self.seek()
        self.assertEqual(Change(1, 'measured', (), ()), first)
        self.assertEqual((2, 'probing'), second[:2])
        self.assertEqual({'probing': 2, 'measured': 1}, self.seeking.states)
