# SPDX-License-Identifier: Apache-2.0

"""Parts of Nova die, or are away for a while, as servers are created."""

import os
import pathlib
import signal
import time

from tests.cloud.broker import all_listen
from tests.cloud.faults import SERVERS
from tests.cloud.faults import FaultTestCase
from tests.cloud.load import CALLERS
from tests.cloud.load import Load
from tests.cloud.processes import wait_for
from tests.cloud.services import SCHEDULER_WORKERS
from tests.cloud.sites import HOSTS
from tests.cloud.workers import unclaimed

#: Seconds between two looks at the scheduler's log (chosen: a tenth of what a
#: request takes there).
LOOK_EVERY = 0.01
#: What a conductor logs that can neither place a server nor put it in cell0.
NOT_BURIED = 'Exception during message handling: oslo_db.exception.DB'


class SchedulerTest(FaultTestCase):
    def test_worker_killed_in_mid_request(self) -> None:
        trial = self.endure(self.kill_busy_worker)
        # What it was at is lost, and the rest was done by others.
        self.assertLess(len(trial.faults()), len(trial.new.servers) / 2)

    def kill_busy_worker(self, load: Load) -> float:
        """SIGKILL to a worker that has begun a request and not ended it."""
        pid, requests = self._stop_busy_worker()
        os.kill(pid, signal.SIGKILL)
        killed_at = time.monotonic()
        self._wait_for_others_than({pid})
        self.assertLessEqual(requests, self._unclaimed(pid))
        return killed_at

    def _stop_busy_worker(self) -> tuple[int, set[str]]:
        """Stopped, so that what its log says of it goes on being true."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for pid in self.cloud.scheduler_workers():
                if not self._unclaimed(pid):
                    continue
                os.kill(pid, signal.SIGSTOP)
                wait_for('a worker to stop', lambda pid=pid: _is_stopped(pid))
                if requests := self._unclaimed(pid):
                    return pid, requests
                os.kill(pid, signal.SIGCONT)
            time.sleep(LOOK_EVERY)
        self.fail('no worker was seen in mid-request')

    def _unclaimed(self, pid: int) -> set[str]:
        return unclaimed(self.log_of('nova-scheduler'), pid)

    def test_hangup(self) -> None:
        self.endure(self.hang_up)

    def hang_up(self, load: Load) -> float:
        """SIGHUP to nova-scheduler, which forks its workers anew."""
        load.wait_for(CALLERS)
        master, *workers = self.cloud.pids('nova-scheduler')
        os.kill(master, signal.SIGHUP)
        hung_up_at = time.monotonic()
        self._wait_for_others_than({*workers})
        return hung_up_at

    def _wait_for_others_than(self, gone: set[int]) -> None:
        wait_for(
            'other workers',
            lambda: (
                len({*self.cloud.scheduler_workers()} - gone)
                == SCHEDULER_WORKERS
            ),
        )


class DatabaseAndBrokerTest(FaultTestCase):
    """They go away when the scheduler has begun with all servers."""

    def test_mariadb_restarted(self) -> None:
        self.addCleanup(self.make_whole, 'mariadb')
        self.endure(self.restart_mariadb)

    def restart_mariadb(self, load: Load) -> float:
        """The scheduler goes on when it is back."""
        with self.held(load):
            self.cloud.restart('mariadb')
        return time.monotonic()

    def test_mariadb_away(self) -> None:
        self.addCleanup(self.make_whole, 'mariadb')
        self.endure(self.stop_mariadb)

    def stop_mariadb(self, load: Load) -> float:
        """The scheduler goes on while it is away, and so does Placement."""
        with self.held(load):
            self.cloud.stop('mariadb')
        conductor = 'nova-super-conductor'
        self.wait_for(
            'the conductor to fail with all',
            lambda: self.log_of(conductor).count(NOT_BURIED) >= SERVERS,
        )
        self.cloud.start('mariadb')
        return time.monotonic()

    def test_rabbitmq_restarted(self) -> None:
        self.addCleanup(self.make_whole, 'rabbitmq')
        self.endure(self.restart_rabbitmq)

    def restart_rabbitmq(self, load: Load) -> float:
        """What was under way in it is lost.

        The scheduler goes on when all listen again: Nova tells a host of a new
        server once, and if nobody listens the server is stuck, by chance and
        with any scheduler.
        """
        with self.held(load):
            self.cloud.restart('rabbitmq', signal.SIGKILL)
            self.wait_for('all to listen', self._all_listen)
        return time.monotonic()

    def _all_listen(self) -> bool:
        queues = {'super': ['conductor', 'scheduler']}
        for host, cell in HOSTS.items():
            queues.setdefault(cell, ['conductor']).append(f'compute.{host}')
        return all(
            all_listen(self.cloud.layout, vhost, names)
            for vhost, names in queues.items()
        )


def _is_stopped(pid: int) -> bool:
    stat = pathlib.Path(f'/proc/{pid}/stat').read_text()
    return stat.rpartition(')')[2].split()[0] == 'T'
