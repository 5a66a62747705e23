# SPDX-License-Identifier: Apache-2.0

"""The cloud as a whole: all of it up, or down."""

import contextlib
import fcntl
import pathlib
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures

from tests.cloud import database
from tests.cloud import installation
from tests.cloud import inventory
from tests.cloud import measurements
from tests.cloud import processes
from tests.cloud import schema
from tests.cloud import services
from tests.cloud.commands import run
from tests.cloud.configuration import Configuration
from tests.cloud.layout import Layout
from tests.cloud.settings import Sections
from tests.cloud.supervisor import CloudError
from tests.cloud.supervisor import Supervisor


class Cloud(Supervisor):
    """The cloud of a folder, whether it runs or not.

    :ivar configuration: writes its files
    """

    def __init__(self, layout: Layout | None = None) -> None:
        layout = layout or Layout()
        super().__init__(layout, services.every(layout))
        self.configuration = Configuration(self.layout)

    def up(self) -> None:
        """Start what does not run, or not as it is installed by now.

        :raises CloudError: also if a port is taken
        """
        begun = time.monotonic()
        self.layout.check_wanted_ports()
        self.layout.make()
        with self._alone():
            self._check_ports()
            self.layout.keep_ports()
            with _stage('installation'):
                installation.install(self.layout)
            with _stage('configuration'):
                self.configuration.write()
                measurements.write(self.layout)
                inventory.write_clouds(self.layout)
            launched = self._start_all()
        seconds = time.monotonic() - begun
        how = f'is up: {len(launched)} services' if launched else 'ran already'
        print(f'The cloud {how} ({seconds:.0f} s).')

    def _start_all(self) -> list[str]:
        """Names of those that did not run as they should."""
        with _stage('databases and broker'):
            for name in services.DATABASES:
                database.install(self.layout, name)
            launched = self.launch_stale(services.below(self.layout))
            self.wait_until_ready(services.names(services.below(self.layout)))
        with _stage('schemas'):
            schema.Schema(self.layout, self.configuration).make()
        with _stage('around Nova'):
            launched += self.launch_stale(services.around_nova(self.layout))
            self.wait_until_ready(['keystone', 'placement'])
            inventory.Inventory(self.layout).make_identities()
        with _stage('Nova'):
            launched += self.launch_stale(services.nova(self.layout))
            self.wait_until_ready(list(self.services))
        with _stage('inventory'):
            self._discover_hosts()
            inventory.Inventory(self.layout).make()
        return launched

    def _discover_hosts(self) -> None:
        conf = self.layout.path('etc', 'nova', 'nova.conf')
        run(
            self.layout,
            'nova-manage',
            f'--config-file={conf}',
            'cell_v2',
            'discover_hosts',
        )

    def down(self) -> None:
        """Stop all, also what a start left half done."""
        if not self.layout.folder.exists():
            print('There is no cloud.')
            return
        begun = time.monotonic()
        with self._alone():
            for group in self._in_order_of_end():
                with futures.ThreadPoolExecutor() as pool:
                    list(pool.map(self.stop, group))
            # Of no service: what one has left, or a command broken off.
            processes.send(processes.find(self.layout), signal.SIGKILL)
            processes.wait_for(
                'the end of all', lambda: not processes.find(self.layout)
            )
        print(f'The cloud is down ({time.monotonic() - begun:.0f} s).')

    def _in_order_of_end(self) -> list[list[str]]:
        """Names of services that may end together; nobody waits in vain."""
        below = services.names(services.below(self.layout))
        others = [name for name in self.services if name not in below]
        conductors = [name for name in others if 'conductor' in name]
        first = [name for name in others if name not in conductors]
        return [first, conductors, ['rabbitmq'], below]

    def is_up(self) -> bool:
        """Whether all services run."""
        return self.running() >= set(self.services)

    def status(self) -> list[tuple[str, str, str]]:
        """Name, state and processes of each service."""
        rows = []
        for name in self.services:
            pids = self.pids(name)
            if not pids:
                state = 'down'
            else:
                state = 'ready' if self.is_ready(name) else 'not ready'
            rows.append((name, state, ' '.join(map(str, pids))))
        return rows

    # -- for tests -------------------------------------------------------

    def scheduler_workers(self) -> list[int]:
        """Processes of nova-scheduler that place servers."""
        return self.pids('nova-scheduler')[1:]

    @contextlib.contextmanager
    def scheduler(
        self, over: Sections | None = None, plugin: bool = True
    ) -> Iterator[None]:
        """nova-scheduler with another nova.conf for a while.

        :param over: ``{'edge_sched': {'mode': 'shadow'}}``
        :param plugin: False for a stock Nova, without a word of the guide
        """
        try:
            self.configuration.write_scheduler(over, plugin)
            self.restart('nova-scheduler')
            yield
        finally:
            self.configuration.write_scheduler()
            self.restart('nova-scheduler')

    def measure(self, name: str, rows: Sequence[Mapping[str, str]]) -> None:
        """Have rows measured, again and again.

        :param name: of their file
        :param rows: made by ``measurements.row``
        """
        path = self._rows(name)
        new = path.with_suffix('.new')
        new.write_text(measurements.text(rows))
        new.replace(path)

    def forget_measurements(self, name: str) -> None:
        """Measure these no more; the store keeps what it has."""
        self._rows(name).unlink(missing_ok=True)

    def _rows(self, name: str) -> pathlib.Path:
        return measurements.folder(self.layout) / f'{name}.csv'

    # -- parts -----------------------------------------------------------

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else starts or stops this cloud meanwhile."""
        with self.layout.path('lock').open('w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _check_ports(self) -> None:
        running = self.running()
        ours = {
            port
            for name in running
            for port in services.PORTS.get(name, (name,))
        }
        taken = [str(each) for each in self.layout.ports.taken(ours)]
        if taken:
            raise CloudError('\n'.join(taken))


@contextlib.contextmanager
def _stage(name: str) -> Iterator[None]:
    """Print how long a part took."""
    begun = time.monotonic()
    yield
    print(f'{name:22} {time.monotonic() - begun:5.1f} s', flush=True)
