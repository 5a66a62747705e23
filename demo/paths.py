# SPDX-License-Identifier: Apache-2.0

"""The network of the demo's own story: a path from each site to each client.

What is in the file is what the emulated network does to packets. What the
probers find has to come out of it, so the expectations are computed from here.
"""

import csv
import dataclasses
import ipaddress
import math
import pathlib
from collections.abc import Mapping
from typing import Self

from demo.measured import Measured
from demo.measured import Rtt
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
    """

    addresses: Mapping[str, str]
    paths: Mapping[tuple[str, str], Path]

    @classmethod
    def read(cls, path: pathlib.Path) -> Self:
        """Read the CSV file; round trips are in milliseconds."""
        with path.open(newline='') as stream:
            lines = list(csv.DictReader(stream))
        return cls(
            {line['client']: line['address'] for line in lines},
            {
                (line['site'], line['client']): Path(
                    rtt_ms=float(line['rtt_ms']),
                    jitter_ms=float(line['jitter_ms']),
                    loss_ratio=float(line['loss_ratio']),
                )
                for line in lines
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
        return Measured(
            {
                (site, ipaddress.ip_network(client)): expected_rtt(path)
                for (site, client), path in self.paths.items()
            },
            names,
            exact=False,
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
