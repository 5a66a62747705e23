# SPDX-License-Identifier: Apache-2.0

"""What an input of the collector is: entry points of ``edge_sched.inputs``."""

import abc
import dataclasses
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import ClassVar

from oslo_config import cfg

from edge_sched.collector.reading import Harvest
from edge_sched.collector.scope import Scope
from edge_sched.http.deadline import Deadline
from edge_sched.model.client import Prefix
from edge_sched.model.client import parse_prefix
from edge_sched.model.names import normal

#: A word, which has blanks in it where it is quoted.
_WORD = re.compile(r'"[^"]+"|[^"\s]+')
_WORDS = re.compile(rf'\s*(?:{_WORD.pattern})(?:\s+(?:{_WORD.pattern}))*\s*')


class InputError(Exception):
    """A whole input failed this round; the message says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """How much of one source is read.

    :param timeout_seconds: from the first byte asked for to the last
    :param max_bytes: of the answer, unpacked
    :param max_series: series (or rows, of a file)
    """

    timeout_seconds: float
    max_bytes: int
    max_series: int


class Input(abc.ABC):
    """One place that measurements are read from, with all of its sources.

    :param name: of the input, for messages and metrics
    :param conf: with ``group`` registered: ``OPTS`` and the common options
    :param mine: whether a vantage is of the collector's shard; readings of
        others are left out, and not counted
    :raises ValueError: for a setting that makes no sense, naming group,
        option, value and what is allowed

    Nothing is opened before ``collect``.
    """

    #: Options of the driver, registered in the group of each of its inputs.
    OPTS: ClassVar[Sequence[cfg.Opt]] = ()

    def __init__(
        self,
        name: str,
        conf: cfg.ConfigOpts,
        group: str,
        mine: Callable[[str], bool],
    ) -> None:
        self.name = name
        self.group = group
        self.settings = conf[group]
        self.mine = mine
        self.limits = Limits(
            timeout_seconds=self.settings.timeout,
            max_bytes=self.settings.max_bytes,
            max_series=self.settings.max_series,
        )
        self.scope = Scope(self.settings.max_clients, self._read_clients())

    @abc.abstractmethod
    def collect(self, deadline: Deadline) -> Iterator[Harvest]:
        """Read every source once; one harvest each, in the order they end.

        :raises InputError: if none of the sources can be asked at all
        """

    def vantages(self) -> Collection[str]:
        """Those of this shard that it is to bring, as far as they are known.

        They are watched from the start, and not only once they have brought
        something.
        """
        return ()

    def close(self) -> None:  # noqa: B027  # most hold none
        """Let go of connections; called by another thread than ``collect``."""

    def bad_setting(self, option: str, value: object, why: str) -> ValueError:
        """The error of a setting, to be raised.

        ``[edge_sched_input_a] prober: 'lyon' is not a vantage and a URL``
        """
        return ValueError(f'[{self.group}] {option}: {value!r} {why}')

    def read_named(
        self, option: str, what: str = 'a vantage'
    ) -> dict[str, str]:
        """What stands for each value, by the lines of an option.

        ``lyon 10.1.1.2`` is ``{'10.1.1.2': 'lyon'}``, and ``lyon`` alone is
        the value, too.
        """
        named: dict[str, str] = {}
        for text in self.settings[option]:
            if not _WORDS.fullmatch(text):
                raise self.bad_setting(
                    option,
                    text,
                    f'is not {what} and a value, in double quotes if there '
                    'are blanks in them',
                )
            *name, value = (
                normal(word.strip('"')) for word in _WORD.findall(text)
            )
            if value in named:
                raise self.bad_setting(option, text, 'has a value twice')
            named[value] = ' '.join(name) or value
        if not named:
            raise self.bad_setting(option, '', 'names no vantage at all')
        return named

    def _read_clients(self) -> list[Prefix]:
        prefixes = []
        for text in self.settings.clients:
            try:
                prefixes.append(parse_prefix(text))
            except ValueError:
                raise self.bad_setting(
                    'clients', text, 'is not an address or a prefix'
                ) from None
        return prefixes
