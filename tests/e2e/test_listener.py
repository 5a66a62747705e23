# SPDX-License-Identifier: Apache-2.0

"""What real proxies tell of their connections, against what was on the wire.

Nobody probes: the figures are those of the connections that are served.
"""

import asyncio
import ipaddress
import itertools
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import time

import fixtures
from oslotest import base

from edge_sched.collector.inputs import page
from edge_sched.collector.reading import Reading
from edge_sched.listen.recent import WINDOW_SAMPLES
from edge_sched.model.latency import PASSIVE
from edge_sched.probe.window import nearest_rank
from tests.emulation import control
from tests.emulation import fixture
from tests.emulation.handshakes import Handshakes
from tests.emulation.network import Network
from tests.emulation.node import Node
from tests.emulation.path import Path
from tests.emulation.services import PATIENCE
from tests.emulation.services import Services

SITE = 'lyon'
EXAMPLES = control.ROOT / 'etc'

#: Of phones, by their prefix: as many clients as make it public.
PATHS = {
    '203.0.113.0/24': Path(rtt_ms=10),
    '192.0.2.0/24': Path(rtt_ms=10, jitter_ms=20, reorder=True),
    '198.18.1.0/24': Path(rtt_ms=10, loss_ratio=0.03),
}
CLIENTS = 6
#: A prefix with a client too few.
SMALL = '198.18.2.0/24'

#: Of each prefix: as many as make it public, and as count of a slice, so that
#: all do, however slow the machine is and whichever slices they are in.
VISITS = WINDOW_SAMPLES
#: A second.
RATE = 60
#: Whoever gives up comes again.
TRIES = 5
OPTIONS = {'window': 200, 'min_clients': CLIENTS}
P50_TOLERANCE_MS = 0.3
P95_TOLERANCE = 0.1

PORT = 8080
REQUEST = b'GET / HTTP/1.1\r\nHost: lyon\r\n\r\n'

#: As the manual has it, to be put at the end of ``user_log_format``.
OCTAVIA_PAIR = 'client=%ci rtt_us=%[fc_rtt(us)]'

NGINX = """
worker_processes 1;
error_log stderr warn;
pid {folder}/nginx.pid;
events {{}}
http {{
    include {examples}/edge_sched_http.conf.example;
    {http}
    server {{
        listen {port};
        {server}
        location / {{ return 204; }}
    }}
}}
"""

HAPROXY = """
global
    log 127.0.0.1:5515 local1 info
defaults
    mode http
    log global
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend web
    bind :{port}
{lines}
    http-request return status 204
"""


class ListenerTestCase(base.BaseTestCase):
    """Phones in four prefixes, and a listener at the site."""

    def setUp(self) -> None:
        super().setUp()
        self.network = fixture.use(self, Network())
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.site = self.network.node(SITE)
        #: A phone each, in any order.
        self.visits: list[Node] = []
        self.phones = [
            phone
            for prefix, path in PATHS.items()
            for phone in self.make_phones(prefix, path, CLIENTS)
        ]
        fixture.demand_accuracy(self, self.network, SITE, self.phones[0].name)
        self.phones += self.make_phones(SMALL, Path(rtt_ms=10), CLIENTS - 1)
        self.wire = Handshakes(self.site, PORT)
        self.addCleanup(self.wire.close)

    def make_phones(self, prefix: str, path: Path, count: int) -> list[Node]:
        hosts = ipaddress.ip_network(prefix).hosts()
        phones = [
            self.network.node(f'phone {address}', str(address))
            for address in itertools.islice(hosts, count)
        ]
        for phone in phones:
            self.network.set_path(SITE, phone.name, path)
        self.visits += phones * (VISITS // count)
        return phones

    def listen(self, **options: object) -> None:
        self.listener = Services(self.folder).listener(
            self.site, **OPTIONS | options
        )
        self.listener.wait_for('page', bool, PATIENCE)

    def run_proxy(self, program: str, *arguments: str) -> None:
        if shutil.which(program) is None:
            self.skipTest(f'the package {program} is not installed')
        # Its own complaints are those of the test.
        self.site.popen([program, *arguments], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while True:
            with self.site.entered():
                try:
                    socket.create_connection(('127.0.0.1', PORT)).close()
                    return
                except OSError:
                    self.assertLess(time.monotonic(), deadline, program)
            time.sleep(0.05)

    def visit(self) -> None:
        """Have all phones come to the site again and again."""
        random.shuffle(self.visits)
        asyncio.run(self._visit_all())

    async def _visit_all(self) -> None:
        begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number, phone in enumerate(self.visits):
                due = begun + number / RATE
                await asyncio.sleep(due - time.monotonic())
                group.create_task(self._visit(phone))

    async def _visit(self, phone: Node) -> None:
        """A client behind a lossy path may give up."""
        for _ in range(TRIES):
            if await self._is_served(phone):
                return

    async def _is_served(self, phone: Node) -> bool:
        """Two requests by one connection."""
        loop = asyncio.get_running_loop()
        with phone.entered():
            tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        with tcp:
            tcp.setblocking(False)
            try:
                async with asyncio.timeout(3):
                    await loop.sock_connect(tcp, (self.site.v4, PORT))
                    for _ in range(2):
                        await loop.sock_sendall(tcp, REQUEST)
                        await loop.sock_recv(tcp, 4096)
            except OSError:
                return False
        return True

    def readings(self) -> dict[str, Reading]:
        """What a collector makes of the page, by client."""
        text = self.listener.metrics()
        self.assertNamesNobody(text)
        read = page.read(text, 10_000, 100)
        harvest = page.harvest(read, SITE, time.time())
        self.assertEqual({}, dict(harvest.refused))
        return {each.client: each for each in harvest.readings}

    def readings_of_all(self) -> dict[str, Reading]:
        """When the last line has been read, as far as it can be told.

        A connection whose last packet is late is logged late.
        """
        deadline = time.monotonic() + PATIENCE
        while True:
            readings = self.readings()
            samples = {c: each.samples or 0 for c, each in readings.items()}
            if all(
                samples.get(prefix, 0) >= 0.9 * len(self.truth(prefix))
                for prefix in PATHS
            ):
                return readings
            self.assertLess(time.monotonic(), deadline, samples)
            time.sleep(0.1)

    def assertNamesNobody(self, text: str) -> None:
        for phone in self.phones:
            self.assertNotIn(phone.v4, text)

    def assertKeepsNobody(self) -> None:
        """Nothing that the listener has written names a client."""
        descriptors = pathlib.Path(f'/proc/{self.listener.process.pid}/fd')
        written = {
            os.readlink(each)
            for each in descriptors.iterdir()
            if os.path.isfile(each) and self._is_written(each)
        }
        for path in written:
            self.assertNamesNobody(pathlib.Path(path).read_text())

    @staticmethod
    def _is_written(descriptor: pathlib.Path) -> bool:
        info = descriptor.parent.parent / 'fdinfo' / descriptor.name
        flags = int(info.read_text().split('flags:')[1].split()[0], 8)
        return bool(flags & (os.O_WRONLY | os.O_RDWR))

    def assertTold(self, p50_tolerance_ms: float = P50_TOLERANCE_MS) -> None:
        """The page has what was on the wire, of whom it may."""
        before = self.cpu_seconds()
        self.visit()
        readings = self.readings_of_all()
        took = self.cpu_seconds() - before
        self.assertEqual(PATHS.keys(), readings.keys())
        each_ms = 1e3 * took / len(self.visits)
        print(
            f'{self.id()}: {each_ms:.2f} ms of CPU a connection',
            file=sys.stderr,
        )
        wrong = []
        for prefix, reading in readings.items():
            truth = self.truth(prefix)
            p50_ms, p95_ms = nearest_rank(truth, 50), nearest_rank(truth, 95)
            figures = (
                f'{prefix}: {reading.samples:g} of {len(truth)} connections, '
                f'p50 {reading.rtt_p50_ms:.2f} of {p50_ms:.2f} ms, '
                f'p95 {reading.rtt_p95_ms:.2f} of {p95_ms:.2f} ms'
            )
            print(figures, file=sys.stderr)
            self.assertEqual(PASSIVE, reading.source)
            self.assertIsNone(reading.loss_ratio)
            self.assertIsNone(reading.pdv_ms)
            if (
                abs(reading.rtt_p50_ms - p50_ms) > p50_tolerance_ms
                or abs(reading.rtt_p95_ms - p95_ms) > P95_TOLERANCE * p95_ms
            ):
                wrong.append(figures)
        self.assertEqual([], wrong)
        self.assertKeepsNobody()

    def truth(self, prefix: str) -> list[float]:
        """Milliseconds of handshakes on the wire, the shortest first."""
        network = ipaddress.ip_network(prefix)
        return sorted(
            rtt_us / 1e3
            for client, rtts_us in self.wire.rtts_us.items()
            if ipaddress.ip_address(client) in network
            for rtt_us in rtts_us
        )

    def cpu_seconds(self) -> float:
        """What the listener has taken of a core."""
        stat = pathlib.Path(f'/proc/{self.listener.process.pid}/stat')
        fields = stat.read_text().rpartition(')')[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks / os.sysconf('SC_CLK_TCK')


class NginxTest(ListenerTestCase):
    def run_nginx(self, http: str, server: str) -> None:
        conf = self.folder / 'nginx.conf'
        conf.write_text(
            NGINX.format(
                folder=self.folder,
                examples=EXAMPLES / 'nginx',
                port=PORT,
                http=http,
                server=server,
            )
        )
        self.run_proxy(
            'nginx', '-p', str(self.folder), '-g', 'daemon off;',
            '-c', str(conf), '-e', 'stderr',
        )  # fmt: skip

    def test_by_syslog(self) -> None:
        self.listen(syslog_port=5514)
        example = EXAMPLES / 'nginx' / 'edge_sched_server.conf.example'
        self.run_nginx('', f'include {example};')
        self.assertTold()

    def test_by_a_file_of_json(self) -> None:
        log = self.folder / 'rtt.json'
        self.listen(files=str(log))
        self.run_nginx(
            'log_format rtt escape=json \'{"host": "$http_host", '
            '"client": "$remote_addr", "rtt_us": $edge_sched_rtt_us}\';',
            f'set $edge_sched_rtt_us $tcpinfo_rtt; '
            f'access_log {log} rtt if=$edge_sched_first;',
        )
        self.assertTold()


class HAProxyTest(ListenerTestCase):
    def run_haproxy(self, lines: str) -> None:
        self.listen(syslog_port=5514)
        conf = self.folder / 'haproxy.cfg'
        conf.write_text(HAPROXY.format(port=PORT, lines=lines))
        self.run_proxy('haproxy', '-db', '-f', str(conf))

    def test_by_syslog(self) -> None:
        example = EXAMPLES / 'haproxy' / 'edge_sched.cfg.example'
        self.run_haproxy(example.read_text())
        self.assertTold()

    def test_as_octavia_has_it(self) -> None:
        """What its user_log_format makes of a front end, rules or no rules.

        The kernel's figure at the end of a request is smoothed, and one of
        each request; with few octets sent it is that of the handshake yet.
        """
        self.run_haproxy(
            '    log 127.0.0.1:5514 local0 info\n    log-format '
            + f'project lb {OCTAVIA_PAIR}'.replace(' ', '\\ ')
        )
        self.assertTold(p50_tolerance_ms=1.0)


class BeaconTest(ListenerTestCase):
    def test_connections_of_its_own(self) -> None:
        self.listen(beacon_port=PORT)
        self.assertTold()
