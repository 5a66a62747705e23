# SPDX-License-Identifier: Apache-2.0

"""The class that the tests of the cloud derive from."""

import functools
import json
import logging
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from openstack.compute.v2.server import Server
from openstack.connection import Connection
from oslotest import base
from testtools import content

from tests.cloud import commands
from tests.cloud import inventory
from tests.cloud import processes
from tests.cloud.cloud import Cloud
from tests.cloud.servers import PATIENCE
from tests.cloud.servers import ServersMixin

#: What a decision record begins with in the log of nova-scheduler.
RECORD = 'edge decision '
#: They say each request and answer in full.
CHATTY = ('amqp', 'keystoneauth', 'openstack', 'stevedore', 'urllib3')
#: Lines of a log that go with a failed test.
LOG_LINES = 200


@functools.cache
def the_cloud() -> Cloud:
    """The one of this tree."""
    return Cloud()


@functools.cache
def connection(name: str) -> Connection:
    """One for all tests, as its token is good for all of them."""
    return inventory.connect(the_cloud().layout, name)


class CloudTestCase(ServersMixin, base.BaseTestCase):
    """A test on the cloud that ``make cloud`` has started.

    It leaves the cloud as it found it: what it starts, stops or configures
    is undone by ``addCleanup``, and servers that ``create_server`` made are
    deleted. Tests run one at a time.

    :ivar cloud: start, stop and look at its services
    :ivar alice: of the project ``demo``, whose client ``vehicle-42`` is
    :ivar bob: of another project
    :ivar admin: sees all
    """

    DEFAULT_TIMEOUT = 600

    def setUp(self) -> None:
        super().setUp()
        for name in CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)
        self.cloud = the_cloud()
        if not self.cloud.is_up():
            down = [name for name, _, pids in self.cloud.status() if not pids]
            self.fail(f'no cloud runs: make cloud (down: {", ".join(down)})')
        self.alice = connection('alice')
        self.bob = connection('bob')
        self.admin = connection('admin')
        self._begun = {
            name: self.cloud.log_size(name) for name in self.cloud.services
        }
        self.addOnException(self._attach_logs)

    def _attach_logs(self, error: object) -> None:
        for name in ('nova-scheduler', 'nova-super-conductor'):
            lines = self.log_text(name).splitlines()[-LOG_LINES:]
            text = content.text_content('\n'.join(lines))
            self.addDetail(f'{name}.log', text)

    # -- commands --------------------------------------------------------

    def openstack(self, *arguments: str, cloud: str = 'alice') -> Any:
        """What ``openstack ... -f json`` says, parsed.

        :param cloud: ``alice``, ``bob`` or ``admin``
        """
        return json.loads(
            self.run_openstack(*arguments, '-f', 'json', cloud=cloud).stdout
        )

    def run_openstack(
        self, *arguments: str, cloud: str = 'alice', may_fail: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """``openstack``, for what prints nothing or fails."""
        layout = self.cloud.layout
        return commands.run(
            layout,
            'openstack',
            f'--os-cloud={cloud}',
            *arguments,
            environment={
                'OS_CLIENT_CONFIG_FILE': inventory.clouds_file(layout)
            },
            may_fail=may_fail,
        )

    def edge_sched(self, *arguments: str) -> Any:
        """What ``edge-sched ... -f json`` says, parsed: list and show."""
        return inventory.edge_sched(self.cloud.layout, *arguments)

    def run_edge_sched(
        self, *arguments: str, may_fail: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """``edge-sched``, for what prints nothing or fails."""
        return inventory.run_edge_sched(
            self.cloud.layout, *arguments, may_fail=may_fail
        )

    # -- logs ------------------------------------------------------------

    def log_text(self, name: str, since: int | None = None) -> str:
        """What a service has logged: in this test, or from that byte on."""
        begun = self._begun.get(name, 0) if since is None else since
        return self.cloud.log_text(name, begun)

    def decision_records(
        self, server: Server | None = None, since: int | None = None
    ) -> list[dict[str, Any]]:
        """The decision records of this test, or from that byte on.

        :param server: of which alone
        :param since: of nova-scheduler's log, see ``cloud.log_size``
        """
        decoder = json.JSONDecoder()
        records = [
            decoder.raw_decode(line.partition(RECORD)[2])[0]
            for line in self.log_text('nova-scheduler', since).splitlines()
            if f'{RECORD}{{' in line
        ]
        return [
            record
            for record in records
            if server is None or record['instance'] == server.id
        ]

    # -- measurements ----------------------------------------------------

    def measure(self, name: str, rows: Sequence[Mapping[str, str]]) -> None:
        """Have these rows measured, every two seconds until the test ends.

        :param name: of the file; another of the same name is replaced
        :param rows: made by ``measurements.row``
        """
        self.addCleanup(self.cloud.forget_measurements, name)
        self.cloud.measure(name, rows)

    # -- waiting ---------------------------------------------------------

    def wait_for(
        self,
        what: str,
        probe: Callable[[], object],
        seconds: float = PATIENCE,
    ) -> None:
        """Until the probe's answer is true.

        :raises NotInTimeError: after that many seconds
        """
        processes.wait_for(what, probe, seconds)
