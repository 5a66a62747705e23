# SPDX-License-Identifier: Apache-2.0

"""Where a server may go, by hand."""

from typing import Any

from nova.compute import vm_states
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.asking.intent import Intent
from edge_sched.auditing.intake import Subject
from edge_sched.auditing.moving import Places
from edge_sched.auditing.outlook import Outlook
from edge_sched.judging.decision import decide
from edge_sched.judging.standing import best_first
from edge_sched.judging.verdict import Policy
from edge_sched.model.latency import Answer
from edge_sched.scheduler.nova_servers import ServerRow
from edge_sched.scheduler.places import Places as NoPlaces
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.membership import Aggregate
from tests.unit.factories import NOW
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.scheduler.topology.test_topology import CELL1
from tests.unit.scheduler.topology.test_topology import CELL2
from tests.unit.scheduler.topology.test_topology import SITE
from tests.unit.scheduler.topology.test_topology import topology


class MovingTestCase(base.BaseTestCase):
    """Lyon, nice and brest in cell1, brest kept for ``bob``; oslo in cell2.

    What they measured of alice is in the order of the alphabet.
    """

    def setUp(self) -> None:
        super().setUp()
        self.topology = topology(
            Aggregate(
                '1', {SITE: 'brest', 'filter_tenant_id': 'bob'}, ['brest-1']
            ),
            Aggregate('2', {SITE: 'lyon'}, ['lyon-1', 'lyon-2']),
            Aggregate(
                '3', {SITE: 'nice', 'availability_zone': 'sea'}, ['nice-1']
            ),
            Aggregate('4', {SITE: 'oslo'}, ['oslo-1']),
            cell_of={
                'brest-1': CELL1,
                'lyon-1': CELL1,
                'lyon-2': CELL1,
                'nice-1': CELL1,
                'oslo-1': CELL2,
            },
        )
        self.places = Places(self.topology)

    def subject(self, **fields: Any) -> Subject:
        """A server of alice's in lyon, which may go anywhere."""
        fields = {
            'server': uuids.server,
            'project_id': 'alice',
            'cell': CELL1,
            'state': self.state(),
            'intent': make_intent(),
            'places': NoPlaces(),
            **fields,
        }
        return Subject(**fields)

    def state(self, **fields: Any) -> ServerRow:
        state = ServerRow('lyon-1', vm_states.ACTIVE, None, False)
        return state._replace(**fields)

    def at(self, host: str) -> Location:
        return self.topology.locator.of_name(host)

    def outlook(self, intent: Intent | None = None) -> Outlook:
        """10, 11 and 12 ms, of cell1."""
        intent = intent or make_intent()
        rows = {
            name: make_row(number, number + 1, vantage=name)
            for number, name in enumerate(('brest', 'lyon', 'nice'), 10)
        }
        locations = [self.at(f'{name}-1') for name in rows]
        decision = decide(
            intent,
            {intent.clients[0]: Answer(True, (rows,))},
            {location: location.chain for location in locations},
            Policy(),
            NOW,
        )
        ranked = best_first(decision.verdicts, locations)
        return Outlook(decision, frozenset(rows), ranked, ())

    def best(self, host: str = 'lyon-1', **fields: Any) -> str:
        """The name of the best other site, ``''`` if there is none."""
        subject = self.subject(**fields)
        best = self.places.best(
            subject, self.at(host), self.outlook(subject.intent)
        )
        return best.names['site'][0] if best else ''

    def why_not(
        self, host: str = 'lyon-1', best: str | None = 'nice-1', **fields: Any
    ) -> str:
        return self.places.why_not(
            self.subject(**fields), self.at(host), best and self.at(best)
        )


class BestTest(MovingTestCase):
    def test_best_other_site_that_the_project_may_use(self) -> None:
        self.assertEqual('nice', self.best())
        self.assertEqual('lyon', self.best('nice-1'))
        self.assertEqual('brest', self.best(project_id='bob'))
        self.assertEqual('lyon', self.best('brest-1', project_id='bob'))

    def test_in_the_zone_that_was_asked_for(self) -> None:
        self.assertEqual('', self.best(zone='nova'))
        self.assertEqual('nice', self.best(zone='sea', project_id='bob'))

    def test_apart_from_the_group_if_that_is_required(self) -> None:
        intent = make_intent(spread=('site',), spread_required=True)
        asked = {'intent': intent, 'project_id': 'bob'}
        self.assertEqual('nice', self.best(others=('brest-1',), **asked))
        self.assertEqual('', self.best(others=('brest-1', 'nice-1'), **asked))

    def test_where_fewer_of_the_group_are_if_that_is_preferred(self) -> None:
        intent = make_intent(spread=('site',))
        asked = {'intent': intent, 'project_id': 'bob'}
        self.assertEqual('nice', self.best(others=('brest-1',), **asked))
        others = ('brest-1', 'nice-1', 'nice-1')
        self.assertEqual('brest', self.best(others=others, **asked))


class WhyNotTest(MovingTestCase):
    def test_may_move(self) -> None:
        for state in vm_states.ACTIVE, vm_states.PAUSED, vm_states.STOPPED:
            self.assertEqual(
                'yes', self.why_not(state=self.state(vm_state=state))
            )

    def test_what_nova_would_not_do(self) -> None:
        for expected, fields in (
            ('locked', {'locked': True, 'task_state': 'migrating'}),
            ('task', {'task_state': 'migrating', 'vm_state': None}),
            ('state', {'vm_state': vm_states.ERROR}),
        ):
            state = self.state(**fields)
            self.assertEqual(expected, self.why_not(state=state))

    def test_no_other_site_in_its_cell(self) -> None:
        self.assertEqual('cell', self.why_not('oslo-1', None, cell=CELL2))
        self.assertEqual('cell', self.why_not(None, None, cell=uuids.new))

    def test_sites_of_others_are_none(self) -> None:
        self.topology = topology(
            Aggregate('1', {SITE: 'a', 'filter_tenant_id': 'bob'}, ['a-1']),
            Aggregate('2', {SITE: 'b'}, ['b-1']),
        )
        self.places = Places(self.topology)
        self.assertEqual('cell', self.why_not('b-1', None))
        bob = {'project_id': 'bob'}
        self.assertEqual('yes', self.why_not('b-1', 'a-1', **bob))

    def test_site_that_is_partly_kept_for_others(self) -> None:
        self.topology = topology(
            Aggregate('1', {SITE: 'a'}, ['a-1', 'a-2']),
            Aggregate('2', {SITE: 'b'}, ['b-1']),
            Aggregate('3', {'filter_tenant_id': 'bob'}, ['a-1']),
        )
        self.places = Places(self.topology)
        self.assertEqual('yes', self.why_not('b-1', 'a-1'))

    def test_site_of_two_aggregates_is_kept_for_those_of_both(self) -> None:
        kept = [
            Aggregate(name, {'filter_tenant_id': name}, [host])
            for name, host in (('bob', 'a-1'), ('carol', 'a-2'))
        ]
        for keeping, dave in (kept, 'cell'), (kept[:1], 'yes'):
            self.topology = topology(
                Aggregate('1', {SITE: 'a'}, ['a-1']),
                Aggregate('2', {SITE: 'a'}, ['a-2']),
                Aggregate('3', {SITE: 'b'}, ['b-1']),
                *keeping,
            )
            self.places = Places(self.topology)
            for project_id, told in (
                ('bob', 'yes'),
                ('carol', 'yes'),
                ('dave', dave),
            ):
                self.assertEqual(
                    told, self.why_not('b-1', 'a-1', project_id=project_id)
                )

    def test_bound_to_a_zone_or_to_hosts(self) -> None:
        self.assertEqual('pinned', self.why_not(best=None, zone='nova'))
        self.assertEqual('yes', self.why_not(zone='sea'))
        self.assertEqual('pinned', self.why_not(chooses_hosts=True))

    def test_no_other_site_is_near_enough(self) -> None:
        self.assertEqual('nowhere', self.why_not(best=None))
        # Nobody must be near.
        nobody = Intent(targets=(), spread=('site',))
        self.assertEqual('yes', self.why_not(best=None, intent=nobody))
