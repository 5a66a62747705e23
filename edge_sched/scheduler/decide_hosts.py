# SPDX-License-Identifier: Apache-2.0

"""The judgement of a request's hosts, made once and shared by all stages."""

import collections
import dataclasses
import json
import time
from collections.abc import Iterable, Mapping, Sequence

import nova.conf
from nova import exception
from nova.objects.request_spec import RequestSpec
from nova.scheduler.host_manager import HostState
from oslo_log import log as logging

from edge_sched.conf.policy import policy_of
from edge_sched.judging import reason
from edge_sched.judging.crowded import every_place
from edge_sched.judging.crowded import too_few_places
from edge_sched.judging.decision import Decision
from edge_sched.judging.decision import decide
from edge_sched.judging.record import Subject
from edge_sched.judging.record import make_record
from edge_sched.judging.scoring import Standing
from edge_sched.scheduler.prepare import Case
from edge_sched.scheduler.prepare import case_of
from edge_sched.scheduler.scores import SCORES
from edge_sched.scheduler.scores import Scores
from edge_sched.scheduler.spec import PerRequest
from edge_sched.scheduler.spec import field_of
from edge_sched.scheduler.topology.locator import Location
from edge_sched.scheduler.topology.topology import TOPOLOGY

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)


#: What the filter does in the passes after the first, one for each server of
#: a multi-create: whether it looks where the servers of the group are by then.
LATER: PerRequest[bool] = PerRequest('later')


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """The decision on a request's hosts, and where each of them is.

    :param locations: of each host
    :param counts: how many hosts each location has
    :param short_of: the level, ``site`` or ``zone``, with too few places for
        every server to have one of its own, if that is required, or ``''``
    """

    decision: Decision[Location]
    locations: Sequence[Location]
    counts: Mapping[Location, int]
    short_of: str = ''

    @property
    def any_left(self) -> bool:
        """Whether a host is left for every server."""
        return self.decision.any_accepted and not self.short_of

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
    log_record(spec, case, judged)
    if not enforce:
        return hosts
    if not judged.any_left:
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
    if all(verdict.accepted for verdict in verdicts.values()):
        return hosts
    return [
        host
        for host, location in zip(hosts, locations, strict=True)
        if verdicts[location].accepted
    ]


def judge_again(hosts: list[HostState], spec: RequestSpec) -> list[HostState]:
    """Which hosts may be used by the next server of the same request.

    Nova asks once more when all have one, for where to try again if a build
    fails. None may be left, which Nova knows what to do with: it would leave
    claims of the servers before behind if anything were raised.
    """
    scores = SCORES.get(spec)
    return hosts if scores is None else scores.apart(hosts, spec)


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
        )
    LOG.info('edge decision %s', json.dumps(record))


def judge_locations(
    locations: Sequence[Location], case: Case, crowded: Iterable[Location]
) -> Judged:
    """Judge hosts by where they are.

    :param locations: of each host
    :param crowded: those that are rejected for the servers which are there
    """
    counts = collections.Counter(locations)
    decision = decide(
        case.intent,
        case.answers,
        {location: location.chain for location in counts},
        policy_of(CONF),
        time.time(),
        crowded,
    )
    return Judged(decision, locations, counts, _short_of(case, decision))


def _short_of(case: Case, decision: Decision[Location]) -> str:
    """The level with too few places for all servers, see ``Judged``.

    Said before the first has its host, while there is something to say: later
    passes can only leave no host.
    """
    servers = case.request.num_instances
    if (
        case.group is None
        or not case.intent.spread_required
        or servers == 1
        or not decision.any_accepted
    ):
        return ''
    most = case.group.most_apart(
        location for location, v in decision.verdicts.items() if v.accepted
    )
    return next((level for level, n in most.items() if n < servers), '')


def _outcome(case: Case, judged: Judged) -> str:
    measured = case.measured
    if case.intent.targets and all(
        measured.isdisjoint(place.chain) for place in judged.counts
    ):
        return 'no_data'
    full = case.search is not None and bool(case.search.full)
    return 'judged' if judged.any_left and not full else 'rejected'


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
    )


def refusal_of_full(case: Case, judged: Judged) -> str:
    """That none of those that may be used has room, for the user."""
    return reason.full(
        judged.decision,
        _labels(case, judged),
        CONF.edge_sched.reason_detail,
    )


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
