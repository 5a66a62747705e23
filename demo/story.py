# SPDX-License-Identifier: Apache-2.0

"""What the demo is told to do: sites, measurements, flavors and requests."""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from demo.measured import Measured
from demo.paths import Paths

#: ``{'lyon': ('cell2', ['lyon-1', 'lyon-2'])}``
Sites = Mapping[str, tuple[str, list[str]]]


class Landing(NamedTuple):
    """Where a server is, or why it is nowhere."""

    #: As the API shows it to an admin.
    server: dict[str, Any]
    host: str | None
    cell: str
    #: What its owner reads; empty if all is well.
    fault: str

    @property
    def site(self) -> str | None:
        """Hosts are called ``<site>-<number>``."""
        return self.host.rpartition('-')[0] if self.host else None


@dataclasses.dataclass(frozen=True, slots=True)
class End:
    """Who must be near: an address, a prefix or a name."""

    client: str
    budget_ms: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """One request for servers, and in plain terms what it comes down to.

    :param name: of the server in the table
    :param hints: as the tenant writes them; None for none
    :param flavor: what the operator has made of it is in ``Story.flavors``
    :param count: of servers, in this one request
    :param ends: who must be near, with the budget that flavor and hints
        make together
    :param jitter_ms: the budget of jitter
    :param preferred: rather over budget than nowhere
    :param fit: anywhere within budget, not the nearest
    :param group: policy of the server group that is made for them; none if
        empty
    :param refused_with: parts of the reason, where the request is wrong in
        itself
    """

    name: str
    hints: Mapping[str, str] | None = None
    flavor: str = 'plain'
    count: int = 1
    ends: tuple[End, ...] = ()
    jitter_ms: float | None = None
    preferred: bool = False
    fit: bool = False
    group: str = ''
    refused_with: tuple[str, ...] = ()

    @property
    def server_names(self) -> list[str]:
        """``['cache-1', 'cache-2']``, or the bare name of a single one."""
        if self.count == 1:
            return [self.name]
        return [f'{self.name}-{i}' for i in range(1, self.count + 1)]


@dataclasses.dataclass(frozen=True)
class Story:
    """All of a demo but its running.

    :param measured: what the measurements say, or will say
    :param on_stock: requests that the table of all does not have, for stock
        Nova too
    :param csv: the measurement file that is imported, if it is not measured
    :param paths: the network that is measured, if no file is imported
    :param owned: names of ``measured`` that belong to the tenant's project;
        the others are shared
    :param flavors: ``{'edge.small': {'edge:latency_budget_ms': '20'}}``
    :param favoured: the host that stock Nova takes first; none in particular
        if empty
    """

    sites: Sites
    measured: Measured
    flavors: Mapping[str, Mapping[str, str]]
    requests: tuple[Request, ...]
    on_stock: tuple[Request, ...] = ()
    csv: pathlib.Path | None = None
    paths: Paths | None = None
    owned: frozenset[str] = frozenset()
    favoured: str = ''

    @property
    def hosts(self) -> list[str]:
        """All hosts, site by site."""
        return [host for _, hosts in self.sites.values() for host in hosts]

    def cell_of(self, site: str) -> str:
        return self.sites[site][0]


def hints_for(client: str, **values: Any) -> dict[str, str]:
    """``hints_for('203.0.113.7', latency_budget_ms=20)``."""
    others = {f'edge:{key}': str(value) for key, value in values.items()}
    return {'edge:client': client} | others
