# SPDX-License-Identifier: Apache-2.0

"""Measure what it costs to place the servers of an application together.

Requests take turns with the same ones that ask for less, each through our
request filter, filter and weighers by Nova's handlers; and with a whole one,
with a real Placement, that tells what share of a request the difference is.
"""

import argparse
import functools
import gc
import operator
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import nova.conf
from nova import objects
from oslo_utils import uuidutils

from bench import hosts
from bench import latencies
from bench import records
from bench.configuration import FOREVER_SECONDS
from bench.configuration import configured
from bench.country import Country
from bench.deployment import Deployment
from bench.deployment import deployed
from bench.deployment import release
from bench.deployment import write_servers
from bench.measure import Formula
from bench.measure import Round
from bench.measure import median
from bench.measure import take_turns
from bench.plan import Plan
from bench.plan import make_plan
from bench.plan import spread_full
from bench.result import Check
from bench.result import Section
from bench.result import row
from bench.result import table
from bench.schedulers import EmptyFilter
from bench.schedulers import Scheduler
from bench.schedulers import Setup
from edge_sched.model.latency import NewLatency

CONF = nova.conf.CONF

#: As many as Placement hands out at most; all of them have room.
HOSTS = 1000

#: Hosts of a site. Sites of one are the dearest: each is a place.
SITE_SIZES = (1, 5, 50)
ROUNDS = 25
#: Of each kind, to one whole request.
PASSES = 10

REQUEST = 'select_destinations'
SPREAD, REQUIRED = 'spread', 'spread, required'
SERVER, COLD_SERVER = 'near a server', 'near a server, not cached'

#: Of a request, what may be added by what it asks for.
TARGETS = {SPREAD: 0.001, REQUIRED: 0.001, SERVER: 0.005, COLD_SERVER: 0.005}


def sections(options: argparse.Namespace) -> list[Section]:
    """Measure at each size of sites."""
    with configured(narrow_candidates='never') as folder:
        measured = {f'sites of {n}': _measured(folder, n) for n in SITE_SIZES}
    return [_costs(measured)]


def _measured(folder: str, site_hosts: int) -> list[Round]:
    """CPU seconds of a whole request, and of our part of others.

    Of these there are two: where something is asked for, and without it.
    """
    plan = make_plan(HOSTS, (site_hosts,))
    with deployed(folder, plan, spread_full(plan, 0.0)) as deployment:
        latencies.write(latencies.make(folder), _rows(plan))
        cloud = Cloud(deployment, plan)
        here = plan.hosts[0]
        server = uuidutils.generate_uuid()
        named = latencies.request_near_servers(server)
        address = latencies.request_near(0)
        write_servers(
            deployment.cells[here.cell],
            {server: here.name},
            named.project_id,
        )
        members = here.name, plan.hosts[-1].name
        in_group = functools.partial(_in_group, members)
        spread = {'edge:spread': 'site'}
        required = {**spread, 'edge:spread_mode': 'required'}
        runs: dict[str, Callable[[int], Any]] = {REQUEST: cloud.whole}
        for name, more, less, ttl_seconds in (
            (SPREAD, in_group(spread), in_group({}), FOREVER_SECONDS),
            (REQUIRED, in_group(required), in_group({}), FOREVER_SECONDS),
            (SERVER, named, address, FOREVER_SECONDS),
            (COLD_SERVER, named, address, 0),
        ):
            runs[name] = functools.partial(
                cloud.quickest, (more, less), ttl_seconds
            )
        return take_turns(runs, ROUNDS)


def _rows(plan: Plan) -> Iterator[NewLatency]:
    """What all sites have measured of a client, and of the first site."""
    country = Country(list(plan.hosts_at))
    here = plan.hosts[0].site
    for client in (0, f'site:{here}'):
        for site, figures in country.measure().items():
            if client == 0 or site != here:
                yield latencies.row(client, site, *figures)


def _in_group(
    members: Sequence[str], extra_specs: Mapping[str, str]
) -> objects.RequestSpec:
    """A request for one server of a group, others of which have hosts."""
    spec = latencies.request_near(0)
    spec.flavor.extra_specs.update(extra_specs)
    spec.instance_group = records.group(len(members), members)
    return spec


class Cloud:
    """What can be run for requests, when it is its turn."""

    def __init__(self, deployment: Deployment, plan: Plan) -> None:
        self._states = hosts.build_all(plan)
        self._stages = hosts.Stages()
        self._scheduler = Scheduler(Setup(REQUEST), deployment)

    def whole(self, number: int) -> float:
        """A request of the scheduler; CPU seconds."""
        _keep_answers(FOREVER_SECONDS)
        turn = self._scheduler.select(latencies.request_near(0))
        release(turn.servers)
        return turn.cpu_seconds

    def quickest(
        self,
        specs: Sequence[objects.RequestSpec],
        ttl_seconds: int,
        number: int,
    ) -> list[float]:
        """Of some passes of each, which take turns; CPU seconds."""
        _keep_answers(ttl_seconds)
        passes = [
            [self._pass(records.over_rpc(spec)) for spec in specs]
            for _ in range(PASSES)
        ]
        return [min(seconds) for seconds in zip(*passes, strict=True)]

    def _pass(self, spec: objects.RequestSpec) -> float:
        """Our part of a request; the CPU of the process, for its threads."""
        # Whoever reads the hosts first pays for the cache misses.
        states = hosts.filtered([EmptyFilter()], self._states.fresh(), spec)
        gc.disable()
        try:
            start = time.process_time()
            self._stages.begin(spec)
            left = self._stages.filter(states, spec)
            self._stages.weigh(left, spec)
            return time.process_time() - start
        finally:
            gc.enable()


def _keep_answers(ttl_seconds: int) -> None:
    """Configure it; Nova parses anew, once, what was overridden."""
    CONF.set_override('cache_ttl', ttl_seconds, 'edge_sched')
    dict(CONF.edge_sched)


def _costs(measured: Mapping[str, Sequence[Round]]) -> Section:
    def ms(label: str, figure: Formula) -> list[str]:
        figures = [median(rounds, figure) for rounds in measured.values()]
        return row(label, [1e3 * seconds for seconds in figures], '.2f')

    rows = [['CPU ms', *measured], ms(REQUEST, operator.itemgetter(REQUEST))]
    for name in TARGETS:
        rows.append(ms(name, _of(name, 0)))
        rows.append(ms('... without', _of(name, 1)))
    return Section(
        f'What servers of one application cost at {HOSTS} hosts',
        'Each request has a client, within budget of every site. Its group '
        'has two servers elsewhere; the server that it is near to is at a '
        'site that all others have measured, and without it there is an '
        'address. A whole request, and of the others the part of ours, with '
        f'garbage collection off: the quickest of {PASSES} passes of each, in '
        f'turns. Medians of {ROUNDS} rounds.\n\n{table(rows)}',
        [
            Check(
                f'share of a request, {name}, {where}',
                median(rounds, _added(name)),
                target,
            )
            for name, target in TARGETS.items()
            for where, rounds in measured.items()
        ],
    )


def _of(name: str, which: int) -> Formula:
    return lambda turns: float(turns[name][which])


def _added(name: str) -> Formula:
    """What it adds, as a share of a whole request."""
    return lambda turns: (turns[name][0] - turns[name][1]) / turns[REQUEST]
