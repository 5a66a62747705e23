# SPDX-License-Identifier: Apache-2.0

"""The decision record of a request, in short or in full, to the log."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import nova.conf
from nova.objects.request_spec import RequestSpec
from oslo_log import log as logging

from edge_sched.conf.policy import policy_of
from edge_sched.judging import detail
from edge_sched.judging.ranking import Ranking
from edge_sched.judging.record import Subject
from edge_sched.judging.record import make_record
from edge_sched.judging.spread import Count
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.judged import Judged
from edge_sched.scheduler.spec import field_of
from edge_sched.scheduler.topology.locator import Location

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

FILTER_NAME = 'EdgeLatencyFilter'

#: What is not Nova's own share in the weight of a host.
LATENCY_WEIGHER, CELL_WEIGHER = 'EdgeLatencyWeigher', 'EdgeCellLatencyWeigher'


@dataclasses.dataclass(frozen=True, slots=True)
class Weighed:
    """What became of the hosts that the filter left.

    :param ranking: of them; its places are their locations
    :param multipliers: of the latency weigher, of each
    :param scores: of each location, as they were weighed
    :param members: how many servers of the group are there
    """

    ranking: Ranking[Location]
    multipliers: Sequence[float]
    scores: Mapping[Location, float]
    members: Mapping[Location, Count]


def log_record(
    spec: RequestSpec,
    case: Case,
    judged: Judged | None = None,
    weighed: Weighed | None = None,
) -> None:
    """Log the decision record of a request: one line."""
    subject = Subject(
        request_id=case.request_id,
        instance=field_of(spec, 'instance_uuid'),
        num_instances=case.request.num_instances,
        operation=case.request.operation,
        mode=CONF.edge_sched.mode,
    )
    if judged is None:
        record = make_record(
            subject,
            case.intent,
            case.outcome,
            case.source,
            grouped=case.group is not None,
        )
    else:
        record = make_record(
            subject,
            case.intent,
            case.outcome or _outcome(case, judged),
            case.source,
            judged.decision,
            judged.name_for_operator,
            judged.hosts(),
            case.search.for_record if case.search else None,
            case.group is not None,
            case.wanted,
        )
        if CONF.edge_sched.record_detail == 'full':
            record |= _in_full(case, judged, weighed)
    LOG.info('edge decision %s', json.dumps(record))


def _outcome(case: Case, judged: Judged) -> str:
    measured = case.measured
    if case.intent.targets and all(
        measured.isdisjoint(place.chain) for place in judged.counts
    ):
        return 'no_data'
    full = case.search is not None and bool(case.search.full)
    return 'judged' if judged.any_left and not full else 'rejected'


def _in_full(
    case: Case, judged: Judged, weighed: Weighed | None
) -> dict[str, Any]:
    """What the record has besides; nothing if that should not work out."""

    def names(location: Location) -> dict[str, str]:
        site = judged.name_for_operator(location)
        return {'site': site, 'zone': location.zone, 'cell': location.cell}

    try:
        scene = detail.Scene(
            case.answers,
            {location: location.chain for location in judged.counts},
            names,
            judged.counts,
            weighed.scores if weighed else {},
            weighed.members if weighed else {},
            _best(weighed) if weighed else {},
        )
        return {
            **detail.asked(case.intent),
            **({'short_of': judged.short_of} if judged.short_of else {}),
            'settings': _settings(),
            **detail.places(judged.decision, scene, judged.judged_at),
            **({'ranking': _ranking(judged, weighed)} if weighed else {}),
        }
    except Exception:
        LOG.exception('Could not record a decision in full')
        return {}


def _settings() -> dict[str, Any]:
    """What ``edge-sched replay`` can set, by the names of the options."""
    group = CONF.edge_sched
    policy = policy_of(CONF)
    return {
        'max_age': policy.max_age_seconds,
        'outage_max_age': policy.outage_max_age_seconds,
        'memory': policy.memory,
        'rank_percentile': policy.rank_percentile,
        'reference_latency_ms': policy.reference_latency_ms,
        'tie_band_ms': policy.tie_band_ms,
        'fit_headroom': policy.fit_headroom,
        'latency_weight_multiplier': group.latency_weight_multiplier,
        'cell_latency_weight_multiplier': group.cell_latency_weight_multiplier,
        'max_attempts': CONF.scheduler.max_attempts,
    }


def _best(weighed: Weighed) -> dict[Location, detail.Best]:
    """The host that goes first at each location."""
    ranking = weighed.ranking
    best: dict[Location, detail.Best] = {}
    for host in ranking.order:
        location = ranking.places[host]
        if location not in best:
            given = ranking.given_to(host)
            given.pop(LATENCY_WEIGHER, None)
            cell_weight = given.pop(CELL_WEIGHER, 0.0)
            best[location] = detail.Best(
                ranking.names[host],
                sum(given.values()),
                weighed.multipliers[host],
                cell_weight,
            )
    return best


def _ranking(judged: Judged, weighed: Weighed) -> dict[str, Any]:
    site_of = {
        location: judged.name_for_operator(location)
        for location in judged.counts
    }
    return weighed.ranking.for_record(site_of)
