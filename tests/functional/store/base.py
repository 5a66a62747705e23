# SPDX-License-Identifier: Apache-2.0

"""What the tests of the store have in common: a new database for each."""

import dataclasses
import os
import pathlib
import tempfile
import threading

import sqlalchemy as sa
from oslotest import base

from edge_sched.model.client import parse_client
from edge_sched.model.latency import Latency
from edge_sched.model.latency import NewLatency
from edge_sched.store import migrate
from edge_sched.store.reader import Reader
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer
from tests.functional.store import servers

#: A moment that every test can mean.
NOW = 1_700_000_000.0

#: For what should come at once, on a machine that has much else to do.
PATIENCE_SECONDS = 60.0


class Sqlite:
    """A file of its own."""

    backend = 'sqlite'

    def new_url(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        return f'sqlite:///{pathlib.Path(directory.name, "st%re.sqlite")}'


class OnServer:
    def setUp(self):
        try:
            self.server = servers.server(self.backend)
        except servers.NotInstalledError as error:
            self.skipTest(str(error))
        super().setUp()

    def new_url(self):
        return self.server.create_database()


class MariaDB(OnServer):
    backend = 'mariadb'


class PostgreSQL(OnServer):
    backend = 'postgresql'


class StoreTestCase(base.BaseTestCase):
    """A store with its tables; ``backend`` comes from one of the above."""

    DEFAULT_TIMEOUT = 300
    TIMEOUT_SCALING_FACTOR = 1

    def setUp(self):
        super().setUp()
        self.settings = StoreSettings(self.new_url(), timeout_seconds=30.0)
        migrate.sync(self.settings)
        self.writer = Writer(self.settings)
        self.addCleanup(self.writer.close)

    def make_reader(self, **changes):
        reader = Reader(dataclasses.replace(self.settings, **changes))
        self.addCleanup(reader.close)
        return reader

    def store(self, *rows):
        return self.writer.store_latencies(rows)

    def look_up(self, *texts, project='', reader=None):
        """The answers, in the order asked."""
        clients = [parse_client(text) for text in texts]
        found = (reader or self.make_reader()).look_up(clients, project)
        return [found.answers[client] for client in clients]

    def figures(self, text, project=''):
        """Of a client of one part: ``{'lyon': ('203.0.113.0/24', 10.0)}``."""
        (answer,) = self.look_up(text, project=project)
        (part,) = answer.parts
        return {v: (row.client, row.rtt_p50_ms) for v, row in part.items()}

    def select(self, statement):
        """What the database says, past the store."""
        engine = sa.create_engine(self.settings.connection)
        self.addCleanup(engine.dispose)
        with engine.begin() as connection:
            result = connection.exec_driver_sql(statement)
            return result.fetchall() if result.returns_rows else []


def row(vantage, client, p50_ms, project='', line=0, **figures):
    """A measurement; p95 is twice the median."""
    figures = {
        'rtt_p50_ms': p50_ms,
        'rtt_p95_ms': p50_ms * 2,
        'measured_at': NOW,
        **figures,
    }
    parsed = parse_client(client)
    latency = Latency(vantage, parsed.canonical, **figures)
    return NewLatency(parsed, latency, project, line)


class Statements:
    """Counts the statements of the stores in this process."""

    def __init__(self, test):
        self.texts = []
        sa.event.listen(sa.Engine, 'before_cursor_execute', self._add)
        test.addCleanup(
            sa.event.remove, sa.Engine, 'before_cursor_execute', self._add
        )

    def _add(self, connection, cursor, statement, *args):
        # Not BEGIN, which oslo.db sends to SQLite as a statement.
        if 'edge_' in statement and connection.engine.logging_name:
            self.texts.append(statement)

    def __len__(self):
        return len(self.texts)


def in_threads(count, work):
    """Run ``work(number)`` in threads that begin at once; their results.

    What one raises is its result.
    """
    together = threading.Barrier(count)
    results = [None] * count

    def run(number):
        together.wait(PATIENCE_SECONDS)
        try:
            results[number] = work(number)
        except Exception as error:
            results[number] = error

    threads = [
        threading.Thread(target=run, args=(number,), daemon=True)
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
    return results


def in_child(work):
    """Run ``work()`` in a forked child; the text that it returns."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            try:
                text = str(work())
            except BaseException as error:
                text = repr(error)
            os.write(writing, text.encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, encoding='utf-8') as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return text
