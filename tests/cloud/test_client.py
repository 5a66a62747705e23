# SPDX-License-Identifier: Apache-2.0

"""The ``openstack`` client itself: what users and operators type."""

import dataclasses
import uuid
from concurrent import futures

from openstack.compute.v2.server import Server

from demo.expect import expect
from demo.story import End
from demo.story import Request
from tests.cloud.expected import MEASURED
from tests.cloud.expected import PlacedTestCase
from tests.cloud.expected import expected
from tests.cloud.sites import SITES

FARM = '192.0.2.200'
#: Of the flavor edge.surgery, whose budget is one of jitter.
SURGERY = Request(
    'surgery', ends=(End('surgeon', 25), End('patient', 12)), jitter_ms=5
)
CAMERA = Request('camera', ends=(End('2001:db8:a::7', 20),))


class ClientTestCase(PlacedTestCase):
    def create(self, flavor: str, *hints: str) -> Server:
        """``openstack server create --hint ... --hint ...``."""
        created = self.openstack(
            'server',
            'create',
            f'--flavor={flavor}',
            '--image=tiny',
            '--nic=none',
            *(f'--hint={hint}' for hint in hints),
            f'cli-{uuid.uuid4().hex[:8]}',
        )
        server = self.show(Server(id=created['id']))
        self.addCleanup(self.delete_server, server)
        return server

    def test_hints_in_every_form(self):
        forms = {
            ('edge:client=surgeon@25', 'edge:client=patient@12'): SURGERY,
            ('edge:client=surgeon@25,patient@12',): SURGERY,
            ('edge:client=2001:db8:a::7@20',): CAMERA,
        }
        with futures.ThreadPoolExecutor(2) as pool:
            servers = list(
                pool.map(
                    lambda hints: self.create('edge.surgery', *hints), forms
                )
            )
        for request, hints, server in zip(
            forms.values(), forms, servers, strict=True
        ):
            self.settled(server)
            request = dataclasses.replace(request, jitter_ms=5)
            self.assertPlaced(expect(request, MEASURED, SITES), server)
            self.assertEqual(
                [hint.removeprefix('edge:client=') for hint in hints],
                self.show(server, self.alice).scheduler_hints['edge:client'],
            )

    def test_operators_flavor_and_what_its_user_reads(self):
        flavor = f'near-{uuid.uuid4().hex[:8]}'
        self.openstack(
            'flavor',
            'create',
            '--ram=512',
            '--vcpus=1',
            '--disk=1',
            '--property=edge:latency_budget_ms=10',
            flavor,
            cloud='admin',
        )
        self.addCleanup(self.admin.delete_flavor, flavor)
        refused = self.run_openstack(
            'flavor',
            'set',
            '--property=edge:latency_budget_ms=soon',
            flavor,
            cloud='admin',
            may_fail=True,
        )
        self.assertNotEqual(0, refused.returncode)
        self.assertIn('a number > 0', refused.stderr)
        self.assertIn('400', refused.stderr)

        server = self.create(flavor, f'edge:client={FARM}')
        self.settled(server)
        shown = self.openstack('server', 'show', server.id)
        self.assertEqual({'edge:client': [FARM]}, shown['scheduler_hints'])
        for word in expected(FARM, 10).words:
            self.assertIn(word, shown['fault']['message'])
