# SPDX-License-Identifier: Apache-2.0

"""Judge what moving servers helps, and how many moves it takes.

On round trips that were measured again and again: sites and clients are nodes
of a data set, each client has a server at the site that was the best for it,
and who moves them goes by what had been measured until then. The rule is
``judging/moves.py``, as Watcher's strategy has it.
"""

import argparse
import collections
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Self

import numpy as np

from bench import quality
from bench import quality_models as models
from bench.result import Check
from bench.result import Section
from bench.result import table
from edge_sched.judging.moves import PastMove
from edge_sched.judging.moves import Rule
from edge_sched.judging.moves import choose_moves
from edge_sched.model.standing import OVER
from edge_sched.model.standing import Hour
from edge_sched.model.standing import ServerStanding

#: Ways to choose the sites.
SPLITS = 12

#: Frames between two audits, and how long they take: those of the data set
#: are 15.7 s apart.
ROUND = 4
ROUND_SECONDS = 63.0

#: The first round before which a whole window was measured.
FIRST = models.WINDOW // ROUND

#: Of the best site when a server is placed.
BUDGET_RATIO = 1.5

#: What the rule must keep of the gain of moving whenever a server is over, and
#: how many of those moves it may make, and how many of its own there and back.
GAIN, MOVES, STRAIGHT_BACK = 0.55, 0.25, 0.02

NEVER = 'never'
ALWAYS = 'whenever over'
ALWAYS_WITHIN = 'whenever over, to a site within'
OURS = 'edge_budget'
OURS_SOON = 'edge_budget, cool-down 15 rounds'

Past = Mapping[str, Sequence[PastMove]]

#: Who is moved, of servers that are over: ``best_site`` is the nearest of the
#: others.
Mover = Callable[[Sequence[ServerStanding], Past, float], list[ServerStanding]]


def whenever_over(
    over: Sequence[ServerStanding], past: Past, now: float
) -> list[ServerStanding]:
    """All for whom another site is nearer."""
    return [each for each in over if each.gain_ratio > 0]


def whenever_within(
    over: Sequence[ServerStanding], past: Past, now: float
) -> list[ServerStanding]:
    """All for whom another site is within budget."""
    return whenever_over(_accepted(over), past, now)


def by_rule(rule: Rule) -> Mover:
    """Those that the strategy moves, however many there are."""
    endless = dataclasses.replace(rule, max_moves=10**9)

    def move(
        over: Sequence[ServerStanding], past: Past, now: float
    ) -> list[ServerStanding]:
        return list(choose_moves(_accepted(over), past, now, endless).moves)

    return move


def _accepted(over: Sequence[ServerStanding]) -> list[ServerStanding]:
    """As the auditor has them: it names no site that would refuse."""
    return [
        each
        if each.best_ms <= each.budget_ms
        else each._replace(best_site=None, best_ms=None)
        for each in over
    ]


MOVERS: Mapping[str, Mover] = {
    NEVER: lambda over, past, now: [],
    ALWAYS: whenever_over,
    ALWAYS_WITHIN: whenever_within,
    OURS: by_rule(Rule()),
    OURS_SOON: by_rule(Rule(cooldown_seconds=15 * ROUND_SECONDS)),
}


class Tally(NamedTuple):
    """What came of it.

    :param probes: that would have been sent between servers and clients
    :param over: of these, how many were over the budget
    :param straight_back: moves to the site that the one before had left
    """

    probes: int = 0
    over: int = 0
    moves: int = 0
    straight_back: int = 0
    server_hours: float = 0.0

    def __add__(self, other: tuple) -> Self:
        return type(self)(*map(sum, zip(self, other, strict=True)))

    @property
    def over_ratio(self) -> float:
        """Share of the probes."""
        return self.over / self.probes

    @property
    def straight_back_ratio(self) -> float:
        """Share of the moves."""
        return self.straight_back / self.moves if self.moves else 0.0


@dataclasses.dataclass(frozen=True)
class Paths:
    """Round trips from sites to clients, in rounds.

    :param probes_ms: ``probes_ms[round, probe, site, client]``, nan if lost
    :param known_ms: what was known of each after the round, the p95 of the
        window, ``known_ms[round, site, client]``
    """

    probes_ms: models.Array
    known_ms: models.Array

    @classmethod
    def of(cls, frames: models.Array) -> Self:
        """Of ``frames[time, site, client]``, in full rounds."""
        count = len(frames) // ROUND
        frames = frames[: count * ROUND]
        windows = (
            frames[max(0, end - models.WINDOW) : end]
            for end in range(ROUND, len(frames) + 1, ROUND)
        )
        return cls(
            frames.reshape(count, ROUND, *frames.shape[1:]),
            np.stack([models.Statistics.of(each).p95_ms for each in windows]),
        )

    def between(self, sites: models.Indices, clients: models.Indices) -> Self:
        """Those of some sites and some clients."""
        return type(self)(
            self.probes_ms[..., sites, :][..., clients],
            self.known_ms[..., sites, :][..., clients],
        )

    def turned(self) -> Self:
        """As the other end measured them."""
        return type(self)(
            self.probes_ms.swapaxes(-1, -2), self.known_ms.swapaxes(-1, -2)
        )


def replay(paths: Paths, move: Mover) -> Tally:
    """Place a server for each client, and move it from round to round.

    It is judged by what is sent from the site that it was moved to after the
    round before.
    """
    known_ms = np.where(np.isnan(paths.known_ms), np.inf, paths.known_ms)
    rounds, _, clients = known_ms.shape
    everyone = np.arange(clients)
    budgets_ms = BUDGET_RATIO * known_ms[FIRST - 1].min(axis=0)
    at = known_ms[FIRST - 1].argmin(axis=0)
    hours = [Hour(FIRST * ROUND_SECONDS)] * clients
    past: dict[str, list[PastMove]] = collections.defaultdict(list)
    total = Tally()
    for number in range(FIRST, rounds):
        sent_ms = paths.probes_ms[number][:, at, everyone]
        total += Tally(
            probes=int((~np.isnan(sent_ms)).sum()),
            over=int((sent_ms > budgets_ms).sum()),
            server_hours=clients * ROUND_SECONDS / 3600,
        )
        now = number * ROUND_SECONDS
        is_over = known_ms[number, at, everyone] > budgets_ms
        hours = [
            hour.then(bool(over), now)
            for hour, over in zip(hours, is_over, strict=True)
        ]
        over = _standings(known_ms[number], budgets_ms, at, hours)
        for standing in move(over, past, now):
            moves = past[standing.server]
            back = moves and moves[-1].from_site == standing.best_site
            total += Tally(moves=1, straight_back=int(bool(back)))
            moves.append(PastMove(standing.site, standing.best_site, now))
            at[int(standing.server)] = int(standing.best_site)
    return total


def _standings(
    known_ms: models.Array,
    budgets_ms: models.Array,
    at: models.Indices,
    hours: Sequence[Hour],
) -> list[ServerStanding]:
    """The servers that are over; sites and servers are called by number."""
    everyone = np.arange(len(at))
    judged_ms = known_ms[at, everyone]
    others_ms = known_ms.copy()
    others_ms[at, everyone] = np.inf
    best = others_ms.argmin(axis=0)
    return [
        ServerStanding(
            server=str(number),
            project_id='',
            host=str(at[number]),
            site=str(at[number]),
            client=str(number),
            verdict=OVER,
            judged_ms=float(judged_ms[number]),
            budget_ms=float(budgets_ms[number]),
            best_site=str(best[number]),
            best_ms=float(others_ms[best[number], number]),
            hour=hours[number],
        )
        for number in np.flatnonzero(judged_ms > budgets_ms)
    ]


def sections(options: argparse.Namespace) -> list[Section]:
    """What there is to say of each data set that has many times.

    :raises BadDatasetError: for a file that cannot be used
    """
    found = []
    for path in options.dataset or quality.find_datasets():
        frames = quality.read(path)
        if frames.ndim == 3:
            found.append(_section(path.stem, frames))
    if not found:
        skipped = (
            'Skipped: no data set of many times, by `--dataset` or in the '
            f'folder `{quality.FOLDER}`.'
        )
        return [Section('Moves', skipped)]
    return found


def _section(title: str, frames: models.Array) -> Section:
    nodes = frames.shape[1]
    seen_by_sites = Paths.of(frames)
    ends = {'sites': seen_by_sites, 'clients': seen_by_sites.turned()}
    text = f"""\
{models.SITES} of {nodes} nodes are sites, all others clients; {SPLITS} splits
by chance, seeds 0 to {SPLITS - 1}. Each client has a server, placed where the
p95 of the last {models.WINDOW} frames was the lowest, with a budget of
{BUDGET_RATIO:g} times that. Every {ROUND} frames ({ROUND_SECONDS:g} s) all
are audited by the last {models.WINDOW} frames, and some move. What counts is
each round trip from where a server is, in the frames that follow.

"{ALWAYS}" moves to the nearest other site if it is nearer; its gain,
fewer probes over budget than if no server moves, and its moves are 100 %, and
the target is held against them. "{ALWAYS_WITHIN}"
moves only if that site is within the budget, and `edge_budget` knows no others
either: the auditor names none that would refuse the server. There is always
room. That `edge_budget` moves no server straight back is one of its rules."""
    checks: list[Check] = []
    for end, paths in ends.items():
        tallies = {
            name: _of_all_splits(paths, nodes, move)
            for name, move in MOVERS.items()
        }
        text += f'\n\nMeasured by the {end}:\n\n{_table(tallies)}'
        checks += _checks(tallies, end)
    return Section(f'Moves, {title}', text, checks)


def _of_all_splits(paths: Paths, nodes: int, move: Mover) -> Tally:
    splits = (models.split_nodes(nodes, seed) for seed in range(SPLITS))
    tallies: Iterable[Tally] = (
        replay(paths.between(*split), move) for split in splits
    )
    return sum(tallies, Tally())


def gain(tallies: Mapping[str, Tally], name: str, beside: str) -> float:
    """How much of what another gains over never moving."""
    never = tallies[NEVER].over_ratio
    return (never - tallies[name].over_ratio) / (
        never - tallies[beside].over_ratio
    )


def _table(tallies: Mapping[str, Tally]) -> str:
    head = ['moved', 'probes over budget', 'moves a server and hour']
    rows = [[*head, 'straight back', 'gain', 'moves']]
    for name, tally in tallies.items():
        rows.append(
            [
                name,
                f'{tally.over_ratio:.2%}',
                f'{tally.moves / tally.server_hours:.2f}',
                f'{tally.straight_back_ratio:.1%}',
                f'{gain(tallies, name, ALWAYS):.0%}',
                f'{tally.moves / tallies[ALWAYS].moves:.0%}',
            ]
        )
    return table(rows)


def _checks(tallies: Mapping[str, Tally], end: str) -> list[Check]:
    ours = tallies[OURS]
    within = f'{gain(tallies, OURS, ALWAYS_WITHIN):.2f} to a site within'
    fewer = f'{ours.moves / tallies[ALWAYS_WITHIN].moves:.2f} to a site within'
    return [
        Check(
            f'gain of {OURS} / {ALWAYS}, measured by the {end}',
            gain(tallies, OURS, ALWAYS),
            GAIN,
            at_most=False,
            beside=within,
        ),
        Check(
            f'moves of {OURS} / {ALWAYS}, measured by the {end}',
            ours.moves / tallies[ALWAYS].moves,
            MOVES,
            beside=fewer,
        ),
        Check(
            f'moves of {OURS} straight back, measured by the {end}',
            ours.straight_back_ratio,
            STRAIGHT_BACK,
        ),
    ]
