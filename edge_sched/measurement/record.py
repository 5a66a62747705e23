# SPDX-License-Identifier: Apache-2.0

"""From the cells of a line to a measurement, or to why it is none."""

import datetime
import math
import re
from collections.abc import Callable

from edge_sched.measurement.lines import BadLineError
from edge_sched.measurement.lines import Cells
from edge_sched.model.client import MEASURED
from edge_sched.model.client import Client
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.model.latency import age_seconds
from edge_sched.model.names import normal
from edge_sched.model.plausible import BadLatencyError
from edge_sched.model.plausible import check
from edge_sched.model.text import shorten

#: As wide as the store's columns; Keystone's project ids have 64 characters.
MAX_NAME_LENGTH = 255

#: The widest integer of every database that the store supports.
MAX_SAMPLES = 2**31 - 1

#: ``float()`` would also take ``nan``, ``1_000`` and digits of other scripts.
_NUMBER = re.compile(r'[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?', re.ASCII)
_WHOLE = re.compile(r'\d{1,10}', re.ASCII)
_LOST = frozenset({'inf', '+inf', 'infinity', '+infinity'})


def parse_record(
    number: int,
    cells: Cells,
    now: float,
    parse_client: Callable[[str], Client],
) -> NewLatency:
    """The measurement of one line.

    :param cells: every required column and any optional one, e.g.
        ``{'vantage': 'lyon', 'client': '203.0.113.0/24', 'rtt_p50_ms': '9',
        'rtt_p95_ms': 'inf'}``; an empty cell is a lost p50 or p95, elsewhere
        a figure that is not carried
    :param now: UTC epoch seconds; the time of a line that states none
    :param parse_client: ``model.client.parse_client``, or a cache of it
    :raises BadLineError: naming the first column that is wrong
    """
    try:
        return _record(number, cells, now, parse_client)
    except BadLatencyError as error:
        raise BadLineError(number, error.column, error.why) from None


def _record(
    number: int,
    cells: Cells,
    now: float,
    parse_client: Callable[[str], Client],
) -> NewLatency:
    vantage = _name(cells, 'vantage')
    if not vantage:
        raise BadLatencyError('vantage', 'is empty')
    try:
        client = parse_client(cells['client'])
    except ValueError:
        raise BadLatencyError(
            'client', f'{shorten(cells["client"])!r} is not {MEASURED}'
        ) from None
    project_id = _name(cells, 'project')
    if project_id and client.name is None:
        raise BadLatencyError('project', 'goes with a client that is a name')
    p50_ms, p95_ms, p99_ms = _quantiles(cells)
    latency = Latency(
        vantage=vantage,
        client=client.canonical,
        rtt_min_ms=_number(cells, 'rtt_min_ms'),
        rtt_p50_ms=p50_ms,
        rtt_p95_ms=p95_ms,
        rtt_p99_ms=p99_ms,
        pdv_ms=_number(cells, 'pdv_ms'),
        loss_ratio=_number(cells, 'loss_ratio'),
        samples=_samples(cells),
        measured_at=_measured_at(cells, now),
        source=_name(cells, 'source'),
        rtt_p50_hour_ms=_lost_or_absent(cells, 'rtt_p50_hour_ms'),
        rtt_p95_hour_ms=_lost_or_absent(cells, 'rtt_p95_hour_ms'),
        loss_hour_ratio=_number(cells, 'loss_hour_ratio'),
    )
    check(latency)
    return NewLatency(client, latency, project_id, line=number)


def _quantiles(cells: Cells) -> tuple[float, float, float | None]:
    """Round trips at p50, p95 and p99: what is lost is lost further up."""
    p50_ms = _lost_or_number(cells, 'rtt_p50_ms')
    p95_ms = _lost_or_number(cells, 'rtt_p95_ms')
    p99_ms = _lost_or_absent(cells, 'rtt_p99_ms')
    if math.isinf(p50_ms):
        p95_ms = math.inf
    if math.isinf(p95_ms):
        p99_ms = math.inf
    return p50_ms, p95_ms, p99_ms


def _lost_or_absent(cells: Cells, column: str) -> float | None:
    return _lost_or_number(cells, column) if cells.get(column) else None


def _lost_or_number(cells: Cells, column: str) -> float:
    text = cells[column]
    if not text or text.lower() in _LOST:
        return math.inf
    return _finite(column, text)


def _number(cells: Cells, column: str) -> float | None:
    text = cells.get(column)
    return _finite(column, text) if text else None


def _finite(column: str, text: str) -> float:
    if _NUMBER.fullmatch(text):
        number = float(text)
        # 1e999 is a mistake, not a lost probe.
        if math.isfinite(number):
            return number
    raise BadLatencyError(column, f'{shorten(text)!r} is not a number')


def _samples(cells: Cells) -> int | None:
    text = cells.get('samples')
    if not text:
        return None
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= MAX_SAMPLES:
        raise BadLatencyError(
            'samples',
            f'{shorten(text)!r} is not a whole number in 1..{MAX_SAMPLES}',
        )
    return int(text)


def _measured_at(cells: Cells, now: float) -> float:
    text = cells.get('measured_at')
    if not text:
        return now
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise BadLatencyError(
            'measured_at', f'{shorten(text)!r} is not a time of ISO 8601'
        ) from None
    if moment.tzinfo is None:
        raise BadLatencyError(
            'measured_at', f'{shorten(text)!r} does not state its zone'
        )
    ahead_seconds = -age_seconds(moment.timestamp(), now)
    if ahead_seconds > 0:
        raise BadLatencyError(
            'measured_at',
            f'{shorten(text)!r} is {ahead_seconds:.0f} s ahead of the clock',
        )
    return moment.timestamp()


def _name(cells: Cells, column: str) -> str:
    text = normal(cells.get(column, ''))
    if len(text) > MAX_NAME_LENGTH:
        raise BadLatencyError(
            column, f'is longer than {MAX_NAME_LENGTH} characters'
        )
    if not text.isprintable():
        raise BadLatencyError(
            column, f'{shorten(text)!r} has a character that is not printable'
        )
    if text != text.strip():
        raise BadLatencyError(
            column, f'{shorten(text)!r} begins or ends with a blank'
        )
    return text
