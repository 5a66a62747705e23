# SPDX-License-Identifier: Apache-2.0

"""A story out of a matrix of round-trip times that someone has measured.

Some nodes of the matrix become sites, others clients behind prefixes that
are reserved for documentation (RFC 5737, RFC 3849).
"""

import csv
import ipaddress
import math
import pathlib
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

from demo.matrix import BadDatasetError
from demo.matrix import read_matrix
from demo.measured import Measured
from demo.story import End
from demo.story import Request
from demo.story import Story
from demo.story import hints_for

if TYPE_CHECKING:
    from demo.matrix import Matrix

SITES = 12
CLIENTS = 20
SEED = 20

#: Budgets as a share of the best round trip that a client can have: what is
#: below 1 cannot be met. In this mix five of twenty cannot.
SHARES = (0.5, 1.2, 1.5, 2.0)

PREFIXES = (
    '192.0.2.0/24',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '2001:db8::/32',
)

COLUMNS = ('vantage', 'client', 'rtt_p50_ms', 'rtt_p95_ms', 'source')


def story(path: pathlib.Path, folder: pathlib.Path) -> Story:
    """The story of a matrix.

    :param folder: where the measurement file is written to
    :raises BadDatasetError: if there is no matrix in the file
    """
    matrix = read_matrix(path, SITES + CLIENTS)
    site_nodes = choose_sites(matrix, SITES)
    client_nodes = choose_clients(matrix, site_nodes, CLIENTS)
    sites = {f'node{node}': node for node in site_nodes}
    clients = dict(zip(client_prefixes(CLIENTS), client_nodes, strict=True))

    measurements = folder / 'matrix.csv'
    with measurements.open('w', newline='') as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for client, there in clients.items():
            for site, here in sites.items():
                rtt = f'{matrix[here, there]:.3f}'
                writer.writerow([site, client, rtt, rtt, _source(path)])
    measured = Measured.read(measurements)
    print(
        f'{SITES} nodes of {path.name} are sites, spread to be near to most, '
        f'and {CLIENTS} others clients.\nBudgets are '
        + ', '.join(f'{share:g}' for share in SHARES[:-1])
        + f' or {SHARES[-1]:g} times the best that there is: the smallest '
        'cannot be met.\n'
    )
    return Story(
        sites={
            site: (f'cell{1 + i % 2}', [f'{site}-1'])
            for i, site in enumerate(sites)
        },
        csv=measurements,
        measured=measured,
        flavors={'plain': {}},
        requests=tuple(_requests(clients, list(sites), measured)),
    )


def choose_sites(matrix: 'Matrix', count: int) -> list[int]:
    """Nodes to have sites at, as an operator would go about it.

    Each is where it takes most off the mean round trip of all nodes to their
    nearest site. Nodes that were never measured are left out.

    :raises BadDatasetError: if nothing was measured from so many nodes
    """
    import numpy as np

    measured = np.isfinite(matrix) & ~np.eye(len(matrix), dtype=bool)
    silent = ~measured.any(axis=1)
    if (~silent).sum() < count:
        raise BadDatasetError(f'fewer than {count} nodes have measured')
    rtt = np.where(measured, matrix, matrix[measured].max())
    np.fill_diagonal(rtt, 0.0)
    nearest = np.full(len(rtt), np.inf)
    chosen: list[int] = []
    for _ in range(count):
        means = np.minimum(nearest, rtt).mean(axis=1)
        means[silent] = np.inf
        means[chosen] = np.inf
        chosen.append(int(means.argmin()))
        nearest = np.minimum(nearest, rtt[chosen[-1]])
    return sorted(chosen)


def choose_clients(
    matrix: 'Matrix', sites: list[int], count: int
) -> list[int]:
    """Other nodes, measured from all sites, the same at each run."""
    others = [
        node
        for node in range(len(matrix))
        if node not in sites
        and all(math.isfinite(matrix[site, node]) for site in sites)
    ]
    if len(others) < count:
        raise BadDatasetError('too few nodes were measured from all sites')
    return random.Random(SEED).sample(others, count)


def client_prefixes(count: int) -> list[str]:
    """One prefix a client: ``192.0.2.0/27``, ..., ``2001:db8::/40``, ..."""
    networks = [ipaddress.ip_network(prefix) for prefix in PREFIXES]
    # Eight of each v4 prefix, and the v6 one has no fewer.
    parts = [n.subnets(3 if n.version == 4 else 8) for n in networks]
    return [str(next(parts[i % len(parts)])) for i in range(count)]


def _requests(
    clients: dict[str, int], sites: list[str], measured: Measured
) -> Iterator[Request]:
    """A server for each client, by an address in its prefix."""
    shares = list(SHARES) * math.ceil(len(clients) / len(SHARES))
    random.Random(SEED).shuffle(shares)
    for prefix, share in zip(clients, shares, strict=False):
        address = str(ipaddress.ip_network(prefix)[7])
        best_ms = min(
            rtt.p95_ms for site in sites if (rtt := measured.at(site, prefix))
        )
        budget_ms = max(0.1, round(share * best_ms, 1))
        yield Request(
            f'server-{clients[prefix]}',
            hints_for(address, latency_budget_ms=budget_ms),
            ends=(End(address, budget_ms),),
        )


def _source(path: pathlib.Path) -> str:
    """``planetlab`` of ``planetlab_median.npz``."""
    return path.stem.partition('_')[0]
