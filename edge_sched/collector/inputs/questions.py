# SPDX-License-Identifier: Apache-2.0

"""What an input asks Prometheus: options, and the recipe that they change."""

from oslo_config import cfg

from edge_sched.collector.inputs.recipe import FIGURES
from edge_sched.collector.inputs.recipe import REQUIRED
from edge_sched.conf import types

_WHAT = {
    'rtt_p50': 'the median round trip of the probes sent',
    'rtt_p95': 'the 95th percentile of round trips',
    'rtt_p99': 'the 99th percentile of round trips',
    'rtt_p50_hour': 'the median of the medians of all windows of the last '
    'hour',
    'rtt_p95_hour': 'what the 95th percentiles of nine in ten windows of the '
    'last hour did not exceed',
    'loss_hour_ratio': 'the share of all probes of the last hour that was '
    'lost, 0 to 1',
    'rtt_min': 'the shortest round trip',
    'pdv': 'the packet delay variation, p95 less the shortest round trip',
    'loss_ratio': 'the share of probes that was lost, 0 to 1',
    'samples': 'the number of probes sent, a whole number',
    'measured_at': 'the time of the newest probe, in epoch seconds by the '
    'clock of Prometheus',
}


def _figure(name: str) -> cfg.Opt:
    unset = (
        'no value: it is required'
        if name in REQUIRED
        else 'the figure is not asked for'
    )
    return cfg.StrOpt(
        name,
        help=f"""
The PromQL expression of {_WHAT[name]}.

It gives one number for each pair of vantage point and client: a pair that is
there twice is refused. ``{{match}}`` in it stands for ``match``,
``{{window}}`` and ``{{step}}`` for durations, ``{{by}}`` for the labels that
tell the pairs apart, as in ``max by ({{by}}) (...)``. A dollar sign is written
``$$``.

Possible values:

* An expression, which takes the place of the recipe's.
* Empty: {unset}.
* Unset: the recipe's; ``custom`` has none.

Related options:

* ``recipe``
* ``scale_ms``
""",
    )


OPTS: tuple[cfg.Opt, ...] = (
    cfg.StrOpt(
        'recipe',
        default='prober',
        choices=(
            ('prober', '``edge-sched-prober``'),
            (
                'blackbox_icmp',
                'blackbox_exporter, prober ``icmp``, one ping a scrape',
            ),
            (
                'smokeping_native',
                'smokeping_prober with native histograms; about 5 % exact',
            ),
            (
                'smokeping_buckets',
                'smokeping_prober with 50 ``--buckets`` or more; with its '
                'default ones, which double, all rows are refused as '
                '``incomplete``',
            ),
            (
                'ping_exporter',
                'ping_exporter, which has no quantiles: to rank by, with '
                '``edge:budget_mode=preferred``; budgets at p95 stay unknown',
            ),
            ('custom', 'nothing ready-made'),
        ),
        help="""
What is asked of Prometheus: ready-made for the probers that are named.

Where an operator probes already, there is no need of ours. Each recipe counts
a lost probe as infinitely late, and asks when the newest probe was, so that a
prober that died does not look fresh.

Related options:

* ``match``
* ``vantage_label``
* ``rtt_p50`` and the other figures
""",
    ),
    cfg.MultiStrOpt(
        'vantage',
        default=[],
        help="""
A vantage point, and the value of ``vantage_label`` that stands for it.

The option may stand any number of times, a line for each. A series with any
other value is refused and counted, and so is one with a label ``vantage``
that disagrees, or one with the prefix ``exported_``, which Prometheus gives
to labels that a prober should not have. Never set ``honor_labels`` for
probers: they could speak for each other.

Possible values:

* ``<vantage> <value>``, e.g. ``lyon 10.1.1.2:9862``
* ``<vantage>``, where the value is the same
* Several values for one vantage: those of its prober and of its listener.
  Clients that both of them have are read of both; two probers must have
  different ones.
* In double quotes where there are blanks: ``"New York"``,
  ``"New York" "rack 7"``. Without quotes the last word is the value.

Related options:

* ``vantage_label``
""",
    ),
    cfg.StrOpt(
        'vantage_label',
        help="""
The label that tells the vantage points apart.

It must be set by Prometheus (``static_configs``, ``relabel_configs``), not by
the prober.

Possible values:

* The name of a label.
* Unset: the recipe's. That is ``vantage`` for ``blackbox_icmp``, where
  ``instance`` is the target, and else ``instance``.

Related options:

* ``vantage``
* ``match``
""",
    ),
    cfg.StrOpt(
        'client_label',
        help="""
The label that is the client: an address, a prefix, the name of a client or a
site (``site:lyon``).

Possible values:

* The name of a label.
* Unset: the recipe's. That is ``instance`` for ``blackbox_icmp``, ``host`` for
  those of smokeping_prober, ``target`` for ``ping_exporter``, else ``client``.
""",
    ),
    cfg.StrOpt(
        'project_label',
        help="""
The label that is the project which owns a client that is a name.

Possible values:

* The name of a label.
* Empty: names are those of shared clients.
* Unset: the recipe's. That is ``project`` for ``prober``, and empty else.
""",
    ),
    cfg.StrOpt(
        'source',
        help="""
What the latency store says of who has measured.

It is shown by ``edge-sched latency show`` and in decision records. The
recipe ``prober`` uses it only where a prober does not say how it probes.

Possible values:

* A short text.
* Unset: the recipe's, e.g. ``blackbox icmp``.
""",
    ),
    cfg.StrOpt(
        'match',
        default='',
        help="""
Label matchers of PromQL that all series of the recipe must meet.

It is required where ``vantage_label`` is a label that Prometheus sets only in
some jobs: in all others a target could have it, and speak for a vantage point.
It also chooses where Prometheus has more of the kind than was meant. With
several collectors, each can ask for its own part.

Possible values:

* Matchers, separated by commas: ``job="edge",region=~"eu-.*"``
* Empty, if ``vantage_label`` is ``instance`` or ``job``.

Related options:

* ``vantage_label``
""",
    ),
    cfg.IntOpt(
        'window',
        default=960,
        min=1,
        help="""
The seconds of history that statistics are made of, ``{window}`` in PromQL.

``prober`` and ``ping_exporter`` have statistics already and do not use it. The
default holds the 60 probes that a budget at p95 asks for, at a probe every 15
seconds, even if a few are late.

Possible values:

* A positive integer.

Related options:

* ``step``
""",
    ),
    cfg.IntOpt(
        'step',
        default=15,
        min=1,
        help="""
The seconds between two samples of a series, ``{step}`` in PromQL.

It should be the ``scrape_interval``. With a longer one samples are left out,
with a shorter one Prometheus has more to do.

Possible values:

* A positive integer, not above ``window``.

Related options:

* ``window``
""",
    ),
    cfg.Opt(
        'scale_ms',
        type=types.FiniteFloat(min=1e-9),
        default=1000.0,
        help="""
The milliseconds in the unit that round trips, and ``pdv``, come in.

Possible values:

* A finite number above 0: 1000 for seconds, as the recipes have it; 1 for
  milliseconds.
""",
    ),
    *(_figure(name) for name in FIGURES),
)
