# SPDX-License-Identifier: Apache-2.0

"""Measure how long tenants wait for an answer of ``edge-sched-api``.

Two processes serve it, with Placement in each of them, and callers ask at
once. Who asks is told by the token itself: what Keystone takes comes on top,
once a token while keystonemiddleware keeps what it said. A Keystone that
validates a token each time stands beside, if there is one.
"""

import argparse
import concurrent.futures
import contextlib
import http.client
import os
import signal
import socket
import socketserver
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from wsgiref import simple_server

import nova.conf
from nova import context as nova_context
from nova import objects
from nova.db.api import api as api_db
from oslo_config import cfg
from placement import db_api

from bench import deployment
from bench import identity
from bench import latencies
from bench import records
from bench.configuration import configured
from bench.measure import take_turns
from bench.plan import make_plan
from bench.plan import uneven
from bench.result import Check
from bench.result import Section
from bench.result import row
from bench.result import table
from edge_sched import conf as edge_conf
from edge_sched.conf import api as api_conf

CONF = nova.conf.CONF

SITES, SITE_SIZES = 100, (1, 5, 50)
CALLERS, PROCESSES = 8, 2

#: Questions of a caller in a round, and rounds.
FULL, SHORT = (10, 10), (5, 4)

NO_ROOM, WITH_ROOM, NAMES, TOKEN = (
    'sites',
    'sites with room',
    'names of a project',
    'a token, by Keystone',
)
#: Of the slowest of twenty, in ms.
TARGETS_MS = {NO_ROOM: 50.0, WITH_ROOM: 300.0, NAMES: None, TOKEN: None}

PATHS = {
    NO_ROOM: '/v1/sites?client={client}&latency_budget_ms=200',
    WITH_ROOM: '/v1/sites?client={client}&latency_budget_ms=200&flavor=usual',
    NAMES: '/v1/clients',
}


def sections(options: argparse.Namespace) -> list[Section]:
    """Have callers ask each kind of question in turns."""
    questions, rounds = SHORT if options.short else FULL
    with configured(narrow_candidates='auto') as folder:
        return [
            _section(size, _waited_ms(folder, size, questions, rounds))
            for size in SITE_SIZES[: 2 if options.short else None]
        ]


def _waited_ms(
    folder: str, size: int, questions: int, rounds: int
) -> dict[str, list[float]]:
    """How long each question took, in a cloud with sites of one size."""
    plan = make_plan(SITES * size, (size,))
    with deployment.deployed(folder, plan, uneven(plan)):
        latencies.fill(folder, list(plan.hosts_at))
        _make_flavor()
        with contextlib.ExitStack() as stack:
            port = stack.enter_context(_served())
            runs = {
                kind: _asking(port, path, questions)
                for kind, path in PATHS.items()
            }
            if identity.is_installed():
                beside = stack.enter_context(
                    identity.keystone(f'{folder}/{size}', PROCESSES, CALLERS)
                )
                runs[TOKEN] = _asking(
                    beside.port,
                    '/v3/auth/tokens',
                    questions,
                    beside.headers(),
                )
            turns = take_turns(runs, rounds)
    return {
        kind: [1e3 * each for turn in turns for each in turn[kind]]
        for kind in runs
    }


def _section(size: int, waited_ms: dict[str, list[float]]) -> Section:
    p50, p95 = (
        {
            kind: statistics.quantiles(each, n=100)[percent - 1]
            for kind, each in waited_ms.items()
        }
        for percent in (50, 95)
    )
    rows = [
        ['ms', *waited_ms],
        row('p50', p50.values(), '.1f'),
        row('p95', p95.values(), '.1f'),
        row('asked', map(len, waited_ms.values()), 'd'),
    ]
    return Section(
        f'Questions to edge-sched-api, {SITES} sites of {size}',
        f'{CALLERS} callers at once, {PROCESSES} processes, each with a '
        'Placement of its own on SQLite. Every question is for another '
        'client; answers of the store are kept as by default.\n\n'
        + table(rows),
        [
            Check(
                f'p95 ms, {kind}, sites of {size}',
                p95[kind],
                TARGETS_MS[kind],
                beside=(
                    f'{p95[kind] / p95[TOKEN]:.2g} of a token validated'
                    if TOKEN in p95
                    else ''
                ),
            )
            for kind in waited_ms
        ],
    )


def _asking(
    port: int,
    path: str,
    questions: int,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Callable[[int], Sequence[float]]:
    """All callers once; how long each question took, in seconds."""

    def ask(caller: int, number: int) -> list[float]:
        connection = http.client.HTTPConnection('127.0.0.1', port)
        waited = []
        for question in range(questions):
            client = (number + caller * questions + question) % (
                latencies.CLIENTS
            )
            asked = path.format(client=latencies.client_address(client))
            start = time.perf_counter()
            connection.request('GET', asked, headers=dict(headers))
            answer = connection.getresponse()
            told = answer.read()
            waited.append(time.perf_counter() - start)
            if answer.status != http.HTTPStatus.OK:
                raise RuntimeError(f'{asked}: {told!r}')
        connection.close()
        return waited

    def all_ask(number: int) -> list[float]:
        with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
            asked = [pool.submit(ask, n, number) for n in range(CALLERS)]
            return [each for one in asked for each in one.result()]

    return all_ask


class _Handler(simple_server.WSGIRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class _Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    daemon_threads = True


@contextlib.contextmanager
def _served() -> Iterator[int]:
    """Processes that serve the API on one port."""
    with socket.create_server(('127.0.0.1', 0), backlog=64) as listening:
        children = [_serve(listening) for _ in range(PROCESSES)]
        try:
            yield listening.getsockname()[1]
        finally:
            for child in children:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


def _serve(listening: socket.socket) -> int:
    child = os.fork()
    if child:
        return child
    # Connections of the parent are left alone.
    for engine in api_db.get_engine(), db_api.get_placement_engine():
        engine.dispose(close=False)
    nova_context.CELL_CACHE.clear()
    server = _Server(('127.0.0.1', 0), _Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    server.server_name, server.server_port = listening.getsockname()
    server.setup_environ()
    server.set_app(_application())
    server.serve_forever()
    return 0


def _application() -> Any:
    from edge_sched.api.deploy import application_of

    conf = cfg.ConfigOpts()
    edge_conf.register_opts(conf)
    api_conf.register_opts(conf)
    conf([], project='edge_sched', default_config_files=[])
    for group in 'edge_sched_database', 'edge_sched':
        for option in CONF[group]:
            conf.set_override(option, CONF[group][option], group)
    conf.set_override('requests_per_minute', 10**9, 'edge_sched_api')
    return application_of(conf, lambda application, _: _Trusting(application))


class _Trusting:
    """Takes everybody for a member of one project."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: Any, start_response: Any) -> Any:
        environ |= {
            'HTTP_X_PROJECT_ID': 'project',
            'HTTP_X_USER_ID': 'user',
            'HTTP_X_ROLES': 'member,reader',
        }
        return self._application(environ, start_response)


def _make_flavor() -> None:
    objects.Flavor(
        nova_context.get_admin_context(),
        flavorid='usual',
        name='usual',
        memory_mb=records.SERVER_MEMORY_MB,
        vcpus=records.SERVER_VCPUS,
        root_gb=records.SERVER_DISK_GB,
        ephemeral_gb=0,
        swap=0,
        rxtx_factor=1.0,
        is_public=True,
        disabled=False,
        extra_specs={},
    ).create()
