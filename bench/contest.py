# SPDX-License-Identifier: Apache-2.0

"""Schedulers of one deployment that take turns with the same request."""

import functools
from collections.abc import Callable, Sequence

from nova import objects

from bench import latencies
from bench.deployment import deployed
from bench.deployment import release
from bench.measure import Round
from bench.measure import take_turns
from bench.plan import make_plan
from bench.plan import spread_full
from bench.schedulers import Scheduler
from bench.schedulers import Setup
from bench.schedulers import Turn

#: Of each site.
SITE_HOSTS = 50

#: The request of a round, by its number.
Request = Callable[[int], objects.RequestSpec]


def compete(
    folder: str,
    hosts: int,
    setups: Sequence[Setup],
    request: Request,
    rounds: int,
    full_ratio: float = 0.0,
) -> list[Round]:
    """Let all schedule one request a round, and one before to warm up.

    :param folder: that Nova has been configured for
    :param full_ratio: what share of the hosts has no room
    :return: the ``Turn`` of each, by the name of its setup
    """
    plan = make_plan(hosts, (SITE_HOSTS,))
    with deployed(folder, plan, spread_full(plan, full_ratio)) as deployment:
        latencies.fill(folder, list(plan.hosts_at))
        runs = {
            setup.name: functools.partial(
                _turn, Scheduler(setup, deployment), request
            )
            for setup in setups
        }
        return take_turns(runs, rounds)


def _turn(scheduler: Scheduler, request: Request, number: int) -> Turn:
    """What was claimed is given back: each finds the same cloud."""
    turn = scheduler.select(request(number))
    if not turn.hosts:
        raise RuntimeError(turn.reason)
    release(turn.servers)
    return turn
