# SPDX-License-Identifier: Apache-2.0

"""Ready-made PromQL for the probers that a deployer may have."""

from collections.abc import Mapping

from edge_sched.collector.inputs import smokeping
from edge_sched.collector.inputs.recipe import Recipe
from edge_sched.collector.inputs.recipe import filled
from edge_sched.collector.inputs.recipe import latest
from edge_sched.collector.inputs.recipe import newest
from edge_sched.collector.inputs.recipe import over_hour


def _prober() -> Recipe:
    """Our own: ``edge-sched-prober``.

    Two clocks meet here. A prober stamps its newest probe by its own, so
    what counts is how old that was when it was scraped, by the time of the
    scrape. ``max by`` keeps one that sends its clock twice from failing the
    query for all.
    """
    rtt = 'edge_sched_probe_rtt_seconds{quantile="<Q>",{match}}'
    hour = rtt.replace('rtt_seconds', 'rtt_hour_seconds')
    probed = 'edge_sched_probe_newest_sample_timestamp_seconds{{match}}'
    clock = 'edge_sched_prober_time_seconds{{match}}'

    def scraped(series: str) -> str:
        return latest(series, f'timestamp({series})')

    return Recipe(
        {
            'rtt_p50': scraped(filled(rtt, Q=0.5)),
            'rtt_p95': scraped(filled(rtt, Q=0.95)),
            'rtt_p99': scraped(filled(rtt, Q=0.99)),
            'rtt_p50_hour': scraped(filled(hour, Q=0.5)),
            'rtt_p95_hour': scraped(filled(hour, Q=0.95)),
            'rtt_min': scraped('edge_sched_probe_rtt_min_seconds{{match}}'),
            'loss_ratio': scraped('edge_sched_probe_loss_ratio{{match}}'),
            'loss_hour_ratio': scraped(
                'edge_sched_probe_loss_hour_ratio{{match}}'
            ),
            'samples': scraped('edge_sched_probe_samples{{match}}'),
            'measured_at': latest(
                filled(
                    """
                    timestamp(<PROBED>) + (<PROBED> - on (instance, job)
                    group_left () max by (instance, job) (<CLOCK>))
                    """,
                    PROBED=probed,
                    CLOCK=clock,
                ),
                f'timestamp({probed})',
            ),
        },
        project_label='project',
        source='prober',
        info=scraped('edge_sched_probe_target_info{{match}}'),
        claim='edge_sched_prober_info{vantage!="",{match}}',
        skew=f'{clock} - timestamp({clock})',
    )


#: What a failed probe of blackbox_exporter counts for, in seconds, and the
#: longest round trip there is (``RTT_MAX_MS``). Prometheus interpolates
#: between two ranks, in steps of 0.01 for the quantiles here, so that a
#: failed probe brings in 36 s or none. With ``Inf`` it would give NaN where
#: the step is 0, be the quantile lost or not.
_FAILED_SECONDS = 3600
_LONGEST_SECONDS = 10

#: At one moment, by pair: of the probes of one step the longest. A sample
#: that is older is of another moment.
_BLACKBOX_PROBE = """
max by ({by}) (
    last_over_time(<RTT>[{moment}]) > 0 or ignoring (phase)
    0 * max without (phase) (last_over_time(<ANY>[{moment}])) + <FAILED>)
"""

_BLACKBOX_QUANTILE = """
(
    quantile_over_time(<Q>, (<PROBE>)[{window}:{step}]) < <LONGEST>
    or max by ({by}) (max_over_time(<RTT>[{window}]))
)
and <PERCENT> * <COUNT> <= 100 * <ANSWERED>
or <COUNT> * Inf
"""


def _blackbox_icmp() -> Recipe:
    """blackbox_exporter, module ``icmp``: one ping a scrape.

    Only the phase ``rtt`` is a round trip. Of a failed probe it is 0 or not
    there, while there are others, which no other module has.
    By rank (nearest rank, as our prober has it) the window says whether a
    quantile is lost; if it is not, but Prometheus interpolates towards a lost
    one, it is the longest that came back.

    ``instance`` is the target, by the usual relabelling, so the vantage needs
    a label of its own. 60 samples for p95 take 15 minutes at a scrape every
    15 s, so the window spans the replacement of an exporter: its pair is one,
    whatever its other labels were. Subqueries see each sample once if the
    step is not longer than the scrape interval.
    """
    rtt = 'probe_icmp_duration_seconds{phase="rtt",{match}}'
    any_phase = 'probe_icmp_duration_seconds{{match}}'
    ok = 'probe_success{{match}}'
    probe = filled(
        _BLACKBOX_PROBE, RTT=rtt, ANY=any_phase, FAILED=_FAILED_SECONDS
    )

    def of_icmp(expression: str) -> str:
        return (
            f'{expression} and ignoring (phase) '
            f'count_over_time({any_phase}[{{window}}])'
        )

    def total(function: str) -> str:
        return f'sum by ({{by}}) ({of_icmp(f"{function}({ok}[{{window}}])")})'

    count = total('count_over_time')
    answered = total('sum_over_time')
    loss = f'1 - {answered} / {count}'

    def quantile(percent: int) -> str:
        return filled(
            _BLACKBOX_QUANTILE,
            Q=percent / 100,
            PERCENT=percent,
            PROBE=probe,
            RTT=rtt,
            LONGEST=_LONGEST_SECONDS,
            COUNT=count,
            ANSWERED=answered,
        )

    return Recipe(
        {
            'rtt_p50': quantile(50),
            'rtt_p95': quantile(95),
            'rtt_p99': quantile(99),
            'rtt_p50_hour': over_hour(quantile(50)),
            'rtt_p95_hour': over_hour(quantile(95)),
            'rtt_min': f'min by ({{by}}) '
            f'(min_over_time(({rtt} > 0)[{{window}}:{{step}}]))',
            'loss_ratio': loss,
            'loss_hour_ratio': over_hour(loss),
            # Two exporters at a time make no more of them.
            'samples': f'count_over_time(({probe})[{{window}}:{{step}}])',
            'measured_at': f'max by ({{by}}) ({of_icmp(newest(ok))})',
        },
        vantage_label='vantage',
        client_label='instance',
        source='blackbox icmp',
    )


def _ping_exporter() -> Recipe:
    """ping_exporter: to rank by (``edge:budget_mode=preferred``), no more.

    It has a mean and no quantile. The mean, which the slow ones pull up,
    stands for the median; the slowest for p95, which it is never below. The
    samples are its default history of ten pings: enough to rank by, too few
    for any budget that is judged by p95 or above, which stays unknown. Who
    keeps more (``--ping.history-size``) says so in ``samples``.

    Old versions have milliseconds in other names: ``scale_ms`` 1 and the
    figures ``rtt_p50``, ``rtt_p95`` and ``rtt_min``.
    """
    loss = 'ping_loss_ratio{{match}}'

    def unless_lost(name: str, most: float) -> str:
        return (
            f'{name}{{{{match}}}} and {loss} <= {most}'
            f' or ({loss} > {most}) * Inf'
        )

    expressions = {
        'rtt_p50': unless_lost('ping_rtt_mean_seconds', 0.5),
        'rtt_p95': unless_lost('ping_rtt_worst_seconds', 0.05),
        'rtt_min': 'ping_rtt_best_seconds{{match}}',
        'loss_ratio': loss,
        'samples': f'{loss} * 0 + 10',
        'measured_at': f'timestamp({loss})',
    }
    return Recipe(
        {
            figure: latest(expression, f'timestamp({loss})')
            for figure, expression in expressions.items()
        },
        client_label='target',
        source='ping_exporter mean',
    )


RECIPES: Mapping[str, Recipe] = {
    'prober': _prober(),
    'blackbox_icmp': _blackbox_icmp(),
    'smokeping_native': smokeping.native(),
    'smokeping_buckets': smokeping.buckets(),
    'ping_exporter': _ping_exporter(),
    'custom': Recipe({}),
}
