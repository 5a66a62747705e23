# SPDX-License-Identifier: Apache-2.0

"""A million hostile prefixes named in hints: what is bounded, who is slower.

Requests of some projects name ever new clients, as many as a hint may. The
auditor reads them from Nova's database, a thousand at a look. Then scheduler,
auditor and collector do what they do all day, in turns with a store whose
list is empty.
"""

import argparse
import asyncio
import collections
import contextlib
import functools
import json
import operator
import pathlib
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Sequence

import nova.conf
import sqlalchemy as sa
from nova import exception
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from oslo_utils import uuidutils

from bench import hosts
from bench import latencies
from bench.configuration import configured
from bench.country import Country
from bench.deployment import cells
from bench.deployment import make_cell
from bench.deployment import write_api_database
from bench.deployment import write_servers
from bench.measure import Round
from bench.measure import median
from bench.measure import no_garbage_collection
from bench.measure import private_megabytes
from bench.measure import take_turns
from bench.measure import timed
from bench.plan import Plan
from bench.plan import make_plan
from bench.records import request_spec
from bench.result import Check
from bench.result import Section
from bench.result import row
from bench.result import table
from edge_sched.auditing.rounds import Rounds
from edge_sched.auditing.wanting import Wanting
from edge_sched.conf.prober import OPTS as PROBER_OPTS
from edge_sched.model import keys
from edge_sched.model.served import to_json
from edge_sched.probe.agenda import Agenda
from edge_sched.probe.outcome import LOST
from edge_sched.probe.outcome import Address
from edge_sched.probe.outcome import Done
from edge_sched.probe.prober import Prober
from edge_sched.probe.served import read
from edge_sched.store.reader import reader
from edge_sched.store.settings import StoreSettings
from edge_sched.store.standings import Standings
from edge_sched.store.wanted import Wanted

CONF = nova.conf.CONF

HOSTS = 1000

#: Prefixes, a request of as many as a hint may name, and requests that the
#: auditor reads at a look.
PREFIXES, SHORT_PREFIXES = 1_000_000, 64_000
LOOK = 1000
#: Whoever is hostile; four fill the list.
PROJECTS = 8
#: In one look of so many the other list is empty when they come.
TURNS = 16

#: That probe one client, at the most, by what operators are told.
MAX_SITES = 12

#: Servers that stand near measured clients, and are audited.
SERVERS = 500

#: Turns; fewer than there are clients, or some are cached.
ROUNDS, SHORT_ROUNDS = 50, 10

#: So long the busiest site probes whom it is served.
PROBING_SECONDS, SHORT_PROBING_SECONDS = 30.0, 10.0

#: What others may take more, and the auditor have more resident. Chosen: a
#: few percent are noise.
MAX_RATIO = 1.05
MAX_MEGABYTES = 50.0
#: As much as a process may keep of answers of the store.
KEPT_MEGABYTES = 20.0

FULL, EMPTY = 'full', 'empty'
PASS, REFUSAL = 'a pass of the scheduler', 'a refusal of an unmeasured client'
ROUND = f'a round over {SERVERS} servers'
IDLE, NEW = 'a look without new requests', f'a look at {LOOK} such requests'


class Store:
    """A store, and the auditor that keeps its list.

    :param sites: that ask whom to probe
    """

    def __init__(self, settings: StoreSettings, sites: Sequence[str]) -> None:
        self.settings = settings
        self.wanted = Wanted(settings)
        self.wanting = Wanting(reader(settings), self.wanted)
        standings = Standings(settings)
        self.round = Rounds(
            reader(settings), standings, also=self.wanting.standing
        ).round
        self._sites = sites
        self.ask()

    def ask(self) -> dict[str, int]:
        """Have all sites ask; how many targets each has."""
        return {site: len(self.wanted.targets(site)) for site in self._sites}

    def empty(self) -> None:
        """Forget the list."""
        self.wanted.expire(0.0)
        self.ask()

    def look(self) -> None:
        if not self.wanting.look():
            raise RuntimeError('a look went wrong')

    def use(self) -> None:
        """Have the scheduler ask this one."""
        url = self.settings.connection
        CONF.set_override('connection', url, 'edge_sched_database')


def sections(options: argparse.Namespace) -> list[Section]:
    """Flood one list, then compare."""
    short = options.short
    prefixes = SHORT_PREFIXES if short else PREFIXES
    # The auditor reads whole looks.
    prefixes -= prefixes % (LOOK * keys.MAX_CLIENTS)
    with configured(narrow_candidates='never') as folder:
        CONF.set_override('allow', ['0.0.0.0/0'], 'edge_sched_wanted')
        plan = make_plan(HOSTS)
        states, stores = _made(folder, plan)
        checks, flooded_ms = _flood(
            stores,
            prefixes,
            SHORT_PROBING_SECONDS if short else PROBING_SECONDS,
        )
        rounds = _compared(
            stores, states, plan, SHORT_ROUNDS if short else ROUNDS
        )
    return [_section(prefixes, rounds, flooded_ms, checks)]


def _section(
    prefixes: int,
    rounds: Sequence[Round],
    flooded_ms: dict[str, float],
    checks: list[Check],
) -> Section:
    rows = [['CPU ms, medians', *flooded_ms, 'full / empty']]
    for what in (PASS, REFUSAL, ROUND, IDLE):
        ms = [
            1e3 * median(rounds, operator.itemgetter((what, which)))
            for which in flooded_ms
        ]
        ratio = median(
            rounds,
            lambda turns, w=what: turns[w, FULL] / turns[w, EMPTY],  # type: ignore[misc]
        )
        rows.append([*row(what, ms, '.2f'), f'{ratio:.2f}'])
        is_judged = what in (PASS, ROUND)
        checks.append(
            Check(
                f'{what}, list full / empty',
                ratio,
                MAX_RATIO if is_judged else None,
            )
        )
    ratio = flooded_ms[FULL] / flooded_ms[EMPTY]
    rows.append([*row(NEW, flooded_ms.values(), '.0f'), f'{ratio:.2f}'])
    return Section(
        'A million strangers',
        f'{prefixes} prefixes that nobody has measured, {keys.MAX_CLIENTS} '
        f'each in the hint of a request, by {PROJECTS} projects. The auditor '
        f'has read all of them, {LOOK} requests at a look; the list takes '
        f'{CONF.edge_sched_wanted.max_clients}. Then all take turns with a '
        f'store without a list, each with {HOSTS} hosts at sites that have '
        f'measured other clients; a pass is all of ours, and looks another '
        'client up each time. The auditor looks every '
        f'{CONF.edge_sched_wanted.interval} s. SQLite.'
        f'\n\n{table(rows)}',
        checks,
    )


def _made(folder: str, plan: Plan) -> tuple[hosts.Hosts, dict[str, Store]]:
    """Nova's databases, with servers, and two stores that are alike."""
    urls = {
        uuid: f'sqlite:///{folder}/{uuid}.sqlite' for uuid in plan.hosts_in
    }
    write_api_database(plan, urls)
    for url in urls.values():
        make_cell(url)
    states = hosts.build_all(plan)
    sites = list(plan.hosts_at)
    country = Country(sites)
    settings = latencies.make(folder)
    latencies.write(
        settings,
        [
            *latencies.rows(
                country.measure() for _ in range(latencies.CLIENTS)
            ),
            # What sites have of each other.
            *(
                latencies.row(f'site:{to}', site, *figures)
                for to in sites
                for site, figures in country.measure().items()
                if site != to
            ),
        ],
    )
    path = settings.connection.removeprefix('sqlite:///')
    other = pathlib.Path(folder, 'other.sqlite')
    shutil.copy(path, other)
    CONF.set_override(
        'connection', f'sqlite:///{other}', 'edge_sched_database'
    )
    return states, {
        FULL: Store(settings, sites),
        EMPTY: Store(StoreSettings.from_conf(CONF), sites),
    }


def _flood(
    stores: dict[str, Store], prefixes: int, probing_seconds: float
) -> tuple[list[Check], dict[str, float]]:
    """Have the auditor read of them all; its milliseconds a look."""
    full, empty = stores[FULL], stores[EMPTY]
    took: dict[str, list[float]] = {FULL: [], EMPTY: []}
    most: collections.Counter[str] = collections.Counter()
    before, resident, rate, targets = 0.0, 0, 0.0, 0
    for number in range(prefixes // keys.MAX_CLIENTS // LOOK):
        _ask_for(number)
        took[FULL].append(_cpu_seconds(full.look))
        if number % TURNS == 0:
            empty.empty()
            took[EMPTY].append(_cpu_seconds(empty.look))
        entries = full.wanted.entries()
        most['entries'] = max(most['entries'], len(entries))
        for entry in entries:
            most['sites'] = max(most['sites'], len(entry.sites))
        served = full.ask()
        if number == 1:
            busiest = max(served, key=served.__getitem__)
            rate = asyncio.run(_probed(full.wanted, busiest, probing_seconds))
            targets = served[busiest]
            before, resident = private_megabytes(), _peak_kilobytes()
    after = private_megabytes()
    more = (_peak_kilobytes() - resident) * 1024 / 1e6
    empty.empty()
    # The first one found the list empty.
    ms = {
        FULL: 1e3 * sorted(took[FULL][1:])[len(took[FULL]) // 2],
        EMPTY: 1e3 * sorted(took[EMPTY])[len(took[EMPTY]) // 2],
    }
    size = CONF.edge_sched_wanted.max_clients
    return [
        Check('clients on the list, at most', most['entries'], size),
        Check('sites that probe one of them', most['sites'], MAX_SITES),
        Check(
            'MB that are kept after the second look',
            after - before,
            KEPT_MEGABYTES,
        ),
        Check('MB resident, more than until then', more, MAX_MEGABYTES),
        Check(
            'share of the interval of looks that one takes',
            ms[FULL] / 1e3 / CONF.edge_sched_wanted.interval,
            0.5,
        ),
        Check(
            'packets a second of the busiest site',
            rate,
            _default('targets_max_rate'),
            beside=f'{targets} targets',
        ),
    ], ms


def _ask_for(look: int) -> None:
    """Have Nova's database hold the next requests, and no others."""
    text = _request(['CLIENTS'])
    requests, mappings = [], []
    for number in range(look * LOOK, (look + 1) * LOOK):
        uuid = uuidutils.generate_uuid()
        first = number * keys.MAX_CLIENTS
        clients = [_stranger(first + each) for each in range(keys.MAX_CLIENTS)]
        spec = text.replace('["CLIENTS"]', json.dumps(clients))
        # As with any server database, none is used a second time.
        id_ = SERVERS + number + 1
        requests.append({'id': id_, 'instance_uuid': uuid, 'spec': spec})
        project = f'project-{number % PROJECTS}'
        mappings.append(
            {
                'instance_uuid': uuid,
                'project_id': project,
                'queued_for_delete': False,
            }
        )
    with _writing() as connection:
        connection.execute(sa.delete(api_models.RequestSpec))
        connection.execute(sa.delete(api_models.InstanceMapping))
        _insert(connection, api_models.InstanceMapping, mappings)
        _insert(connection, api_models.RequestSpec, requests)


def _stranger(number: int) -> str:
    """In ever another /24, of those that anybody may have."""
    return f'{32 + (number >> 16)}.{number >> 8 & 255}.{number & 255}.7'


def _request(clients: Sequence[str]) -> str:
    spec = request_spec(
        {'edge:latency_budget_ms': '20', 'edge:budget_mode': 'required'},
        {'edge:client': list(clients)},
    )
    return json.dumps(spec.obj_to_primitive())


def _compared(
    stores: dict[str, Store], states: hosts.Hosts, plan: Plan, rounds: int
) -> list[Round]:
    """All in turns."""
    _stand(plan)
    scheduler = hosts.Stages()
    runs: dict[tuple[str, str], Callable[[int], float]] = {}
    for which, store in stores.items():
        for what, turn in (
            (PASS, functools.partial(_pass, store, scheduler, states)),
            (REFUSAL, functools.partial(_refuse, store, scheduler, states)),
            (ROUND, timed(lambda s=store: s.round, time.process_time)),  # type: ignore[misc]
            (IDLE, timed(lambda s=store: s.look, time.process_time)),  # type: ignore[misc]
        ):
            runs[what, which] = turn
    with no_garbage_collection():
        return take_turns(runs, rounds)


def _stand(plan: Plan) -> None:
    """Have Nova's database hold servers that stand, and no requests."""
    with _writing() as connection:
        connection.execute(sa.delete(api_models.RequestSpec))
        connection.execute(sa.delete(api_models.InstanceMapping))
    uuids = [uuidutils.generate_uuid() for _ in range(SERVERS)]
    (cell, *_) = cells()
    names = [host.name for host in plan.hosts_in[cell.uuid]]
    host_of = {
        uuid: names[number % len(names)] for number, uuid in enumerate(uuids)
    }
    write_servers(cell, host_of, 'project')
    with _writing() as connection:
        _insert(
            connection,
            api_models.RequestSpec,
            [
                {
                    'id': number,
                    'instance_uuid': uuid,
                    'spec': _request(
                        [latencies.client_address(number % latencies.CLIENTS)]
                    ),
                }
                for number, uuid in enumerate(uuids, 1)
            ],
        )


def _pass(
    store: Store, scheduler: hosts.Stages, states: hosts.Hosts, number: int
) -> float:
    """One of the scheduler, CPU seconds."""
    store.use()
    spec, given = latencies.request_near(number), states.fresh()

    def run() -> None:
        scheduler.begin(spec)
        scheduler.weigh(scheduler.filter(given, spec), spec)

    return _cpu_seconds(run)


def _refuse(
    store: Store, scheduler: hosts.Stages, states: hosts.Hosts, number: int
) -> float:
    """Refuse a client that nobody measured, CPU seconds."""
    store.use()
    given = states.fresh()
    spec = request_spec(
        {'edge:latency_budget_ms': '20', 'edge:budget_mode': 'required'},
        {'edge:client': [f'9.0.{number}.7']},
    )

    def run() -> None:
        with contextlib.suppress(exception.NoValidHost):
            scheduler.begin(spec)
            scheduler.filter(given, spec)
            raise RuntimeError('it is not refused')

    return _cpu_seconds(run)


class _Counting:
    """A probe that nobody answers."""

    send_errors = 0

    def __init__(self) -> None:
        self.sent = 0

    async def open(self) -> None:
        pass

    def send(self, address: Address, port: int, turn: int, done: Done) -> None:
        self.sent += 1
        done(LOST)

    def close(self) -> None:
        pass


async def _probed(wanted: Wanted, site: str, seconds: float) -> float:
    """Probe as a site's prober does; packets a second."""
    probe = _Counting()
    prober = Prober(
        asyncio.get_running_loop(),
        {'icmp': probe, 'stamp': probe, 'tcp': probe},
    )
    agenda = Agenda(prober, _default('targets_max_rate'))
    start = time.monotonic()
    while (now := time.monotonic() - start) < seconds:
        body = to_json(wanted.targets(site))
        await agenda.follow_served(read(body))
        await asyncio.sleep(min(5.0, seconds - now))
    prober.close()
    return probe.sent / (time.monotonic() - start)


def _default(name: str) -> float:
    """Of an option of the prober."""
    (option,) = (each for each in PROBER_OPTS if each.name == name)
    return float(option.default)


@contextlib.contextmanager
def _writing() -> Iterator[sa.Connection]:
    with api_db.get_engine().begin() as connection:
        yield connection


def _insert(
    connection: sa.Connection, model: type, rows: list[dict[str, object]]
) -> None:
    connection.execute(sa.insert(model.__table__), rows)  # type: ignore[attr-defined]


def _cpu_seconds(run: Callable[[], object]) -> float:
    """Of all threads: the store is asked by another one."""
    start = time.process_time()
    run()
    return time.process_time() - start


def _peak_kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
