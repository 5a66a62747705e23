# SPDX-License-Identifier: Apache-2.0

"""What a recipe is: PromQL for one kind of prober.

Each expression gives one number a pair of vantage and client. ``{match}``
stands for more label matchers, ``{window}`` and ``{step}`` for durations,
``{moment}`` for a step that does not touch the one before, ``{by}`` for the
labels that tell the pairs apart.

Of one pair there may be several series: an exporter that is replaced comes
back with another ``pod``, and within a window both are there. The one with
the newest sample counts, or both in their time.

Quantiles are of the probes *sent*, as everywhere: one that falls on a lost
probe is ``+Inf``. Prometheus knows no such quantile, and its functions know
only what came back, so the recipes make it. Where loss is met, they err to
the longer round trip, never to the shorter.
"""

import dataclasses
from collections.abc import Mapping

#: What an operator can ask for in PromQL of his own; the names of
#: ``Reading``, less the unit where it is round-trip time.
FIGURES = (
    'rtt_p50',
    'rtt_p95',
    'rtt_p99',
    'rtt_p50_hour',
    'rtt_p95_hour',
    'loss_hour_ratio',
    'rtt_min',
    'pdv',
    'loss_ratio',
    'samples',
    'measured_at',
)

#: Without them there is no row.
REQUIRED = ('rtt_p50', 'rtt_p95', 'measured_at')


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What is asked of Prometheus for one kind of prober.

    :param expressions: by figure, e.g. ``{'rtt_p50': 'my_rtt{{match}}'}``;
        ``measured_at`` is the epoch second of the newest probe by the clock
        of Prometheus
    :param vantage_label: the label that tells the vantages apart; set by
        Prometheus, never by what is scraped
    :param client_label: the label that is the client
    :param project_label: of the owner of a client that is a name, ``''`` for
        none
    :param source: what the rows say of who measured
    :param info: series whose labels ``source`` and ``address`` tell more of
        a pair
    :param claim: a series a prober, whose label ``vantage`` is what it takes
        itself for
    :param skew: seconds by which the clock of a prober is ahead of that of
        Prometheus
    """

    expressions: Mapping[str, str]
    vantage_label: str = 'instance'
    client_label: str = 'client'
    project_label: str = ''
    source: str = ''
    info: str = ''
    claim: str = ''
    skew: str = ''


def filled(template: str, **parts: object) -> str:
    """The template on one line, with its ``<PARTS>`` put in."""
    text = ' '.join(template.split())
    for name, part in parts.items():
        text = text.replace(f'<{name}>', str(part))
    return text


def over_hour(expression: str) -> str:
    """The same of the last hour in the place of the window.

    Of round trips one quantile of all probes of an hour stands for what nine
    in ten windows of it had: the two differ little, and there are no windows.
    """
    return expression.replace('{window}', '1h')


def newest(series: str) -> str:
    """The time of the newest sample.

    ``quantile_over_time`` and the like stamp their answer with the time of
    the query: a prober that died within the window looks fresh.
    """
    return f'max_over_time(timestamp({series})[{{window}}:{{step}}])'


def latest(expression: str, stamps: str) -> str:
    """Of each pair the one series that has the newest sample.

    :param stamps: the time of the newest sample of each series
    """
    return f'({expression}) and topk by ({{by}}) (1, {stamps})'
