# SPDX-License-Identifier: Apache-2.0

"""The door: a reading becomes a row of the store, or is refused for a reason.

Pure. Nothing that a vantage sends gets past it that cannot have been
measured, so that one that is broken, or lies, closes or opens no site but by
figures that a network can have.
"""

import functools
import ipaddress
import math

from edge_sched.collector.reading import Reading
from edge_sched.measurement.record import MAX_NAME_LENGTH
from edge_sched.measurement.record import MAX_SAMPLES
from edge_sched.model.client import MAX_LENGTH
from edge_sched.model.client import Client
from edge_sched.model.client import parse_client
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.model.latency import latest_time
from edge_sched.model.names import normal
from edge_sched.model.plausible import RTT_MAX_MS
from edge_sched.model.plausible import BadLatencyError
from edge_sched.model.plausible import check_variation
from edge_sched.model.plausible import is_lost

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Texts whose meaning is kept, and how long they are at most: chosen, 80 MB in
#: all, and the clients of a large operator are measured from many vantages.
#: No address or name is longer, and of sites there are few.
_CACHED_TEXTS = 65_536
_CACHED_LENGTH = 63

#: Of the longest IPv6 address, ending in an IPv4 address.
_ADDRESS_LENGTH = 45

#: The shortest round trip that somebody else may have measured: light is back
#: from 100 m of fibre in it (4.9 ns a metre, ITU-T G.652), and no network
#: stack answers as fast.
_RTT_MIN_MS = 0.001


class RefusedError(Exception):
    """A reading that is no measurement; ``reason`` is a word to count by."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def admit(reading: Reading, now: float, oldest: float) -> NewLatency:
    """The row that a reading stands for.

    A quantile is one of the probes sent. Where the loss says that it was
    lost, it was, whatever figure stands there: many tools state quantiles of
    the probes that came back. One that is infinite, or not there, and that no
    loss explains is refused. What is lost is lost further up, and so is a
    variation that is made of it.

    :param now: UTC epoch seconds
    :param oldest: the time before which a measurement is not kept
    :raises RefusedError: for the first thing that is wrong: ``vantage``,
        ``client``, ``address`` or ``source`` (no such text), ``clock`` (not a
        time), ``future``, ``expired``, ``samples``, ``loss``, ``nan``,
        ``zero``, ``negative``, ``absurd`` (no network has it),
        ``infinite`` or ``incomplete`` (and no loss explains it), ``order``
        (e.g. p50 above p95), ``pdv`` (not p95 less the shortest)
    """
    reading = reading._replace(
        vantage=normal(reading.vantage), source=normal(reading.source)
    )
    client, client_text = _client(reading)
    for text, reason in (
        (reading.vantage, 'vantage'),
        (reading.project_id, 'client'),
        (reading.source, 'source'),
    ):
        if not _is_name(text):
            raise RefusedError(reason)
    if not reading.vantage:
        raise RefusedError('vantage')
    p50_ms, p95_ms, p99_ms = _quantiles(reading)
    latency = Latency(
        vantage=reading.vantage,
        client=client_text,
        rtt_p50_ms=p50_ms,
        rtt_p95_ms=p95_ms,
        measured_at=_time(reading.measured_at, now, oldest),
        rtt_min_ms=_shortest_ms(reading),
        rtt_p99_ms=p99_ms,
        pdv_ms=_variation_ms(reading, p95_ms),
        loss_ratio=reading.loss_ratio,
        samples=_samples(reading.samples),
        source=reading.source,
        rtt_p50_hour_ms=_of_hour(reading.rtt_p50_hour_ms),
        rtt_p95_hour_ms=_of_hour(reading.rtt_p95_hour_ms),
        loss_hour_ratio=reading.loss_hour_ratio,
    )
    _check_order(latency)
    try:
        check_variation(latency)
    except BadLatencyError:
        raise RefusedError('pdv') from None
    address = _address(reading.address) if client.name is not None else None
    return NewLatency(client, latency, reading.project_id, address=address)


def _client(reading: Reading) -> tuple[Client, str]:
    known = parsed_client(reading.client)
    if known is None or (reading.project_id and known[0].name is None):
        raise RefusedError('client')
    return known


def parsed_client(text: str) -> tuple[Client, str] | None:
    """The client and how the store writes it; ``None`` if it is none."""
    if len(text) <= _CACHED_LENGTH:
        return _kept_client(text)
    return None if len(text) > MAX_LENGTH else _parsed_client(text)


def _parsed_client(text: str) -> tuple[Client, str] | None:
    try:
        client = parse_client(text)
    except ValueError:
        return None
    return client, client.canonical


_kept_client = functools.lru_cache(maxsize=_CACHED_TEXTS)(_parsed_client)


def _address(text: str) -> Address | None:
    if not text:
        return None
    if len(text) > _ADDRESS_LENGTH:
        raise RefusedError('address')
    return _parsed_address(text)


@functools.lru_cache(maxsize=_CACHED_TEXTS)
def _parsed_address(text: str) -> Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise RefusedError('address') from None


def _is_name(text: str) -> bool:
    """Whether the store and a terminal take it."""
    return (
        len(text) <= MAX_NAME_LENGTH
        and text.isprintable()
        and text == text.strip()
    )


def _time(measured_at: float | None, now: float, oldest: float) -> float:
    if measured_at is None or not math.isfinite(measured_at):
        raise RefusedError('clock')
    if measured_at > latest_time(now):
        raise RefusedError('future')
    if measured_at < oldest:
        raise RefusedError('expired')
    return measured_at


def _samples(samples: float | None) -> int | None:
    if samples is None:
        return None
    if not 1 <= samples <= MAX_SAMPLES or samples != int(samples):
        raise RefusedError('samples')
    return int(samples)


def _quantiles(reading: Reading) -> tuple[float, float, float | None]:
    """Round trips at p50, p95 and p99, lost ones ``inf``."""
    for ratio in (reading.loss_ratio, reading.loss_hour_ratio):
        if ratio is not None and not 0 <= ratio <= 1:
            raise RefusedError('loss')
    p50_ms = _quantile_ms(reading, 0.5, reading.rtt_p50_ms)
    p95_ms = _quantile_ms(reading, 0.95, reading.rtt_p95_ms)
    p99_ms = reading.rtt_p99_ms
    if p99_ms is not None:
        p99_ms = _quantile_ms(reading, 0.99, p99_ms)
    elif math.isinf(p95_ms):
        p99_ms = math.inf
    return p50_ms, p95_ms, p99_ms


def _quantile_ms(
    reading: Reading, quantile: float, rtt_ms: float | None
) -> float:
    explained = _is_lost(reading, quantile)
    if rtt_ms is not None and rtt_ms != math.inf:
        _check_rtt(rtt_ms)
        return math.inf if explained else rtt_ms
    if not (explained or (rtt_ms is not None and reading.lost_stated)):
        raise RefusedError('incomplete' if rtt_ms is None else 'infinite')
    return math.inf


def _is_lost(reading: Reading, quantile: float) -> bool:
    return reading.loss_ratio is not None and is_lost(
        quantile, reading.loss_ratio
    )


def _shortest_ms(reading: Reading) -> float | None:
    if reading.rtt_min_ms is None:
        return None
    _check_rtt(reading.rtt_min_ms)
    return None if _is_lost(reading, 0.0) else reading.rtt_min_ms


def _variation_ms(reading: Reading, p95_ms: float) -> float | None:
    if reading.pdv_ms is not None:
        _check_rtt(reading.pdv_ms, least_ms=0.0)
    return None if math.isinf(p95_ms) else reading.pdv_ms


def _of_hour(rtt_ms: float | None) -> float | None:
    """Lost ones say so themselves: the loss is of the newest probes."""
    if rtt_ms is not None and rtt_ms != math.inf:
        _check_rtt(rtt_ms)
    return rtt_ms


def _check_rtt(rtt_ms: float, least_ms: float = _RTT_MIN_MS) -> None:
    if not least_ms <= rtt_ms <= RTT_MAX_MS:
        raise RefusedError(_why_no_rtt(rtt_ms))


def _why_no_rtt(rtt_ms: float) -> str:
    if math.isnan(rtt_ms):
        return 'nan'
    if rtt_ms == 0:
        return 'zero'
    if rtt_ms < 0:
        return 'negative'
    return 'infinite' if math.isinf(rtt_ms) else 'absurd'


def _check_order(latency: Latency) -> None:
    least_ms, p99_ms = latency.rtt_min_ms, latency.rtt_p99_ms
    if not (
        (0.0 if least_ms is None else least_ms)
        <= latency.rtt_p50_ms
        <= latency.rtt_p95_ms
        <= (math.inf if p99_ms is None else p99_ms)
    ):
        raise RefusedError('order')
    p50_ms, p95_ms = latency.rtt_p50_hour_ms, latency.rtt_p95_hour_ms
    if p50_ms is None or p95_ms is None:
        if p50_ms is not p95_ms:
            raise RefusedError('incomplete')
    elif p50_ms > p95_ms:
        raise RefusedError('order')
