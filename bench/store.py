# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""The latency store of a region: a SQLite file, filled by our Writer."""

import time
from collections.abc import Iterable, Iterator, Sequence

import nova.conf

from edge_sched.client import parse_client
from edge_sched.latency import Latency
from edge_sched.latency import NewLatency
from edge_sched.store import migrate
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer

CONF = nova.conf.CONF

#: Who the requests want to be near, and the prefix that matches.
CLIENT = '203.0.113.7'
PREFIX = '203.0.113.0/24'

#: Client prefixes that are measured from every site; with more sites fewer,
#: so that filling the store does not take longer than the measuring.
MAX_PREFIXES = 1000
MAX_ROWS = 100_000

#: Every site is within it: no host is dropped, which is the dearest case.
BUDGET_MS = 20


def fill(path: str, sites: Sequence[str]) -> int:
    """Make the store in a file and let Nova's configuration point there.

    :return: the number of rows
    """
    return write(make(path), _rows(sites))


def make(path: str) -> StoreSettings:
    """Make an empty store, and let Nova's configuration point there."""
    CONF.set_override('connection', f'sqlite:///{path}', 'edge_sched_database')
    settings = StoreSettings.from_conf(CONF)
    migrate.sync(settings)
    return settings


def write(settings: StoreSettings, rows: Iterable[NewLatency]) -> int:
    """Write rows in the place of all that there are; how many."""
    with Writer(settings) as writer:
        writer.purge()
        return writer.store_latencies(rows).written


def client_count(sites: int) -> int:
    """How many clients are measured from so many sites, besides ``CLIENT``."""
    return min(MAX_PREFIXES, MAX_ROWS // sites) - 1


def client_prefix(number: int) -> str:
    """The prefix of one of many clients: of 7 ``10.0.7.0/24``."""
    return f'10.{number // 256}.{number % 256}.0/24'


def client_address(number: int) -> str:
    """An address in the prefix of that client."""
    return f'10.{number // 256}.{number % 256}.7'


def _rows(sites: Sequence[str]) -> Iterator[NewLatency]:
    """A row for each prefix and site, measured just now."""
    prefixes = [PREFIX, *map(client_prefix, range(client_count(len(sites))))]
    measured_at = time.time()
    for offset, prefix in enumerate(prefixes):
        client = parse_client(prefix)
        for number, site in enumerate(sites):
            p50_ms = 1 + (number * 7 + offset) % 160 / 10
            yield NewLatency(
                client,
                Latency(
                    vantage=site,
                    client=prefix,
                    rtt_min_ms=p50_ms - 0.5,
                    rtt_p50_ms=p50_ms,
                    rtt_p95_ms=p50_ms + 2,
                    loss_ratio=0.001,
                    samples=300,
                    measured_at=measured_at,
                    source='stamp',
                ),
            )
