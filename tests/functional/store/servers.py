# SPDX-License-Identifier: Apache-2.0

"""Database servers that the tests start themselves, once a process.

``server('mariadb')`` and ``server('postgresql')``. Neither needs root; where
the tests have it, PostgreSQL, which refuses it, runs as the user of its
Debian package.
"""

import atexit
import contextlib
import functools
import getpass
import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

import sqlalchemy as sa

START_SECONDS = 120.0


class NotInstalledError(Exception):
    """The server's programs are not on this machine."""


class Server:
    """One server on a port of its own, with trust for whoever connects."""

    name: str
    driver: str

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix=f'edge_sched_{self.name}_')
        self._owner = os.getpid()
        atexit.register(self._clean_up)
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.port = probe.getsockname()[1]
        self._process = None
        self.install()
        self.start()

    def install(self):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def url(self, database):
        return f'{self.driver}://{self.user}@127.0.0.1:{self.port}/{database}'

    def start(self):
        with open(os.path.join(self.directory, 'log'), 'ab') as log:
            self._process = subprocess.Popen(
                self.command(),
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._execute('SELECT 1')
                return
            except sa.exc.OperationalError:
                if (
                    time.monotonic() > deadline
                    or self._process.poll() is not None
                ):
                    with open(os.path.join(self.directory, 'log')) as log:
                        raise RuntimeError(log.read()[-2000:]) from None
                time.sleep(0.05)

    @property
    def running(self):
        return self._process is not None

    def stop(self):
        """End it as an operator would, cutting off who is connected."""
        if self._process is not None:
            self.resume()
            self._process.send_signal(self.stop_signal)
            self._process.wait(60)
            self._process = None

    def suspend(self):
        """Let no process of it run; the kernel still takes connections."""
        self._signal(signal.SIGSTOP)

    def resume(self):
        self._signal(signal.SIGCONT)

    def create_database(self):
        """A new empty database; its URL."""
        name = f'edge_{uuid.uuid4().hex}'
        self._execute(f'CREATE DATABASE {name}')
        return self.url(name)

    def _signal(self, number):
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _pids(self):
        """The server's processes: it and what it has forked."""
        parent = self._process.pid
        listed = subprocess.run(
            ['ps', '-o', 'pid=', '--ppid', str(parent)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        return [parent, *(int(pid) for pid in listed.split())]

    def _execute(self, statement):
        engine = sa.create_engine(
            self.url(self.database),
            isolation_level='AUTOCOMMIT',
            poolclass=sa.NullPool,
        )
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def _clean_up(self):
        if os.getpid() != self._owner:
            # A forked child that ends the usual way.
            return
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class MariaDB(Server):
    name = 'mariadb'
    driver = 'mysql+pymysql'
    user = 'root'
    database = 'mysql'
    stop_signal = signal.SIGTERM

    def install(self):
        program = _program('mariadb-install-db', 'mysql_install_db')
        subprocess.run(
            [
                program,
                '--no-defaults',
                f'--datadir={self.directory}/data',
                f'--user={_own_user()}',
                '--auth-root-authentication-method=normal',
                '--skip-test-db',
            ],
            check=True,
            capture_output=True,
        )

    def command(self):
        return [
            _program('mariadbd', 'mysqld'),
            '--no-defaults',
            f'--datadir={self.directory}/data',
            f'--user={_own_user()}',
            f'--socket={self.directory}/socket',
            f'--pid-file={self.directory}/pid',
            '--bind-address=127.0.0.1',
            f'--port={self.port}',
            '--skip-name-resolve',
            '--innodb-flush-log-at-trx-commit=0',
            # As on servers that are older than their data: ours asks for more.
            '--character-set-server=latin1',
        ]


class PostgreSQL(Server):
    name = 'postgresql'
    driver = 'postgresql+psycopg2'
    user = 'postgres'
    database = 'postgres'
    #: "Fast": sessions are cut off, not waited for.
    stop_signal = signal.SIGINT

    def install(self):
        if os.geteuid() == 0:
            shutil.chown(self.directory, 'postgres')
        subprocess.run(
            [
                *self._as_user(),
                self._program('initdb'),
                '--pgdata',
                f'{self.directory}/data',
                '--username=postgres',
                '--auth=trust',
                '--encoding=UTF8',
                '--locale=C.UTF-8',
                '--no-sync',
            ],
            check=True,
            capture_output=True,
            cwd=self.directory,
        )

    def command(self):
        return [
            *self._as_user(),
            self._program('postgres'),
            '-D',
            f'{self.directory}/data',
            '-h',
            '127.0.0.1',
            '-p',
            str(self.port),
            '-k',
            self.directory,
            '-F',
        ]

    def _program(self, name):
        found = sorted(glob.glob(f'/usr/lib/postgresql/*/bin/{name}'))
        return found[-1] if found else _program(name)

    def _as_user(self):
        if os.geteuid():
            return []
        # Unlike su and runuser it becomes the command, so that signals
        # arrive there.
        return [
            _program('setpriv'),
            '--reuid=postgres',
            '--regid=postgres',
            '--init-groups',
            '--',
        ]


@functools.cache
def server(name):
    """The server of this process.

    :raises NotInstalledError: naming what is missing
    """
    return {'mariadb': MariaDB, 'postgresql': PostgreSQL}[name]()


def _program(*names):
    path = os.environ.get('PATH', '') + ':/usr/sbin:/usr/libexec'
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    raise NotInstalledError(f'{names[0]} is not installed')


def _own_user():
    return getpass.getuser()
