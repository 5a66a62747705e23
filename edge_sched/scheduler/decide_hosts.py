# SPDX-License-Identifier: Apache-2.0

"""The judgement of a request's hosts, made once and shared by all stages."""

import dataclasses
from collections.abc import Iterable

import nova.conf
from nova import exception
from nova.objects.request_spec import RequestSpec
from nova.scheduler.host_manager import HostState

from edge_sched.judging import reason
from edge_sched.judging.crowded import every_place
from edge_sched.judging.crowded import too_few_places
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.judged import Judged
from edge_sched.scheduler.judged import judge_locations
from edge_sched.scheduler.prepare import case_of
from edge_sched.scheduler.recorder import PENDING
from edge_sched.scheduler.recorder import log_placed
from edge_sched.scheduler.records import log_record
from edge_sched.scheduler.scores import SCORES
from edge_sched.scheduler.scores import Scores
from edge_sched.scheduler.spec import PerRequest
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.topology import TOPOLOGY
from edge_sched.scheduler.wanted import words_for

CONF = nova.conf.CONF

#: What the filter does in the passes after the first, one for each server of
#: a multi-create: whether it looks where the servers of the group are by then.
LATER: PerRequest[bool] = PerRequest('later')


def judge_hosts(hosts: list[HostState], spec: RequestSpec) -> list[HostState]:
    """Judge the hosts of a request, once, and say which may be used.

    :raises NoValidHost: with words for the user, if none may
    """
    SCORES.drop(spec)
    PENDING.drop(spec)
    LATER.put(spec, False)
    case = case_of(spec)
    if case is None or not hosts:
        return hosts
    enforce = CONF.edge_sched.mode == 'enforce'
    if case.refusal or not case.is_judged:
        log_record(spec, case)
        if case.refusal and enforce:
            raise exception.NoValidHost(reason=case.refusal)
        return hosts

    topology = TOPOLOGY.get()
    locator = topology.locator
    measured = case.measured
    locations = locator.locate(hosts, measured)
    all_apart = case.group is not None and case.intent.spread_required
    crowded: Iterable[Location] = ()
    if case.group and all_apart:
        crowded = case.group.counts(spec, set(locations), locator)
    judged = judge_locations(locations, case, crowded)
    if not enforce:
        log_placed(spec, case, judged, hosts, hosts)
        return hosts
    if not judged.any_left:
        case = told(case, judged)
        log_record(spec, case, judged)
        raise exception.NoValidHost(reason=refusal_of(case, judged))
    verdicts = judged.decision.verdicts
    scores = Scores(
        locator,
        measured,
        verdicts,
        topology.multipliers,
        case.intent.objective,
        case.group,
        all_apart,
    )
    SCORES.put(spec, scores)
    LATER.put(spec, all_apart)
    left = hosts
    if not all(verdict.accepted for verdict in verdicts.values()):
        left = [
            host
            for host, location in zip(hosts, locations, strict=True)
            if verdicts[location].accepted
        ]
    log_placed(spec, case, judged, hosts, left)
    return left


def judge_again(hosts: list[HostState], spec: RequestSpec) -> list[HostState]:
    """Which hosts may be used by the next server of the same request.

    Nova asks once more when all have one, for where to try again if a build
    fails. None may be left, which Nova knows what to do with: it would leave
    claims of the servers before behind if anything were raised.
    """
    scores = SCORES.get(spec)
    return hosts if scores is None else scores.apart(hosts, spec)


def refusal_of(case: Case, judged: Judged) -> str:
    """Why none of the hosts may be used, for the user."""
    intent, decision = case.intent, judged.decision
    detail = CONF.edge_sched.reason_detail
    if judged.short_of:
        free = [loc for loc, v in decision.verdicts.items() if v.accepted]
        known = _count_known(case, judged, free, judged.short_of)
        return too_few_places(
            intent, case.request.num_instances, judged.short_of, known, detail
        )
    if decision.crowded:
        level = intent.spread[-1]
        known = _count_known(case, judged, decision.crowded, level)
        return every_place(intent, known, detail)
    return reason.refusal(
        decision,
        _labels(case, judged),
        detail,
        {client: said.words for client, said in case.told.items()},
    )


def refusal_of_full(case: Case, judged: Judged) -> str:
    """That none of those that may be used has room, for the user."""
    return reason.full(
        judged.decision,
        _labels(case, judged),
        CONF.edge_sched.reason_detail,
    )


def told(case: Case, judged: Judged) -> Case:
    """With what a user is told who is refused for want of measurements."""
    client = reason.unmeasured(judged.decision)
    if client is None or judged.short_of or judged.decision.crowded:
        return case
    said = words_for(client, case.request.project_id)
    if not said.words:
        return case
    return dataclasses.replace(case, told={client: said})


def _count_known(
    case: Case, judged: Judged, locations: Iterable[Location], level: str
) -> int:
    """How many sites or zones they are, of those the user may know of."""
    labels = _labels(case, judged)
    return len(
        {
            labels[location] if level == 'site' else location.zone
            for location in locations
            if labels[location]
        }
    )


def _labels(case: Case, judged: Judged) -> dict[Location, str]:
    """What the user may be told of each place, ``''`` for nothing."""
    project_id = case.request.project_id
    return {
        location: judged.name_for_project(location, project_id)
        for location in judged.counts
    }
