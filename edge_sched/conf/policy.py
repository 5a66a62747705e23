# SPDX-License-Identifier: Apache-2.0

"""The options that a judgement depends on, as the pure layer takes them."""

from oslo_config import cfg

from edge_sched.judging.verdict import Policy


def policy_of(conf: cfg.ConfigOpts) -> Policy:
    """What ``[edge_sched]`` says, for the scheduler and the commands alike."""
    group = conf.edge_sched
    return Policy(
        max_age_seconds=group.max_age,
        outage_max_age_seconds=group.outage_max_age,
        memory=group.memory,
        rank_percentile=group.rank_percentile,
        reference_latency_ms=group.reference_latency_ms,
        tie_band_ms=group.tie_band_ms,
        fit_headroom=group.fit_headroom,
    )
