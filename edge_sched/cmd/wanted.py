# SPDX-License-Identifier: Apache-2.0

"""``edge-sched wanted``: whom sites probe because he is asked for."""

import argparse
import math
from typing import Any

from cliff import lister

from edge_sched.cmd.figures import timestamp
from edge_sched.cmd.shell import Shell
from edge_sched.cmd.stores import explained
from edge_sched.cmd.stores import settings_of
from edge_sched.model.text import readable
from edge_sched.store.wanted import Wanted

COLUMNS = ('client', 'address', 'asked', 'sites', 'answered', 'state')


class List(lister.Lister):
    """List the clients that are asked for and that nobody had measured.

    They are there if edge-sched-auditor may want any ([edge_sched_wanted]
    allow in nova.conf): those that servers name, that requests named which
    were refused, and that names point at. "asked" is when somebody last asked,
    "sites" who probes it now, and "answered" from how many sites it was
    measured of late.

    State is "probing" while the sites nearest to it are looked for, then
    "measured", or "silent" if no site got an answer.
    """

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        settings = settings_of(self)
        max_age_seconds = self._max_age_seconds()
        with explained(settings), Wanted(settings) as wanted:
            entries = wanted.entries()
            heard = wanted.measured(
                [each.target.client for each in entries], max_age_seconds
            )
        return COLUMNS, [
            (
                each.target.client,
                each.target.address,
                timestamp(each.asked_at),
                ', '.join(map(readable, sorted(each.sites))),
                sum(
                    rtt_ms < math.inf
                    for rtt_ms in heard.get(each.target.client, {}).values()
                ),
                each.state,
            )
            for each in entries
        ]

    def _max_age_seconds(self) -> float:
        app = self.app
        assert isinstance(app, Shell)
        return float(app.conf.edge_sched.max_age)
