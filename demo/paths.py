# SPDX-License-Identifier: Apache-2.0

"""The network of the demo's own story: paths from sites to clients and sites.

What is in the files is what the emulated network does to packets. What the
probers find has to come out of it, so the expectations are computed from here.
"""

import csv
import dataclasses
import math
import pathlib
from collections.abc import Mapping
from typing import Self

from demo.measured import Measured
from demo.measured import Rtt
from demo.measured import place
from demo.measured import site_client
from tests.emulation.path import Path

#: Of the jitter, which is the sum of two that are even: F(x) = 1 - 2 (1 - x)^2
#: in its upper half.
P95_OF_JITTER = 1 - math.sqrt(0.05 / 2)


@dataclasses.dataclass(frozen=True)
class Paths:
    """A network.

    :param addresses: who answers for a client: ``{'203.0.113.0/24':
        '203.0.113.7'}``
    :param paths: ``{('lyon', '203.0.113.0/24'): Path(...)}``
    :param mesh: between sites, each pair once: ``{('paris', 'lyon'): ...}``
    """

    addresses: Mapping[str, str]
    paths: Mapping[tuple[str, str], Path]
    mesh: Mapping[tuple[str, str], Path]

    @classmethod
    def read(cls, path: pathlib.Path, mesh: pathlib.Path) -> Self:
        """Read the CSV files; round trips are in milliseconds."""
        lines = _lines(path)
        return cls(
            {line['client']: line['address'] for line in lines},
            {(line['site'], line['client']): _path(line) for line in lines},
            {
                (line['site'], line['other']): _path(line)
                for line in _lines(mesh)
            },
        )

    @property
    def sites(self) -> list[str]:
        return list(dict.fromkeys(site for site, _ in self.paths))

    def changed(self, site: str, client: str, path: Path) -> Self:
        """The same with another path."""
        return dataclasses.replace(
            self, paths={**self.paths, (site, client): path}
        )

    def measured(self, names: Mapping[str, str]) -> Measured:
        """What measuring has to find, but for what chance does to it."""
        clients = {
            (site, place(client)): expected_rtt(path)
            for (site, client), path in self.paths.items()
        }
        sites = {
            (one, site_client(other)): expected_rtt(path)
            for pair, path in self.mesh.items()
            for one, other in (pair, pair[::-1])
        }
        return Measured(clients | sites, names, exact=False)


def _lines(path: pathlib.Path) -> list[dict[str, str]]:
    with path.open(newline='') as stream:
        return list(csv.DictReader(stream))


def _path(line: Mapping[str, str]) -> Path:
    return Path(
        rtt_ms=float(line['rtt_ms']),
        jitter_ms=float(line['jitter_ms']),
        loss_ratio=float(line.get('loss_ratio') or 0),
    )


def expected_rtt(path: Path) -> Rtt:
    """Of the probes sent: with loss beyond 5 % the p95 is lost."""
    return Rtt(
        p50_ms=path.median_ms if path.loss_ratio < 0.5 else math.inf,
        p95_ms=(
            path.rtt_ms + P95_OF_JITTER * path.jitter_ms
            if path.loss_ratio < 0.05
            else math.inf
        ),
        min_ms=path.rtt_ms,
    )
