# SPDX-License-Identifier: Apache-2.0

"""Whom a site is to probe, in the JSON that Prometheus discovers targets by.

    [{"targets": ["203.0.113.7"],
      "labels": {"client": "203.0.113.0/24", "probe": "icmp"}},
     {"targets": ["198.51.100.1"],
      "labels": {"client": "2001:db8:a::/56", "probe": "stamp",
                 "port": "862", "access_ms": "12"}}]

All values are text, as ``http_sd`` wants it.
"""

import json
import re
from collections.abc import Iterable
from itertools import islice
from typing import Any, get_args

from edge_sched.model.text import shorten
from edge_sched.model.wanted import WantedProbe
from edge_sched.model.wanted import WantedTarget

#: Of one site. Chosen: three times what a prober probes at its default rate.
MAX_TARGETS = 1000

#: Of a list. Chosen: an entry with the longest addresses has 180.
MAX_BYTES = 256 * MAX_TARGETS

_PROBES: tuple[WantedProbe, ...] = get_args(WantedProbe)

_PORT = re.compile(r'[1-9][0-9]{0,4}', re.ASCII)
_DECIMAL = re.compile(r'[0-9]{1,6}(\.[0-9]{1,6})?', re.ASCII)


class BadListError(ValueError):
    """A list that is not taken; ``str()`` says where it is wrong, and why."""


def to_json(targets: Iterable[WantedTarget]) -> bytes:
    """The list as it is served, of ``MAX_TARGETS`` at the most."""
    entries = [
        {'targets': [target.address], 'labels': _labels(target)}
        for target in islice(targets, MAX_TARGETS)
    ]
    return json.dumps(entries).encode()


def from_json(body: bytes) -> list[WantedTarget]:
    """The list as it was served: right in form, not yet in what it says.

    Labels that are not known are left out, as a newer release may have more.

    :raises BadListError: at the first thing that is wrong
    """
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError):
        raise BadListError('it is not JSON') from None
    if not isinstance(entries, list):
        raise BadListError('it is not a list')
    if len(entries) > MAX_TARGETS:
        raise BadListError(f'it has more than {MAX_TARGETS} entries')
    return [_target(number, entry) for number, entry in enumerate(entries, 1)]


def _labels(target: WantedTarget) -> dict[str, str]:
    labels = {'client': target.client, 'probe': target.probe}
    if target.port:
        labels['port'] = str(target.port)
    if target.access_ms:
        # Without an exponent, to the nanosecond.
        text = f'{target.access_ms:.6f}'.rstrip('0').rstrip('.')
        labels['access_ms'] = text
    return labels


def _target(number: int, entry: Any) -> WantedTarget:
    match entry:
        case {'targets': [str(address)], 'labels': dict(labels)}:
            pass
        case _:
            raise BadListError(
                f'entry {number}: is not one target with its labels'
            )
    label = _Labels(number, labels)
    return WantedTarget(
        client=label.text('client'),
        address=address,
        probe=label.probe(),
        port=int(label.number('port', _PORT)),
        access_ms=float(label.number('access_ms', _DECIMAL)),
    )


class _Labels:
    def __init__(self, number: int, labels: dict[str, Any]) -> None:
        self._number = number
        self._labels = labels

    def text(self, name: str) -> str:
        value = self._labels.get(name)
        if not isinstance(value, str):
            raise self._bad(name, value, 'text')
        return value

    def probe(self) -> WantedProbe:
        value = self.text('probe')
        for probe in _PROBES:
            if value == probe:
                return probe
        raise self._bad('probe', value, f'one of {", ".join(_PROBES)}')

    def number(self, name: str, form: re.Pattern[str]) -> str:
        """0 if there is none."""
        if name not in self._labels:
            return '0'
        value = self.text(name)
        if not form.fullmatch(value):
            raise self._bad(name, value, 'a number')
        return value

    def _bad(self, name: str, value: Any, allowed: str) -> BadListError:
        return BadListError(
            f'entry {self._number}: label {name}: {shorten(repr(value))} is '
            f'not {allowed}'
        )
