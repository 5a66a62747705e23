# SPDX-License-Identifier: Apache-2.0

"""Driver ``openmetrics``: the probers themselves, without any Prometheus."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple, TypeVar

from oslo_config import cfg

from edge_sched.collector.inputs import page
from edge_sched.collector.inputs.base import Input
from edge_sched.collector.inputs.exposition import MalformedError
from edge_sched.collector.inputs.parallel import in_parallel
from edge_sched.collector.reading import Harvest
from edge_sched.conf import access
from edge_sched.http.deadline import Deadline
from edge_sched.http.fetch import Fetcher
from edge_sched.http.fetch import FetchError
from edge_sched.http.fetch import check_cafile
from edge_sched.http.fetch import check_url
from edge_sched.http.fetch import first_line
from edge_sched.http.pages import OPENMETRICS
from edge_sched.model.names import normal

T = TypeVar('T')

OPTS = (
    cfg.MultiStrOpt(
        'prober',
        default=[],
        help="""
A prober: the name of its vantage point, a blank, and the URL of its metrics.

The option may stand any number of times, a line for each prober. What the
prober itself says of its vantage point is not believed: if it names another
one, its measurements are refused and counted.

A vantage may stand there several times, as with its prober and with its
listener (``edge-sched-listener``), whose page reads the same.

Possible values:

* ``<vantage> http://<host>:9862/metrics``
* ``<vantage> https://<host>:9862/metrics``
* ``<vantage> http://<host>:9865/metrics`` for a listener
""",
    ),
    *access.opts('the probers'),
    cfg.IntOpt(
        'concurrency',
        default=32,
        min=1,
        max=1024,
        help="""
The number of probers that are read at a time.

Most of the time a prober is waited for. Those that did not answer the last
time come last, so that they hold up no other. Where many are waited for, each
of them is waited for a shorter time than ``timeout``, but never less than a
second: with one at a time for each 20 probers, all have their turn in a round
of 30 seconds even if none answers.

Possible values:

* An integer from 1 to 1024.
""",
    ),
)


#: Chosen: the handshakes of TCP and TLS and a page, from the other side of the
#: world, and some to spare.
LEAST_SECONDS = 1.0


class Prober(NamedTuple):
    """Where a vantage is read.

    :param url: e.g. ``https://192.0.2.7:9862/metrics``
    """

    vantage: str
    url: str

    def __str__(self) -> str:
        return f'{self.vantage} at {self.url}'


class Job(NamedTuple):
    """A prober to be asked.

    :param sharers: how many, itself included, are still to share the time
        that is left when it is begun
    """

    prober: Prober
    sharers: int


class OpenMetricsInput(Input):
    """A source is one prober; one that is silent stops no other.

    Those that answered are asked first, in the order in which they did, so
    that the slow ones get what time the quick ones leave; then those whose
    turn did not come; at last the silent ones. Of these a few have the whole
    timeout, others in each round, and the rest shares what is left.

    :param clock: UTC epoch seconds, for tests
    """

    OPTS = OPTS

    def __init__(
        self,
        name: str,
        conf: cfg.ConfigOpts,
        group: str,
        mine: Callable[[str], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(name, conf, group, mine)
        self._fetcher = self._make_fetcher(clock)
        self._live: list[Prober] = []
        self._unasked = [p for p in self._read_probers() if mine(p.vantage)]
        self._expected = frozenset(p.vantage for p in self._unasked)
        self._silent: list[Prober] = []

    def vantages(self) -> Collection[str]:
        return self._expected

    def collect(self, deadline: Deadline) -> Iterator[Harvest]:
        asked = set()
        least_seconds = min(LEAST_SECONDS, deadline.remaining_seconds() / 2)

        def scrape(job: Job) -> Harvest:
            left_seconds = deadline.remaining_seconds()
            # To fail with less than that says nothing about a prober.
            if left_seconds >= least_seconds:
                asked.add(job.prober)
            share_seconds = left_seconds * concurrency / job.sharers
            return self._scrape(
                job.prober,
                deadline.within(max(share_seconds, least_seconds)),
            )

        concurrency = self.settings.concurrency
        patient = (concurrency + 1) // 2
        favoured, waiting = self._silent[:patient], self._silent[patient:]
        jobs = [
            *_sharing([*self._live, *self._unasked]),
            *(Job(prober, 1) for prober in favoured),
            *_sharing(waiting),
        ]
        live, unasked, failed = [], [], {}
        for (prober, _), harvest in in_parallel(
            jobs, scrape, concurrency, deadline
        ):
            if harvest is None:
                harvest = _failed(
                    prober, _why_nothing(prober in asked, deadline)
                )
            if not harvest.failed:
                live.append(prober)
            elif prober in asked:
                failed[prober] = True
            else:
                unasked.append(prober)
            yield harvest
        self._live, self._unasked = live, unasked
        # Those that still wait for their whole timeout stay before the rest.
        first = [prober for prober in waiting if failed.pop(prober, False)]
        self._silent = [*first, *failed]

    def _scrape(self, prober: Prober, deadline: Deadline) -> Harvest:
        try:
            body, scraped_at = self._fetcher.get(
                prober.url,
                {'Accept': OPENMETRICS},
                deadline.within(self.limits.timeout_seconds),
                self.limits.max_bytes,
            )
            read = page.read(
                body.decode(),
                self.limits.max_series,
                self.settings.max_clients,
            )
        except (FetchError, MalformedError) as error:
            return _failed(prober, str(error))
        except UnicodeDecodeError:
            return _failed(prober, 'the answer is not UTF-8')
        return page.harvest(read, prober.vantage, scraped_at)._replace(
            source=str(prober)
        )

    def _read_probers(self) -> list[Prober]:
        probers: dict[str, Prober] = {}
        for text in self.settings.prober:
            words = text.rsplit(None, 1)
            if len(words) != 2:
                raise self.bad_setting(
                    'prober', text, 'is not a vantage, a blank and a URL'
                )
            prober = Prober(normal(words[0]), words[1])
            try:
                check_url(prober.url)
            except ValueError as error:
                raise self.bad_setting('prober', text, str(error)) from None
            if prober.url in probers:
                raise self.bad_setting('prober', text, 'has a URL twice')
            probers[prober.url] = prober
        if not probers:
            raise self.bad_setting('prober', '', 'names no prober at all')
        return list(probers.values())

    def _make_fetcher(self, clock: Callable[[], float]) -> Fetcher:
        user, password_file = self.settings.user, self.settings.password_file
        if (user is None) != (password_file is None):
            raise self.bad_setting('user', user, 'goes with password_file')
        if user is not None and ':' in user:
            raise self.bad_setting('user', user, 'has a colon')
        password = self._read_file('password_file', first_line)
        self._read_file('cafile', check_cafile)
        return Fetcher(
            None if password is None else (str(user), password),
            self.settings.cafile,
            clock,
        )

    def _read_file(self, option: str, read: Callable[[str], T]) -> T | None:
        path = self.settings[option]
        if path is None:
            return None
        try:
            return read(path)
        except (OSError, ValueError) as error:
            raise self.bad_setting(
                option, path, f'cannot be used: {error}'
            ) from error


def _sharing(probers: Sequence[Prober]) -> Iterator[Job]:
    """Jobs of equal rights, in this order."""
    return map(Job, probers, range(len(probers), 0, -1))


def _why_nothing(asked: bool, deadline: Deadline) -> str:
    if not deadline.passed():
        return 'reading it broke'
    return 'no answer within the round' if asked else 'not asked in time'


def _failed(prober: Prober, why: str) -> Harvest:
    return Harvest((), failed=why, source=str(prober))
