# SPDX-License-Identifier: Apache-2.0

"""From an audit to an action plan, and on to a server that has moved."""

import subprocess
import sys
import time

import fixtures
from oslo_config import cfg
from oslotest import base as oslo_base
from watcher import objects
from watcher.decision_engine.audit import continuous

from edge_sched.store.errors import StoreUnavailableError
from edge_sched.watcher import past
from tests.watcher import base

CONF = cfg.CONF

HOUR = 3600


def resource_of(action: dict) -> str:
    """The server that an action is on."""
    return action['input_parameters']['resource_id']


class LoadingTest(oslo_base.BaseTestCase):
    def test_nova_is_not_needed(self):
        code = """\
import sys
sys.modules['nova'] = None
import edge_sched.watcher.strategy
"""
        subprocess.run(
            [sys.executable, '-W', 'ignore', '-c', code], check=True
        )


class PlanTest(base.StrategyTest):
    """What is recommended, and what is not."""

    def test_server_over_budget_is_to_be_migrated_by_the_scheduler(self):
        self.standings = [self.over()]
        audit, (action,) = self.audit()
        self.assertEqual('migrate', action['action_type'])
        self.assertEqual(
            {
                'migration_type': 'live',
                'resource_id': self.uuid(),
                'resource_name': 'vm-1',
                'source_node': 'compute-1',
            },
            action['input_parameters'],
        )
        self.assertEqual(
            '1 of 1 servers over budget are to move', audit['status_message']
        )

    def test_plan_is_advice_until_it_is_approved(self):
        self.standings = [self.over()]
        audit, (action,) = self.audit()
        plans = self.admin_api.get(
            f'/action_plans?audit_uuid={audit["uuid"]}'
        ).json()['action_plans']
        self.assertEqual(['RECOMMENDED'], [plan['state'] for plan in plans])
        self.assertEqual('PENDING', action['state'])
        self.assertFalse(audit['auto_trigger'])
        server = self.env.nova_fixture.nova_emulator.servers[self.uuid()]
        self.assertEqual('compute-1', server['OS-EXT-SRV-ATTR:host'])

    def test_no_more_than_max_moves_the_worst_first(self):
        self.standings = [
            self.over('vm-1', judged_ms=26.0),
            self.over('vm-2', judged_ms=90.0),
            self.over('vm-3', judged_ms=40.0),
        ]
        audit, actions = self.audit(max_moves=2)
        self.assertCountEqual(
            ['vm-2', 'vm-3'],
            [each['input_parameters']['resource_name'] for each in actions],
        )
        self.assertEqual(
            '2 of 3 servers over budget are to move; '
            'left for the next audit: 1',
            audit['status_message'],
        )

    def test_parameters_reach_the_rule(self):
        self.standings = [self.over(minutes=12, best_ms=28.0)]
        self.assertEqual([], self.moved())
        self.assertEqual([], self.moved(min_over_ratio=0.2))
        self.assertEqual([], self.moved(min_gain_ratio=0.15))
        self.assertEqual(
            ['vm-1'], self.moved(min_over_ratio=0.2, min_gain_ratio=0.15)
        )

    def test_cold_migration_if_asked(self):
        self.standings = [self.over()]
        _, (action,) = self.audit(migration_type='cold')
        self.assertEqual('cold', action['input_parameters']['migration_type'])

    def test_parameter_that_makes_no_sense_is_refused_by_watcher(self):
        answer = self.admin_api.post(
            '/audits',
            {
                'audit_type': 'ONESHOT',
                'goal': 'unclassified',
                'strategy': 'edge_budget',
                'parameters': {'migration_type': 'warm'},
            },
        )
        self.assertEqual(400, answer.status_code)


class KeptTest(base.StrategyTest):
    """Servers that Watcher knows something of that forbids it."""

    def _load(self, **differing):
        """The cloud, with servers that differ by name, and all are over."""
        self.cloud = base.three_sites()
        for name, options in differing.items():
            self.cloud.update_instance(name.replace('_', '-'), **options)
        self.load_topology(self.cloud)
        self.standings = [self.over(f'vm-{n}') for n in (1, 2, 3)]

    def test_locked_and_stopped_servers_are_not_moved(self):
        self._load(vm_1={'locked': True}, vm_2={'state': 'stopped'})
        audit, (action,) = self.audit()
        self.assertEqual(self.uuid('vm-3'), resource_of(action))
        self.assertEqual(
            '1 of 3 servers over budget are to move; locked: 1, '
            'in a state that does not migrate: 1',
            audit['status_message'],
        )

    def test_servers_in_the_state_that_the_type_is_for_are_moved(self):
        self._load(vm_1={'state': 'stopped'}, vm_2={'state': 'paused'})
        self.assertEqual(['vm-3'], self.moved())
        self.assertCountEqual(
            ['vm-1', 'vm-3'], self.moved(migration_type='cold')
        )

    def test_server_that_the_scope_excludes_is_not_moved(self):
        exclude = [{'instances': [{'uuid': self.uuid()}]}]
        self.standings = [self.over(), self.over('vm-2')]
        scope = [{'compute': [{'exclude': exclude}]}]
        self.assertEqual(['vm-2'], self.moved(scope))

    def test_server_out_of_scope_is_not_moved(self):
        self.standings = [self.over()]
        scope = [{'compute': [{'host_aggregates': [{'name': 'paris'}]}]}]
        audit, actions = self.audit(scope)
        self.assertEqual([], actions)
        self.assertIn('out of scope or gone: 1', audit['status_message'])
        scope = [{'compute': [{'host_aggregates': [{'name': 'lyon'}]}]}]
        self.assertEqual(['vm-1'], self.moved(scope))

    def test_server_that_has_left_since_is_not_moved(self):
        self.standings = [self.over(host='compute-2')]
        audit, actions = self.audit()
        self.assertEqual([], actions)
        self.assertIn('elsewhere since: 1', audit['status_message'])

    def test_server_of_a_host_that_is_down_is_not_moved(self):
        cloud = base.three_sites().update_compute('compute-1', state='down')
        self.load_topology(cloud)
        self.standings = [self.over()]
        audit, actions = self.audit()
        self.assertEqual([], actions)
        self.assertIn('on a host that is down: 1', audit['status_message'])


class PastTest(base.StrategyTest):
    """What Nova says of earlier moves."""

    def setUp(self):
        super().setUp()
        self.standings = [self.over(), self.over('vm-2')]

    def _moved(self, source, goal, seconds_ago, status='completed'):
        self.migrations.add(
            self.uuid(), source, goal, self.now - seconds_ago, status
        )

    def test_server_that_was_moved_lately_stays(self):
        self._moved('compute-3', 'compute-1', HOUR - 60)
        audit, actions = self.audit()
        self.assertEqual(1, len(actions))
        self.assertIn('moved lately: 1', audit['status_message'])
        # Once for all servers, and no farther back than it counts.
        (asked,) = self.migrations.asked
        self.assertEqual({'changes-since'}, asked.keys())
        day_ago = time.strftime('%Y-%m-%dT%H', time.gmtime(self.now - 86400))
        self.assertTrue(asked['changes-since'].startswith(day_ago), asked)
        self.assertCountEqual(['vm-1', 'vm-2'], self.moved(cooldown=600))

    def test_move_that_failed_is_not_tried_in_each_audit(self):
        self._moved('compute-1', None, 60, 'error')
        self.assertEqual(['vm-2'], self.moved())

    def test_server_that_came_straight_back_stays(self):
        self._moved('compute-1', 'compute-3', 9 * HOUR)
        self._moved('compute-3', 'compute-1', 8 * HOUR)
        audit, actions = self.audit()
        self.assertEqual(1, len(actions))
        self.assertIn('came straight back before: 1', audit['status_message'])

    def test_server_does_not_go_straight_back(self):
        self._moved('compute-2', 'compute-1', 8 * HOUR)
        audit, actions = self.audit()
        self.assertEqual(1, len(actions))
        self.assertIn('would go straight back: 1', audit['status_message'])

    def test_nova_is_not_asked_if_nobody_is_to_move(self):
        self.standings = [self.over(minutes=6)]
        self.moved()
        self.assertEqual([], self.migrations.asked)

    def test_all_pages_are_read(self):
        for seconds_ago in (200, 300, 400):
            self.migrations.add(
                self.uuid('vm-3'),
                'compute-2',
                'compute-1',
                self.now - seconds_ago,
            )
        self._moved('compute-3', 'compute-1', 500)
        self.assertEqual(['vm-2'], self.moved())
        self.assertEqual(2, len(self.migrations.asked))

    def test_nothing_is_moved_if_there_were_too_many_moves_to_read(self):
        self.useFixture(
            fixtures.MonkeyPatch('edge_sched.watcher.past.MAX_MIGRATIONS', 1)
        )
        for _ in range(2):
            self.migrations.add(
                self.uuid('vm-3'), 'compute-2', 'compute-1', self.now - 9
            )
        audit, actions = self.audit()
        self.assertEqual([], actions)
        self.assertIn('more than 1 migrations', audit['status_message'])

    def test_nothing_is_moved_if_nova_does_not_tell(self):
        self.migrations.status = 500
        audit, actions = self.audit()
        self.assertEqual([], actions)
        self.assertIn(
            'nothing is moved: Nova does not answer', audit['status_message']
        )

    def test_nothing_is_moved_if_nova_hides_the_hosts(self):
        self._moved(None, None, 5 * HOUR)
        audit, actions = self.audit()
        self.assertEqual([], actions)
        self.assertIn(
            'os_compute_api:os-migrations:index:host',
            audit['status_message'],
        )

    def test_every_answer_of_nova_is_waited_for_with_a_bound(self):
        self.moved()
        connection = past.nova_helper.NovaHelper().connection
        self.assertEqual(past.TIMEOUT_SECONDS, connection.session.timeout)


class AuditorTest(base.StrategyTest):
    """The auditor has nothing to say, or said it long ago."""

    def _assert_nothing(self, message):
        audit, actions = self.audit()
        self.assertEqual([], actions)
        self.assertIn(message, audit['status_message'])
        self.assertIn(message, self.env.stdlog.logger.output)

    def test_nothing_audited(self):
        self._assert_nothing(
            'nothing is moved: no server has been audited; is '
            'edge-sched-auditor at work?'
        )

    def test_auditor_is_dead(self):
        self.standings = [self.over(audited_ago=2000)]
        self._assert_nothing('max_age is 900 s; is edge-sched-auditor at')

    def test_how_old_is_too_old_is_a_parameter(self):
        self.standings = [self.over(audited_ago=2000)]
        self.assertEqual(['vm-1'], self.moved(max_age=3000))

    def test_servers_of_a_cell_that_was_away_stay(self):
        self.standings = [
            self.over(audited_ago=2000),
            self.over('vm-2'),
        ]
        audit, actions = self.audit()
        self.assertEqual(1, len(actions))
        self.assertIn('audited too long ago: 1', audit['status_message'])

    def test_store_is_away(self):
        self.standings = StoreUnavailableError('no such host')
        self._assert_nothing('nothing is moved: no such host')

    def test_servers_within_budget_are_not_counted(self):
        self.standings = [self.over(verdict='within', judged_ms=5.0)]
        self._assert_nothing('0 of 0 servers over budget are to move')


class ContinuousTest(base.StrategyTest):
    """An audit that is made again and again."""

    def setUp(self):
        # Not by the timer, but when it is to be.
        self.useFixture(
            fixtures.MonkeyPatch(
                'watcher.decision_engine.audit.continuous'
                '.ContinuousAuditHandler.launch_audits_periodically',
                lambda handler: None,
            )
        )
        super().setUp()
        self.standings = StoreUnavailableError('no such host')
        answer = self.admin_api.post(
            '/audits',
            {
                'goal': 'unclassified',
                'strategy': 'edge_budget',
                'audit_type': 'CONTINUOUS',
                'interval': '600',
            },
        )
        self.assertEqual(201, answer.status_code, answer.text)
        self.uuid_of_audit = answer.json()['uuid']

    def _run(self):
        """Have the next one made, as Watcher's timer does; what is kept."""
        audit = objects.Audit.get_by_uuid(
            self.context, self.uuid_of_audit, eager=True
        )
        audit.hostname = CONF.host
        audit.save()
        continuous.ContinuousAuditHandler.execute_audit(audit, self.context)
        url = f'/audits/{self.uuid_of_audit}'
        return self.admin_api.get(url).json()

    def test_goes_on_when_the_store_is_back(self):
        audit = self._run()
        self.assertEqual('ONGOING', audit['state'])
        self.assertEqual(
            'nothing is moved: no such host', audit['status_message']
        )
        self.standings = [self.over()]
        audit = self._run()
        self.assertEqual(
            '1 of 1 servers over budget are to move', audit['status_message']
        )


class ApprovedTest(base.StrategyTest):
    """A plan that the operator has approved."""

    START_APPLIER = True

    def _approve(self, audit):
        (plan,) = self.admin_api.get(
            f'/action_plans?audit_uuid={audit["uuid"]}'
        ).json()['action_plans']
        answer = self.admin_api.patch(
            f'/action_plans/{plan["uuid"]}',
            [{'op': 'replace', 'path': '/state', 'value': 'PENDING'}],
        )
        self.assertEqual(200, answer.status_code)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            shown = self.admin_api.get(f'/action_plans/{plan["uuid"]}').json()
            if shown['state'] not in ('PENDING', 'ONGOING'):
                return shown['state']
            time.sleep(0.1)
        return self.fail(f'plan is {shown["state"]}')

    def _host(self):
        server = self.env.nova_fixture.nova_emulator.servers[self.uuid()]
        return server['OS-EXT-SRV-ATTR:host']

    def test_server_moves(self):
        self.standings = [self.over()]
        audit, _ = self.audit()
        self.assertEqual('SUCCEEDED', self._approve(audit))
        self.assertNotEqual('compute-1', self._host())

    def test_move_that_is_refused_is_a_failed_action(self):
        self.cloud = base.three_sites()
        # The emulated scheduler finds no other host.
        del self.cloud.compute_nodes[1:]
        self.load_topology(self.cloud)
        self.standings = [self.over()]
        audit, (action,) = self.audit()
        self._approve(audit)
        shown = self.admin_api.get(f'/actions/{action["uuid"]}').json()
        self.assertEqual('FAILED', shown['state'])
        self.assertEqual('compute-1', self._host())
