# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

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

from edge_sched import reason
from edge_sched.conf.policy import policy_of
from edge_sched.decision import Decision
from edge_sched.decision import decide
from edge_sched.record import Subject
from edge_sched.record import make_record
from edge_sched.scheduler.case import CASES
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.case import make_case
from edge_sched.scheduler.per_request import PerRequest
from edge_sched.scheduler.places import WORLD
from edge_sched.scheduler.places import Place
from edge_sched.scheduler.request import field_of
from edge_sched.verdict import Chain

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: The scores of a request's hosts, ``{'lyon-1': 0.93}``: made by the filter,
#: read by the weighers. None in mode ``shadow``.
SCORES: PerRequest[Mapping[str, float]] = PerRequest()


@dataclasses.dataclass(frozen=True, slots=True)
class _Located:
    """The decision on a request's hosts, and where each of them is."""

    decision: Decision
    chains: Sequence[Chain]
    places: Mapping[Chain, Place]


def judge_hosts(hosts: list[HostState], spec: RequestSpec) -> list[HostState]:
    """Judge the hosts of a request, once, and say which may be used.

    :raises NoValidHost: with words for the user, if none may
    """
    SCORES.pop(spec)
    case = CASES.pop(spec) or make_case(spec)
    if case is None or not hosts:
        return hosts
    enforce = CONF.edge_sched.mode == 'enforce'
    if case.refusal or not case.intent.targets:
        log_record(spec, case)
        if case.refusal and enforce:
            raise exception.NoValidHost(reason=case.refusal)
        return hosts

    located = _locate_and_decide(hosts, case)
    log_record(spec, case, located)
    if not enforce:
        return hosts
    decision = located.decision
    if not decision.any_accepted:
        raise exception.NoValidHost(reason=_refusal(case, located))
    judged = [
        (host, decision.verdicts[chain])
        for host, chain in zip(hosts, located.chains, strict=True)
    ]
    SCORES.put(spec, {host.host: verdict.score for host, verdict in judged})
    return [host for host, verdict in judged if verdict.accepted]


def log_record(
    spec: RequestSpec, case: Case, located: _Located | None = None
) -> None:
    """Log the decision record of a request: one line."""
    subject = Subject(
        request_id=case.request_id,
        instance=field_of(spec, 'instance_uuid'),
        num_instances=field_of(spec, 'num_instances') or 1,
        operation=case.request.operation,
        mode=CONF.edge_sched.mode,
    )
    if located is None:
        record = make_record(subject, case.intent, case.outcome, case.source)
    else:
        record = make_record(
            subject,
            case.intent,
            case.outcome or _outcome(located.decision),
            case.source,
            located.decision,
            {chain: place.name for chain, place in located.places.items()},
            collections.Counter(located.chains),
        )
    LOG.info('edge decision %s', json.dumps(record))


def _locate_and_decide(hosts: Sequence[HostState], case: Case) -> _Located:
    measured = frozenset[str]().union(
        *(answer.vantages() for answer in case.answers.values())
    )
    located = WORLD.get().locate(
        hosts, measured, CONF.edge_sched.vantage_order
    )
    chains = [chain for chain, _ in located]
    return _Located(
        decide(
            case.intent, case.answers, chains, policy_of(CONF), time.time()
        ),
        chains,
        dict(located),
    )


def _outcome(decision: Decision) -> str:
    if not decision.any_row:
        return 'no_data'
    return 'judged' if decision.any_accepted else 'rejected'


def _refusal(case: Case, located: _Located) -> str:
    project_id = case.request.project_id
    return reason.refusal(
        located.decision,
        {
            chain: place.label(project_id)
            for chain, place in located.places.items()
        },
        CONF.edge_sched.reason_detail,
    )
