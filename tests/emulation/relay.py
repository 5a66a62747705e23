# SPDX-License-Identifier: Apache-2.0

"""The relay: a process of its own that carries packets, late or never.

    python -m tests.emulation.relay DESCRIPTOR

It takes orders over the Unix socket ``DESCRIPTOR`` and ends when the other
side of that is closed, be it by a crash; with it end the processes that it
was told to guard. ``control.py`` is the other side.

It asks for real-time scheduling. Without, a busy machine adds milliseconds to
what was set.
"""

import contextlib
import gc
import json
import os
import signal
import socket
import struct
import sys
from typing import Any

from tests.emulation.carrier import Carrier
from tests.emulation.front import Front
from tests.emulation.path import Lane
from tests.emulation.path import Way
from tests.emulation.switch import Switch

#: Above every ordinary process, below the kernel's own threads, which have 50
#: and more.
PRIORITY = 40


class Orders:
    """One method an order: ``{"order": "lane", "source": "lyon", ...}``.

    An order may carry one descriptor. Each is answered when it is done.
    """

    def __init__(self, carrier: Carrier, control: socket.socket) -> None:
        self._carrier = carrier
        self._control = control
        self._switch = Switch(carrier)
        self._fronts: dict[str, Front] = {}
        self._guarded: list[int] = []
        carrier.watch(control.fileno(), self._obey)

    def _obey(self) -> None:
        message, fds, _, _ = socket.recv_fds(self._control, 65536, 1)
        if not message:
            self._carrier.stop()
            return
        arguments = json.loads(message)
        order = getattr(self, f'order_{arguments.pop("order")}')
        order(*fds, **arguments)
        # Nobody waits for the answer if they have crashed meanwhile.
        with contextlib.suppress(BrokenPipeError):
            self._control.send(b'done')

    def order_node(self, fd: int, name: str, addresses: list[str]) -> None:
        self._switch.add_node(socket.socket(fileno=fd), name, addresses)

    def order_lane(
        self, source: str, target: str, seed: str, way: dict[str, Any]
    ) -> None:
        self._switch.set_lane(source, target, Lane(Way(**way), seed))

    def order_front(self, fd: int, name: str, far: list[Any]) -> None:
        front = socket.socket(fileno=fd)
        self._fronts[name] = Front(self._carrier, front, tuple(far))

    def order_front_lanes(
        self, name: str, seeds: list[str], way: dict[str, Any]
    ) -> None:
        forth, back = (Lane(Way(**way), seed) for seed in seeds)
        self._fronts[name].set_lanes(forth, back)

    def order_guard(self, pidfd: int) -> None:
        self._guarded.append(pidfd)

    def end_guarded(self) -> None:
        for pidfd in self._guarded:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def ask_for_real_time() -> str:
    """Returns why it cannot be had; empty if we have it."""
    try:
        parameters = os.sched_param(PRIORITY)
        os.sched_setscheduler(0, os.SCHED_FIFO, parameters)
    except OSError as error:
        return f'no real-time scheduling: {error.strerror}'
    return ''


def keep_awake() -> None:
    """Have idle processors poll rather than sleep, as long as we run.

    To wake one up takes a virtual machine 0.1 ms, which would count as time
    on the path. The kernel drops the request with the file (PM QoS interface).
    """
    with contextlib.suppress(OSError):
        latency = os.open('/dev/cpu_dma_latency', os.O_WRONLY)
        os.write(latency, struct.pack('@i', 0))


def main(descriptor: int) -> None:
    control = socket.socket(fileno=descriptor)
    keep_awake()
    carrier = Carrier()
    orders = Orders(carrier, control)
    # There is nothing cyclic to collect, and looking for it takes time.
    gc.disable()
    control.send(json.dumps(ask_for_real_time()).encode())
    try:
        carrier.run()
    finally:
        orders.end_guarded()


if __name__ == '__main__':
    # Ctrl-C is for those who use the network; they close it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main(int(sys.argv[1]))
