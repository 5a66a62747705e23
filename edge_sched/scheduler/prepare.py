# SPDX-License-Identifier: Apache-2.0

"""The case of a request: what can be said before its hosts are known."""

import dataclasses
import time
from collections.abc import Sequence, Set

import nova.conf
from nova.objects.request_spec import RequestSpec
from oslo_log import log as logging

from edge_sched.asking.intent import Intent
from edge_sched.asking.intent import merge
from edge_sched.asking.source import Wish
from edge_sched.judging.reason import STORE_AWAY
from edge_sched.judging.reason import bounded
from edge_sched.judging.record import Source
from edge_sched.model import keys
from edge_sched.model.client import Client
from edge_sched.model.keys import BadValueError
from edge_sched.scheduler.case import CASES
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.places import Places
from edge_sched.scheduler.places import find_places
from edge_sched.scheduler.spec import EVACUATE
from edge_sched.scheduler.spec import field_of
from edge_sched.scheduler.spec import may_be_evacuation
from edge_sched.scheduler.spec import read_request
from edge_sched.scheduler.spec import read_wishes
from edge_sched.scheduler.spread import group_of
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.reader import reader
from edge_sched.store.settings import StoreSettings

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: How many of a stranger's mistakes one line of the log names.
_NAMED_PROBLEMS = 3


def case_of(spec: RequestSpec) -> Case | None:
    """The case of a request, made anew if the request filter made none."""
    return CASES.get(spec) or make_case(spec)


def make_case(spec: RequestSpec, request_id: str | None = None) -> Case | None:
    """Read a request and look its clients up.

    :return: ``None`` if it is none of ours
    """
    if CONF.edge_sched.mode == 'off':
        return None
    flavor, hint = read_wishes(spec)
    only_flavor = CONF.edge_sched.hints == 'flavor'
    if not (flavor.asks or (hint.asks and not only_flavor)):
        return None
    request = read_request(spec)
    if request is None:
        return None
    intent = merge(flavor, hint, CONF.edge_sched.default_percentile)
    case = Case(request, intent, request_id=request_id)
    problems, outcome = _problems(flavor, hint)
    if problems:
        if request.is_create:
            refusal = bounded(str(problems[0]))
            return _with(case, outcome=outcome, refusal=refusal)
        _warn_left_out(spec, problems)
        case = _with(case, outcome=outcome)
    places = find_places(
        intent.clients, request.project_id, field_of(spec, 'instance_uuid')
    )
    if places.nobody:
        flavor = flavor.without(places.nobody)
        hint = hint.without(places.nobody)
        intent = merge(flavor, hint, CONF.edge_sched.default_percentile)
        case = _with(case, intent=intent)
    group = group_of(spec, intent.spread, lives=not request.is_create)
    case = _with(case, group=group)
    if case.is_judged:
        case = _relaxed_if_evacuation(spec, case)
    if intent.targets:
        return _look_up(spec, case, places, flavor, hint)
    has_budget = flavor.sets_budget or hint.sets_budget or intent.has_budget
    return _near_nobody(case, has_budget or bool(places.nobody))


def _near_nobody(case: Case, is_asked: bool) -> Case | None:
    """A case without any client.

    :param is_asked: whether all the same something is asked of one: a budget,
        or that it is near to a group which has nobody
    """
    outcome = case.outcome
    if is_asked:
        outcome = outcome or 'no_client'
    elif case.intent.spread and not case.group:
        outcome = outcome or 'no_group'
    return _with(case, outcome=outcome) if outcome or case.group else None


def _problems(flavor: Wish, hint: Wish) -> tuple[Sequence[BadValueError], str]:
    """What is wrong, and the outcome; with the flavor if something is asked.

    Its keys may stand in every flavor, and a server without a client, and with
    nothing to be spread over, is placed as if we were not there. But who gives
    a budget of their own has somebody in mind, and who gives a mode of
    spreading has something.
    """
    near = flavor.names_client or hint.names_client
    spread = flavor.names_spread or hint.names_spread
    problems = hint.problems
    if near or spread:
        problems += flavor.problems
    budgets = [key for key in keys.BUDGETS if key in hint.values]
    if budgets and not (near or problems):
        return [keys.nobody_near(budgets[0])], 'no_client'
    if keys.SPREAD_MODE.name in hint.values and not (spread or problems):
        return [keys.spread_over_nothing()], 'bad_hint'
    return problems, 'bad_hint'


def _relaxed_if_evacuation(spec: RequestSpec, case: Case) -> Case:
    """An evacuation that finds no host would leave the server in ERROR."""
    if not may_be_evacuation(spec):
        return case
    request = dataclasses.replace(case.request, operation=EVACUATE)
    case = _with(case, request=request)
    may_reject = case.intent.may_reject or case.intent.spread_required
    if not may_reject or CONF.edge_sched.on_evacuate != 'relax':
        return case
    return _with(
        case,
        intent=case.intent.relaxed(),
        outcome=case.outcome or 'relaxed',
    )


def _look_up(
    spec: RequestSpec, case: Case, places: Places, flavor: Wish, hint: Wish
) -> Case:
    """Ask the store for the clients of the case."""
    store = reader(StoreSettings.from_conf(CONF))
    intent = case.intent
    start = time.perf_counter()
    try:
        found = store.look_up(
            places.measured_as(intent.clients), case.request.project_id
        )
    except StoreUnavailableError:
        waited_ms = (time.perf_counter() - start) * 1000
        source = Source('miss', waited_ms, store.breaker)
        return _store_away(_with(case, source=source))
    now = time.time()
    answers = {c: places.answer(c, found.answers, now) for c in intent.clients}
    case = _with(
        case,
        answers=answers,
        source=Source(found.cache, found.lookup_ms, found.breaker),
    )
    unknown = {c: None for c in intent.clients if not answers[c].known}.keys()
    if not unknown:
        return case
    errors = [places.problem(client) for client in unknown]
    if case.request.is_create:
        refusal = bounded(str(errors[0]))
        return _with(case, outcome='unknown_client', refusal=refusal)
    _warn_left_out(spec, errors)
    return _with(
        case,
        intent=_left_without(unknown, intent, flavor, hint),
        outcome=_after_bad_hint(case, 'unknown_client'),
    )


def _left_without(
    clients: Set[Client], intent: Intent, flavor: Wish, hint: Wish
) -> Intent:
    """What is asked as if some clients had never been named.

    What their own budgets entail goes with them: that hosts which the others
    were not measured from are rejected. What is to be spread stays.
    """
    left = merge(
        flavor.without(clients),
        hint.without(clients),
        CONF.edge_sched.default_percentile,
    )
    left = left if intent.may_reject else left.relaxed()
    return dataclasses.replace(left, spread_required=intent.spread_required)


def _store_away(case: Case) -> Case:
    """Every host is unknown; whether that may be is the operator's choice."""
    intent = case.intent
    refusal = ''
    if intent.reject_unknown:
        if CONF.edge_sched.on_store_failure == 'reject':
            refusal = STORE_AWAY
        else:
            intent = dataclasses.replace(intent, reject_unknown=False)
    return _with(
        case,
        intent=intent,
        outcome=_after_bad_hint(case, 'store_failure'),
        refusal=refusal,
    )


def _after_bad_hint(case: Case, outcome: str) -> str:
    """This outcome, which only ``bad_hint`` goes before; ``relaxed`` does not.

    The record has the first that applies.
    """
    return 'bad_hint' if case.outcome == 'bad_hint' else outcome


def refuses_when_blind(spec: RequestSpec) -> bool:
    """Whether a request is refused if its hosts could not be judged at all.

    That should not happen. If it does, it is as if the store were away: what
    an unknown host would be rejected for is refused, the rest is placed.
    """
    group = CONF.edge_sched
    if group.mode != 'enforce' or group.on_store_failure != 'reject':
        return False
    try:
        case = case_of(spec)
    except Exception:
        LOG.exception('Could not read a request')
        return False
    return case is not None and case.intent.reject_unknown


def _warn_left_out(
    spec: RequestSpec, problems: Sequence[BadValueError]
) -> None:
    named = [str(problem) for problem in problems[:_NAMED_PROBLEMS]]
    if len(problems) > _NAMED_PROBLEMS:
        named.append(f'and {len(problems) - _NAMED_PROBLEMS} more')
    LOG.warning(
        'Left out of the placement of a server that lives: %s',
        '; '.join(named),
        instance_uuid=field_of(spec, 'instance_uuid'),
    )


def _with(case: Case, **changes: object) -> Case:
    return dataclasses.replace(case, **changes)  # type: ignore[arg-type]
