# SPDX-License-Identifier: Apache-2.0

"""What counts as left behind by a fault, and whose it is."""

from oslotest import base

from tests.cloud import audit
from tests.cloud.audit import Allocation
from tests.cloud.audit import Damage
from tests.cloud.audit import Row
from tests.cloud.audit import Server
from tests.cloud.audit import Snapshot

ALICE = '203.0.113.7'
BUDGET = {ALICE: 20.0}
SITES = {'lyon-1': 'lyon', 'nice-1': 'nice'}


def running(host):
    return Server('a', 'ACTIVE', name='game', host=host)


class StuckTest(base.BaseTestCase):
    def test_what_has_ended_is_not(self):
        for status in ('ACTIVE', 'ERROR'):
            self.assertFalse(Server('a', status).stuck)

    def test_what_is_on_its_way_is(self):
        for status, task_state in (
            ('BUILD', 'scheduling'),
            ('BUILD', None),
            ('ACTIVE', 'deleting'),
            ('ERROR', 'spawning'),
            ('UNKNOWN', None),
        ):
            self.assertTrue(Server('a', status, task_state).stuck)


class OrphanTest(base.BaseTestCase):
    def orphans(self, *allocations, servers=()):
        allocated = frozenset(Allocation(*pair) for pair in allocations)
        return Snapshot(servers, allocated).orphans()

    def test_a_server_on_its_host_holds_what_it_has(self):
        servers = [running('lyon-1')]
        self.assertEqual(set(), self.orphans(('lyon-1', 'a'), servers=servers))

    def test_another_host_and_no_server_at_all(self):
        there, gone = Allocation('nice-1', 'a'), Allocation('lyon-1', 'b')
        servers = [running('lyon-1')]
        found = self.orphans(('lyon-1', 'a'), there, gone, servers=servers)
        self.assertEqual({there, gone}, found)

    def test_a_server_that_failed_before_it_had_a_host(self):
        servers = [Server('a', 'ERROR')]
        found = self.orphans(('lyon-1', 'a'), servers=servers)
        self.assertEqual({Allocation('lyon-1', 'a')}, found)


class DamageTest(base.BaseTestCase):
    def test_what_was_there_before_does_not_count(self):
        old = Server('old', 'BUILD', 'spawning', host='lyon-1')
        lost = Allocation('nice-1', 'lost')
        before = Snapshot([old], frozenset({lost}))
        new = Server('new', 'BUILD', 'scheduling')
        now = Snapshot([old, new], frozenset({lost, ('lyon-1', 'new')}))
        self.assertEqual(Damage(0, 0), audit.damage(now.since(now)))
        self.assertEqual(Damage(1, 1), audit.damage(now.since(before)))

    def test_nor_does_what_was_asked_for_to_see_whether_it_works(self):
        tried = Server('a', 'BUILD', name='try')
        lost = Server('b', 'BUILD', name='game')
        allocated = {Allocation('lyon-1', 'a'), Allocation('lyon-1', 'b')}
        found = Snapshot([tried, lost], frozenset(allocated))
        self.assertEqual(Damage(1, 1), audit.damage(found.without({'try'})))

    def test_the_worst_control_of_each_figure_is_the_measure(self):
        controls = [Damage(2, 0), Damage(0, 1)]
        self.assertTrue(Damage(2, 1).within(controls))
        self.assertFalse(Damage(3, 0).within(controls))
        self.assertFalse(Damage(0, 2).within(controls))

    def test_none_needs_no_control(self):
        self.assertTrue(Damage(0, 0).within([]))
        self.assertFalse(Damage(1, 0).within([]))
        self.assertFalse(Damage(0, 1).within([]))


class OutsideTest(base.BaseTestCase):
    ROWS = (
        Row('lyon', '203.0.113.0/24', 19.5),
        Row('lyon', '203.0.0.0/16', 90.0),
        Row('nice', '203.0.113.0/24', 20.5),
        Row('nice', '2001:db8::/32', 1.0),
    )

    def outside(self, server, budgets=BUDGET):
        return audit.outside([server], {'game': budgets}, SITES, self.ROWS)

    def test_by_the_longest_prefix_of_its_site(self):
        self.assertEqual([], self.outside(running('lyon-1')))
        far = running('nice-1')
        self.assertEqual([far], self.outside(far))

    def test_unmeasured_is_outside(self):
        unknown = running('paris-1')
        self.assertEqual(
            [unknown], self.outside(unknown, budgets={ALICE: 1000.0})
        )

    def test_one_of_several_clients_is_enough(self):
        both = {ALICE: 30.0, '2001:db8::7': 0.5}
        server = running('nice-1')
        self.assertEqual([server], self.outside(server, budgets=both))

    def test_without_a_budget_or_a_place_nothing_is(self):
        self.assertEqual([], self.outside(running('nice-1'), budgets={}))
        self.assertEqual([], self.outside(Server('a', 'ERROR', name='game')))


LINE = '2026-03-01 12:00:00.123 4711'
TRACEBACK = f"""\
{LINE} ERROR nova.scheduler.manager [None req-1 - -] It failed
{LINE} ERROR nova.scheduler.manager [instance: uuid-1] Traceback (most \
recent call last):
{LINE} ERROR nova.scheduler.manager [instance: uuid-1]   File \
"/opt/lib/%s", line 7, in look
{LINE} ERROR nova.scheduler.manager [instance: uuid-1] KeyError
"""


class BlamedTest(base.BaseTestCase):
    NAMES = ('req-1', 'uuid-1', 'req-2')

    def blamed(self, log):
        return audit.blamed(log, self.NAMES)

    def test_our_code_in_a_traceback(self):
        log = TRACEBACK % 'edge_sched/scheduler/topology/places.py'
        self.assertEqual({'req-1', 'uuid-1'}, self.blamed(log))
        self.assertEqual(
            {'req-1', 'uuid-1'},
            self.blamed(TRACEBACK % 'edge_sched/judging/judge.py'),
        )

    def test_code_of_others(self):
        for path in (
            'nova/scheduler/manager.py',
            'edge_sched/.cloud/lib/nova/utils.py',
            'edge_sched/tests/cloud/fake.py',
        ):
            self.assertEqual(set(), self.blamed(TRACEBACK % path))

    def test_what_we_logged(self):
        log = f'{LINE} ERROR edge_sched.store [None req-2 - -] It failed\n'
        self.assertEqual({'req-2'}, self.blamed(log))

    def test_only_what_belongs_to_the_error(self):
        log = (
            f'{LINE} INFO edge_sched.scheduler [None req-2 - -] edge\n'
            f'{LINE} ERROR edge_sched.store [-] It failed\n'
            f'{LINE} ERROR nova.compute [None req-2 - -] So did this\n'
            f'{LINE} INFO nova.scheduler [None req-1 - -] All is well\n'
        )
        self.assertEqual(set(), self.blamed(log))
        self.assertEqual(1, len(audit.our_errors(log)))

    def test_a_traceback_below_a_warning(self):
        log = (
            f'{LINE} WARNING edge_sched.scheduler [None req-2 - -] No\n'
            f'{LINE} ERROR edge_sched.scheduler   File '
            '"/opt/edge_sched/scheduler/topology/places.py", line 7, in load\n'
        )
        self.assertEqual({'req-2'}, self.blamed(log))
