# SPDX-License-Identifier: Apache-2.0

"""What an emulated network can do, by whichever means it is made."""

import abc
import contextlib
from types import TracebackType
from typing import Self

from tests.emulation.control import Control
from tests.emulation.echo import RoundTrips
from tests.emulation.errors import InaccurateError
from tests.emulation.node import Node
from tests.emulation.path import Path

Address = tuple[str, int]

#: How far the median may be from what was set, in milliseconds: beyond, tests
#: of measurements would measure this machine instead.
TOLERANCE_MS = 0.3
#: A machine may have something else to do for a moment (chosen).
ATTEMPTS = 3


class Wire(abc.ABC):
    """Nodes and the paths between them, as a context manager.

        with Network() as network:
            lyon, phone = network.node('lyon'), network.node('phone')
            network.set_path('lyon', 'phone', Path(rtt_ms=10))
            network.check('lyon', 'phone')
            phone.popen(['edge-sched-reflector', ...])

    Two nodes between which no path was set cannot reach one another.
    """

    def __init__(self, seed: int = 0) -> None:
        """Nothing is made yet.

        :param seed: of what is drawn: losses and jitter
        """
        self._seed = seed
        self._nodes: dict[str, Node] = {}
        self._paths: dict[frozenset[str], Path] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """:raises NotPossibleError: with a sentence that says why"""
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes, then the nodes, then the relay."""
        self._stack.close()

    @property
    def doubt(self) -> str:
        """Why times may be off by much; empty if there is no reason."""
        return self._control.doubt

    @property
    def relay_pid(self) -> int:
        return self._control.pid

    def node(self, name: str, v4: str = '', v6: str = '') -> Node:
        """The node of that name, made when first asked for.

        :param v4: its address; by default the next free one
        :param v6: likewise
        """
        if name not in self._nodes:
            node = self._make_node(name, v4, v6)
            self._stack.callback(node.close)
            self._nodes[name] = node
        return self._nodes[name]

    def set_path(self, source: str, target: str, path: Path) -> None:
        """Set or change the path between two nodes, for both directions.

        Packets that are under way keep the time they were given. Those sent
        after the return take the new path.
        """
        self.node(source)
        self.node(target)
        self._set_path(source, target, path)
        self._paths[frozenset((source, target))] = path

    def path(self, source: str, target: str) -> Path:
        """What was set last, from either side.

        :raises KeyError: if nothing was
        """
        return self._paths[frozenset((source, target))]

    def check(self, source: str, target: str, count: int = 50) -> RoundTrips:
        """Have the machine show that it keeps the times that were set.

        :param count: of probes
        :raises InaccurateError: if their median is off, or none comes back
        """
        path = self.path(source, target)
        for _ in range(ATTEMPTS):
            trips = self.measure(source, target, count)
            if abs(trips.median_ms - path.median_ms) <= TOLERANCE_MS:
                return trips
        because = f' ({self.doubt})' if self.doubt else ''
        raise InaccurateError(
            f'this machine makes {trips.median_ms:.2f} ms of the '
            f'{path.median_ms:g} ms between {source} and {target}{because}'
        )

    def _open(self) -> None:
        """Start what all nodes need."""
        self._control = Control()
        self._stack.callback(self._control.close)

    def _seed_of(self, source: str, target: str) -> str:
        return f'{self._seed} {source} {target}'

    @abc.abstractmethod
    def measure(self, source: str, target: str, count: int) -> RoundTrips:
        """Probe a path by kernel time stamps, which no process holds up."""

    @abc.abstractmethod
    def endpoint(self, source: str, target: str, port: int) -> Address:
        """Where the source sends to reach a UDP port of the target.

        A path has to be set.
        """

    @abc.abstractmethod
    def _make_node(self, name: str, v4: str, v6: str) -> Node: ...

    @abc.abstractmethod
    def _set_path(self, source: str, target: str, path: Path) -> None: ...
