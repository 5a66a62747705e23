# SPDX-License-Identifier: Apache-2.0

"""What the tests await of the cloud, and how they look at its scheduler.

Where a server has to be is computed from the demo's measurements alone.
"""

import dataclasses
import json
import re
import time
from typing import Any, NamedTuple

from openstack.compute.v2.server import Server

from demo import sample
from demo.expect import Expectation
from demo.expect import expect
from demo.story import End
from demo.story import Request
from tests.cloud.base import CloudTestCase
from tests.cloud.configuration import FOR_TESTS
from tests.cloud.sites import SITES

#: The store has the very figures of the demo's paths.
MEASURED = dataclasses.replace(sample.story().measured, exact=True)
CACHE_TTL_SECONDS = float(FOR_TESTS['edge_sched']['cache_ttl'])

#: Time, pid, level and module stand before the text of a line.
_DECISION = re.compile(
    r'^\S+ \S+ (?P<pid>\d+) INFO edge_sched\S* .*?edge decision '
    r'(?P<record>{.*})',
    re.MULTILINE,
)


class Decided(NamedTuple):
    """A decision record, and the scheduler worker that it is from."""

    pid: int
    record: dict[str, Any]


def expected(
    client: str,
    budget_ms: float = 20,
    cell: str | None = None,
    vehicle_at: str = sample.NAMES[sample.VEHICLE],
) -> Expectation:
    """What has to become of a request to be near a client.

    :param cell: for moves, which end in the cell where they begin
    :param vehicle_at: the prefix of the vehicle by now
    """
    return expect(
        Request('', ends=(End(client, budget_ms),)),
        MEASURED.renamed(**{sample.VEHICLE: vehicle_at}),
        [site for site, where in SITES.items() if cell in (None, where)],
    )


def site_for(client: str, **options: Any) -> str:
    """The one site that can be expected; see ``expected``."""
    (site,) = expected(client, **options).sites or ()
    return site


def by_distance(client: str, cell: str) -> list[str]:
    """The sites of a cell, the nearest first."""
    return sorted(
        (site for site, where in SITES.items() if where == cell),
        key=lambda site: MEASURED.at(site, client).p95_ms,
    )


class PlacedTestCase(CloudTestCase):
    """A test of where servers are and of who has decided it."""

    _has_driven = False

    def assertPlaced(self, wanted: Expectation, server: Server) -> None:
        """It is at one of the sites, or refused with all of the words."""
        shown = self.settled(server)
        for word in wanted.words:
            self.assertRefused(word, server)
        if wanted.sites != frozenset():
            self.assertEqual('ACTIVE', shown.status, shown.fault)
        if wanted.sites:
            self.assertIn(self.site_of(server), wanted.sites, shown.name)

    def ask(self, request: Request) -> list[Server]:
        """All servers of one request; it is not waited for them."""
        first = self.create_server(
            request.name,
            request.flavor,
            request.hints,
            wait=False,
            min_count=request.count,
            max_count=request.count,
        )
        if request.count == 1:
            return [first]
        servers = [
            server
            for server in self.alice.compute.servers()
            if server.name in request.server_names
        ]
        for server in servers:
            self.addCleanup(self.delete_server, server)
        self.assertEqual(request.count, len(servers))
        return servers

    def assertStays(self, host: str | None, server: Server) -> None:
        """A move was refused: it is where it was, and well."""
        shown = self.settled(server)
        self.assertEqual('ACTIVE', shown.status, shown.fault)
        self.assertEqual(host, shown.compute_host)

    def decided(
        self, server: Server | None = None, since: int | None = None
    ) -> list[Decided]:
        """Decisions of this test, or from that byte of the log on.

        :param server: of which alone
        """
        log = self.log_text('nova-scheduler', since)
        found = [
            Decided(int(match['pid']), json.loads(match['record']))
            for match in _DECISION.finditer(log)
        ]
        return [
            each
            for each in found
            if server is None or each.record['instance'] == server.id
        ]

    def outcome(self, server: Server) -> str:
        """Of the last request for it."""
        return str(self.decided(server)[-1].record['outcome'])

    def live_migrate(self, server: Server, host: str | None = None) -> None:
        """Returns when it has moved, or has not."""
        before = len(self.decided(server))
        # openstacksdk asks for a version in which the caller is kept waiting.
        done = self.admin.compute.post(
            f'/servers/{server.id}/action',
            json={'os-migrateLive': {'host': host, 'block_migration': 'auto'}},
        )
        self.assertEqual(202, done.status_code, done.text)
        self.wait_for(
            'the decision', lambda: len(self.decided(server)) > before
        )
        self.settled(server)

    def point_vehicle(self, prefix: str) -> None:
        """The operator gives Alice's vehicle another place."""
        if not self._has_driven:
            self._has_driven = True
            self.addCleanup(self._point, sample.NAMES[sample.VEHICLE])
        self._point(prefix)

    def _point(self, prefix: str) -> None:
        self.run_edge_sched(
            'client',
            'set',
            sample.VEHICLE,
            prefix,
            f'--project={self.alice_id}',
        )
        # Then no worker goes by the old place any more.
        time.sleep(CACHE_TTL_SECONDS)
