# SPDX-License-Identifier: Apache-2.0

"""What the cloud's sites measure, and by whom.

The demo's paths are said anew all the time, as a measurement file
(``measurer``). One client network more is measured indeed: a prober sends
STAMP to a reflector, and the collector reads both.
"""

import csv
import io
import math
import pathlib
from collections.abc import Iterable, Mapping

import yaml

from demo import sample
from demo.measured import site_client
from demo.paths import Paths
from demo.paths import expected_rtt
from tests.cloud import ports
from tests.cloud.layout import Layout
from tests.cloud.sites import SITES

#: Measured by a real prober, at the site lyon alone (RFC 2544 network).
PROBED_CLIENT = '198.18.0.0/24'
PROBED_SITE = 'lyon'
#: The reflector stands for the network, as a gateway on the way to it does.
ACCESS_MS = 4
#: Near one site by either family, for the tests of the Tempest plug-in.
TEMPEST_SITE = 'lyon'
TEMPEST_CLIENTS = ('198.18.1.7', '2001:db8:7e::7')
TEMPEST_PREFIXES = ('198.18.1.0/24', '2001:db8:7e::/56')
TEMPEST_NAME = 'tempest-client'
TEMPEST_BUDGET_MS = 20
#: From nowhere.
UNMEASURED_CLIENT = '198.18.255.254'
#: Enough for a p99 (the rule of three takes 300).
SAMPLES = 400

COLUMNS = (
    'vantage',
    'client',
    'rtt_min_ms',
    'rtt_p50_ms',
    'rtt_p95_ms',
    'loss_ratio',
    'samples',
    'source',
)


def write(layout: Layout) -> None:
    """Write what measurer and prober read."""
    folder(layout).mkdir(parents=True, exist_ok=True)
    layout.data('measurements')
    (folder(layout) / 'demo.csv').write_text(text(demo_rows()))
    (folder(layout) / 'tempest.csv').write_text(text(tempest_rows()))
    targets = [
        {
            'client': PROBED_CLIENT,
            'address': ports.HOST,
            'port': layout.ports['reflector'],
            'access_ms': ACCESS_MS,
        }
    ]
    layout.path('etc', 'edge_sched', 'targets.yaml').write_text(
        yaml.safe_dump(targets)
    )


def folder(layout: Layout) -> pathlib.Path:
    """Of the files without times, which the measurer reads."""
    return layout.path('etc', 'edge_sched', 'paths')


def row(
    vantage: str,
    client: str,
    p50_ms: float,
    p95_ms: float | None = None,
    min_ms: float | None = None,
    loss_ratio: float = 0.0,
) -> dict[str, str]:
    """A line of a measurement file; a p95 that is infinite was lost."""
    p95_ms = p50_ms if p95_ms is None else p95_ms
    min_ms = p50_ms if min_ms is None else min_ms
    return {
        'vantage': vantage,
        'client': client,
        'rtt_min_ms': f'{min_ms:g}',
        'rtt_p50_ms': _figure(p50_ms),
        'rtt_p95_ms': _figure(p95_ms),
        'loss_ratio': f'{loss_ratio:g}',
        'samples': str(SAMPLES),
        'source': 'measurer',
    }


def _figure(value: float) -> str:
    return 'inf' if math.isinf(value) else f'{value:.3f}'


def text(rows: Iterable[Mapping[str, str]]) -> str:
    """A measurement file without times."""
    stream = io.StringIO(newline='')
    writer = csv.DictWriter(stream, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def demo_rows() -> list[dict[str, str]]:
    rows = []
    network = Paths.read(sample.PATHS, sample.MESH)
    between = {
        (site, site_client(other)): path
        for (site, other), path in network.mesh.items()
    }
    for (site, client), path in [*network.paths.items(), *between.items()]:
        rtt = expected_rtt(path)
        rows.append(
            row(
                site,
                client,
                rtt.p50_ms,
                rtt.p95_ms,
                path.rtt_ms,
                path.loss_ratio,
            )
        )
    return rows


def tempest_rows() -> list[dict[str, str]]:
    near_ms, far_ms = TEMPEST_BUDGET_MS / 2, TEMPEST_BUDGET_MS * 2
    return [
        row(site, prefix, near_ms if site == TEMPEST_SITE else far_ms)
        for site in SITES
        for prefix in TEMPEST_PREFIXES
    ]
