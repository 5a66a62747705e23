# SPDX-License-Identifier: Apache-2.0

"""Judge which sites are asked to probe a client that nobody has measured.

On a matrix of round trips some nodes are sites, which have measured each
other, and all others are clients, which are measured by those sites alone that
``wanted/descent.py`` asks. Then the nearest of these is the client's.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from bench import quality
from bench import quality_models as models
from bench.result import Check
from bench.result import Section
from bench.result import table
from edge_sched.probe import mesh
from edge_sched.wanted.descent import next_sites

#: Ways to choose the sites.
SPLITS = 5

#: Sites that are asked, in all and in a round; and the share of clients that
#: are to be within 1 ms of the best by them. These are the rounds that the
#: project goes by.
TARGETS = {(8, 4): 0.76, (12, 4): 0.85}
OTHERS = (8, 1), (8, 2), (8, 8), (12, 1), (12, 3), (12, 6), (12, 12)
DEFAULT = (12, 4)

#: Where there are more sites than one measures others.
MANY_SITES = 300

#: Of a client's own line, which no site has. Chosen: of a phone.
LINE_MS = 20.0

#: The sites to ask next, by what was measured so far.
Asker: TypeAlias = Callable[
    [Mapping[tuple[str, str], float], Mapping[str, float]], Sequence[str]
]


class Found(NamedTuple):
    """What came of some clients.

    :param penalties_ms: of each, how much farther than the best of all sites
        the nearest of those asked is
    :param rounds: of all together
    """

    penalties_ms: models.Array
    rounds: int

    @property
    def within_1_ms(self) -> float:
        """The share of clients."""
        return float(np.mean(self.penalties_ms <= 1))

    def cells(self) -> Iterator[str]:
        """Of a row of a table."""
        yield f'{self.rounds / len(self.penalties_ms):.1f}'
        yield f'{self.within_1_ms:.1%}'
        yield f'{np.mean(self.penalties_ms):.2f} ms'
        yield f'{np.percentile(self.penalties_ms, 95):.2f} ms'


def sections(options: argparse.Namespace) -> list[Section]:
    """What there is to say of each matrix.

    :raises BadDatasetError: for a file that cannot be used
    """
    paths = options.dataset or quality.find_datasets()
    matrices = [(path.stem, quality.read(path)) for path in paths]
    return [
        _section(name, matrix) for name, matrix in matrices if matrix.ndim == 2
    ] or [
        Section(
            'Who probes a client that nobody has measured',
            'Skipped: no `--dataset` that is one matrix, and none in a folder '
            f'that `{quality.FOLDER}` names.',
        )
    ]


def _section(name: str, matrix: models.Array) -> Section:
    about = f"""\
{models.SITES} of {len(matrix)} nodes are sites, which have measured each
other, and all others are clients that nobody has measured; {SPLITS} splits by
chance. Sites are asked to probe a client by what those before have measured,
without geography, and the nearest of them is compared with the best of all. A
round takes as long as a window of probes. With a *line* the round trips of
clients are {LINE_MS:g} ms longer, to all sites alike. Of {MANY_SITES} sites
each has measured {mesh.MAX_SITES} others, most of them the nearest."""
    rows = [['sites asked', 'rounds', 'within 1 ms', 'mean penalty']]
    rows[0].append('p95 penalty')
    checks = []
    for most, at_once in sorted((*TARGETS, *OTHERS)):
        told = f'{most}, {at_once} at once'
        found = ask(matrix, by_descent(most, at_once))
        rows.append([told, *found.cells()])
        if target := TARGETS.get((most, at_once)):
            share = found.within_1_ms
            told = f'within 1 ms of the best, {told}'
            checks.append(Check(told, share, target, at_most=False))
    default = by_descent(*DEFAULT)
    for told, found in (
        ('by chance', ask(matrix, by_chance(DEFAULT[0]))),
        ('with a line', ask(matrix, default, line_ms=LINE_MS)),
        (f'of {MANY_SITES}', ask(matrix, default, sites=MANY_SITES)),
    ):
        rows.append([f'{DEFAULT[0]} {told}', *found.cells()])
    return Section(
        f'Who probes a client that nobody has measured, {name}',
        f'{about}\n\n{table(rows)}',
        checks,
    )


def by_descent(most: int, at_once: int) -> Asker:
    """As the project does."""

    def ask_next(
        mesh_ms: Mapping[tuple[str, str], float],
        measured_ms: Mapping[str, float],
    ) -> Sequence[str]:
        sites = {site for pair in mesh_ms for site in pair}
        return next_sites(
            sites, mesh_ms, measured_ms, most=most, at_once=at_once
        )

    return ask_next


def by_chance(most: int) -> Asker:
    """Any, all in one round."""
    chance = np.random.default_rng(0)

    def ask_next(
        mesh_ms: Mapping[tuple[str, str], float],
        measured_ms: Mapping[str, float],
    ) -> Sequence[str]:
        sites = sorted({site for pair in mesh_ms for site in pair})
        return [] if measured_ms else chance.choice(sites, most, False)

    return ask_next


def ask(
    matrix: models.Array,
    asker: Asker,
    sites: int = models.SITES,
    line_ms: float = 0.0,
) -> Found:
    """Have all clients measured, by all splits.

    :param matrix: of all nodes, ``matrix[from, to]``; a row of an asymmetric
        one is what the node itself has measured
    """
    penalties_ms = []
    rounds = 0
    for seed in range(SPLITS):
        nodes, clients = models.split_nodes(len(matrix), seed, sites)
        mesh_ms = _mesh(matrix[np.ix_(nodes, nodes)])
        for client in clients:
            to_sites = matrix[nodes, client] + line_ms
            rtts_ms = dict(zip(_names(sites), to_sites, strict=True))
            measured_ms: dict[str, float] = {}
            while wanted := list(asker(mesh_ms, measured_ms)):
                rounds += 1
                measured_ms |= {site: rtts_ms[site] for site in wanted}
            best_ms = min(measured_ms.values())
            penalties_ms.append(best_ms - min(to_sites))
    return Found(np.array(penalties_ms), rounds)


def _mesh(between_ms: models.Array) -> dict[tuple[str, str], float]:
    """What sites have measured of each other, once files were made anew.

    :param between_ms: ``between_ms[from, to]``
    """
    names = _names(len(between_ms))
    mesh_ms = {}
    for site, row in zip(names, between_ms, strict=True):
        rtts_ms = dict(zip(names, row, strict=True))
        del rtts_ms[site]
        for other in mesh.choose(site, rtts_ms, rtts_ms, mesh.MAX_SITES):
            mesh_ms[site, other] = rtts_ms[other]
    return mesh_ms


def _names(sites: int) -> list[str]:
    return [f'site-{number}' for number in range(sites)]
