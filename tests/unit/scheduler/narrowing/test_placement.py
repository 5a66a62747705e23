# SPDX-License-Identifier: Apache-2.0

"""Placement over a real socket: what it answers, and if it does not."""

import http.server
import json
import socket
import threading
import urllib.parse
import uuid
from typing import ClassVar
from unittest import mock

import nova.conf
from nova import context
from nova import objects
from oslo_config import fixture as config_fixture
from oslotest import base

from edge_sched.scheduler.narrowing import placement
from edge_sched.scheduler.narrowing.placement import CutAnswerError
from edge_sched.scheduler.narrowing.placement import RefusedQueryError


def candidates(*hosts: str) -> tuple[int, object]:
    """An allocation on either NUMA node of each of some hosts."""
    nodes = {f'{host}-{node}': host for host in hosts for node in range(2)}
    return 200, {
        'allocation_requests': [{'allocations': {n: {}}} for n in nodes],
        'provider_summaries': {
            node: {'root_provider_uuid': host} for node, host in nodes.items()
        },
    }


ANSWERS: dict[str, tuple[int, object]] = {
    'VCPU:1': candidates('lyon-1', 'lyon-2'),
    'PCPU:1': candidates('lyon-2', 'lyon-3', 'lyon-4'),
    '/resource_providers/plain/aggregates': (
        200,
        {'aggregates': ['near', 'next']},
    ),
    '/resource_providers/nfs/aggregates': (
        200,
        {'aggregates': ['near', 'storage']},
    ),
    'DISK_GB:20': (200, {'resource_providers': [{'uuid': 'c'}]}),
    'DISK_GB:9000': (200, {'resource_providers': []}),
    'in:known': (200, {'resource_providers': [{'uuid': 'a'}, {'uuid': 'b'}]}),
    'in:refused': (400, {'errors': [{'detail': 'Unknown microversion'}]}),
    'in:broken': (500, 'no database'),
    'in:busy': (503, 'try later'),
}


class Placement(http.server.BaseHTTPRequestHandler):
    """Answers by the end of what it is asked for."""

    #: The parameters of each query.
    queries: ClassVar[list[dict[str, list[str]]]] = []
    paths: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        _, _, path, asked, _ = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(asked)
        self.queries.append(query)
        self.paths.append(self.path)
        (last,) = query.get('resources') or query.get('member_of') or (path,)
        status, body = ANSWERS[last.rpartition(',')[2]]
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments: object) -> None:
        """Nothing on standard error."""


class PlacementTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf = self.useFixture(config_fixture.Config(nova.conf.CONF))
        self.conf.config(group='edge_sched', ring_timeout=1)

    def talk_to(self, port: int) -> None:
        """Have Placement be at a port of this host."""
        self.conf.config(
            group='placement',
            auth_type='none',
            endpoint_override=f'http://127.0.0.1:{port}',
        )
        placement.client.cache_clear()
        self.addCleanup(placement.client.cache_clear)

    def serve(self) -> None:
        Placement.queries.clear()
        Placement.paths.clear()
        server = http.server.HTTPServer(('127.0.0.1', 0), Placement)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.talk_to(server.server_port)

    def test_answer(self) -> None:
        self.serve()
        self.assertEqual(['a', 'b'], placement.providers_in(['known']))
        # Others may be in the aggregates too: storage, segments of a network.
        (query,) = Placement.queries
        self.assertEqual(['COMPUTE_NODE'], query['required'])

    def query(
        self,
        hints: dict[str, list[str]] | None = None,
        **extra_specs: str,
    ) -> placement.Query:
        """The query for a server with one CPU."""
        objects.register_all()
        flavor = objects.Flavor(
            vcpus=1,
            memory_mb=512,
            root_gb=0,
            ephemeral_gb=0,
            swap=0,
            extra_specs=extra_specs,
        )
        spec = objects.RequestSpec(
            flavor=flavor,
            requested_resources=[],
            request_level_params=objects.RequestLevelParams(),
            requested_destination=objects.Destination(aggregates=['zone']),
            scheduler_hints=hints or {},
        )
        return placement.Query(context.get_admin_context(), spec)

    def test_hosts_are_counted_not_the_ways_to_use_them(self) -> None:
        self.serve()
        self.assertEqual(2, self.query().count(['near', 'next'], 9))
        (query,) = Placement.queries
        # Any of ours, besides what the request is bound to.
        self.assertCountEqual(['in:zone', 'in:near,next'], query['member_of'])
        self.assertEqual(['1000'], query['limit'])

    def test_answer_that_was_cut(self) -> None:
        self.serve()
        query = self.query()
        query.limit = 4
        self.assertRaises(
            CutAnswerError, query.count, ['near', 'next'], nodes=3
        )
        # It has all that there are, or nothing nearer can be asked for.
        self.assertEqual(2, query.count(['near', 'next'], nodes=2))
        self.assertEqual(2, query.count(['near'], nodes=3))
        query.limit = 5
        self.assertEqual(2, query.count(['near', 'next'], nodes=3))

    def test_first_of_two_answers_was_cut(self) -> None:
        self.serve()
        query = self.query(**{'hw:cpu_policy': 'dedicated'})
        query.limit = 5
        self.assertRaises(
            CutAnswerError, query.count, ['near', 'next'], nodes=5
        )

    def test_nothing_is_asked_after_the_deadline(self) -> None:
        self.serve()
        path = '/resource_providers/plain/aggregates'
        clock = mock.Mock()
        clock.monotonic.side_effect = [5.0, 6.0, 6.1]
        with mock.patch.object(placement, 'time', clock):
            query = self.query()
            self.assertIsNotNone(query.get(path))
            self.assertIsNone(query.get(path))
        self.assertEqual(1, len(Placement.queries))

    def test_pinned_cpus_are_asked_for_as_nova_does(self) -> None:
        self.serve()
        pinned = {'hw:cpu_policy': 'dedicated'}
        self.assertEqual(4, self.query(**pinned).count(['near'], 9))
        self.assertEqual(2, len(Placement.queries))
        self.conf.config(group='workarounds', disable_fallback_pcpu_query=True)
        self.assertEqual(3, self.query(**pinned).count(['near'], 9))
        self.assertEqual(3, len(Placement.queries))

    def test_no_count_without_an_answer(self) -> None:
        with socket.create_server(('127.0.0.1', 0)) as gone:
            port = gone.getsockname()[1]
        self.talk_to(port)
        self.assertIsNone(self.query().count(['near'], 9))

    def test_long_request_names_fewer_aggregates(self) -> None:
        plain = self.query().aggregates
        self.assertTrue(30 < plain <= 35, plain)
        traits = {f'trait:CUSTOM_{n:030}': 'required' for n in range(15)}
        self.assertTrue(0 < self.query(**traits).aggregates < plain - 10)
        traits |= {f'trait:HW_{n:030}': 'required' for n in range(50)}
        self.assertEqual(1, self.query(**traits).aggregates)

    def test_path_of_the_query_is_bounded(self) -> None:
        self.serve()
        sought = self.query(**{'trait:CUSTOM_GPU': 'required'})
        uuids = [str(uuid.uuid4()) for _ in range(sought.aggregates)]
        sought.count(uuids, 9)
        (path,) = Placement.paths
        self.assertTrue(1300 < len(path) <= 1400, len(path))

    def test_path_of_the_longer_of_two_queries_is_bounded(self) -> None:
        self.serve()
        # Nova's second query has no thread policy. What it is shorter by is
        # less than what an aggregate takes: there may be room for one more.
        pinned = {
            'hw:cpu_policy': 'dedicated',
            'hw:cpu_thread_policy': 'require',
        }
        for length in (1, 11, 21, 31):
            sought = self.query(
                **pinned, **{f'trait:CUSTOM_{"X" * length}': 'required'}
            )
            Placement.paths.clear()
            sought.count([str(uuid.uuid4())] * sought.aggregates, 9)
            first, second = map(len, Placement.paths)
            self.assertTrue(1361 <= first <= 1400, first)
            self.assertTrue(10 <= first - second < 39, second)

    def test_disk_that_is_asked_for(self) -> None:
        self.assertEqual(0, self.query().disk_gb)
        more = self.query(**{'resources:DISK_GB': '7'})
        self.assertEqual(7, more.disk_gb)

    def test_limit_is_that_of_nova(self) -> None:
        self.assertEqual(1000, self.query().limit)
        apart = self.query(hints={'group': ['apart']})
        self.assertGreater(apart.limit, 10**9)

    def test_dropped_query_is_refused_if_it_may_be_too_long(self) -> None:
        with socket.create_server(('127.0.0.1', 0)) as gone:
            port = gone.getsockname()[1]
        self.talk_to(port)
        self.assertRaises(
            RefusedQueryError, self.query().count, ['near', 'next'], 9
        )
        error = self.assertRaises(
            RefusedQueryError,
            placement.providers_in,
            ['near', 'next' * 99],
        )
        self.assertLessEqual(len(str(error)), 200)
        self.assertIsNone(self.query().get('/resource_providers/h'))

    def test_disk_from_out_of_the_sites(self) -> None:
        self.serve()
        # Both sites of the host are asked for.
        self.assertFalse(placement.lends_disk('plain', 20, ['near', 'next']))
        self.assertEqual(1, len(Placement.queries))
        self.assertTrue(placement.lends_disk('nfs', 20, ['near', 'next']))
        query = Placement.queries[-1]
        self.assertEqual(['in:storage', '!in:near'], query['member_of'])
        self.assertEqual(['DISK_GB:20'], query['resources'])
        self.assertFalse(placement.lends_disk('nfs', 9000, ['near', 'next']))

    def test_no_disk_is_known_of_without_an_answer(self) -> None:
        with socket.create_server(('127.0.0.1', 0)) as gone:
            port = gone.getsockname()[1]
        self.talk_to(port)
        # However many aggregates the host may be in, the query is short.
        self.assertFalse(placement.lends_disk('nfs', 20, ['near', 'next']))

    def test_refused_query_says_what_was_answered(self) -> None:
        self.serve()
        for aggregate, words in (
            ('refused', '400 .*Unknown microversion'),
            ('broken', '500 .*no database'),
        ):
            self.assertRaisesRegex(
                RefusedQueryError,
                words,
                placement.providers_in,
                [aggregate],
            )

    def test_overload_is_no_answer(self) -> None:
        self.serve()
        with self.assertLogs(placement.LOG.logger, 'WARNING') as told:
            self.assertIsNone(placement.providers_in(['busy']))
        self.assertEqual(1, len(Placement.queries))
        (line,) = told.output
        self.assertIn('does not tell which sites have room: 503', line)

    def test_server_that_listens_and_never_answers(self) -> None:
        # The kernel accepts for it, as for a server that hangs.
        with socket.create_server(('127.0.0.1', 0)) as silent:
            self.talk_to(silent.getsockname()[1])
            with self.assertLogs(placement.LOG.logger, 'WARNING') as told:
                self.assertIsNone(placement.providers_in(['known']))
        (line,) = told.output
        self.assertIn('does not tell which sites have room: Request', line)

    def test_nobody_listens(self) -> None:
        with socket.create_server(('127.0.0.1', 0)) as gone:
            port = gone.getsockname()[1]
        self.talk_to(port)
        self.assertIsNone(placement.providers_in(['known']))

    def test_shorter_bound_of_nova_holds(self) -> None:
        self.conf.config(group='edge_sched', ring_timeout=5.0)
        self.talk_to(1)
        self.assertEqual(5.0, placement.client()._client.session.timeout)
        self.conf.config(group='placement', timeout=2)
        placement.client.cache_clear()
        self.assertEqual(2, placement.client()._client.session.timeout)
