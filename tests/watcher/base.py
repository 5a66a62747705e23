# SPDX-License-Identifier: Apache-2.0

"""Watcher in the process, with an emulated Nova of three sites."""

import math
import time

import fixtures
from oslo_config import cfg
from oslo_config import fixture as config_fixture
from watcher.tests.functional import base
from watcher.tests.functional import topology
from watcher.tests.functional.api import client

from edge_sched import conf
from edge_sched.model.standing import OVER
from edge_sched.model.standing import Hour
from edge_sched.model.standing import ServerStanding
from edge_sched.store import migrate
from edge_sched.store.standings import Standings
from edge_sched.store.standings import read_standings
from tests.watcher.migrations import Migrations

#: Chosen: an audit takes less than one, and a busy machine a hundred times as
#: long.
WAIT_SECONDS = 120

#: One host each.
SITES = {'compute-1': 'lyon', 'compute-2': 'paris', 'compute-3': 'nice'}


def three_sites(**options) -> topology.ComputeTopology:
    """Servers vm-1 to vm-3 at Lyon.

    :param options: of all of them, e.g. ``locked=True``
    """
    made = (
        topology.ComputeTopology()
        .add_computes(count=3)
        .add_instances(computes=['compute-1'], count=3, **options)
    )
    made.aggregates = [
        topology.Aggregate(number, site, [host], {'edge:site': site})
        for number, (host, site) in enumerate(SITES.items(), 1)
    ]
    return made


class Client(client.WatcherTestClient):
    """Of the newest API: the first one knows no status messages."""

    def _headers(self):
        version = {'OpenStack-API-Version': 'infra-optim latest'}
        return super()._headers() | version


class StrategyTest(base.WatcherFunctionalTestCase):
    """Audits with the strategy ``edge_budget``.

    :ivar standings: what the auditor has found, by way of a store; an
        exception is raised
    """

    COMPUTE_TOPOLOGY = topology.ComputeTopology()
    START_APPLIER = False

    def setUp(self):
        self.migrations = self.useFixture(Migrations())
        super().setUp()
        self.admin_api = Client(self.api_fixture.base_url)
        self.now = time.time()
        self.cloud = three_sites()
        self.load_topology(self.cloud)
        folder = self.useFixture(fixtures.TempDir()).path
        conf.register_opts(cfg.CONF)
        self.useFixture(config_fixture.Config(cfg.CONF)).config(
            group='edge_sched_database',
            connection=f'sqlite:///{folder}/latency.sqlite',
        )
        self.standings: list[ServerStanding] | Exception = []
        self.useFixture(
            fixtures.MonkeyPatch(
                'edge_sched.watcher.strategy.read_standings', self._read
            )
        )

    def _read(self, settings):
        if isinstance(self.standings, Exception):
            raise self.standings
        migrate.sync(settings)
        with Standings(settings) as auditor:
            auditor.forget(math.inf)
            auditor.record(self.standings)
        return read_standings(settings)

    def uuid(self, name: str = 'vm-1') -> str:
        """Of a server."""
        return next(i.uuid for i in self.cloud.instances if i.name == name)

    def over(
        self,
        name: str = 'vm-1',
        audited_ago: float = 60,
        minutes: int = 48,
        **differing,
    ) -> ServerStanding:
        """A server at Lyon that has been over for long, and is to move.

        :param audited_ago: in seconds
        :param minutes: that it was over, of the hour before
        """
        audited_at = self.now - audited_ago
        standing = ServerStanding(
            server=self.uuid(name),
            project_id=topology.DEFAULT_PROJECT_ID,
            host='compute-1',
            site='lyon',
            client='203.0.113.7',
            verdict=OVER,
            judged_ms=31.0,
            budget_ms=20.0,
            best_site='paris',
            best_ms=12.0,
            hour=Hour(audited_at, audited_at - 60, (1 << minutes) - 1),
        )
        return standing._replace(**differing)

    def audit(self, scope=(), **parameters) -> tuple[dict, list[dict]]:
        """Have an audit made; it, and the actions of its plan."""
        aim = {'goal': 'unclassified', 'strategy': 'edge_budget'}
        if scope:
            made = self.admin_api.post(
                '/audit_templates',
                {**aim, 'name': str(scope)[:63], 'scope': list(scope)},
            )
            self.assertEqual(201, made.status_code, made.text)
            aim = {'audit_template_uuid': made.json()['uuid']}
        answer = self.admin_api.post(
            '/audits',
            {**aim, 'audit_type': 'ONESHOT', 'parameters': parameters},
        )
        self.assertEqual(201, answer.status_code, answer.text)
        self._wait_for_audit_state(
            answer.json()['uuid'], 'SUCCEEDED', timeout=WAIT_SECONDS
        )
        audit = self.admin_api.get(f'/audits/{answer.json()["uuid"]}').json()
        listed = self.admin_api.get(
            f'/actions?audit_uuid={audit["uuid"]}'
        ).json()['actions']
        return audit, [
            self.admin_api.get(f'/actions/{each["uuid"]}').json()
            for each in listed
        ]

    def moved(self, *arguments, **parameters) -> list[str]:
        """The names of the servers that an audit has moved."""
        _, actions = self.audit(*arguments, **parameters)
        return [
            action['input_parameters']['resource_name'] for action in actions
        ]
