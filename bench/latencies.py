# SPDX-License-Identifier: Apache-2.0

"""The latency store of a cloud: a SQLite file, filled by our Writer."""

import time
from collections.abc import Iterable, Iterator, Sequence

import nova.conf

from bench.country import ToSites
from edge_sched.model.client import parse_client
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.scheduler.topology.topology import TOPOLOGY
from edge_sched.store import migrate
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer

CONF = nova.conf.CONF

#: Who most requests want to be near, by the number of a client.
CLIENT = 0

#: Client prefixes that are measured from every site; with more sites fewer,
#: so that filling the store does not take longer than the measuring.
MAX_PREFIXES = 1000
MAX_ROWS = 100_000

#: Every site is within it: no host is dropped, which is the dearest case.
BUDGET_MS = 20


def make(path: str) -> StoreSettings:
    """Make an empty store, and let Nova's configuration point there."""
    CONF.set_override('connection', f'sqlite:///{path}', 'edge_sched_database')
    settings = StoreSettings.from_conf(CONF)
    migrate.sync(settings)
    # What it knew was of another cloud.
    TOPOLOGY.forget()
    return settings


def write(settings: StoreSettings, rows: Iterable[NewLatency]) -> None:
    """Write rows in the place of all that there are."""
    with Writer(settings) as writer:
        writer.purge()
        writer.store_latencies(rows)


def fill(path: str, sites: Sequence[str]) -> None:
    """Make a store in which every site has measured ``client_count``."""
    write(
        make(path),
        (
            row(client, site, p50_ms, p50_ms + 2)
            for client in range(client_count(len(sites)))
            for number, site in enumerate(sites)
            for p50_ms in [1 + (number * 7 + client) % 160 / 10]
        ),
    )


def client_count(sites: int) -> int:
    """How many clients are measured from so many sites."""
    return min(MAX_PREFIXES, MAX_ROWS // sites)


def client_prefix(number: int) -> str:
    """The prefix of one of many clients: of 7 ``10.0.7.0/24``."""
    return f'10.{number // 256}.{number % 256}.0/24'


def client_address(number: int) -> str:
    """An address in the prefix of that client."""
    return f'10.{number // 256}.{number % 256}.7'


def near(client: int = CLIENT) -> dict[str, list[str]]:
    """The hint of a server that is to be near a client."""
    return {'edge:client': [client_address(client)]}


def row(
    client: int,
    site: str,
    p50_ms: float,
    p95_ms: float,
    samples: int | None = 300,
) -> NewLatency:
    """What a site has measured of a client, just now."""
    prefix = client_prefix(client)
    latency = Latency(
        vantage=site,
        client=prefix,
        rtt_p50_ms=p50_ms,
        rtt_p95_ms=p95_ms,
        samples=samples,
        measured_at=time.time(),
        source='stamp',
    )
    return NewLatency(parse_client(prefix), latency)


def rows(clients: Iterable[ToSites]) -> Iterator[NewLatency]:
    """What is known of clients, by their numbers."""
    for client, figures in enumerate(clients):
        for site, (p50_ms, p95_ms) in figures.items():
            yield row(client, site, p50_ms, p95_ms)
