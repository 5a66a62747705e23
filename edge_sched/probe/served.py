# SPDX-License-Identifier: Apache-2.0

"""From what a site is served to targets, or to why it is refused.

Who serves may have been broken into. So nothing is taken that is no stranger
at a place where strangers are, and nothing at a rate of its own.
"""

from typing import Any

from edge_sched.model import served
from edge_sched.model.client import parse_client
from edge_sched.model.served import BadListError
from edge_sched.model.wanted import LENGTHS
from edge_sched.model.wanted import WantedTarget
from edge_sched.probe.outcome import Address
from edge_sched.probe.target import Rates
from edge_sched.probe.target import Target
from edge_sched.probe.target_entry import BadTargetError
from edge_sched.probe.target_entry import parse_target

#: A stranger is waited for, so its first window is sent in 8 s: it has the 60
#: probes that a p95 stands on. Then slowly. Chosen: at any time its newest
#: probe is some seconds old and its window 480 s long, both less than the
#: 900 s of ``max_age``; and six times as many strangers as by the default of
#: the file.
RATES = Rates(packets=8, interval_seconds=60.0, window=64, fill_seconds=8.0)


def read(body: bytes) -> tuple[Target, ...]:
    """The targets of a list.

    :raises BadListError: at the first thing that is wrong: then none is taken
    """
    targets: dict[tuple[str, str], Target] = {}
    for number, wanted in enumerate(served.from_json(body), 1):
        try:
            target = _target(wanted)
        except BadTargetError as error:
            raise BadListError(f'entry {number}: {error}') from None
        if target.key in targets:
            raise BadListError(
                f'entry {number}: client {target.client} is there twice'
            )
        targets[target.key] = target
    return tuple(targets.values())


def _target(wanted: WantedTarget) -> Target:
    entry: dict[str, Any] = wanted._asdict()
    # Of the file, 0 is no port.
    entry['port'] = wanted.port or None
    target = parse_target(entry, RATES)
    prefix = parse_client(target.client).prefix
    if prefix is None or prefix.prefixlen != LENGTHS[prefix.version]:
        allowed = ' or '.join(f'/{length}' for length in LENGTHS.values())
        raise BadTargetError(
            f'key client: {target.client} is not a prefix of {allowed}'
        )
    if _is_no_stranger(target.address):
        raise BadTargetError(
            f'key address: {target.address} is not where a client can be'
        )
    return target


def _is_no_stranger(address: Address) -> bool:
    """This machine, its link, or what is nobody's."""
    return address.is_loopback or address.is_link_local or address.is_reserved
