# SPDX-License-Identifier: Apache-2.0

"""Judges one client of a request, row by row.

What holds for every row is worked out once: a request has one row of a client
at each of its places, and there may be a thousand of them.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence

from edge_sched.asking.intent import Intent
from edge_sched.judging import scoring
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.scoring import Standing
from edge_sched.judging.verdict import FUTURE
from edge_sched.judging.verdict import JITTER
from edge_sched.judging.verdict import LATENCY
from edge_sched.judging.verdict import LOSS
from edge_sched.judging.verdict import NOT_CARRIED
from edge_sched.judging.verdict import ONLY_DERIVED
from edge_sched.judging.verdict import STALE
from edge_sched.judging.verdict import TOO_FEW_SAMPLES
from edge_sched.judging.verdict import UNMEASURED
from edge_sched.judging.verdict import UNPLACED
from edge_sched.judging.verdict import Policy
from edge_sched.judging.verdict import Verdict
from edge_sched.model.keys import NearClient
from edge_sched.model.latency import DERIVED
from edge_sched.model.latency import PERCENTILES
from edge_sched.model.latency import Answer
from edge_sched.model.latency import Latency
from edge_sched.model.latency import is_fresh

#: What is over where only a latency budget is set.
_OVER = (LATENCY,)


#: Verdicts and scores of one client at some hosts, each in their order.
Column = tuple[list[Verdict], list[float]]


def judge_all(
    intent: Intent,
    answers: Sequence[Answer],
    chains: Sequence[Sequence[str]],
    policy: Policy,
    now: float,
    outage: bool,
) -> list[Column]:
    """Judge all clients of a request, in their order.

    :param answers: what the store has of each
    :param chains: the vantages that speak for each host, see ``Judge.at``
    """
    return [
        Judge(target, intent, policy, now, outage).judged(chains, answer)
        for target, answer in zip(intent.targets, answers, strict=True)
    ]


class Judge:
    """Verdicts and scores of one client.

    :param target: the client, and the latency budget that holds for it
    :param intent: what else is asked for
    :param now: UTC epoch seconds
    :param outage: whether measuring is down, so that older rows are used
    """

    def __init__(
        self,
        target: NearClient,
        intent: Intent,
        policy: Policy,
        now: float,
        outage: bool,
    ) -> None:
        self._intent = intent
        self._policy = policy
        self._now = now
        self._usable_seconds = (
            policy.outage_max_age_seconds if outage else policy.max_age_seconds
        )
        hourly = policy.memory == 'hour'
        self._row_at = first_row if hourly else _row_of_window
        how = 'held' if policy.rank_percentile != 'p50' else 'ranked'
        self._rank_ms_of: Callable[[Latency], float | None] = (
            operator.attrgetter(f'{how}_{policy.rank_percentile}_ms')
        )
        self._has_budget = intent.has_budget
        budget_ms = target.latency_budget_ms
        self._budget_ms = math.inf if budget_ms is None else budget_ms
        self._asked = self._sampled = intent.percentile
        self._scale_ms = self._budget_ms
        if budget_ms is None:
            # What hosts are ranked by must be there, and more samples than
            # say nothing at all: a budget, which may be at any percentile,
            # never asks for less.
            self._asked = policy.rank_percentile
            self._sampled = PERCENTILES[0]
            self._scale_ms = policy.reference_latency_ms
        self._samples_needed = scoring.SAMPLES_NEEDED[self._sampled]
        if intent.jitter_budget_ms is not None:
            self._samples_needed = max(
                self._samples_needed, scoring.SAMPLES_NEEDED['p95']
            )
        self._fits = intent.objective == 'fit' and budget_ms is not None
        self._only_latency = (
            intent.jitter_budget_ms is None and intent.loss_budget_pct is None
        )

    def judged(
        self, chains: Sequence[Sequence[str]], answer: Answer
    ) -> Column:
        """Verdicts and scores at some hosts."""
        if len(answer.parts) == 1 and not answer.unplaced:
            (rows,) = answer.parts
            row_at = self._row_at
            verdicts = self._of_rows([row_at(c, rows) for c in chains])
        else:
            verdicts = [self.at(chain, answer) for chain in chains]
        return verdicts, self.scores(verdicts)

    def _of_rows(self, rows: Sequence[Latency | None]) -> list[Verdict]:
        """As ``of_row`` of each; most need no more than one comparison.

        Those are fresh, have samples enough and both quantiles, and nothing
        but a latency budget is asked for. A thousand of them take a third of
        the time in this one loop.
        """
        if not self._only_latency:
            return [self.of_row(row) for row in rows]
        now, most_ms = self._now, scoring.most(self._budget_ms)
        oldest = now - min(self._usable_seconds, self._policy.max_age_seconds)
        least_samples = self._samples_needed
        rank_ms_of = self._rank_ms_of
        asked_ms_of = operator.attrgetter(f'held_{self._asked}_ms')
        verdicts = []
        for row in rows:
            if (
                row is None
                or row.source == DERIVED
                or not oldest < row.measured_at <= now
                or (row.samples is not None and row.samples < least_samples)
                or (rank_ms := rank_ms_of(row)) is None
                or (asked_ms := asked_ms_of(row)) is None
                or asked_ms == math.inf
            ):
                verdict = self.of_row(row)
            elif asked_ms <= most_ms:
                age_seconds = now - row.measured_at
                verdict = Verdict(WITHIN, row, age_seconds, (), '', rank_ms)
            else:
                age_seconds = now - row.measured_at
                verdict = Verdict(OVER, row, age_seconds, _OVER, '', rank_ms)
            verdicts.append(verdict)
        return verdicts

    def at(self, chain: Sequence[str], answer: Answer) -> Verdict:
        """The verdict at a host, by the vantages that may speak for it.

        The first vantage with any row decides, usable or not: a cell-wide
        row must not certify a site whose own row went dark. What was derived
        counts only where nothing was measured at any of them. A named client's
        prefixes are judged each, and the worst verdict is the name's; so are
        the places of a group.
        """
        parts = answer.parts
        verdicts = [self.of_row(self._row_at(chain, rows)) for rows in parts]
        if answer.unplaced:
            # The first of equally bad ones says why.
            verdicts.insert(0, UNPLACED)
        elif len(parts) == 1:
            return verdicts[0]
        worst = min(verdicts, key=self._goodness, default=UNMEASURED)
        why = worst.why or next((v.why for v in verdicts if v.why), '')
        return worst._replace(why=why)

    def of_row(self, row: Latency | None) -> Verdict:
        """The verdict on one row."""
        if row is None:
            return UNMEASURED
        age_seconds = row.age_seconds(self._now)
        if not is_fresh(age_seconds, self._usable_seconds):
            why = FUTURE if age_seconds < 0 else STALE
            return Verdict(UNKNOWN, row, age_seconds, why=why)
        if row.source == DERIVED:
            why, rank_ms = ONLY_DERIVED, self._rank_ms_of(row)
            return Verdict(UNKNOWN, row, age_seconds, (), why, rank_ms)
        verdict = self._of_usable(row, age_seconds)
        if age_seconds > self._policy.max_age_seconds:
            return verdict._replace(stale=True)
        return verdict

    def _of_usable(self, row: Latency, age_seconds: float) -> Verdict:
        standings = self._standings(row)
        rank_ms = self._rank_ms_of(row)
        why = ''
        if row.samples is not None and row.samples < self._samples_needed:
            why = TOO_FEW_SAMPLES
        elif rank_ms is None or UNKNOWN in standings.values():
            why = NOT_CARRIED
        if why and self._is_over_below(row):
            standings[LATENCY] = OVER
        if OVER in standings.values():
            over = tuple(m for m, s in standings.items() if s is OVER)
            return Verdict(OVER, row, age_seconds, over, why, rank_ms)
        if why:
            return Verdict(UNKNOWN, row, age_seconds, why=why)
        return Verdict(WITHIN, row, age_seconds, rank_ms=rank_ms)

    def scores(self, verdicts: Sequence[Verdict]) -> list[float]:
        """The score of this client for each verdict, in [0, 1].

        Tie bands are counted from the shortest round trip in the best class
        present. Without any budget in the request a place that was not
        measured, or whose ranking quantile was lost, has 0.
        """
        scores = scoring.class_scores(
            [verdict.standing for verdict in verdicts],
            [verdict.rank_ms for verdict in verdicts],
            self._policy.tie_band_ms,
            self._scale_ms,
        )
        if self._has_budget and not self._fits:
            return scores
        return list(map(self._of_objective, verdicts, scores))

    def _of_objective(self, verdict: Verdict, score: float) -> float:
        """What becomes of a score without any budget, or with ``fit``."""
        if verdict.standing is UNKNOWN and verdict.rank_ms is not None:
            return scoring.derived_fit_score(score) if self._fits else score
        if verdict.standing is not WITHIN:
            return score if self._has_budget else 0.0
        if self._fits:
            return scoring.fit_score(score, self._has_headroom(verdict))
        return score

    def _standings(self, row: Latency) -> dict[str, Standing]:
        """Each metric that is asked for, and how it stands to its budget."""
        intent = self._intent
        enough = scoring.enough_samples(row.samples, self._sampled)
        rtt_ms = row.held_ms(self._asked)
        latency = scoring.check_budget(rtt_ms, self._budget_ms, enough)
        if rtt_ms == math.inf == self._budget_ms and self._has_budget:
            # Over no budget of this client's; its score is the least within.
            latency = WITHIN
        standings = {LATENCY: latency}
        if intent.jitter_budget_ms is not None:
            standings[JITTER] = scoring.check_budget(
                row.variation_ms(),
                intent.jitter_budget_ms,
                scoring.enough_samples(row.samples, 'p95'),
            )
        if intent.loss_budget_pct is not None:
            standings[LOSS] = scoring.check_loss(
                row.held_loss_ratio, intent.loss_budget_pct
            )
        return standings

    def _is_over_below(self, row: Latency) -> bool:
        """Whether a lower percentile is over the latency budget."""
        bound = scoring.lower_bound(row, self._asked)
        return bound is not None and not scoring.at_most(
            bound[0], self._budget_ms
        )

    def _has_headroom(self, verdict: Verdict) -> bool:
        judged_ms = verdict.judged_ms(self._asked)
        return judged_ms is None or scoring.keeps_headroom(
            judged_ms, self._budget_ms, self._policy.fit_headroom
        )

    def _goodness(self, verdict: Verdict) -> tuple[Standing, bool, float]:
        """The larger, the better: of the same order as the score."""
        rank_ms = math.inf if verdict.rank_ms is None else verdict.rank_ms
        roomy = not (
            self._fits and verdict.standing is WITHIN
        ) or self._has_headroom(verdict)
        return verdict.standing, roomy, -rank_ms


def first_row(
    chain: Sequence[str], rows: Mapping[str, Latency]
) -> Latency | None:
    """The row of the most specific vantage that has any that was measured.

    Else the first that was derived.
    """
    derived = None
    for vantage in chain:
        row = rows.get(vantage)
        if row is not None:
            if row.source != DERIVED:
                return row
            derived = derived or row
    return derived


def _row_of_window(
    chain: Sequence[str], rows: Mapping[str, Latency]
) -> Latency | None:
    row = first_row(chain, rows)
    return row and row.of_window()
