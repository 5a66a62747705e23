# SPDX-License-Identifier: Apache-2.0

"""The demo's own story: six sites, and a request of every kind."""

import dataclasses
import pathlib

from demo.paths import Paths
from demo.story import End
from demo.story import Request
from demo.story import Story
from demo.story import hints_for

PATHS = pathlib.Path(__file__).with_name('paths.csv')
MESH = pathlib.Path(__file__).with_name('mesh.csv')

SITES = {
    'paris': ('cell1', ['paris-1', 'paris-2']),
    'lille': ('cell1', ['lille-1', 'lille-2']),
    'rennes': ('cell1', ['rennes-1', 'rennes-2']),
    'lyon': ('cell2', ['lyon-1', 'lyon-2']),
    'marseille': ('cell2', ['marseille-1', 'marseille-2']),
    'nice': ('cell2', ['nice-1', 'nice-2']),
}

#: Belongs to the tenant; is given another prefix while its server runs.
VEHICLE = 'vehicle-42'
VEHICLE_MOVES_TO = '198.51.100.64/26'

NAMES = {
    VEHICLE: '198.51.100.0/26',
    'surgeon': '192.0.2.0/27',
    'patient': '192.0.2.32/27',
}

FLAVORS = {
    'plain': {},
    'edge.small': {'edge:latency_budget_ms': '20'},
    'edge.cache': {
        'edge:latency_budget_ms': '20',
        'edge:objective': 'fit',
    },
    'edge.surgery': {'edge:jitter_budget_ms': '5'},
}

GAME = Request(
    'game',
    hints_for('203.0.113.7'),
    flavor='edge.small',
    ends=(End('203.0.113.7', 20),),
)

#: One request, and the same with a word on what must not fail at once.
NEAR_REPLICAS = Request(
    'replica',
    hints_for('203.0.113.7', latency_budget_ms=16),
    count=3,
    ends=(End('203.0.113.7', 16),),
    group='anti-affinity',
)
SPREAD_REPLICAS = dataclasses.replace(
    NEAR_REPLICAS,
    hints=hints_for(
        '203.0.113.7',
        latency_budget_ms=16,
        spread='site',
        spread_mode='required',
    ),
)

REQUESTS = (
    # The first, while all is as on stock Nova.
    Request('web'),
    GAME,
    Request(
        'camera',
        hints_for('2001:db8:a::/64'),
        flavor='edge.small',
        ends=(End('2001:db8:a::/64', 20),),
    ),
    Request(
        'perception',
        hints_for(VEHICLE),
        flavor='edge.small',
        ends=(End(VEHICLE, 20),),
    ),
    Request(
        'surgery',
        hints_for('surgeon@25,patient@12'),
        flavor='edge.surgery',
        ends=(End('surgeon', 25), End('patient', 12)),
        jitter_ms=5,
    ),
    Request(
        'cache',
        hints_for('203.0.113.7'),
        flavor='edge.cache',
        count=4,
        ends=(End('203.0.113.7', 20),),
        fit=True,
    ),
    Request(
        'farm-soft',
        hints_for(
            '192.0.2.200', latency_budget_ms=10, budget_mode='preferred'
        ),
        ends=(End('192.0.2.200', 10),),
        preferred=True,
    ),
    Request(
        'farm-hard',
        hints_for('192.0.2.200', latency_budget_ms=10),
        ends=(End('192.0.2.200', 10),),
    ),
    Request(
        'typo-name',
        hints_for('vehikle-42', latency_budget_ms=20),
        ends=(End('vehikle-42', 20),),
        refused_with=(
            "edge:client 'vehikle-42'",
            'is not an address, a prefix or a known client',
        ),
    ),
    Request(
        'typo-key',
        hints_for('203.0.113.7', latency_budget=20),
        ends=(End('203.0.113.7'),),
        refused_with=('edge:latency_budget',),
    ),
)


def story() -> Story:
    paths = Paths.read(PATHS, MESH)
    return Story(
        sites=SITES,
        paths=paths,
        measured=paths.measured(NAMES),
        flavors=FLAVORS,
        requests=REQUESTS,
        on_stock=(SPREAD_REPLICAS,),
        owned=frozenset({VEHICLE}),
        favoured='rennes-2',
    )
