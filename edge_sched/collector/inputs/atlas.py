# SPDX-License-Identifier: Apache-2.0

"""Driver ``atlas``: a directory of results of RIPE Atlas."""

import ipaddress
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import TextIO, TypeAlias

from oslo_config import cfg

from edge_sched.collector.inputs import atlas_results
from edge_sched.collector.inputs import pooled
from edge_sched.collector.inputs.atlas_results import Result
from edge_sched.collector.inputs.directory import MAX_FILES
from edge_sched.collector.inputs.directory import BoundError
from edge_sched.collector.inputs.directory import DirectoryInput
from edge_sched.collector.reading import Harvest
from edge_sched.collector.reading import Reading
from edge_sched.http.deadline import Deadline
from edge_sched.measurement.file import JSON_ENDINGS

OPTS = (
    cfg.StrOpt(
        'directory',
        help="""
The directory whose files of results are read: ``*.json``, ``*.jsonl`` and
``*.ndjson``. Others are left alone, and so are names that begin with a dot.

A file has results of pings as the API gives them
(``/api/v2/measurements/<id>/results/``, or ``latest/``), or a result a line.
It is read by itself when it is new or has changed, so have all results of one
pair in one. One with a bad result is not taken at all, so write a file under
another name and rename it when it is complete. A link is not followed.

Possible values:

* An absolute path; required.
""",
    ),
    cfg.MultiStrOpt(
        'probe',
        default=[],
        help="""
A vantage point, and the number of the Atlas probe that stands for it.

The option may stand any number of times, a line for each. The probe is at the
site, and what it pings is the client. Results of other probes are refused and
counted, unless they have pinged an ``anchor``.

Possible values:

* ``<vantage> <number>``, e.g. ``lyon 6112``
* In double quotes where there are blanks: ``"New York" 6112``

Related options:

* ``client``
""",
    ),
    cfg.MultiStrOpt(
        'anchor',
        default=[],
        help="""
A vantage point, and the address at it that Atlas probes ping.

The other way round: what is pinged is at the site, and the client is the
probe, at the address that Atlas sees it from. The option may stand any number
of times.

Possible values:

* ``<vantage> <address>``, e.g. ``lyon 198.51.100.2``

Related options:

* ``client``
""",
    ),
    cfg.MultiStrOpt(
        'client',
        default=[],
        help="""
A client, and the address that stands for it in results.

An address that is in none of these lines is a client itself. The option may
stand any number of times.

Possible values:

* ``<client> <address>``, e.g. ``203.0.113.0/24 203.0.113.7``; the client is a
  prefix, the name of a client or a site (``site:oslo``)
""",
    ),
    cfg.IntOpt(
        'window',
        default=7200,
        min=1,
        help="""
The seconds of results that are pooled, back from the newest of a pair.

Of these the newest count that have 60 packets together, which a budget at p95
asks for. That are 20 results of 3 packets; at one every 240 seconds, as Atlas
has it by default, they take 80 minutes.

Possible values:

* A positive integer.
""",
    ),
    MAX_FILES,
)

#: Chosen: a p95 is judged by so many (``SAMPLES_NEEDED``), and more are older.
_POOL = 60

Pair: TypeAlias = tuple[str, str]


class AtlasInput(DirectoryInput):
    """A source is one file, of any number of vantages.

    :param clock: UTC epoch seconds, for tests
    """

    OPTS = OPTS
    ENDINGS = ('.json', *JSON_ENDINGS)

    def __init__(
        self,
        name: str,
        conf: cfg.ConfigOpts,
        group: str,
        mine: Callable[[str], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(name, conf, group, mine, clock)
        settings = self.settings
        if not (settings.probe or settings.anchor):
            raise self.bad_setting(
                'probe', '', 'names no vantage, and neither does anchor'
            )
        self._probes = self.read_named('probe') if settings.probe else {}
        for number in self._probes:
            if not (number.isascii() and number.isdecimal()):
                raise self.bad_setting(
                    'probe', number, 'is not the number of a probe'
                )
        self._anchors = self._read_addresses('anchor', 'a vantage')
        self._clients = self._read_addresses('client', 'a client')

    def vantages(self) -> Collection[str]:
        known = {*self._probes.values(), *self._anchors.values()}
        return {vantage for vantage in known if self.mine(vantage)}

    def read(
        self, stream: TextIO, path: str, written_at: float, deadline: Deadline
    ) -> Harvest:
        text = stream.read(self.limits.max_bytes + 1)
        if len(text) > self.limits.max_bytes:
            raise BoundError(f'is longer than {self.limits.max_bytes} bytes')
        refused: Counter[str] = Counter()
        by_pair: dict[Pair, list[Result]] = {}
        for number, result in enumerate(atlas_results.read(text)):
            if number >= self.limits.max_series:
                raise BoundError(
                    f'has more than {self.limits.max_series} results'
                )
            if deadline.passed():
                raise BoundError('could not be read in time')
            pair = self._pair(result)
            if pair is None:
                refused['vantage'] += 1
            elif result.rtts_ms and self.mine(pair[0]):
                by_pair.setdefault(pair, []).append(result)
        readings = [
            self._reading(pair, results) for pair, results in by_pair.items()
        ]
        return Harvest(readings, refused)

    def _pair(self, result: Result) -> Pair | None:
        vantage = self._probes.get(result.probe)
        if vantage is not None:
            return vantage, self._client(result.target)
        vantage = self._anchors.get(_address(result.target))
        if vantage is not None:
            return vantage, self._client(result.origin)
        return None

    def _client(self, address: str) -> str:
        return self._clients.get(_address(address), address)

    def _reading(self, pair: Pair, results: Iterable[Result]) -> Reading:
        newest, *older = sorted(
            results, key=lambda result: result.at, reverse=True
        )
        rtts_ms = list(newest.rtts_ms)
        for result in older:
            if (
                len(rtts_ms) >= _POOL
                or result.at < newest.at - self.settings.window
            ):
                break
            rtts_ms += result.rtts_ms
        vantage, client = pair
        return Reading(
            vantage=vantage,
            client=client,
            measured_at=newest.at,
            source='atlas ping',
            **pooled.figures(rtts_ms),
        )

    def _read_addresses(self, option: str, what: str) -> dict[str, str]:
        """What stands for each address, which is written in one way."""
        if not self.settings[option]:
            return {}
        named = {}
        for text, name in self.read_named(option, what).items():
            address = _address(text)
            if not address:
                raise self.bad_setting(option, text, 'is not an address')
            named[address] = name
        return named


def _address(text: str) -> str:
    """As addresses are written here; ``''`` if it is none."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ''
