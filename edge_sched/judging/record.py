# SPDX-License-Identifier: Apache-2.0

"""The decision record: one JSON object a request, for the operator's log."""

import functools
import ipaddress
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from edge_sched.asking.intent import Intent
from edge_sched.judging.decision import Decision
from edge_sched.judging.decision import HostVerdict
from edge_sched.judging.decision import Where
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.scoring import Standing
from edge_sched.model.client import Client
from edge_sched.model.client import prefix_text
from edge_sched.model.latency import Latency

#: Clients' addresses are not kept in logs: cut as RFC 7871 recommends for
#: DNS client subnets, 11.1 (/24 and /56).
_PRIVACY_LENGTH = {4: 24, 6: 56}

#: How many sites a record names.
_BEST_SITES = 3


class Subject(NamedTuple):
    """Which request a record is of; keys of the record as they stand.

    :param operation: ``create``, ``evacuate`` if it was asked and could not be
        ruled out, else ``move``
    """

    request_id: str | None
    instance: str | None
    num_instances: int
    operation: str
    mode: str


class Source(NamedTuple):
    """Where the rows came from.

    :param cache: ``hit``, ``miss``, ``stale`` or ``none`` (not asked)
    :param breaker: ``closed`` or ``open``
    """

    cache: str = 'none'
    lookup_ms: float = 0.0
    breaker: str = 'closed'


def make_record(
    subject: Subject,
    intent: Intent,
    outcome: str,
    source: Source,
    decision: Decision[Where] | None = None,
    site_of: Callable[[Where], str] = str,
    hosts: Mapping[Standing, int] | None = None,
    narrowed: Mapping[str, Any] | None = None,
    grouped: bool = True,
    wanted: Collection[Client] = (),
) -> dict[str, Any]:
    """The record of one request, ready for JSON.

    Some keys are there only where they have something to say. In an outage
    of measuring ``measuring`` is ``outage``, and the best sites whose figures
    are older than ``max_age`` are marked ``stale``.

    :param site_of: what to call a place; asked of the best only, until enough
        have a name
    :param hosts: how many hosts came in, by how they stand
    :param narrowed: what Placement was asked for, if that was narrowed,
        ``{'sites': 3, 'hosts': 60, 'probes': 1}``
    :param grouped: whether the servers are in a group, which can be spread
    :param wanted: the clients that the user was told are being measured
    """
    ranked = _ranked(decision)
    return {
        **subject._asdict(),
        'clients': [
            {
                'client': private(client),
                'prefix': _matched(ranked, i),
                **({'wanted': True} if client in wanted else {}),
            }
            for i, client in enumerate(intent.clients)
        ],
        'budgets': {
            'latency_ms': [t.latency_budget_ms for t in intent.targets],
            'jitter_ms': intent.jitter_budget_ms,
            'loss_pct': intent.loss_budget_pct,
            'percentile': intent.percentile,
            'mode': 'required' if intent.required else 'preferred',
            'unknown': 'reject' if intent.reject_unknown else 'allow',
        },
        'outcome': outcome,
        'hosts': _count(hosts or {}),
        'best': _best(ranked, site_of),
        'clamped': list(intent.clamped),
        'cache': source.cache,
        'lookup_ms': round(source.lookup_ms, 3),
        'breaker': source.breaker,
        **({'measuring': 'outage'} if decision and decision.outage else {}),
        **({'narrowed': narrowed} if narrowed else {}),
        **({'spread': _spread(intent, grouped)} if intent.spread else {}),
    }


def _spread(intent: Intent, grouped: bool) -> Mapping[str, Any] | str:
    """``{'over': ['site'], 'mode': 'required'}``, or no group."""
    if not grouped:
        return 'no_group'
    return {
        'over': list(intent.spread),
        'mode': 'required' if intent.spread_required else 'preferred',
    }


@functools.lru_cache(maxsize=1024)
def private(client: Client) -> str:
    """A client as a log may have it: ``203.0.113.7`` is ``203.0.113.0/24``."""
    if client.prefix is None:
        return client.canonical
    length = _PRIVACY_LENGTH[client.prefix.version]
    if client.prefix.prefixlen <= length:
        return prefix_text(client.prefix)
    return str(
        ipaddress.ip_network(
            (client.prefix.network_address, length), strict=False
        )
    )


def figure(rtt_ms: float | None) -> float | str | None:
    """A quantile for JSON, which has no infinity: ``lost`` instead."""
    if rtt_ms is None:
        return None
    return 'lost' if math.isinf(rtt_ms) else round(rtt_ms, 3)


def _ranked(
    decision: Decision[Where] | None,
) -> list[tuple[Where, HostVerdict]]:
    """The places, best first."""
    if decision is None:
        return []
    # What is not accepted scores less than 1.
    return sorted(
        decision.verdicts.items(),
        key=lambda item: item[1].accepted + item[1].score,
        reverse=True,
    )


def _matched(
    ranked: Sequence[tuple[Where, HostVerdict]], i: int
) -> str | None:
    """The prefix or name of the row that decided at the best place."""
    rows = (host.verdicts[i].latency for _, host in ranked)
    return next((row.client for row in rows if row is not None), None)


def _count(hosts: Mapping[Standing, int]) -> dict[str, int]:
    return {
        'within': hosts.get(WITHIN, 0),
        'unknown': hosts.get(UNKNOWN, 0),
        'over': hosts.get(OVER, 0),
    }


def _best(
    ranked: Sequence[tuple[Where, HostVerdict]],
    site_of: Callable[[Where], str],
) -> list[dict[str, Any]]:
    best: dict[str, dict[str, Any]] = {}
    for where, host in ranked:
        deciding = host.deciding
        row = deciding.latency
        if row is None or (site := site_of(where)) in best:
            continue
        best[site] = {
            'site': site,
            'rtt_p50_ms': figure(row.rtt_p50_ms),
            'rtt_p95_ms': figure(row.rtt_p95_ms),
            **_of_hour(row),
            'age_seconds': round(deciding.age_seconds or 0.0, 1),
            'samples': row.samples,
            'source': row.source,
            **({'stale': True} if deciding.stale else {}),
        }
        if len(best) == _BEST_SITES:
            break
    return list(best.values())


def _of_hour(row: Latency) -> dict[str, Any]:
    loss_ratio = row.loss_hour_ratio
    of_loss = {} if loss_ratio is None else {'loss_hour_ratio': loss_ratio}
    if row.rtt_p95_hour_ms is None:
        return of_loss
    return {
        **of_loss,
        'rtt_p50_hour_ms': figure(row.rtt_p50_hour_ms),
        'rtt_p95_hour_ms': figure(row.rtt_p95_hour_ms),
    }
