# SPDX-License-Identifier: Apache-2.0

"""The services as processes in the nodes of an emulated network.

Each is started as an operator would: the command, with a configuration file.
"""

import os
import pathlib
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests
import yaml

from tests.emulation.node import Node

Options = Mapping[str, Any]
Sections = Mapping[str, Options]

#: Seconds for a service to start or to end (chosen: far more than either
#: takes on a busy machine).
PATIENCE = 30.0
#: Not 862, for those who are not root.
REFLECTOR_PORT = 8620
PROBER_PORT = 9862
COLLECTOR_PORT = 9863
LISTENER_PORT = 9865


class ServiceError(Exception):
    """A service that did not do what was waited for, with its last words."""


class Service:
    """One running service.

    :ivar url: of its metrics; empty if it has none
    """

    def __init__(
        self,
        node: Node,
        command: Sequence[str],
        log: pathlib.Path,
        url: str = '',
    ) -> None:
        self.url = url
        self._node = node
        self._command = command
        self._log = log
        self.start()

    def start(self) -> None:
        """Start it, also again after its end."""
        with self._log.open('a') as log:
            self.process = self._node.popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
            )

    def check(self) -> None:
        """:raises ServiceError: if it has ended"""
        if self.process.poll() is not None:
            raise ServiceError(
                f'{self._command[0]} has ended:\n{self.last_words()}'
            )

    def metrics(self) -> str:
        """What it publishes now, asked for from within its node.

        :raises OSError: if it does not answer
        """
        with self._node.entered():
            answer = requests.get(self.url, timeout=5)
        answer.raise_for_status()
        return answer.text

    def wait_for(
        self, what: str, holds: Callable[[str], bool], seconds: float
    ) -> str:
        """Until its metrics are as wanted; the metrics.

        :param what: said if they never are
        :raises ServiceError: with the end of its log
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            try:
                text = self.metrics()
            except OSError:
                text = ''
            if text and holds(text):
                return text
            time.sleep(0.05)
        raise ServiceError(
            f'{self._command[0]}: no {what} after {seconds:g} s:\n'
            + self.last_words()
        )

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def last_words(self) -> str:
        return '\n'.join(self._log.read_text().splitlines()[-20:])


class Services:
    """Starts services; they end with their nodes.

    :param folder: for configuration files and logs
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder

    def reflector(self, node: Node, **options: Any) -> Service:
        """Answers at all addresses of the node, and to anybody."""
        own = {
            'bind': ','.join(node.addresses),
            'port': REFLECTOR_PORT,
            'allow': '0.0.0.0/0,::/0',
        }
        return self._start(
            'edge-sched-reflector',
            node,
            {'edge_sched_reflector': own | options},
        )

    def prober(
        self, node: Node, targets: Sequence[Options], **options: Any
    ) -> Service:
        """Probes from the node; its metrics are at the node's address.

        :param targets: entries of the target file
        """
        self.write_targets(node, targets)
        own = {
            'target_file': self.target_file(node),
            'metrics_address': node.v4,
            # On a machine that runs a whole Nova besides, a reflector waits
            # for its turn longer than the default believes.
            'residence_max_ms': 900,
        }
        return self._start(
            'edge-sched-prober',
            node,
            {'edge_sched_prober': own | options},
            f'http://{node.v4}:{PROBER_PORT}/metrics',
        )

    def listener(self, node: Node, **options: Any) -> Service:
        """Listens in the node; its metrics are at the node's address."""
        return self._start(
            'edge-sched-listener',
            node,
            {'edge_sched_listener': {'metrics_address': node.v4} | options},
            f'http://{node.v4}:{LISTENER_PORT}/metrics',
        )

    def collector(
        self,
        node: Node,
        store_url: str,
        inputs: Sections,
        edge_sched: Options | None = None,
        **options: Any,
    ) -> Service:
        """Collects in the node.

        :param inputs: options of each input by its name
        :param edge_sched: options of that group
        """
        own = {'inputs': ','.join(inputs), 'metrics_address': node.v4}
        return self._start(
            'edge-sched-collector',
            node,
            {
                'edge_sched': edge_sched or {},
                'edge_sched_database': {'connection': store_url},
                'edge_sched_collector': own | options,
                **{f'edge_sched_input_{n}': o for n, o in inputs.items()},
            },
            f'http://{node.v4}:{COLLECTOR_PORT}/metrics',
        )

    def target_file(self, node: Node) -> pathlib.Path:
        return self.folder / f'targets-{node.name}.yaml'

    def write_targets(self, node: Node, targets: Sequence[Options]) -> None:
        self.target_file(node).write_text(
            yaml.safe_dump([dict(target) for target in targets])
        )

    def _start(
        self, program: str, node: Node, sections: Sections, url: str = ''
    ) -> Service:
        name = f'{program}-{node.name}'
        conf = self.folder / f'{name}.conf'
        conf.write_text(configuration(sections))
        path = pathlib.Path(sysconfig.get_path('scripts')) / program
        return Service(
            node,
            [str(path), '--config-file', str(conf)],
            self.folder / f'{name}.log',
            url,
        )


def configuration(sections: Sections) -> str:
    """The text of a file for oslo.config; a list is one line an item."""
    lines = []
    for section, options in sections.items():
        lines.append(f'[{section}]')
        for name, value in options.items():
            values = value if isinstance(value, (list, tuple)) else [value]
            lines += [f'{name} = {each}' for each in values]
    return '\n'.join([*lines, ''])


def environment() -> dict[str, str]:
    """Without settings that somebody has for services of their own."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith('OS_EDGE_SCHED')
    }
