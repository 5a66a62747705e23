# SPDX-License-Identifier: Apache-2.0

"""What inputs bring: readings, not yet checked, and how each source went."""

import types
from collections.abc import Mapping, Sequence
from typing import NamedTuple

NOTHING: Mapping[str, int] = types.MappingProxyType({})
NO_SKEWS: Mapping[str, float] = types.MappingProxyType({})


class Reading(NamedTuple):
    """One pair of vantage and client as an input read it, unchecked.

    :param vantage: by the collector's own configuration of the input, e.g.
        ``lyon``
    :param client: as read, e.g. ``203.0.113.0/24`` or ``vehicle-42``
    :param project_id: the owner of a name, ``''`` for a shared one
    :param rtt_p50_ms: ``inf`` is lost; ``None``, here and below, not there
    :param measured_at: UTC epoch seconds on the collector's clock
    :param source: who measured, e.g. ``stamp``
    :param address: what was probed, if it stands for the client itself
    :param rtt_p50_hour_ms: of the last hour, as in ``Latency``
    :param lost_stated: an infinite quantile says "lost" by itself, no loss
        ratio need explain it
    """

    vantage: str
    client: str
    project_id: str = ''
    rtt_p50_ms: float | None = None
    rtt_p95_ms: float | None = None
    rtt_p99_ms: float | None = None
    rtt_min_ms: float | None = None
    pdv_ms: float | None = None
    loss_ratio: float | None = None
    samples: float | None = None
    measured_at: float | None = None
    source: str = ''
    address: str = ''
    lost_stated: bool = False
    rtt_p50_hour_ms: float | None = None
    rtt_p95_hour_ms: float | None = None
    loss_hour_ratio: float | None = None


class Harvest(NamedTuple):
    """What one source brought: a prober, a Prometheus, a file.

    :param refused: rows that the input refused itself, by reason, e.g.
        ``{'vantage': 3}``
    :param skews: seconds that the clock of a vantage is ahead of ours, e.g.
        ``{'lyon': -0.2}``
    :param failed: why the source brought nothing; ``''`` if it did
    :param source: what it is, e.g. ``lyon at http://10.1.1.2:9862/metrics``;
        ``''`` if the input has but one
    """

    readings: Sequence[Reading]
    refused: Mapping[str, int] = NOTHING
    skews: Mapping[str, float] = NO_SKEWS
    failed: str = ''
    source: str = ''
