# SPDX-License-Identifier: Apache-2.0

"""Something breaks while servers are created, with the plug-in and without.

A fault is tried with the plug-in first. What a stock Nova leaves behind after
the same is the measure: up to three control runs are made, as long as none was
as bad. If nothing was left behind, none is needed and none is made, unless
the environment has ``EDGE_SCHED_CLOUD_CONTROLS=always``.
"""

import contextlib
import ipaddress
import itertools
import math
import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping

from openstack.compute.v2.server import Server

from tests.cloud import audit
from tests.cloud import inventory
from tests.cloud.audit import Damage
from tests.cloud.audit import Row
from tests.cloud.audit import Snapshot
from tests.cloud.base import CloudTestCase
from tests.cloud.configuration import FOR_TESTS
from tests.cloud.estate import Estate
from tests.cloud.load import BUDGETS_MS
from tests.cloud.load import REFUSALS
from tests.cloud.load import Ask
from tests.cloud.load import Load
from tests.cloud.processes import NotInTimeError
from tests.cloud.sites import HOSTS
from tests.cloud.sites import site_of
from tests.cloud.trial import Recovery
from tests.cloud.trial import Trial
from tests.cloud.workers import BEGUN
from tests.cloud.workers import steps

#: Servers asked for while something breaks (chosen: three for each caller,
#: so that all are busy before, during and after).
SERVERS = 12

#: Of the environment; ``always`` makes all control runs of every fault.
CONTROLS = 'EDGE_SCHED_CLOUD_CONTROLS'
MAX_CONTROLS = 3

#: How long creates may fail after a fault has ended (chosen: many times what a
#: service takes to find its database and broker again), and how long one may
#: take that is asked for to find out.
RECOVERY_SECONDS = 120.0
TRY_SECONDS = 20.0

#: As nova-scheduler has them.
OPTIONS = FOR_TESTS['edge_sched']
STORE_AWAY = 'latency data is temporarily unavailable'

#: Breaks something while creates go on. Returns when all was mended, by
#: ``time.monotonic``.
Fault = Callable[[Load], float]

#: In the fault of a server: words of ours.
_OURS = re.compile('latency|edge|no site within')
_LOGS = (
    'nova-api',
    'nova-scheduler',
    'nova-super-conductor',
    'nova-conductor-cell1',
    'nova-conductor-cell2',
)
_SITES = {host: site_of(host) for host in HOSTS}


class FaultTestCase(CloudTestCase):
    """Breaks the cloud, and leaves it whole."""

    #: A trial and its control runs.
    TIMEOUT_SCALING_FACTOR = 1 + MAX_CONTROLS

    def setUp(self) -> None:
        super().setUp()
        self.estate = Estate(self.admin)
        self.before = self.estate.snapshot()
        self.addCleanup(self.tidy_up)
        #: What was asked for, by the servers' names.
        self.asked: dict[str, Ask] = {}
        self._numbers = itertools.count(1)
        self._strangers = _addresses(random.getrandbits(64))
        self._image = self.admin.image.find_image(inventory.IMAGE)
        self._flavor = self.admin.compute.find_flavor('plain')
        self.begin_logs()

    def tidy_up(self) -> None:
        """Remove all that was not there when the test began."""
        self.estate.remove(self.estate.snapshot().since(self.before))

    def make_whole(self, name: str) -> None:
        """Let a service go on, or start it, whatever a test has done."""
        self.signal(name, signal.SIGCONT)
        if not self.cloud.pids(name):
            self.cloud.start(name)

    def signal(self, name: str, number: int) -> None:
        """Send a signal to all processes of a service."""
        for pid in self.cloud.pids(name):
            os.kill(pid, number)

    # -- creates ---------------------------------------------------------

    def ask(
        self, budgets_ms: Mapping[str, float], mode: str = 'required'
    ) -> Ask:
        """For a server of a name that no other has."""
        name = f'{self._testMethodName[:40]}-{next(self._numbers)}'
        ask = self.asked[name] = Ask(name, budgets_ms, mode)
        return ask

    def ask_near_stranger(self, mode: str = 'required') -> Ask:
        """One of whose client no worker has anything in its cache."""
        return self.ask({next(self._strangers): 15.0}, mode)

    def request(self, ask: Ask) -> Server:
        """Ask the API, once."""
        return self.alice.compute.create_server(
            name=ask.name,
            image_id=self._image.id,
            flavor_id=self._flavor.id,
            networks='none',
            scheduler_hints=ask.hints(),
        )

    def _recover(self, mended_at: float) -> Recovery:
        """Ask until a server with a required budget is ACTIVE."""
        tries = set[str]()
        while (asked_at := time.monotonic()) < mended_at + RECOVERY_SECONDS:
            ask = self.ask_near_stranger()
            tries.add(ask.name)
            if self.is_created(ask):
                done_at = time.monotonic()
                return Recovery(
                    tries, asked_at - mended_at, done_at - mended_at
                )
        self.fail(f'no create works after {RECOVERY_SECONDS:g} s')

    def is_created(self, ask: Ask) -> bool:
        """Whether it is ACTIVE, in the end; nobody waits for a stuck one."""
        status = ''

        def has_ended() -> bool:
            nonlocal status
            status = self.show(server).status
            return status != 'BUILD'

        try:
            server = self.request(ask)
            self.wait_for('a server', has_ended, TRY_SECONDS)
        except (*REFUSALS, NotInTimeError):
            return False
        return status == 'ACTIVE'

    # -- faults ----------------------------------------------------------

    def endure(self, fault: Fault, declared: str | None = None) -> Trial:
        """Try a fault; it must do no harm that a stock Nova avoids.

        :param declared: the one thing of ours that servers may be refused for
        :return: the trial with the plug-in
        """
        trial = self._try(fault)
        self.assertEqual([], self._outside(trial.new))
        ours = [words for words in trial.faults() if _OURS.search(words)]
        self.assertEqual(
            [], [w for w in ours if not declared or declared not in w]
        )
        self.assertEqual(set(), self.blamed(trial.new.stuck()))
        self.say(f'{trial}')
        self.tidy_up()
        controls = self._controls(fault, trial.damage)
        self.assertTrue(
            trial.damage.within(controls), f'{trial.damage}, {controls}'
        )
        return trial

    def _controls(self, fault: Fault, ours: Damage) -> list[Damage]:
        """The same without the plug-in, as often as it takes."""
        always = os.environ.get(CONTROLS) == 'always'
        controls: list[Damage] = []
        if not always and ours.within(controls):
            return controls
        with self.cloud.scheduler(plugin=False):
            while len(controls) < MAX_CONTROLS and (
                always or not ours.within(controls)
            ):
                trial = self._try(fault)
                self.say(f'{trial} (without the plug-in)')
                self.tidy_up()
                controls.append(trial.damage)
        return controls

    def _try(self, fault: Fault) -> Trial:
        self.begin_logs()
        asks = itertools.islice(itertools.cycle(BUDGETS_MS), SERVERS)
        with Load(self.request, map(self.ask, asks)) as load:
            recovery = self._recover(fault(load))
        return Trial(
            len(load.accepted),
            len(load.refused),
            self.estate.settled(self.before, recovery.tries),
            recovery,
        )

    def say(self, text: str) -> None:
        """Tell who watches the tests run; stdout is for their results."""
        print(f'{self._testMethodName}: {text}', file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def held(self, load: Load) -> Iterator[None]:
        """All servers were asked for, and the scheduler has begun with each.

        It waits for Placement, which is stopped meanwhile: so the same is
        lost in every trial, and the controls are not a matter of chance.
        """
        self.signal('placement', signal.SIGSTOP)
        try:
            load.join()
            self.wait_for(
                'the scheduler to begin with all',
                lambda: self._requests_begun() == SERVERS,
            )
            yield
        finally:
            self.signal('placement', signal.SIGCONT)

    def _requests_begun(self) -> int:
        log = self.log_of('nova-scheduler')
        return sum(step.stage == BEGUN for step in steps(log))

    # -- what was found --------------------------------------------------

    def begin_logs(self) -> None:
        """Let ``log_of`` begin here, as it does at each trial."""
        self._logged = {name: self.cloud.log_size(name) for name in _LOGS}

    def log_of(self, name: str) -> str:
        return self.log_text(name, self._logged[name])

    def blamed(self, server_ids: Collection[str]) -> set[str]:
        """Which of these servers an error of ours speaks of."""
        names = {
            name: server_id
            for server_id in server_ids
            for name in (server_id, *self.estate.requests_of(server_id))
        }
        logs = '\n'.join(map(self.log_of, _LOGS))
        return {names[name] for name in audit.blamed(logs, names)}

    def _outside(self, new: Snapshot) -> list[audit.Server]:
        budgets_ms = {
            name: ask.budgets_ms
            for name, ask in self.asked.items()
            if ask.mode == 'required'
        }
        return audit.outside(new.servers, budgets_ms, _SITES, self._rows())

    def _rows(self) -> list[Row]:
        """What was measured of prefixes; a quantile may be lost."""
        return [
            Row(row['vantage'], row['client'], _or_inf(row['rtt_p95_ms']))
            for row in self.edge_sched('measurement', 'list')
            if '/' in row['client']
        ]


def _addresses(first: int) -> Iterator[str]:
    """Of 2001:db8:a::/56; nobody has asked for one of them before."""
    network = ipaddress.ip_address('2001:db8:a::')
    return (str(network + number) for number in itertools.count(first))


def _or_inf(figure: float | str | None) -> float:
    return math.inf if figure is None else float(figure)
