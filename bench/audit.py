# SPDX-License-Identifier: Apache-2.0

"""Audit a cloud of many servers: how long it takes, and how much memory.

And make the page of a report on it. The commands as an operator runs them, in
a process of their own, with files for all databases. Some servers are near
another server, or a client that has a name, which have to be found first;
most are near an address.
"""

import argparse
import itertools
import json
import os
import pathlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from oslo_utils import uuidutils

from bench import latencies
from bench.configuration import configured
from bench.country import Country
from bench.deployment import cells
from bench.deployment import make_cell
from bench.deployment import write_api_database
from bench.deployment import write_servers
from bench.measure import apart
from bench.plan import Plan
from bench.plan import make_plan
from bench.records import request_spec
from bench.result import Check
from bench.result import Section
from edge_sched.model.client import parse_prefix
from edge_sched.store.settings import StoreSettings
from edge_sched.store.standings import read_standings
from edge_sched.store.writer import Writer

#: Two cells of 50 sites.
HOSTS, SITE_HOSTS = 1000, 10

SERVERS, SHORT_SERVERS = 100_000, 10_000

#: Of so many servers one asks for something, and of those one is near a
#: server and one near a name.
ONE_ASKS, ONE_IS_NEAR = 5, 20

#: Prefixes that servers are near to; every site has measured each.
CLIENTS = 1000
PROJECTS = 200
BUDGETS_MS = ('10', '20', '40')

#: Chosen: a tenth of the five minutes that audits are apart, and what a
#: command may take beside others.
MAX_SECONDS = 30.0
MAX_MEGABYTES = 200.0
#: Chosen: what a phone loads at once.
MAX_PAGE_KB = 1000.0

_NOVA_CONF = """
[DEFAULT]
transport_url = fake:///
[api_database]
connection = sqlite:///{folder}/api.sqlite
"""
_EDGE_SCHED_CONF = """
[edge_sched_database]
connection = {url}
[edge_sched_auditor]
nova_config_files = {folder}/nova.audit.conf
"""


class Run(NamedTuple):
    """What a command came to.

    :param megabytes: the most that it ever had resident
    :param lines: of what it wrote
    :param size: of that, in bytes
    :param kept: servers that the store has of it
    """

    seconds: float
    processor_seconds: float
    megabytes: float
    lines: int = 0
    size: int = 0
    kept: int = 0


def sections(options: argparse.Namespace) -> list[Section]:
    """Write a cloud and audit it."""
    servers = SHORT_SERVERS if options.short else SERVERS
    with configured() as folder:
        settings = latencies.make(folder)
        asking = _write(folder, settings, servers)
        # What this process has resident would count as theirs.
        audit = 'audit', '-f', 'csv'
        run = apart(_command, folder, *audit)
        none = apart(_command, folder, *audit, '--project', 'nobody')
        report = apart(_command, folder, 'report', '-o', '-')
        # The second goes on from what the first one found.
        _, again = (apart(_auditor, folder, settings) for _ in range(2))
    return [
        Section(
            'Audit of servers',
            f'`edge-sched audit -f csv` of {servers} servers in two cells, '
            f'{asking} of which ask for something: near one of {CLIENTS} '
            f'prefixes that {HOSTS // SITE_HOSTS} sites have measured, near '
            'another server or near a client with a name. All databases are '
            'files of SQLite. An audit of a project without servers took '
            f'{none.processor_seconds:.1f} s and {none.megabytes:.0f} MB: '
            'that is what Nova takes to be loaded, and its requests to be '
            'gone through. A report judges every client at every site as '
            'well. `edge-sched-auditor --once` does the same as an audit, and '
            'keeps how each server stands, the second time here.',
            [
                Check(
                    'seconds of a processor',
                    run.processor_seconds,
                    MAX_SECONDS,
                ),
                Check('seconds, beside whatever else ran', run.seconds),
                Check('MB resident, at most', run.megabytes, MAX_MEGABYTES),
                # Less its header.
                Check(
                    'servers that were judged', run.lines - 1, asking, False
                ),
                Check(
                    'report: seconds of a processor',
                    report.processor_seconds,
                    2 * MAX_SECONDS,
                ),
                Check(
                    'report: MB resident, at most',
                    report.megabytes,
                    MAX_MEGABYTES,
                ),
                Check('report: kB', report.size / 1000, MAX_PAGE_KB),
                Check(
                    'auditor: seconds of a processor',
                    again.processor_seconds,
                    MAX_SECONDS,
                ),
                Check(
                    'auditor: MB resident, at most',
                    again.megabytes,
                    MAX_MEGABYTES,
                ),
                Check(
                    'auditor: servers that are kept', again.kept, asking, False
                ),
            ],
        )
    ]


def _write(folder: str, settings: StoreSettings, servers: int) -> int:
    """Write all databases; how many servers ask for something."""
    plan = make_plan(HOSTS, (SITE_HOSTS,)).without_other_aggregates()
    urls = {
        uuid: f'sqlite:///{folder}/{uuid}.sqlite' for uuid in plan.hosts_in
    }
    write_api_database(plan, urls)
    for url in urls.values():
        make_cell(url)
    _write_store(settings, plan)
    for name, text in (
        ('nova.audit.conf', _NOVA_CONF.format(folder=folder)),
        (
            'edge_sched.conf',
            _EDGE_SCHED_CONF.format(url=settings.connection, folder=folder),
        ),
    ):
        pathlib.Path(folder, name).write_text(text)
    uuids = [uuidutils.generate_uuid() for _ in range(servers)]
    _write_servers(plan, uuids)
    rows = [
        {'instance_uuid': uuid, 'spec': spec}
        for uuid, spec in zip(uuids, _requests(uuids), strict=True)
    ]
    with api_db.get_engine().begin() as connection:
        connection.execute(sa.insert(api_models.RequestSpec.__table__), rows)
    return sum('"edge:' in row['spec'] for row in rows)


def _write_store(settings: StoreSettings, plan: Plan) -> None:
    country = Country(list(plan.hosts_at))
    rows = latencies.rows(country.measure() for _ in range(CLIENTS))
    latencies.write(settings, rows)
    with Writer(settings) as writer:
        for number in range(PROJECTS):
            writer.set_client(
                'crew',
                [parse_prefix(latencies.client_prefix(number))],
                _project(number),
            )


def _write_servers(plan: Plan, uuids: Sequence[str]) -> None:
    """Each on the next host, of the next project."""
    for number, cell in enumerate(cells()):
        hosts = plan.hosts_in[cell.uuid]
        for project in range(PROJECTS):
            of_project = [
                uuid
                for uuid in uuids[project::PROJECTS]
                if int(uuid[0], 16) % 2 == number
            ]
            names = itertools.cycle(host.name for host in hosts[project:])
            host_of = dict(zip(of_project, names, strict=False))
            write_servers(cell, host_of, _project(project))


def _requests(uuids: Sequence[str]) -> Iterator[str]:
    """What is stored of each server's request."""
    # The same cloud in every run.
    chance = random.Random(1)
    plain = json.dumps(request_spec({}, {}).obj_to_primitive())
    places = {
        budget_ms: json.dumps(
            request_spec(
                {
                    'edge:latency_budget_ms': budget_ms,
                    'hw:cpu_policy': 'mixed',
                },
                {'edge:client': ['CLIENT']},
            ).obj_to_primitive()
        )
        for budget_ms in BUDGETS_MS
    }
    for number in range(len(uuids)):
        if number % ONE_ASKS:
            yield plain
            continue
        kind = number // ONE_ASKS % ONE_IS_NEAR
        client = latencies.client_address(chance.randrange(CLIENTS))
        if kind == 0:
            # The next but one of the same project.
            other = uuids[(number + 2 * PROJECTS) % len(uuids)]
            client = f'server:{other}'
        elif kind == 1:
            client = 'crew'
        spec = places[chance.choice(BUDGETS_MS)]
        yield spec.replace('CLIENT', client)


def _project(number: int) -> str:
    return f'project-{number}'


def _command(folder: str, *options: str) -> Run:
    """Run a command, and wait for it."""
    nova_conf = f'--nova-config-file={folder}/nova.audit.conf'
    path = pathlib.Path(folder, 'output')
    run = _run(folder, 'edge_sched.cmd.shell', (*options, nova_conf), path)
    with path.open() as lines:
        count = sum(1 for _ in lines)
    return run._replace(lines=count, size=path.stat().st_size)


def _auditor(folder: str, settings: StoreSettings) -> Run:
    """Have it make one round."""
    path = pathlib.Path(folder, 'auditor.log')
    run = _run(folder, 'edge_sched.cmd.auditor', ('--once',), path)
    return run._replace(kept=len(read_standings(settings)))


def _run(
    folder: str, module: str, arguments: Sequence[str], output: pathlib.Path
) -> Run:
    """Run a program of ours, and wait for it."""
    main = f'import sys; from {module} import main; sys.exit(main())'
    conf = f'--config-file={folder}/edge_sched.conf'
    start = time.perf_counter()
    with output.open('w') as stream:
        process = subprocess.Popen(
            [sys.executable, '-c', main, conf, *arguments], stdout=stream
        )
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise RuntimeError(f'{module} ended with {status}')
    # Of Linux, in kB.
    megabytes = usage.ru_maxrss * 1024 / 1e6
    processor_seconds = usage.ru_utime + usage.ru_stime
    return Run(seconds, processor_seconds, megabytes)
