# SPDX-License-Identifier: Apache-2.0

"""The judgement of a request's hosts, made once and shared by all stages."""

import collections
import dataclasses
import json
import time
from collections.abc import Mapping, Sequence

import nova.conf
from nova import exception
from nova.objects.request_spec import RequestSpec
from nova.scheduler.host_manager import HostState
from oslo_log import log as logging

from edge_sched.conf.policy import policy_of
from edge_sched.judging import reason
from edge_sched.judging.decision import Decision
from edge_sched.judging.decision import HostVerdict
from edge_sched.judging.decision import decide
from edge_sched.judging.record import Subject
from edge_sched.judging.record import make_record
from edge_sched.judging.scoring import Standing
from edge_sched.scheduler.prepare import Case
from edge_sched.scheduler.prepare import case_of
from edge_sched.scheduler.spec import PerRequest
from edge_sched.scheduler.spec import field_of
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.locator import Locator
from edge_sched.scheduler.topology.topology import TOPOLOGY

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Scores:
    """What the weighers need of a request that was judged.

    :param locator: where its hosts are
    :param measured: vantages with any row for it
    :param verdicts: of each location that any of its hosts is at
    :param multipliers: of hosts with one of their own
    """

    locator: Locator
    measured: frozenset[str]
    verdicts: Mapping[Location, HostVerdict]
    multipliers: Mapping[str, float]

    def of(self, hosts: Sequence[HostState]) -> list[float]:
        """The score of each host, 0 where nobody judged."""
        locations = self.locator.locate(hosts, self.measured)
        score_of = {
            location: v.score for location, v in self.verdicts.items()
        }.get
        return [score_of(location, 0.0) for location in locations]


#: Made by the filter, read by the weighers. None in mode ``shadow``.
SCORES: PerRequest[Scores] = PerRequest('scores')


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """The decision on a request's hosts, and where each of them is.

    :param locations: of each host
    :param counts: how many hosts each location has
    """

    decision: Decision[Location]
    locations: Sequence[Location]
    counts: Mapping[Location, int]

    def name_for_operator(self, location: Location) -> str:
        """What the operator calls a location."""
        return location.name_for_operator(self._vantage(location))

    def name_for_project(
        self, location: Location, project_id: str | None
    ) -> str:
        """What a project may be told of a location, ``''`` for nothing."""
        return location.name_for_project(project_id, self._vantage(location))

    def hosts(self) -> Mapping[Standing, int]:
        """How many hosts there are, by how they stand."""
        verdicts = self.decision.verdicts
        hosts = dict.fromkeys(Standing, 0)
        for location, count in self.counts.items():
            hosts[verdicts[location].standing] += count
        return hosts

    def _vantage(self, location: Location) -> str:
        """The vantage whose row decided, ``''`` if there is none."""
        row = self.decision.verdicts[location].deciding.latency
        return row.vantage if row else ''


def judge_hosts(hosts: list[HostState], spec: RequestSpec) -> list[HostState]:
    """Judge the hosts of a request, once, and say which may be used.

    :raises NoValidHost: with words for the user, if none may
    """
    SCORES.drop(spec)
    case = case_of(spec)
    if case is None or not hosts:
        return hosts
    enforce = CONF.edge_sched.mode == 'enforce'
    if case.refusal or not case.intent.targets:
        log_record(spec, case)
        if case.refusal and enforce:
            raise exception.NoValidHost(reason=case.refusal)
        return hosts

    topology = TOPOLOGY.get()
    locator = topology.locator
    measured = case.measured
    locations = locator.locate(hosts, measured)
    judged = judge_locations(locations, case)
    log_record(spec, case, judged)
    if not enforce:
        return hosts
    decision = judged.decision
    if not decision.any_accepted:
        raise exception.NoValidHost(reason=refusal_of(case, judged))
    verdicts = decision.verdicts
    SCORES.put(spec, Scores(locator, measured, verdicts, topology.multipliers))
    if all(verdict.accepted for verdict in verdicts.values()):
        return hosts
    return [
        host
        for host, location in zip(hosts, locations, strict=True)
        if verdicts[location].accepted
    ]


def log_record(
    spec: RequestSpec, case: Case, judged: Judged | None = None
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
        record = make_record(subject, case.intent, case.outcome, case.source)
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
        )
    LOG.info('edge decision %s', json.dumps(record))


def judge_locations(locations: Sequence[Location], case: Case) -> Judged:
    """Judge hosts by where they are.

    :param locations: of each host
    """
    counts = collections.Counter(locations)
    decision = decide(
        case.intent,
        case.answers,
        {location: location.chain for location in counts},
        policy_of(CONF),
        time.time(),
    )
    return Judged(decision, locations, counts)


def _outcome(case: Case, judged: Judged) -> str:
    measured = case.measured
    if all(measured.isdisjoint(place.chain) for place in judged.counts):
        return 'no_data'
    full = case.search is not None and bool(case.search.full)
    any_left = judged.decision.any_accepted and not full
    return 'judged' if any_left else 'rejected'


def refusal_of(case: Case, judged: Judged) -> str:
    """Why none of the hosts may be used, for the user."""
    return reason.refusal(
        judged.decision,
        _labels(case, judged),
        CONF.edge_sched.reason_detail,
    )


def refusal_of_full(case: Case, judged: Judged) -> str:
    """That none of those that may be used has room, for the user."""
    return reason.full(
        judged.decision,
        _labels(case, judged),
        CONF.edge_sched.reason_detail,
    )


def _labels(case: Case, judged: Judged) -> dict[Location, str]:
    """What the user may be told of each place, ``''`` for nothing."""
    project_id = case.request.project_id
    return {
        location: judged.name_for_project(location, project_id)
        for location in judged.counts
    }
