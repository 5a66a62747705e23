# SPDX-License-Identifier: Apache-2.0

"""What all sources have in common: where lines go, and how it went."""

import collections
import time

from edge_sched.listen.line import Handshake
from edge_sched.listen.line import RefusedError
from edge_sched.listen.line import handshake
from edge_sched.listen.line import parse
from edge_sched.listen.table import Table


class Source:
    """One source of connections, for one thread.

    :ivar name: ``syslog``, ``socket``, ``file:/var/log/rtt.json``, ``beacon``
    :ivar is_up: whether it can be read
    :ivar taken: connections that count
    :ivar refused: lines, or connections, that do not, by reason
    :ivar newest_at: of the newest that counts, UTC epoch seconds
    """

    def __init__(self, name: str, table: Table) -> None:
        self.name = name
        self.is_up = False
        self.taken = 0
        self.refused: collections.Counter[str] = collections.Counter()
        self.newest_at = 0.0
        self._table = table

    def take_line(self, line: bytes) -> None:
        """Take in what a proxy has logged."""
        try:
            self._take(parse(line))
        except RefusedError as error:
            self.refused[error.reason] += 1

    def take(self, client: str, rtt_us: int) -> None:
        """Take in a connection of one's own."""
        try:
            self._take(handshake(client, rtt_us))
        except RefusedError as error:
            self.refused[error.reason] += 1

    def _take(self, found: Handshake) -> None:
        self._table.add(found)
        self.taken += 1
        self.newest_at = time.time()
