# SPDX-License-Identifier: Apache-2.0

"""Asks the control plane whom to probe, again and again.

    with Subscription(source, 5.0, deliver):
        ...

In a thread of its own, so that a server that hangs holds up no probe.
"""

import dataclasses
import logging
import threading
from collections.abc import Callable
from typing import Self

from edge_sched.http.deadline import Deadline
from edge_sched.http.fetch import Fetcher
from edge_sched.http.fetch import FetchError
from edge_sched.http.fetch import check_cafile
from edge_sched.http.fetch import check_url
from edge_sched.http.fetch import first_line
from edge_sched.http.fetch import reason
from edge_sched.model.served import MAX_BYTES
from edge_sched.model.text import readable
from edge_sched.probe import served
from edge_sched.probe.target import Target

LOG = logging.getLogger(__name__)

#: The longest that one list may take. Chosen: that of the collector to find
#: out that its store is away, and some to spare.
ASK_SECONDS = 5.0

Deliver = Callable[[tuple[Target, ...] | None], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """Where the targets are served, and what lets in.

    The files are read at each time, so that what was renewed counts.

    :param url: ``https://collector:9863/targets/lyon``
    :param user: ``''`` if there is none
    :param password_file: its first line is the password of the user
    :param cafile: ``''`` trusts the public authorities
    """

    url: str
    user: str = ''
    password_file: str = ''
    cafile: str = ''

    def check(self) -> None:
        """Refuse what cannot work.

        :raises ValueError: naming the option
        """
        _check('targets_url', self.url, check_url)
        if bool(self.user) != bool(self.password_file):
            raise ValueError('targets_user goes with targets_password_file')
        if ':' in self.user:
            raise ValueError(f'targets_user {self.user!r} has a colon')
        if self.password_file:
            _check('targets_password_file', self.password_file, first_line)
        if self.cafile:
            _check('targets_cafile', self.cafile, check_cafile)

    def read(self) -> tuple[Target, ...]:
        """The targets now.

        :raises FetchError: if there is no answer
        :raises OSError: if a file cannot be read
        :raises ValueError: if the answer, or a file, makes no sense
        """
        credentials = None
        if self.user:
            credentials = self.user, first_line(self.password_file)
        body, _ = Fetcher(credentials, self.cafile or None).get(
            self.url,
            {'Accept': 'application/json'},
            Deadline(ASK_SECONDS),
            MAX_BYTES,
        )
        return served.read(body)


class Subscription:
    """Delivers targets until its end.

    :param interval_seconds: from an answer to the next question
    :param deliver: called in the thread, after each question: with the
        targets, or with ``None`` if there was no list, or a bad one
    """

    def __init__(
        self, source: Source, interval_seconds: float, deliver: Deliver
    ) -> None:
        self._source = source
        self._interval_seconds = interval_seconds
        self._deliver = deliver
        self._complaint = ''
        self._ended = threading.Event()
        # A daemon: the name of a server may be looked up for long.
        self._thread = threading.Thread(
            target=self._run, name='targets', daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            targets = self._ask()
            if not self._ended.is_set():
                self._deliver(targets)
            self._ended.wait(self._interval_seconds)

    def _ask(self) -> tuple[Target, ...] | None:
        try:
            targets = self._source.read()
            why = ''
        except (FetchError, OSError, ValueError) as error:
            why = str(error)
        except Exception as error:
            # Who serves may have been broken into, and has it all his way.
            why = reason(error)
        # Not within: oslo.log would say the error once more.
        if why:
            self._complain(why)
            return None
        if self._complaint:
            LOG.info('Targets are served again.')
        self._complaint = ''
        return targets

    def _complain(self, why: str) -> None:
        """Once, while it is the same each time."""
        if why != self._complaint:
            LOG.warning(
                'No targets are taken from targets_url, the last ones go on: '
                '%s',
                readable(why),
            )
        self._complaint = why


def _check(option: str, value: str, check: Callable[[str], object]) -> None:
    try:
        check(value)
    except (OSError, ValueError) as error:
        raise ValueError(f'{option} {value!r}: {error}') from error
