# SPDX-License-Identifier: Apache-2.0

"""Results of RIPE Atlas pings, as its API and its streams give them. Pure.

https://atlas.ripe.net/docs/apis/measurement-result-format/
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from edge_sched.measurement.file import BadFileError
from edge_sched.measurement.lines import BadLineError
from edge_sched.model.plausible import RTT_MAX_MS

#: No number of a probe, nor a time, is as large.
_BEYOND = 2**53

#: Packets of one result that are looked at (chosen; the API takes 16).
_MAX_PACKETS = 64


class Result(NamedTuple):
    """One burst of packets from a probe.

    :param probe: its number, as text
    :param target: the address that it pinged
    :param origin: the address that the probe has itself, as the controller
        sees it
    :param at: UTC epoch seconds by the probe's clock
    :param rtts_ms: of the packets sent, ``inf`` of those that were lost
    """

    probe: str
    target: str
    origin: str
    at: float
    rtts_ms: tuple[float, ...]


def read(text: str) -> Iterator[Result]:
    """The pings of a file; results of other types are left out.

    :param text: an array of results, an object that has arrays of them by
        probe (``latest``), or a result a line
    :raises BadFileError: naming the line, or the number of the result
    """
    for line, number, found in _objects(text):
        try:
            result = _result(found)
        except ValueError as error:
            where = f'result {number}: ' if number else ''
            raise BadFileError(
                [BadLineError(line, '', f'{where}{error}')]
            ) from None
        if result is not None:
            yield result


def _objects(text: str) -> Iterator[tuple[int, int, Any]]:
    """Each with its line, and its number if one document has all."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        for line, piece in enumerate(text.splitlines(), start=1):
            if piece.strip():
                yield line, 0, _loaded(line, piece)
        return
    for number, found in enumerate(_of_document(document), start=1):
        yield 1, number, found


def _of_document(document: Any) -> Iterable[Any]:
    if isinstance(document, list):
        return document
    if isinstance(document, dict) and 'prb_id' not in document:
        return [
            found
            for several in document.values()
            for found in (several if isinstance(several, list) else [several])
        ]
    return [document]


def _loaded(line: int, piece: str) -> Any:
    try:
        return json.loads(piece)
    except (ValueError, RecursionError):
        raise BadFileError(
            [BadLineError(line, '', 'is not JSON, nor is the whole file')]
        ) from None


def _result(found: Any) -> Result | None:
    if not isinstance(found, dict):
        raise ValueError('is not a JSON object')
    if found.get('type', 'ping') != 'ping':
        return None
    probe = _whole(found, 'prb_id')
    at = _whole(found, 'timestamp')
    packets = found.get('result')
    if not isinstance(packets, list) or len(packets) > _MAX_PACKETS:
        raise ValueError(f'result is not a list of {_MAX_PACKETS} at most')
    return Result(
        str(probe),
        # Of firmware before 4460.
        _text(found, 'dst_addr') or _text(found, 'addr'),
        _text(found, 'from'),
        float(at),
        tuple(_rtts_ms(packets)),
    )


def _rtts_ms(packets: Iterable[Any]) -> Iterator[float]:
    for packet in packets:
        if not isinstance(packet, Mapping):
            raise ValueError('result has what is not a JSON object')
        if 'dup' in packet:
            # The same packet was answered before.
            continue
        if 'x' in packet or 'error' in packet:
            yield math.inf
        elif 'rtt' in packet:
            rtt_ms = packet['rtt']
            if (
                type(rtt_ms) not in (float, int)
                or not 0 < rtt_ms <= RTT_MAX_MS
            ):
                raise ValueError(
                    f'rtt is not a number in 0..{RTT_MAX_MS:g}, 0 excluded'
                )
            yield float(rtt_ms)


def _whole(found: Mapping[str, Any], key: str) -> int:
    value = found.get(key)
    # In JSON true is no number, in Python it is.
    if type(value) is not int or not 0 <= value < _BEYOND:
        raise ValueError(f'{key} is not a whole number in 0..{_BEYOND - 1}')
    return value


def _text(found: Mapping[str, Any], key: str) -> str:
    text = found.get(key)
    return text if isinstance(text, str) else ''
