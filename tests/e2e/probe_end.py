# SPDX-License-Identifier: Apache-2.0

"""The project's STAMP sender and reflector, each as a process of its own.

    python -m tests.e2e.probe_end reflect 203.0.113.7 --port 862 --hold-ms 7
    python -m tests.e2e.probe_end probe 203.0.113.7 --port 862 --count 200
    python -m tests.e2e.probe_end connect 203.0.113.7 --port 9 --count 200

The first prints ``ready`` and answers until it is killed. The second prints
``{"rtt_ms": [...], "raw_rtt_ms": [...], "uncredited": 0}``, lost probes as
``Infinity``. The third is the second by TCP.
"""

import argparse
import asyncio
import functools
import ipaddress
import json
import time

from edge_sched.probe.outcome import Address
from edge_sched.probe.outcome import Outcome
from edge_sched.probe.stamp.gate import Gate
from edge_sched.probe.stamp.mirror import Mirror
from edge_sched.probe.stamp.reflector import Reflector
from edge_sched.probe.stamp.sender import StampProbe
from edge_sched.probe.tcp import TcpProbe

EVERYBODY = [ipaddress.ip_network('0.0.0.0/0'), ipaddress.ip_network('::/0')]
ANY = [ipaddress.ip_address('0.0.0.0'), ipaddress.ip_address('::')]
NO_LIMIT = 1_000_000.0
#: Seconds between two probes: a reflector that holds them has time for each.
SPACING = 0.02


def reflect(
    address: Address, port: int, hold_ms: float, claim_ms: float
) -> None:
    """Answer for good.

    :param hold_ms: each packet waits that long, as on a busy host
    :param claim_ms: besides the true residence, a lie
    """
    mirror = Mirror(
        hold=functools.partial(time.sleep, hold_ms / 1000),
        now_ns=lambda: time.time_ns() + round(claim_ms * 1e6),
    )
    gate = Gate(EVERYBODY, NO_LIMIT, NO_LIMIT)
    reflector = Reflector([address], port, gate, mirror)
    reflector.open()
    print('ready', flush=True)
    reflector.serve()


async def probe(
    sender: StampProbe | TcpProbe, address: Address, port: int, count: int
) -> None:
    """Print what became of this many probes."""
    outcomes: list[Outcome] = []
    await sender.open()
    for turn in range(count):
        sender.send(address, port, turn, outcomes.append)
        await asyncio.sleep(SPACING)
    while len(outcomes) < count:
        await asyncio.sleep(SPACING)
    sender.close()
    print(
        json.dumps(
            {
                'rtt_ms': [outcome.rtt_ms for outcome in outcomes],
                'raw_rtt_ms': [outcome.raw_rtt_ms for outcome in outcomes],
                'uncredited': sum(outcome.refused for outcome in outcomes),
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('end', choices=['reflect', 'probe', 'connect'])
    parser.add_argument('address', type=ipaddress.ip_address)
    parser.add_argument('--port', type=int, default=862)
    parser.add_argument('--count', type=int, default=200)
    parser.add_argument('--hold-ms', type=float, default=0)
    parser.add_argument('--claim-ms', type=float, default=0)
    asked = parser.parse_args()
    if asked.end == 'reflect':
        reflect(asked.address, asked.port, asked.hold_ms, asked.claim_ms)
        return
    sender = StampProbe() if asked.end == 'probe' else TcpProbe(0.9, ANY)
    asyncio.run(probe(sender, asked.address, asked.port, asked.count))


if __name__ == '__main__':
    main()
