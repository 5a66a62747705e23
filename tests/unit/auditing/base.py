# SPDX-License-Identifier: Apache-2.0

"""Tables that Nova might have, with a real store."""

import json
import time
from collections.abc import Mapping
from typing import Any
from unittest import mock

import nova.conf
from nova import objects
from nova.db.api import models as api_models
from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.auditing.audit import Auditor
from edge_sched.auditing.audit import Finding
from edge_sched.auditing.trouble import Troubles
from edge_sched.scheduler.nova_servers import ServerRow
from edge_sched.scheduler.topology import cell
from edge_sched.store import clock
from edge_sched.store.reader import Reader
from edge_sched.store.settings import StoreSettings
from tests.unit.scheduler.base import CELLS
from tests.unit.scheduler.base import StagesTestCase
from tests.unit.scheduler.nova_databases import ApiDatabase

CONF = nova.conf.CONF


class AuditTestCase(StagesTestCase):
    """Paris in cell1, lyon in cell2; each server is on the first host."""

    def setUp(self) -> None:
        super().setUp()
        self.api = self.useFixture(ApiDatabase())
        self.topology.return_value.cells = {
            uuid: objects.CellMapping(id=number, uuid=uuid, name=each.name)
            for number, (uuid, each) in enumerate(CELLS.items(), 1)
        }
        self.api.insert(
            api_models.CellMapping,
            {'id': 1, 'uuid': uuids.cell1},
            {'id': 2, 'uuid': uuids.cell2},
        )
        self.states: dict[str, ServerRow] = {}
        #: What each cell was asked, in the order of the questions.
        self.asked: list[set[str]] = []
        patcher = mock.patch.object(cell, '_ask', self.ask)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.begin()

    def begin(self) -> None:
        """With nothing said and nothing looked up."""
        self.said: list[str] = []
        self.troubles = Troubles(self.said.append)
        self.reader = Reader(StoreSettings.from_conf(CONF))
        self.addCleanup(self.reader.close)

    def ask(
        self, cells: Any, question: Any, uuids_in: Any, **timeout: float
    ) -> Any:
        self.asked.append(set().union(*uuids_in.values()))
        return {
            each.uuid: {
                server: self.states[server]
                for server in uuids_in[each.uuid]
                if server in self.states
            }
            for each in cells
        }

    def insert(
        self,
        server: str,
        *clients: str,
        project: str = 'mine',
        cell_id: int | None = 1,
        host: str | None = 'paris-1',
        spec: str | None = None,
        fields: Mapping[str, Any] | None = None,
        **hints: str,
    ) -> None:
        """A server that is to be near some clients.

        :param fields: of its request, beside the hints
        :param spec: the text of its request, if that is to be another
        """
        asked = {f'edge:{key}': [value] for key, value in hints.items()}
        if clients:
            asked['edge:client'] = [*clients]
        request = {
            'nova_object.data': {'scheduler_hints': asked, **(fields or {})}
        }
        self.api.insert(
            api_models.RequestSpec,
            {
                'instance_uuid': server,
                'spec': json.dumps(request) if spec is None else spec,
            },
        )
        self.api.insert(
            api_models.InstanceMapping,
            {
                'instance_uuid': server,
                'project_id': project,
                'cell_id': cell_id,
            },
        )
        self.states[server] = ServerRow(host, 'active', None, False)

    def insert_group(self, host_of: Mapping[str, str], **hints: str) -> None:
        """A server group, and a server on each of some hosts."""
        group = uuids.group
        self.api.insert(
            api_models.InstanceGroup,
            {'id': 1, 'uuid': group, 'project_id': 'mine', 'name': 'g'},
        )
        fields = {'instance_group': {'nova_object.data': {'uuid': group}}}
        for server, host in host_of.items():
            self.insert(server, host=host, fields=fields, **hints)
            self.api.insert(
                api_models.InstanceGroupMember,
                {'instance_uuid': server, 'group_id': 1},
            )

    def beat(self, ago: float) -> None:
        """A collector was at work so many seconds ago."""
        with mock.patch.object(clock, 'now') as now:
            now.return_value = time.time() - ago
            self.writer.beat('1/1')

    def findings(self, **options: Any) -> dict[str, Finding]:
        auditor = Auditor(self.reader, self.troubles, **options)
        return {each.server: each for each in auditor.findings()}
