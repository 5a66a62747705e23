# SPDX-License-Identifier: Apache-2.0

"""Records in full, made as the scheduler makes them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from edge_sched.asking.intent import Intent
from edge_sched.judging import detail
from edge_sched.judging import record
from edge_sched.judging.decision import decide
from edge_sched.judging.decision import worth_of_cells
from edge_sched.judging.ranking import Ranking
from edge_sched.judging.spread import spread_scores
from edge_sched.judging.verdict import Policy
from edge_sched.model.latency import Answer
from tests.unit.factories import NOW
from tests.unit.factories import intents
from tests.unit.factories import rows

SETTINGS = {
    'max_age': 900.0,
    'outage_max_age': 21600.0,
    'memory': 'hour',
    'rank_percentile': 'p50',
    'reference_latency_ms': 20.0,
    'tie_band_ms': 1.0,
    'fit_headroom': 0.1,
    'latency_weight_multiplier': 3000.0,
    'cell_latency_weight_multiplier': 10.0,
    'max_attempts': 3,
}
SUBJECT = record.Subject('req-1', 'uuid-1', 1, 'create', 'enforce')


def record_of(
    intent: Intent,
    answers: Sequence[Answer],
    sites: Mapping[str, Sequence[float]],
    members: Mapping[str, Sequence[int]] | None = None,
    mode: str = 'enforce',
) -> dict[str, Any]:
    """The record of a request, once through a log.

    :param answers: of the clients of the intent
    :param sites: what Nova's own weighers give the hosts of each, ``{'lyon':
        [1.0, 0.5]}``; all sites that begin with the same letter are one cell
    :param members: of the group at each site; if spreading is required they
        are left out
    """
    members = {site: tuple(n) for site, n in (members or {}).items()}
    by_client = dict(zip(intent.clients, answers, strict=True))
    made = decide(
        intent,
        by_client,
        {site: (site,) for site in sites},
        Policy(),
        NOW,
        members if intent.spread_required else (),
    )
    left = {
        site: verdict
        for site, verdict in made.verdicts.items()
        if verdict.accepted or mode == 'shadow'
    }
    here = members if intent.spread and not intent.spread_required else {}
    scores = spread_scores(left, here, intent.objective)
    hosts = [(f'{s}-{n}', s) for s in left for n, _ in enumerate(sites[s])]
    cells = worth_of_cells(
        [site[0] for _, site in hosts], [scores[s] for _, s in hosts], 3
    )
    others = [weight for site in left for weight in sites[site]]
    ours = 1.0 if mode == 'enforce' else 0.0
    ranking = Ranking(
        [name for name, _ in hosts],
        [site for _, site in hosts],
        {
            'RAMWeigher': others,
            'EdgeLatencyWeigher': [
                3000.0 * ours * scores[s] for _, s in hosts
            ],
            'EdgeCellLatencyWeigher': [10.0 * ours * worth for worth in cells],
        },
    )
    best: dict[str, detail.Best] = {}
    for number in ranking.order if hosts else ():
        best.setdefault(
            ranking.places[number],
            detail.Best(
                ranking.names[number],
                others[number],
                3000.0 * ours,
                10.0 * ours * cells[number],
            ),
        )
    scene = detail.Scene(
        by_client,
        {site: (site,) for site in sites},
        lambda site: {'site': site, 'zone': 'nova', 'cell': site[0]},
        {site: len(of_hosts) for site, of_hosts in sites.items()},
        scores if mode == 'enforce' else {},
        here,
        best,
    )
    told = record.make_record(
        SUBJECT._replace(mode=mode), intent, 'judged', record.Source(), made
    )
    told |= detail.asked(intent) | {'settings': SETTINGS}
    told |= detail.places(made, scene, NOW)
    if hosts:
        told['ranking'] = ranking.for_record({site: site for site in sites})
    through_a_log: dict[str, Any] = json.loads(
        json.dumps(told, allow_nan=False)
    )
    return through_a_log


@st.composite
def answers(draw: Any, sites: Sequence[str]) -> Answer:
    """What a store may have of a client: some parts, some rows in each."""
    parts = [
        {
            site: draw(rows(site))
            for site in draw(st.lists(st.sampled_from(sites), unique=True))
        }
        for _ in range(draw(st.integers(0, 3)))
    ]
    ages = st.none() | st.sampled_from([0, 901, 7200, 30_000])
    age = draw(ages)
    heartbeat_at = None if age is None else NOW - age
    return Answer(True, tuple(parts), heartbeat_at, draw(st.booleans()))


@st.composite
def records(draw: Any) -> dict[str, Any]:
    """Any record in full."""
    import dataclasses

    intent = draw(intents())
    over = draw(st.sampled_from([(), ('site',), ('zone', 'site')]))
    intent = dataclasses.replace(
        intent, spread=over, spread_required=bool(over) and draw(st.booleans())
    )
    sites = ['lyon', 'lille', 'nice', 'nancy', 'brest']
    weights = st.lists(
        st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=4
    )
    crowd = st.dictionaries(
        st.sampled_from(sites),
        st.tuples(*[st.integers(1, 2) for _ in over]),
        max_size=3,
    )
    heartbeat = draw(answers(sites)).heartbeat_at
    return record_of(
        intent,
        [
            dataclasses.replace(draw(answers(sites)), heartbeat_at=heartbeat)
            for _ in intent.targets
        ],
        {site: draw(weights) for site in sites},
        draw(crowd) if over else {},
        draw(st.sampled_from(['enforce', 'shadow'])),
    )
