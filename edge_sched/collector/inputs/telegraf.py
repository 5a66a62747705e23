# SPDX-License-Identifier: Apache-2.0

"""Driver ``telegraf``: a file that Telegraf's pings are written to."""

import collections
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import TypeAlias

from oslo_config import cfg

from edge_sched.collector import door
from edge_sched.collector.inputs import line_protocol
from edge_sched.collector.inputs import pings
from edge_sched.collector.inputs.base import Input
from edge_sched.collector.inputs.follow import Follower
from edge_sched.collector.inputs.follow import FollowError
from edge_sched.collector.inputs.pings import Ping
from edge_sched.collector.reading import Harvest
from edge_sched.collector.reading import Reading
from edge_sched.http.deadline import Deadline
from edge_sched.model.names import normal

OPTS = (
    cfg.StrOpt(
        'path',
        help="""
The file that Telegraf writes: ``[[outputs.file]]`` with ``data_format =
"influx"``.

It is followed: in each round what was added is read, and of a file that was
rotated the new one. Only points of the measurement ``ping`` are looked at, as
the plug-in ``[[inputs.ping]]`` makes them. A line that is not as it should be
is left out and counted. A link is not followed.

Possible values:

* An absolute path; required.
""",
    ),
    cfg.MultiStrOpt(
        'vantage',
        default=[],
        help="""
A vantage point, and the value of the tag ``vantage_tag`` that stands for it.

The option may stand any number of times, a line for each. Points with any
other value are refused and counted.

Possible values:

* ``<vantage> <value>``, e.g. ``lyon telegraf-1.lyon.example.org``
* ``<vantage>``, where the value is the same
* In double quotes where there are blanks: ``"New York" "rack 7"``

Related options:

* ``vantage_tag``
""",
    ),
    cfg.StrOpt(
        'vantage_tag',
        default='host',
        help="""
The tag that tells the vantage points apart.

Possible values:

* The name of a tag. ``host`` is set by Telegraf itself, to the name of the
  machine that it runs on.

Related options:

* ``vantage``
""",
    ),
    cfg.StrOpt(
        'client_tag',
        default='url',
        help="""
The tag that is the client: an address, a prefix, the name of a client or a
site (``site:lyon``).

Possible values:

* The name of a tag. ``url`` is set by the plug-in, to what it pings, which has
  to be an address then. To let that stand for a prefix, give it a tag of your
  own: ``[inputs.ping.tags]``.
""",
    ),
    cfg.IntOpt(
        'window',
        default=960,
        min=1,
        help="""
The seconds of pings that are pooled where each point is of one packet.

That is what Telegraf does by default (``count = 1``). The default holds the 60
packets that a budget at p95 asks for, at one every 15 seconds, even if a few
are late. The 64 newest packets count, and those only that were read since the
collector was started. Points of several packets have statistics already.

Possible values:

* A positive integer.
""",
    ),
)

#: How the lines begin that are looked at.
_PING = b'ping,'

#: Packets that are pooled, as many as our own prober has in its window. At 60
#: a p95 is judged by.
_POOL = 64

Pair: TypeAlias = tuple[str, str]

_Kept: TypeAlias = dict[str, collections.deque[Ping]]


class TelegrafInput(Input):
    """A source is one file, of any number of vantages."""

    OPTS = OPTS

    def __init__(
        self,
        name: str,
        conf: cfg.ConfigOpts,
        group: str,
        mine: Callable[[str], bool],
    ) -> None:
        super().__init__(name, conf, group, mine)
        path = self.settings.path
        if not path or not os.path.isabs(path):
            raise self.bad_setting('path', path, 'is not an absolute path')
        self._path = path
        self._vantages = self.read_named('vantage')
        self._follower = Follower(path, self.limits.max_bytes)
        # Of each vantage and client the newest, in their order.
        self._pings: dict[str, _Kept] = {v: {} for v in self.vantages()}
        # Vantages with too many clients in this round.
        self._full: set[str] = set()

    def vantages(self) -> Collection[str]:
        return {v for v in self._vantages.values() if self.mine(v)}

    def collect(self, deadline: Deadline) -> Iterator[Harvest]:
        refused: Counter[str] = Counter()
        bad = ''
        touched: dict[Pair, None] = {}
        self._full.clear()
        try:
            for start, line in self._follower.lines(
                deadline.within(self.limits.timeout_seconds)
            ):
                if not line.startswith(_PING):
                    continue
                try:
                    point = line_protocol.parse(line.decode())
                    ping = pings.read(point)
                except ValueError as error:
                    refused['line'] += 1
                    bad = bad or f'line at byte {start}: {error}'
                    continue
                vantage = self._vantages.get(
                    normal(point.tags.get(self.settings.vantage_tag, ''))
                )
                if vantage is None:
                    refused['vantage'] += 1
                elif ping and self.mine(vantage):
                    client = point.tags.get(self.settings.client_tag, '')
                    self._keep((vantage, client), ping, refused)
                    touched[vantage, client] = None
        except FollowError as error:
            yield Harvest((), refused, failed=str(error), source=self._path)
            return
        readings = [
            self._reading(vantage, client)
            for vantage, client in touched
            if client in self._pings[vantage]
        ]
        yield Harvest(
            readings,
            refused,
            failed='' if readings else bad,
            source=self._path,
        )

    def _keep(self, pair: Pair, ping: Ping, refused: Counter[str]) -> None:
        """Those of a client that fell silent are forgotten with it."""
        vantage, client = pair
        of_vantage = self._pings[vantage]
        kept = of_vantage.get(client)
        if kept is None:
            if door.parsed_client(client) is None:
                refused['client'] += 1
                return
            if not self._has_room(vantage, ping.at - self.settings.window):
                refused['clients'] += 1
                return
            kept = of_vantage[client] = collections.deque(maxlen=_POOL)
        kept.append(ping)
        while kept[0].at < ping.at - self.settings.window:
            kept.popleft()

    def _has_room(self, vantage: str, oldest: float) -> bool:
        """Whether one more client may be kept; looked for once a round."""
        of_vantage = self._pings[vantage]
        most = self.settings.max_clients
        if len(of_vantage) < most:
            return True
        if vantage in self._full:
            return False
        _forget(of_vantage, oldest)
        if len(of_vantage) < most:
            return True
        self._full.add(vantage)
        return False

    def _reading(self, vantage: str, client: str) -> Reading:
        kept = self._pings[vantage][client]
        return Reading(
            vantage=vantage,
            client=client,
            measured_at=kept[-1].at,
            **pings.figures(kept),
        )


def _forget(kept: _Kept, before: float) -> None:
    """Those clients of which nothing has come since."""
    for client in [c for c, pings_ in kept.items() if pings_[-1].at < before]:
        del kept[client]
