# SPDX-License-Identifier: Apache-2.0

"""Recipes for smokeping_prober: of probes sent, from histograms of answers.

What was sent and what came back are compared as rates over the same samples,
by the same rules: near the start of a series Prometheus extrapolates counters
and native histograms differently.
"""

from collections.abc import Callable

from edge_sched.collector.inputs.recipe import Recipe
from edge_sched.collector.inputs.recipe import filled
from edge_sched.collector.inputs.recipe import latest
from edge_sched.collector.inputs.recipe import over_hour

_REQUESTS = 'smokeping_requests_total{{match}}'

#: Rates are rounded, and a rank that is just met must stay so.
_ROUNDING = 1e-6


def _smokeping(
    sent: str, received: str, quantile: Callable[[float], str]
) -> Recipe:
    """smokeping_prober, with one form of its histogram.

    :param sent: the rate of requests, none if it is 0
    :param received: the rate of answers
    :param quantile: the expression of a quantile
    """
    # One that is gone has none, and is left out.
    stamps = f'timestamp({_REQUESTS})'
    loss = f'clamp_min(1 - {received} / {sent}, 0)'
    expressions = {
        'rtt_p50': quantile(0.5),
        'rtt_p95': quantile(0.95),
        'rtt_p99': quantile(0.99),
        'rtt_p50_hour': over_hour(quantile(0.5)),
        'rtt_p95_hour': over_hour(quantile(0.95)),
        'loss_ratio': loss,
        'loss_hour_ratio': over_hour(loss),
        'samples': f'round(increase({_REQUESTS}[{{window}}])) > 0',
        'measured_at': stamps,
    }
    return Recipe(
        {
            figure: latest(expression, stamps)
            for figure, expression in expressions.items()
        },
        client_label='host',
        source='smokeping',
    )


#: The default is 20 buckets that double, in which 7 ms and 12 ms are one.
#: Chosen: 50 buckets that grow by a tenth take 0.5 ms to 58 ms.
_FINE_BUCKETS = 50

_BUCKETS_QUANTILE = """
histogram_quantile(<Q>,
    rate(<BUCKET>[{window}])
    or label_replace(rate(<REQUESTS>[{window}]), "le", "+Inf", "", ""))
and <Q> * <SENT> <= <RECEIVED>
and count without (le) (<BUCKET>) >= <FINE>
or <SENT> * Inf
    unless <Q> * <SENT> <= <RECEIVED>
"""


def buckets() -> Recipe:
    """smokeping_prober with fine buckets (``--buckets``).

    With the requests for its last bucket a histogram of answers is one of
    probes sent. One with few buckets gives no quantile, so that its rows are
    refused as incomplete. Old versions have none before the first answer.
    """
    answers = 'smokeping_response_duration_seconds'
    sent = f'(rate({_REQUESTS}[{{window}}]) > 0)'
    received = (
        f'(rate({answers}_count{{{{match}}}}[{{window}}])'
        f' or rate({_REQUESTS}[{{window}}]) * 0)'
    )

    def quantile(q: float) -> str:
        return filled(
            _BUCKETS_QUANTILE,
            Q=f'{q - _ROUNDING:g}',
            BUCKET=f'{answers}_bucket{{le!="+Inf",{{match}}}}',
            REQUESTS=_REQUESTS,
            SENT=sent,
            RECEIVED=received,
            FINE=_FINE_BUCKETS,
        )

    return _smokeping(sent, received, quantile)


#: The loss that is allowed for at each step, as far as the quantile reaches.
_LOSS_STEPS = {
    0.5: (0, 0.02, 0.05, 0.1, 0.25, 0.5),
    0.95: (0, 0.01, 0.02, 0.03, 0.05),
    0.99: (0, 0.002, 0.005, 0.01),
}


def native() -> Recipe:
    """smokeping_prober with native histograms, as new versions have them.

    Nothing can be added to such a histogram. A quantile ``q`` of the probes
    sent is ``q / (1 - loss)`` of the answers, which is at most ``q + loss``
    while it is not lost: it is taken at ``q`` and the next step of loss.
    """
    answers = 'smokeping_response_duration_seconds{{match}}'
    sent = f'(rate({_REQUESTS}[{{window}}:{{step}}]) > 0)'
    received = f'rate(histogram_count({answers})[{{window}}:{{step}}])'

    def quantile(q: float) -> str:
        steps = ' or '.join(
            f'histogram_quantile({q + loss:g}, rate({answers}[{{window}}]))'
            f' and {1 - loss - _ROUNDING:g} * {sent} <= {received}'
            for loss in _LOSS_STEPS[q]
        )
        return f'{steps} or {sent} * Inf'

    return _smokeping(sent, received, quantile)
