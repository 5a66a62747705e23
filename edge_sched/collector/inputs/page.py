# SPDX-License-Identifier: Apache-2.0

"""What one prober publishes, turned into readings. Pure."""

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeAlias

from edge_sched.collector.inputs.exposition import MalformedError
from edge_sched.collector.inputs.exposition import beginning
from edge_sched.collector.inputs.exposition import series
from edge_sched.collector.reading import Harvest
from edge_sched.collector.reading import Reading
from edge_sched.model.names import normal
from edge_sched.model.text import readable

Pair: TypeAlias = tuple[str, str]

_RTT = 'edge_sched_probe_rtt_seconds'
_RTT_HOUR = 'edge_sched_probe_rtt_hour_seconds'
_TARGET = 'edge_sched_probe_target_info'
_TIME = 'edge_sched_prober_time_seconds'
_PROBER = 'edge_sched_prober_info'

#: The field of a reading, and what it is multiplied by, for each series and
#: label ``quantile``.
_FIELDS = {
    (_RTT, '0.5'): ('rtt_p50_ms', 1000),
    (_RTT, '0.95'): ('rtt_p95_ms', 1000),
    (_RTT, '0.99'): ('rtt_p99_ms', 1000),
    (_RTT_HOUR, '0.5'): ('rtt_p50_hour_ms', 1000),
    (_RTT_HOUR, '0.95'): ('rtt_p95_hour_ms', 1000),
    ('edge_sched_probe_rtt_min_seconds', ''): ('rtt_min_ms', 1000),
    ('edge_sched_probe_pdv_seconds', ''): ('pdv_ms', 1000),
    ('edge_sched_probe_loss_ratio', ''): ('loss_ratio', 1),
    ('edge_sched_probe_loss_hour_ratio', ''): ('loss_hour_ratio', 1),
    ('edge_sched_probe_samples', ''): ('samples', 1),
    ('edge_sched_probe_newest_sample_timestamp_seconds', ''): (
        'measured_at',
        1,
    ),
}
_NAMES = frozenset({_TARGET, _TIME, _PROBER, *(name for name, _ in _FIELDS)})

#: A picosecond: what is beyond it is the rounding of the multiplication.
_DIGITS = 9


@dataclasses.dataclass(slots=True)
class Page:
    """The figures of all targets, on the prober's own clock.

    :param now: what that clock says, in seconds
    :param vantage: what the prober says it is; ``''`` if it does not
    :param targets: fields of a reading by client and project
    :param vantages: what the series of a target say besides
    """

    now: float = math.nan
    vantage: str = ''
    targets: dict[Pair, dict[str, Any]] = dataclasses.field(
        default_factory=dict
    )
    vantages: dict[Pair, set[str]] = dataclasses.field(default_factory=dict)


def read(text: str, max_series: int, max_clients: int) -> Page:
    """The page that a prober's text is.

    :param max_series: of all names
    :param max_clients: that have figures
    :raises MalformedError: if it is none, or has more than that
    """
    page = Page()
    for name, labels, value in series(text, _NAMES, max_series):
        if name == _TIME:
            page.now = value
        elif name == _PROBER:
            page.vantage = labels.get('vantage', '')
        else:
            _add(page, name, labels, value)
            if len(page.targets) > max_clients:
                raise MalformedError(
                    f'there are more than {max_clients} clients'
                )
    if not page.targets and math.isnan(page.now):
        raise MalformedError(
            f'it is the page of no prober, without {_TIME}; {beginning(text)}'
        )
    return page


def _add(
    page: Page, name: str, labels: Mapping[str, str], value: float
) -> None:
    """Add a series of a target."""
    pair = (labels.get('client', ''), labels.get('project', ''))
    fields = page.targets.setdefault(pair, {})
    if 'vantage' in labels:
        page.vantages.setdefault(pair, set()).add(labels['vantage'])
    if name == _TARGET:
        fields['source'] = labels.get('source', '')
        fields['address'] = labels.get('address', '')
        return
    field, factor = _FIELDS.get((name, labels.get('quantile', '')), ('', 1))
    if field in fields:
        raise MalformedError(f"{name} of '{readable(pair[0])}' is there twice")
    if field:
        fields[field] = round(value * factor, _DIGITS)


def harvest(page: Page, vantage: str, scraped_at: float) -> Harvest:
    """Readings as of a vantage, with the times of our own clock.

    They are measured as long before the scrape as the prober says: a clock
    that is wrong there is wrong in both of its times.

    :param vantage: by our own configuration; readings that name another one
        are refused
    :param scraped_at: UTC epoch seconds of the moment at which the prober
        read its clock
    """
    skew_seconds = page.now - scraped_at
    if not math.isfinite(skew_seconds):
        return Harvest((), refused={'clock': len(page.targets)})
    readings = []
    refused: Counter[str] = Counter()
    for pair, fields in page.targets.items():
        said = {page.vantage, *page.vantages.get(pair, ())} - {''}
        if {normal(name) for name in said} - {vantage}:
            refused['vantage'] += 1
            continue
        if 'measured_at' in fields:
            fields['measured_at'] -= skew_seconds
        readings.append(Reading(vantage, *pair, **fields))
    return Harvest(readings, refused, {vantage: skew_seconds})
