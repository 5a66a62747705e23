# SPDX-License-Identifier: Apache-2.0

"""Schedulers of one deployment that take turns with the same request."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence

from nova import objects

from bench import latencies
from bench.deployment import Deployment
from bench.deployment import deployed
from bench.deployment import release
from bench.measure import Round
from bench.measure import take_turns
from bench.plan import Plan
from bench.plan import Room
from bench.plan import spread_full
from bench.schedulers import Scheduler
from bench.schedulers import Setup
from bench.schedulers import Turn

Request = Callable[[int], objects.RequestSpec]


class Contest:
    """Schedulers of one deployment, made when they are first asked."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._schedulers: dict[str, Scheduler] = {}

    def rounds(
        self, setups: Sequence[Setup], request: Request, count: int
    ) -> list[Round]:
        """Let all schedule one request a round, and one before to warm up.

        :param request: of a round, by its number
        """
        return take_turns(
            {
                setup.name: functools.partial(self._turn, setup, request)
                for setup in setups
            },
            count,
        )

    def fill(self, room: Room) -> None:
        """Leave so much room from now on."""
        self._deployment.fill(room)

    def _turn(self, setup: Setup, request: Request, number: int) -> Turn:
        """What was claimed is given back: each finds the same cloud."""
        if setup.name not in self._schedulers:
            self._schedulers[setup.name] = Scheduler(setup, self._deployment)
        turn = self._schedulers[setup.name].select(request(number))
        if not turn.hosts:
            raise RuntimeError(f'{setup.name}: {turn.reason}')
        release(turn.servers)
        return turn


@contextlib.contextmanager
def contest(folder: str, plan: Plan) -> Iterator[Contest]:
    """Who takes turns on a deployment, every host of which has some room."""
    with deployed(folder, plan, spread_full(plan, 0)) as deployment:
        latencies.fill(folder, list(plan.hosts_at))
        yield Contest(deployment)
