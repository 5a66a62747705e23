# SPDX-License-Identifier: Apache-2.0

"""Watcher's own services, from what the auditor found to a server that moved.

The hour of which a server has to have been over is shorter here: by the
parameter ``min_over_ratio``, as an operator in a hurry would.
"""

from typing import Any, NamedTuple

from openstack.compute.v2.server import Server
from testtools import content

from tests.cloud.audited import BUDGET_MS
from tests.cloud.audited import CLIENT
from tests.cloud.audited import NEAR
from tests.cloud.audited import OTHER
from tests.cloud.audited import AuditedTestCase
from tests.cloud.base import LOG_LINES
from tests.cloud.watcher import Watcher

#: As the chapter calls it.
TEMPLATE = 'near'
AT_ONCE = {'min_over_ratio': 0}


class Advice(NamedTuple):
    """What an audit has come to."""

    message: str
    plan: str
    actions: list[dict[str, Any]]


class WatcherTestCase(AuditedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.watcher = Watcher(self.cloud.layout)
        self._begun |= {
            name: self.watcher.log_size(name) for name in self.watcher.services
        }
        self.addOnException(self._attach_logs_of_watcher)
        self.addCleanup(self.watcher.down)
        self.watcher.up()
        self.addCleanup(
            self.watcher.optimize, 'audittemplate', 'delete', TEMPLATE
        )
        self.watcher.optimize(
            'audittemplate',
            'create',
            TEMPLATE,
            'unclassified',
            '-s',
            'edge_budget',
        )

    def _attach_logs_of_watcher(self, error: object) -> None:
        for name in self.watcher.services:
            lines = self.log_text(name).splitlines()[-LOG_LINES:]
            text = content.text_content('\n'.join(lines))
            self.addDetail(f'{name}.log', text)

    def audit(self, **parameters: object) -> Advice:
        """One that is asked for by an operator, as the chapter says."""
        options = [f'-p{name}={value}' for name, value in parameters.items()]
        made = self.watcher.optimize(
            *('audit', 'create', '-a', TEMPLATE, *options),
            *('-f', 'value', '-c', 'UUID'),
        )
        audit = made.strip()
        shown = self.ended('audits', audit)
        self.assertEqual('SUCCEEDED', shown['state'], shown)
        listed = self.watcher.get('action_plans', audit_uuid=audit)
        (plan,) = listed['action_plans']
        actions = self.watcher.get('actions/detail', audit_uuid=audit)
        return Advice(
            shown['status_message'], plan['uuid'], actions['actions']
        )

    def start(self, advice: Advice) -> dict[str, Any]:
        """An operator approves: what became of the one action."""
        self.watcher.optimize('actionplan', 'start', advice.plan)
        self.ended('action_plans', advice.plan)
        (action,) = advice.actions
        return dict(self.watcher.get(f'actions/{action["uuid"]}'))

    def ended(self, kind: str, uuid: str) -> dict[str, Any]:
        """An audit or an action plan, when nothing happens to it any more."""
        shown: dict[str, Any] = {}

        def has_ended() -> bool:
            shown.update(self.watcher.get(f'{kind}/{uuid}'))
            return shown['state'] not in ('PENDING', 'ONGOING')

        self.wait_for(f'the end of {kind}', has_ended)
        return shown

    def server_that_got_far(self) -> Server:
        """At NEAR, over its budget; OTHER would keep that."""
        self.paths(**{NEAR: 4, OTHER: 8})
        server = self.near(CLIENT, BUDGET_MS)
        self.assertEqual(NEAR, self.site_of(server))
        self.paths(**{NEAR: 40, OTHER: 8})
        self.assertEqual(OTHER, self.wait_until_over(server)['best_site'])
        return server

    def wait_until_modelled(self, server: Server) -> None:
        """Watcher has seen at which host the server is."""
        host = self.host_of(server)

        def is_there() -> bool:
            listed = self.watcher.get('data_model')['context']
            return any(
                (row.get('server_uuid'), row['node_hostname'])
                == (server.id, host)
                for row in listed
            )

        self.wait_for(f'{server.name} in the model', is_there)

    def test_server_moves_to_the_site_that_the_auditor_named_and_stays(self):
        server = self.server_that_got_far()
        source = self.host_of(server)

        advice = self.audit()
        self.assertEqual([], advice.actions)
        self.assertIn('not over for long enough: 1', advice.message)

        advice = self.audit(**AT_ONCE)
        self.assertIn('1 of ', advice.message)
        (action,) = advice.actions
        self.assertEqual('migrate', action['action_type'])
        self.assertEqual(
            {
                'migration_type': 'live',
                'resource_id': server.id,
                'resource_name': server.name,
                'source_node': source,
            },
            action['input_parameters'],
        )
        # It is advice so far.
        self.assertEqual(source, self.host_of(server))
        self.assertEqual(1, self.metric('over', NEAR))

        self.assertEqual('SUCCEEDED', self.start(advice)['state'])
        self.assertLanded(OTHER, server)
        self.assertIsNone(self.over(server))
        self.wait_for('the round after', lambda: not self.metric('over', NEAR))
        self.assertEqual([], self.audit(**AT_ONCE).actions)

        # The path flaps.
        self.paths(**{NEAR: 4, OTHER: 40})
        self.assertEqual(NEAR, self.wait_until_over(server)['best_site'])
        self.wait_until_modelled(server)
        advice = self.audit(**AT_ONCE)
        self.assertEqual([], advice.actions)
        self.assertIn('moved lately: 1', advice.message)
        advice = self.audit(**AT_ONCE, cooldown=0)
        self.assertEqual([], advice.actions)
        self.assertIn('would go straight back: 1', advice.message)

    def test_move_that_the_scheduler_refuses_fails_and_is_left_alone(self):
        server = self.server_that_got_far()
        source = self.host_of(server)
        advice = self.audit(**AT_ONCE)
        # While the plan waits the other site gets as far.
        self.paths(**{NEAR: 40, OTHER: 40})
        self.wait_for(
            'no better site',
            lambda: not self.wait_until_over(server)['best_site'],
        )
        self.assertEqual('FAILED', self.start(advice)['state'])
        self.assertStays(source, server)

        self.paths(**{NEAR: 40, OTHER: 8})
        self.wait_for(
            'a better site', lambda: self.wait_until_over(server)['best_site']
        )
        self.wait_for_round()
        advice = self.audit(**AT_ONCE)
        self.assertEqual([], advice.actions)
        self.assertIn('moved lately: 1', advice.message)
