# SPDX-License-Identifier: Apache-2.0

"""The latency store of a cloud, filled by our Writer, and who is in it."""

import time
from collections.abc import Iterable, Iterator, Sequence

import nova.conf
from nova import objects
from oslo_utils import uuidutils

from bench.country import Country
from bench.country import ToSites
from bench.records import request_spec
from edge_sched.model.client import parse_client
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.scheduler.topology.topology import TOPOLOGY
from edge_sched.store import migrate
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer

CONF = nova.conf.CONF

#: Client prefixes that are measured from every site: more than there are
#: rounds where each has another client.
CLIENTS = 60

#: Every site of a country is within it: no host is dropped, which is the
#: dearest case.
BUDGET_MS = 200


def make(folder: str) -> StoreSettings:
    """Make an empty store, a SQLite file, and have Nova configured for it."""
    url = f'sqlite:///{folder}/{uuidutils.generate_uuid()}.sqlite'
    CONF.set_override('connection', url, 'edge_sched_database')
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


def fill(folder: str, sites: Sequence[str]) -> None:
    """Make a store in which every site has measured all ``CLIENTS``."""
    country = Country(sites)
    write(make(folder), rows(country.measure() for _ in range(CLIENTS)))


def client_prefix(number: int) -> str:
    """The prefix of one of many clients: of 7 ``10.0.7.0/24``."""
    return f'10.{number // 256}.{number % 256}.0/24'


def client_address(number: int) -> str:
    """An address in the prefix of that client."""
    return f'10.{number // 256}.{number % 256}.7'


def near(client: int) -> dict[str, list[str]]:
    """The hint of a server that is to be near a client."""
    return {'edge:client': [client_address(client)]}


def request_near(client: int) -> objects.RequestSpec:
    """A request for one server that every site is near enough to."""
    return request_spec(
        {'edge:latency_budget_ms': f'{BUDGET_MS}'}, near(client)
    )


def request_near_servers(*uuids: str) -> objects.RequestSpec:
    """The same for one that is to be near other servers."""
    spec = request_near(0)
    spec.scheduler_hints['edge:client'] = [f'server:{each}' for each in uuids]
    return spec


def row(
    client: int | str,
    site: str,
    p50_ms: float,
    p95_ms: float,
    samples: int | None = 300,
    **of_hour: float,
) -> NewLatency:
    """What a site has measured of a client, just now.

    :param client: its number; or what it is called, ``site:lyon``
    :param of_hour: the figures of the last hour, by their names
    """
    name = client_prefix(client) if isinstance(client, int) else client
    latency = Latency(
        vantage=site,
        client=name,
        rtt_p50_ms=p50_ms,
        rtt_p95_ms=p95_ms,
        samples=samples,
        measured_at=time.time(),
        source='stamp',
        **of_hour,
    )
    return NewLatency(parse_client(name), latency)


def rows(clients: Iterable[ToSites]) -> Iterator[NewLatency]:
    """What is known of clients, by their numbers."""
    for client, figures in enumerate(clients):
        for site, (p50_ms, p95_ms) in figures.items():
            yield row(client, site, p50_ms, p95_ms)
