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

"""Schedulers that take turns with the same request, and what each turn took.

A round has the CPU seconds of each scheduler under its name, and besides them
some figures: ``of('stock Nova', WALL)``.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from nova import context as nova_context
from nova import objects

from bench import plan
from bench import store
from bench.country import Country
from bench.country import rows
from bench.deployment import Deployment
from bench.deployment import deployed
from bench.deployment import release
from bench.measure import Formula
from bench.measure import Round
from bench.measure import no_garbage_collection
from bench.measure import rotated
from bench.measure import total
from bench.schedulers import BARE_PLUGINS
from bench.schedulers import OUR_REQUEST_FILTER
from bench.schedulers import OUR_WEIGHERS
from bench.schedulers import Scheduler
from bench.schedulers import Setup
from bench.schedulers import Turn
from bench.specs import request_spec
from bench.subjects import OUR_FILTER

#: More than there are rounds in any benchmark.
CLIENTS = 60

#: Every site of the country is within it: no host is dropped, which is the
#: dearest case.
BUDGET_MS = 200

WALL = 'wall'
#: How many full garbage collections there were.
COLLECTIONS = 'full collections'
#: How many hosts our filter was given, and how many rings were asked.
HOSTS = 'hosts'
PROBES = 'probes'
QUERIES = 'queries'

REQUEST_FILTER = 'our request filter'
FILTER = 'our filter'
WEIGHERS = 'our weighers'
OURS = 'ours'
BARE = 'plug-ins that do nothing'

_PLUGINS: Mapping[str, Sequence[str]] = {
    REQUEST_FILTER: [OUR_REQUEST_FILTER],
    FILTER: [OUR_FILTER],
    WEIGHERS: OUR_WEIGHERS,
    OURS: [OUR_REQUEST_FILTER, OUR_FILTER, *OUR_WEIGHERS],
    BARE: BARE_PLUGINS,
}


class Contest:
    """Schedulers of one deployment, made when they are first asked.

    :param default_filters: those that Nova enables by itself
    """

    def __init__(
        self, deployment: Deployment, default_filters: Sequence[str]
    ) -> None:
        self._deployment = deployment
        self._default_filters = default_filters
        self._schedulers: dict[str, Scheduler] = {}

    def rounds(
        self,
        setups: Sequence[Setup],
        request: Callable[[int], objects.RequestSpec],
        count: int,
        collected: bool = True,
    ) -> list[Round]:
        """Let all schedule one request a round, and one before to warm up.

        What was claimed is given back, so that each finds the same cloud.

        :param request: of a round, by its number
        :param collected: whether garbage is collected meanwhile, or before
            each: a full collection takes a third of a request, and hits some
        """
        schedulers = [self._scheduler(setup) for setup in setups]
        measured: list[Round] = []
        for number in range(count + 1):
            spent: dict[str, float] = {}
            for scheduler in rotated(schedulers, number):
                with _collecting(collected):
                    turn = scheduler.select(request(number))
                if not turn.hosts:
                    raise RuntimeError(
                        f'{scheduler.setup.name}: {turn.reason}'
                    )
                release(turn.servers)
                spent |= figures(scheduler.setup.name, turn)
            measured.append(spent)
        return measured[1:]

    def fill(self, room: plan.Room) -> None:
        """Leave so much room from now on."""
        self._deployment.fill(room)

    def _scheduler(self, setup: Setup) -> Scheduler:
        if setup.name not in self._schedulers:
            self._schedulers[setup.name] = Scheduler(
                setup, self._deployment, self._default_filters
            )
        return self._schedulers[setup.name]


def _collecting(collected: bool) -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext() if collected else no_garbage_collection()


@contextlib.contextmanager
def contest(
    folder: str,
    default_filters: Sequence[str],
    made: plan.Plan,
    room: plan.Room,
) -> Iterator[Contest]:
    """A deployment and its latency store, and who takes turns on it."""
    with deployed(folder, made, room) as deployment:
        settings = store.make(f'{deployment.folder}/latency.sqlite')
        here = Country(list(made.hosts_at))
        store.write(settings, rows([here.measure() for _ in range(CLIENTS)]))
        yield Contest(deployment, default_filters)


def one_server(client: int) -> objects.RequestSpec:
    """A request near a client that every site is near enough to."""
    return request_spec(
        nova_context.RequestContext('user', 'project'),
        {'edge:latency_budget_ms': f'{BUDGET_MS}'},
        {'edge:client': [store.client_address(client)]},
    )


def figures(name: str, turn: Turn) -> Round:
    """What a round has of one scheduler."""
    plugins = turn.plugin_cpu_seconds
    return {
        name: turn.cpu_seconds,
        _key(name, WALL): turn.wall_seconds,
        _key(name, COLLECTIONS): turn.collections,
        _key(name, HOSTS): sum(turn.record.get('hosts', {}).values()),
        _key(name, QUERIES): turn.queries,
        _key(name, PROBES): turn.record.get('narrowed', {}).get('probes', 0),
        **{
            _key(name, part): sum(plugins.get(each, 0.0) for each in names)
            for part, names in _PLUGINS.items()
        },
    }


def of(name: str, figure: str) -> Formula:
    """A figure of one scheduler, ``of('stock Nova', WALL)``."""
    return total(_key(name, figure))


def _key(name: str, figure: str) -> str:
    return f'{name}: {figure}'
