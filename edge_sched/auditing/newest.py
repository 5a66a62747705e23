# SPDX-License-Identifier: Apache-2.0

"""The newest requests of Nova, as they are made: refused ones too.

nova-api stores each before the scheduler sees it, and it stays with the server
in ERROR that is left of one that was refused. They are read by id, a page at a
time, and no more of them at once than a busy cloud makes in that time.
"""

import collections
from collections.abc import Iterator

from edge_sched.auditing.intake import Asking
from edge_sched.auditing.intake import read_asking
from edge_sched.auditing.trouble import Troubles
from edge_sched.scheduler import nova_servers

#: Requests a page. Chosen: a request has 115 kB at the most, which makes 23 MB
#: of those of a stranger who wants it to; others have 5.
PAGE = 200

#: Pages at a time. Chosen: a thousand requests in a few seconds are more than
#: any cloud takes; the rest is read the next time.
PAGES = 5

#: How many ids back is read at first. Chosen: those who were refused while no
#: auditor ran have most likely gone after so many others.
LOOK_BACK = 1000

#: A request may be stored after one with a higher id, by another nova-api: so
#: many ids are read again each time. Chosen: many more than are under way.
AGAIN = 100


class NewestRequests:
    """Reads each once."""

    def __init__(self) -> None:
        self._last: int | None = None
        #: Servers of those that may be read again.
        self._seen: collections.deque[str] = collections.deque(
            maxlen=2 * (AGAIN + PAGE * PAGES)
        )

    def read(self) -> Iterator[list[Asking]]:
        """What is asked by those that came since, some at a time.

        :raises Exception: what Nova's API database fails with
        """
        newest = nova_servers.newest_request()
        if self._last is None or newest < self._last:
            # At first, or if the database is another one.
            self._last = max(0, newest - LOOK_BACK)
        after = max(0, self._last - AGAIN)
        for _ in range(PAGES):
            page = nova_servers.next_page(after, PAGE)
            if page is None:
                return
            after = page.last
            seen = set(self._seen)
            rows = [
                row
                for row in nova_servers.read_requests(page)
                if row.server not in seen
            ]
            # What cannot be read, or makes no sense, the rounds say.
            troubles = Troubles(lambda line: None)
            yield [
                asking
                for row in rows
                if (asking := read_asking(row, troubles))
            ]
            # Not before: those of a page that failed are read again.
            self._seen += [row.server for row in rows]
            self._last = max(self._last, after)
