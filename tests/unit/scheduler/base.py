# SPDX-License-Identifier: Apache-2.0

"""What a request through our stages needs around it.

Real RequestSpecs, real HostStates, a real store in a file; only where hosts
are is given, since there is no API database here.
"""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any
from unittest import mock

import fixtures
import nova.conf
from nova import context
from nova import objects
from nova.scheduler import filters
from nova.scheduler import host_manager
from nova.scheduler import weights
from oslo_config import fixture as config_fixture
from oslo_utils.fixture import uuidsentinel as uuids
from oslotest import base

from edge_sched.model.client import parse_client
from edge_sched.model.client import parse_prefix
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.scheduler.filters import EdgeLatencyFilter
from edge_sched.scheduler.request_filter import edge_latency
from edge_sched.scheduler.topology.membership import Aggregate
from edge_sched.scheduler.topology.topology import TOPOLOGY
from edge_sched.scheduler.topology.topology import Topology
from edge_sched.scheduler.weights import EdgeCellLatencyWeigher
from edge_sched.scheduler.weights import EdgeLatencyWeigher
from edge_sched.store import migrate
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer

ALICE = '203.0.113.7'
PROJECT = '5f7a0c9e'
CELLS = {
    cell: objects.CellMapping(uuid=cell, name=name, disabled=False)
    for cell, name in [(uuids.cell1, 'cell1'), (uuids.cell2, 'cell2')]
}


class StagesTestCase(base.BaseTestCase):
    """Paris-1 and -2 in cell1, lyon-1 in cell2; alice is near Paris."""

    def setUp(self) -> None:
        super().setUp()
        self.conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        folder = self.useFixture(fixtures.TempDir()).path
        self.conf.config(
            group='edge_sched_database',
            connection=f'sqlite:///{folder}/latency.sqlite',
        )
        self.conf.config(
            group='filter_scheduler',
            enabled_filters=['ComputeFilter', 'EdgeLatencyFilter'],
        )
        # Whatever else this machine does, the store answers in time.
        self.conf.config(group='edge_sched', store_timeout=60)
        store = StoreSettings.from_conf(nova.conf.CONF)
        migrate.sync(store)
        self.writer = Writer(store)
        self.addCleanup(self.writer.close)
        self.writer.set_client('crew', [parse_prefix('203.0.113.0/24')])
        self.measure('203.0.113.0/24', paris=9, lyon=15)
        topology = Topology(
            [
                Aggregate(
                    uuids.paris,
                    {'edge:site': 'paris'},
                    ['paris-1', 'paris-2'],
                ),
                Aggregate(uuids.lyon, {'edge:site': 'lyon'}, ['lyon-1']),
            ],
            CELLS,
            {
                'paris-1': uuids.cell1,
                'paris-2': uuids.cell1,
                'lyon-1': uuids.cell2,
            },
            several_nodes={},
        )
        patcher = mock.patch.object(TOPOLOGY, 'get', return_value=topology)
        self.topology = patcher.start()
        self.addCleanup(patcher.stop)
        self.hosts = [
            self.host('lyon-1', uuids.cell2),
            self.host('paris-1', uuids.cell1),
            self.host('paris-2', uuids.cell1),
        ]
        self.log = self.useFixture(fixtures.FakeLogger(level=logging.INFO))

    def measure(self, client: str, **p50_ms: float) -> None:
        self.writer.store_latencies(
            [
                NewLatency(
                    parse_client(client),
                    Latency(site, client, p50, p50 + 1, time.time()),
                )
                for site, p50 in p50_ms.items()
            ]
        )

    def host(self, name: str, cell: str) -> host_manager.HostState:
        host = host_manager.HostState(name, name, cell)
        host.aggregates = []
        return host

    def spec(
        self,
        hints: Mapping[str, Any] | None = None,
        extra_specs: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> objects.RequestSpec:
        return objects.RequestSpec(
            scheduler_hints=hints and dict(hints),
            flavor=objects.Flavor(extra_specs=dict(extra_specs or {})),
            project_id=PROJECT,
            instance_uuid=uuids.server,
            num_instances=1,
            **fields,
        )

    def schedule(self, spec: objects.RequestSpec) -> list[tuple[str, float]]:
        """The hosts left, best first, with what our weighers gave them."""
        edge_latency(context.get_admin_context(), spec)
        left = filters.HostFilterHandler().get_filtered_objects(
            [EdgeLatencyFilter()], self.hosts, spec, index=0
        )
        weighed = weights.HostWeightHandler().get_weighed_objects(
            [EdgeLatencyWeigher(), EdgeCellLatencyWeigher()], left, spec
        )
        return [(host.obj.host, host.weight) for host in weighed]

    def records(self) -> list[dict[str, Any]]:
        mark = 'edge decision '
        lines = self.log.output.splitlines()
        return [json.loads(x.split(mark)[1]) for x in lines if mark in x]
