# SPDX-License-Identifier: Apache-2.0

"""Builders of rows, intents and decisions, and strategies to vary them."""

import string
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from edge_sched.asking import intent
from edge_sched.asking import source as wishes
from edge_sched.judging import decision
from edge_sched.judging import judge
from edge_sched.judging import verdict
from edge_sched.model import client
from edge_sched.model import keys
from edge_sched.model import latency
from edge_sched.model.plausible import check

NOW = 1_787_000_000.0
ADDRESS = '203.0.113.7'


def make_row(
    p50: float = 5.0, p95: float = 10.0, age: float = 40.0, **figures: Any
) -> latency.Latency:
    """A row of ``lyon`` with 64 samples, 40 s old."""
    return latency.Latency(
        **{
            'vantage': 'lyon',
            'client': '203.0.113.0/24',
            'rtt_p50_ms': p50,
            'rtt_p95_ms': p95,
            'measured_at': NOW - age,
            'samples': 64,
            'source': 'stamp',
            **figures,
        }
    )


def make_target(
    text: str = ADDRESS, budget_ms: float | None = 20.0
) -> keys.NearClient:
    return keys.NearClient(client.parse_client(text), budget_ms)


def make_intent(*targets: keys.NearClient, **asked: Any) -> intent.Intent:
    """20 ms (p95) of 203.0.113.7, required, unless told otherwise."""
    return intent.Intent(
        targets=targets or (make_target(),), **{'reject_unknown': True} | asked
    )


def merged(
    flavor: Mapping[str, str] | None = None,
    hints: Mapping[str, str | Sequence[str]] | None = None,
    **defaults: Any,
) -> intent.Intent:
    """What flavor and hints make: ``merged({'edge:percentile': 'p99'})``."""
    lists = {
        key: [value] if isinstance(value, str) else value
        for key, value in (hints or {}).items()
    }
    return intent.merge(
        wishes.read_flavor(flavor), wishes.read_hints(lists), **defaults
    )


def judged(
    row: latency.Latency | None,
    asked: intent.Intent | None = None,
    policy: verdict.Policy | None = None,
) -> verdict.Verdict:
    """The verdict on one row for the first client that is asked for."""
    asked = asked or make_intent()
    return make_judge(asked, policy).of_row(row)


def make_judge(
    asked: intent.Intent,
    policy: verdict.Policy | None = None,
    *,
    outage: bool = False,
) -> judge.Judge:
    """The judge of the first client that is asked for."""
    return judge.Judge(
        asked.targets[0], asked, policy or verdict.Policy(), NOW, outage
    )


def decided(
    asked: intent.Intent,
    rows: Mapping[str, latency.Latency | Sequence[Any] | None],
    policy: verdict.Policy | None = None,
    heartbeat_age: float | None = None,
) -> decision.Decision[str]:
    """Decide of sites, each with a row for every client of the intent.

    :param rows: ``{'lyon': row}``, or ``{'lyon': [row, None]}`` for two
        clients of which the second was not measured there
    :param heartbeat_age: of the collectors, in seconds, if there are any
    """
    heartbeat_at = None if heartbeat_age is None else NOW - heartbeat_age
    answers = {}
    for i, target in enumerate(asked.targets):
        part = {}
        for site, of_clients in rows.items():
            row = (
                of_clients[i]
                if isinstance(of_clients, Sequence)
                else of_clients
            )
            if row is not None:
                part[site] = row
        answers[target.client] = latency.Answer(True, (part,), heartbeat_at)
    return decision.decide(
        asked,
        answers,
        {site: (site,) for site in rows},
        policy or verdict.Policy(),
        NOW,
    )


def accepted(made: decision.Decision[str]) -> set[str]:
    """The sites that may be used."""
    return {site for site, host in made.verdicts.items() if host.accepted}


def scores(
    asked: intent.Intent,
    rows: Mapping[str, latency.Latency | Sequence[Any] | None],
    policy: verdict.Policy | None = None,
) -> dict[str, float]:
    """The scores by site, rounded so that they can be written down."""
    made = decided(asked, rows, policy)
    return {site: round(host.score, 6) for site, host in made.verdicts.items()}


# Strategies

percentiles = st.sampled_from(latency.PERCENTILES)
budgets_ms = st.floats(0.01, 500)
_rtts_ms = st.floats(0.001, 1000) | st.just(float('inf'))


def loss_ratios(
    rtt_min: float | None, p50: float, p95: float, p99: float | None
) -> st.SearchStrategy[float | None]:
    """The loss at which these may have come back; ``None`` is not carried."""
    most = 1.0
    for rtt_ms, share in ((rtt_min, 0.999), (p50, 0.5), (p95, 0.05)):
        if rtt_ms is not None and rtt_ms < float('inf'):
            most = share
    if p99 is not None and p99 < float('inf'):
        most = 0.01
    return st.none() | st.floats(0, most)


def variations_ms(
    rtt_min: float | None, p95: float, longest: float
) -> st.SearchStrategy[float | None]:
    """The PDV that goes with these."""
    if rtt_min is None:
        return st.none() | st.floats(0, longest)
    if p95 == float('inf'):
        return st.none()
    return st.sampled_from([None, p95 - rtt_min])


@st.composite
def rows(draw: Any, vantage: str = 'lyon') -> latency.Latency:
    """Any row that the store may hold."""
    least, p50, p95, most = sorted(draw(st.tuples(*[_rtts_ms] * 4)))
    rtt_min = draw(st.sampled_from([None, least]))
    p99 = draw(st.sampled_from([None, most]))
    row = latency.Latency(
        vantage=vantage,
        client='203.0.113.0/24',
        rtt_p50_ms=p50,
        rtt_p95_ms=p95,
        measured_at=NOW - draw(st.sampled_from([-6, -5, 0, 40.5, 900, 901])),
        rtt_min_ms=rtt_min,
        rtt_p99_ms=p99,
        pdv_ms=draw(variations_ms(rtt_min, p95, 1000)),
        loss_ratio=draw(loss_ratios(rtt_min, p50, p95, p99)),
        samples=draw(st.sampled_from([None, 1, 6, 59, 60, 64, 300])),
        source='stamp',
        **draw(hours()),
    )
    check(row)
    return row


@st.composite
def hours(draw: Any) -> dict[str, float]:
    """The figures of an hour, if there are any."""
    p50_ms, p95_ms = sorted(draw(st.tuples(_rtts_ms, _rtts_ms)))
    hour = {
        'rtt_p50_hour_ms': p50_ms,
        'rtt_p95_hour_ms': p95_ms,
        'loss_hour_ratio': draw(st.none() | st.floats(0, 1)),
    }
    return draw(st.sampled_from([{}, hour]))


@st.composite
def intents(draw: Any, max_clients: int = 3) -> intent.Intent:
    """Any intent that a request may have."""
    names = [ADDRESS, '2001:db8::7', 'vehicle-42'][:max_clients]
    count = draw(st.integers(1, max_clients))
    return intent.Intent(
        targets=tuple(
            make_target(name, draw(st.none() | budgets_ms))
            for name in names[:count]
        ),
        jitter_budget_ms=draw(st.none() | budgets_ms),
        loss_budget_pct=draw(st.none() | st.floats(0, 100)),
        percentile=draw(percentiles),
        required=draw(st.booleans()),
        reject_unknown=draw(st.booleans()),
        objective=draw(st.sampled_from(['nearest', 'fit'])),
        combine=draw(st.sampled_from(['worst', 'mean'])),
    )


@st.composite
def decisions(draw: Any, max_clients: int = 3) -> decision.Decision[str]:
    """Any decision on up to five sites."""
    asked = draw(intents(max_clients))
    sites = ['lyon', 'paris', 'lille', 'nice', 'brest']
    return decided(
        asked,
        {
            site: [draw(st.none() | rows(site)) for _ in asked.targets]
            for site in sites[: draw(st.integers(1, len(sites)))]
        },
    )


CLIENTS = ('a', 'b', ADDRESS, '2001:db8::/56')
_client_items = st.builds(
    '{}{}'.format,
    st.sampled_from(CLIENTS),
    st.sampled_from(['', '@5', '@10', '@30']),
)


@st.composite
def sources(draw: Any) -> dict[str, str]:
    """Extra specs that can be read, any of the keys left out."""
    choices = {
        'edge:client': st.lists(_client_items, min_size=1, max_size=4).map(
            ','.join
        ),
        'edge:latency_budget_ms': st.sampled_from(['4', '20', '40']),
        'edge:jitter_budget_ms': st.sampled_from(['4', '20', '40']),
        'edge:loss_budget_pct': st.sampled_from(['0', '20', '40']),
        'edge:percentile': percentiles,
        'edge:budget_mode': st.sampled_from(['required', 'preferred']),
        'edge:unknown': st.sampled_from(['reject', 'allow']),
        'edge:objective': st.sampled_from(['nearest', 'fit']),
        'edge:combine': st.sampled_from(['worst', 'mean']),
        'edge:spread': st.sampled_from(['site', 'zone']),
        'edge:spread_mode': st.sampled_from(['required', 'preferred']),
    }
    return draw(st.fixed_dictionaries({}, optional=choices))


#: Texts that strangers send: none of ours, or nearly one of ours.
texts = st.one_of(
    st.text(max_size=300),
    st.text(string.digits + '.:/@,eE+-_ abcf', max_size=40),
    st.sampled_from(
        [
            '',
            '0',
            '-1',
            '20',
            '1e400',
            'nan',
            'inf',
            '101',
            'p95',
            'p99',
            'required',
            'preferred',
            'allow',
            'reject',
            'fit',
            'mean',
            '203.0.113.7',
            '203.0.113.7@10',
            'vehicle-42@nan',
            '2001:db8::/56,vehicle-42',
            'site:lyon@5',
            'server:5f7a0c9e-3b1d-4e6f-8a2c-9d0e1f2a3b4c',
            'group:5F7A0C9E-3B1D-4E6F-8A2C-9D0E1F2A3B4C@5,site:paris',
            'server:',
            '\ud800',
            '9' * 255,
            '9' * 256,
            ',' * 20,
        ]
    ),
)
key_names = st.one_of(
    st.sampled_from(sorted(keys.KEYS)),
    st.sampled_from(['edge:', 'edge:latency_budget', 'group', '']),
    st.text(max_size=80).map('edge:{}'.format),
)
