# SPDX-License-Identifier: Apache-2.0

"""What a look-up should find, worked out the slow way."""

import dataclasses

from edge_sched.model.client import parse_client
from edge_sched.model.latency import Answer


class Oracle:
    """The same rows and names as in the store, in plain Python.

    :param rows: ``NewLatency``, one of each client and vantage
    :param names: ``{('car', 'project'): [prefix, ...]}``
    """

    def __init__(self, rows, names):
        self.rows = rows
        self.names = names

    def answer(self, client, project_id):
        if client.prefix is not None:
            return Answer(True, (self._best(client.prefix),))
        if client.site is not None:
            return Answer(True, (self._either_way(client.site),))
        for owner in (project_id, ''):
            if (client.name, owner) in self.names:
                break
        else:
            return Answer(known=False)
        own = {
            new.latency.vantage: new.latency
            for new in self.rows
            if (new.client.name, new.project_id) == (client.name, owner)
        }
        prefixes = self.names[client.name, owner]
        parts = [self._best(prefix) | own for prefix in prefixes]
        return Answer(True, tuple(parts) or (own,))

    def _either_way(self, site):
        """Of each vantage the newer row to or from a site."""
        there = {
            new.latency.vantage: new.latency
            for new in self.rows
            if new.client.site == site
        }
        for new in self.rows:
            if new.latency.vantage != site or new.client.site is None:
                continue
            far = new.client.site
            if (
                far not in there
                or there[far].measured_at < new.latency.measured_at
            ):
                there[far] = dataclasses.replace(
                    new.latency, vantage=far, client=f'site:{site}'
                )
        return there

    def _best(self, prefix):
        """Of each vantage the row of the longest prefix around this one."""
        best = {}
        for new in self.rows:
            around = new.client.prefix
            if (
                around is None
                or around.version != prefix.version
                or not prefix.subnet_of(around)
            ):
                continue
            vantage = new.latency.vantage
            kept = best.get(vantage)
            if (
                kept is None
                or parse_client(kept.client).prefix.prefixlen
                < around.prefixlen
            ):
                best[vantage] = new.latency
        return best
