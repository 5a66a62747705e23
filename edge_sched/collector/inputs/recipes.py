# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Ready-made PromQL for the probers that a deployer may have."""

from collections.abc import Mapping

from edge_sched.collector.inputs import smokeping
from edge_sched.collector.inputs.recipe import Recipe
from edge_sched.collector.inputs.recipe import filled
from edge_sched.collector.inputs.recipe import newest


def _prober() -> Recipe:
    """Our own: ``edge-sched-prober``.

    Two clocks meet here. A prober stamps its newest probe by its own, so
    what counts is how old that was when it was scraped, by the time of the
    scrape. ``max by`` keeps one that sends its clock twice from failing the
    query for all.
    """
    rtt = 'edge_sched_probe_rtt_seconds{quantile="<Q>",{match}}'
    probed = 'edge_sched_probe_newest_sample_timestamp_seconds{{match}}'
    clock = 'edge_sched_prober_time_seconds{{match}}'
    return Recipe(
        {
            'rtt_p50': filled(rtt, Q=0.5),
            'rtt_p95': filled(rtt, Q=0.95),
            'rtt_p99': filled(rtt, Q=0.99),
            'rtt_min': 'edge_sched_probe_rtt_min_seconds{{match}}',
            'loss_ratio': 'edge_sched_probe_loss_ratio{{match}}',
            'samples': 'edge_sched_probe_samples{{match}}',
            'measured_at': filled(
                """
                timestamp(<PROBED>) + (<PROBED> - on (instance, job)
                group_left () max by (instance, job) (<CLOCK>))
                """,
                PROBED=probed,
                CLOCK=clock,
            ),
        },
        project_label='project',
        source='prober',
        info='edge_sched_probe_target_info{{match}}',
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

_BLACKBOX_QUANTILE = """
(
    quantile_over_time(<Q>,
        (<RTT> + <FAILED> * (<RTT> == bool 0))[{window}:{step}]) < <LONGEST>
    or max_over_time(<RTT>[{window}])
)
and ignoring (phase)
    (<PERCENT> * count_over_time(<OK>[{window}])
        <= 100 * sum_over_time(<OK>[{window}]))
or count_over_time(<RTT>[{window}]) * Inf
"""


def _blackbox_icmp() -> Recipe:
    """blackbox_exporter, module ``icmp``: one ping a scrape.

    A failed probe has a round trip of 0, and only the phase ``rtt`` is one.
    By rank (nearest rank, as our prober has it) the window says whether a
    quantile is lost; if it is not, but Prometheus interpolates towards a lost
    one, it is the longest that came back.

    ``instance`` is the target, by the usual relabelling, so the vantage needs
    a label of its own. 60 samples for p95 take 15 minutes at a scrape every
    15 s. Subqueries see a sample once if the step is the scrape interval.
    """
    rtt = 'probe_icmp_duration_seconds{phase="rtt",{match}}'
    ok = 'probe_success{{match}}'
    parts = {
        'RTT': rtt,
        'OK': ok,
        'FAILED': _FAILED_SECONDS,
        'LONGEST': _LONGEST_SECONDS,
    }

    def quantile(percent: int) -> str:
        return filled(
            _BLACKBOX_QUANTILE, Q=percent / 100, PERCENT=percent, **parts
        )

    return Recipe(
        {
            'rtt_p50': quantile(50),
            'rtt_p95': quantile(95),
            'rtt_p99': quantile(99),
            'rtt_min': filled(
                'min_over_time((<RTT> > 0)[{window}:{step}])', RTT=rtt
            ),
            'loss_ratio': f'1 - avg_over_time({ok}[{{window}}])',
            'samples': f'count_over_time({ok}[{{window}}])',
            'measured_at': newest(ok),
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

    return Recipe(
        {
            'rtt_p50': unless_lost('ping_rtt_mean_seconds', 0.5),
            'rtt_p95': unless_lost('ping_rtt_worst_seconds', 0.05),
            'rtt_min': 'ping_rtt_best_seconds{{match}}',
            'loss_ratio': loss,
            'samples': f'{loss} * 0 + 10',
            'measured_at': f'timestamp({loss})',
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
