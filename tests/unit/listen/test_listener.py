# SPDX-License-Identifier: Apache-2.0

"""Sources by their sockets, and the page that is made of them."""

import asyncio
import errno
import ipaddress
import pathlib
import socket
import stat
import struct
from unittest import mock

import fixtures
from oslotest import base
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest

from edge_sched.collector.inputs import page
from edge_sched.listen import beacon
from edge_sched.listen.exposition import ListenerCollector
from edge_sched.listen.listener import Listener
from edge_sched.listen.listener import Report
from edge_sched.listen.sources import Source
from edge_sched.listen.syslog import Datagrams
from edge_sched.model.latency import PASSIVE
from edge_sched.probe.memory import Hour
from edge_sched.probe.prober import seconds_since_boot
from tests.unit.listen.fakes import Clock
from tests.unit.listen.fakes import a_table
from tests.unit.listen.fakes import connect

LOOPBACK = ipaddress.ip_address('127.0.0.1')
LOOPBACK6 = ipaddress.ip_address('::1')
LINE = b'<134>Nov 30 15:30:41 haproxy[1]: client=203.0.113.%d rtt_us=10000\n'
PATIENCE_SECONDS = 30.0


def a_free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as any_socket:
        any_socket.bind(('127.0.0.1', 0))
        return int(any_socket.getsockname()[1])


class ListenerTestCase(base.BaseTestCase):
    def run_listener(self, use, clock=seconds_since_boot):
        """``use`` is a coroutine function of a listener."""
        complaints = []

        async def run():
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, what: complaints.append(what))
            listener = Listener(loop, a_table(clock))
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await use(listener)
            finally:
                listener.close()

        asyncio.run(run())
        self.assertEqual([], complaints)

    async def source(self, listener, holds):
        """The one source, once it is as wanted."""
        while True:
            [source] = (await listener.report()).sources
            if holds(source):
                return source
            await asyncio.sleep(0.01)

    def send(self, port, *lines):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for line in lines:
                udp.sendto(line, ('127.0.0.1', port))

    def test_syslog_of_who_may_send(self):
        port = a_free_port(socket.SOCK_DGRAM)

        async def use(listener):
            allow = [ipaddress.ip_network('127.0.0.0/8')]
            listener.hear([LOOPBACK], port, allow)
            self.send(
                port, *(LINE % each for each in range(1, 61)), b'\xff' * 9000
            )
            source = await self.source(
                listener, lambda s: s.taken == 60 and s.refused
            )
            self.assertTrue(source.is_up)
            self.assertEqual({'long': 1}, source.refused)
            [figures] = (await listener.report()).figures
            self.assertEqual('203.0.113.0/24', figures.target.client)

        self.run_listener(use)

    def test_syslog_of_others(self):
        port = a_free_port(socket.SOCK_DGRAM)

        async def use(listener):
            allow = [
                ipaddress.ip_network('::1/128'),
                ipaddress.ip_network('127.0.0.2/32'),
            ]
            listener.hear([LOOPBACK], port, allow)
            self.send(port, LINE % 1, LINE % 2)
            source = await self.source(listener, lambda s: s.refused.total())
            self.assertEqual(0, source.taken)
            self.assertEqual({'denied'}, source.refused.keys())

        self.run_listener(use)

    def test_syslog_of_a_zone_and_of_who_is_away(self):
        loop, udp = mock.Mock(), mock.Mock()
        source = Source('syslog', a_table(Clock()))
        Datagrams(loop, udp, source, [ipaddress.ip_network('fe80::/10')])
        udp.recvfrom.side_effect = [
            (LINE % 1, ('fe80::1%eth0', 514, 0, 2)),
            OSError(errno.ECONNREFUSED, 'Connection refused'),
        ]
        _, read = loop.add_reader.call_args.args
        read()
        self.assertEqual((1, {'failed': 1}), (source.taken, source.refused))

    def test_a_port_that_is_taken_is_named(self):
        async def use(listener):
            port = a_free_port(socket.SOCK_DGRAM)
            listener.hear([LOOPBACK], port, [])
            error = self.assertRaises(
                OSError, listener.hear, [LOOPBACK], port, []
            )
            self.assertIn(f'127.0.0.1 port {port}', str(error))
            port = a_free_port(socket.SOCK_STREAM)
            listener.attract([LOOPBACK], port)
            error = self.assertRaises(
                OSError, listener.attract, [LOOPBACK], port
            )
            self.assertIn(f'127.0.0.1 port {port}', str(error))

        self.run_listener(use)

    def test_what_is_closed_is_down_and_takes_no_more(self):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        udp_port = a_free_port(socket.SOCK_DGRAM)
        tcp_port = a_free_port(socket.SOCK_STREAM)
        allow = [ipaddress.ip_network('127.0.0.0/8')]
        self.useFixture(
            fixtures.MonkeyPatch(
                'edge_sched.listen.beacon.TIMEOUT_SECONDS', 3600.0
            )
        )

        async def use(listener):
            listener.hear([LOOPBACK], udp_port, allow)
            listener.hear_socket(str(folder / 'log'))
            listener.attract([LOOPBACK], tcp_port)
            sources = (await listener.report()).sources
            self.assertEqual([True] * 3, [each.is_up for each in sources])
            reader, writer = await asyncio.open_connection(
                '127.0.0.1', tcp_port
            )
            while not sources[2].refused:
                await asyncio.sleep(0.01)
            # What somebody else has taken away is no trouble.
            (folder / 'log').unlink()
            listener.close()
            self.assertEqual([False] * 3, [each.is_up for each in sources])
            self.assertEqual(b'', await reader.read())
            writer.close()
            # Nothing is left where others are opened.
            listener.hear([LOOPBACK], udp_port, allow)
            listener.attract([LOOPBACK], tcp_port)
            self.assertEqual(beacon.ANSWER, await self.asked(tcp_port))
            self.send(udp_port, LINE % 1)
            while not (await listener.report()).sources[3].taken:
                await asyncio.sleep(0.01)

        self.run_listener(use)

    def test_what_is_old_is_let_go(self):
        port = a_free_port(socket.SOCK_DGRAM)
        clock = Clock()
        self.useFixture(
            fixtures.MonkeyPatch(
                'edge_sched.listen.listener.SETTLE_SECONDS', 0.01
            )
        )

        async def use(listener):
            listener.hear(
                [LOOPBACK], port, [ipaddress.ip_network('127.0.0.0/8')]
            )
            self.send(port, *(LINE % each for each in range(1, 6)))
            await self.source(listener, lambda s: s.taken == 5)
            clock.now += 45
            self.send(port, LINE % 1, b'client=192.0.2.1 rtt_us=1')
            await self.source(listener, lambda s: s.taken == 7)
            clock.now += 5
            report = await listener.report()
            self.assertEqual(
                ([], 1, 1), (report.figures, report.withheld, report.waiting)
            )
            clock.now += 50
            while (await listener.report()).withheld:
                await asyncio.sleep(0.01)

        self.run_listener(use, clock)

    def test_socket_of_unix(self):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        path = folder / 'log'
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as left:
            left.bind(str(path))

        async def use(listener):
            listener.hear_socket(str(path))
            self.assertEqual(0o666, stat.S_IMODE(path.stat().st_mode))
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix:
                unix.sendto(LINE % 1, str(path))
            await self.source(listener, lambda s: s.taken == 1)

        self.run_listener(use)
        self.assertFalse(path.exists())

    def test_a_path_that_is_no_socket_is_left_alone(self):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        path = folder / 'log'
        path.write_text('precious')

        async def use(listener):
            error = self.assertRaises(OSError, listener.hear_socket, str(path))
            self.assertIn(str(path), str(error))

        self.run_listener(use)
        self.assertEqual('precious', path.read_text())

    def test_file(self):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        path = folder / 'rtt.log'

        async def use(listener):
            listener.follow(str(path))
            await asyncio.sleep(0)
            path.write_bytes(LINE % 1)
            source = await self.source(listener, lambda s: s.taken == 1)
            self.assertEqual(f'file:{path}', source.name)

        self.run_listener(use)

    def test_beacon_answers_and_measures(self):
        port = a_free_port(socket.SOCK_STREAM)

        async def use(listener):
            listener.attract([LOOPBACK], port)
            for number in (1, 2):
                self.assertEqual(beacon.ANSWER, await self.asked(port))
                # One of loopback, which is nobody's.
                source = await self.source(listener, lambda s: s.refused)
                self.assertEqual({'client': number}, source.refused)

        self.run_listener(use)

    async def asked(self, port):
        """What a beacon answers."""
        reader, writer = await asyncio.open_connection('127.0.0.1', port)
        writer.write(b'GET / HTTP/1.1\r\n\r\n')
        answer = await reader.read()
        writer.close()
        return answer

    def test_beacon_answers_whose_round_trip_is_not_known(self):
        port = a_free_port(socket.SOCK_STREAM)
        self.useFixture(
            fixtures.MonkeyPatch(
                'edge_sched.listen.beacon.kernel_rtt_us',
                mock.Mock(side_effect=OSError(errno.ENOTCONN, 'gone')),
            )
        )

        async def use(listener):
            listener.attract([LOOPBACK], port)
            self.assertEqual(beacon.ANSWER, await self.asked(port))
            source = await self.source(listener, lambda s: s.refused)
            self.assertEqual({'rtt': 1}, source.refused)

        self.run_listener(use)

    def test_beacon_minds_nobody_who_resets(self):
        port = a_free_port(socket.SOCK_STREAM)

        async def use(listener):
            listener.attract([LOOPBACK], port)
            with socket.create_connection(('127.0.0.1', port)) as client:
                await self.source(listener, lambda s: s.refused)
                client.setsockopt(
                    socket.SOL_SOCKET,
                    socket.SO_LINGER,
                    struct.pack('ii', 1, 0),
                )
            # Whoever comes next is served after that.
            self.assertEqual(beacon.ANSWER, await self.asked(port))

        self.run_listener(use)

    def fail_to_accept(self, times):
        real = socket.socket.accept
        failures = iter(range(times))

        def accept(listening):
            if next(failures, None) is not None:
                raise OSError(errno.EMFILE, 'Too many open files')
            return real(listening)

        self.useFixture(fixtures.MonkeyPatch('socket.socket.accept', accept))

    def test_beacon_rests_when_files_have_run_out(self):
        port = a_free_port(socket.SOCK_STREAM)
        self.fail_to_accept(1)
        self.useFixture(
            fixtures.MonkeyPatch('edge_sched.listen.beacon.PAUSE_SECONDS', 0.5)
        )

        async def use(listener):
            listener.attract([LOOPBACK], port)
            asked = asyncio.create_task(self.asked(port))
            source = await self.source(listener, lambda s: s.refused)
            for _ in range(10):
                await asyncio.sleep(0)
            self.assertEqual({'failed': 1}, source.refused)
            self.assertEqual(beacon.ANSWER, await asked)

        self.run_listener(use)

    def test_beacon_may_be_closed_while_it_rests(self):
        port = a_free_port(socket.SOCK_STREAM)
        self.fail_to_accept(1000)
        self.useFixture(
            fixtures.MonkeyPatch('edge_sched.listen.beacon.PAUSE_SECONDS', 0.3)
        )

        async def use(listener):
            listener.attract([LOOPBACK], port)
            with socket.create_connection(('127.0.0.1', port)):
                await self.source(listener, lambda s: s.refused)
                listener.close()
                # Longer than it would have rested.
                await asyncio.sleep(0.4)

        self.run_listener(use)

    def test_beacon_does_without_a_version_that_is_not_there(self):
        port = a_free_port(socket.SOCK_STREAM)
        real = socket.create_server

        def create_server(address, *, family, **options):
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, 'no IPv6')
            return real(address, family=family, **options)

        self.useFixture(
            fixtures.MonkeyPatch('socket.create_server', create_server)
        )

        async def use(listener):
            error = self.assertRaises(
                OSError, listener.attract, [LOOPBACK6], port
            )
            self.assertIn(f'::1 port {port}', str(error))
            listener.attract([LOOPBACK6, LOOPBACK], port)
            self.assertEqual(beacon.ANSWER, await self.asked(port))

        self.run_listener(use)

    def test_beacon_keeps_few_open(self):
        port = a_free_port(socket.SOCK_STREAM)
        self.useFixture(
            fixtures.MonkeyPatch('edge_sched.listen.beacon.MAX_CONNECTIONS', 2)
        )

        async def use(listener):
            listener.attract([LOOPBACK], port)
            opened = [
                await asyncio.open_connection('127.0.0.1', port)
                for _ in range(3)
            ]
            reader, _ = opened[2]
            self.assertEqual(b'', await reader.read())
            await self.source(listener, lambda s: s.refused['client'] == 3)
            reader, writer = opened[0]
            writer.write(b'x')
            self.assertEqual(beacon.ANSWER, await reader.read())
            # Its place is free again.
            self.assertEqual(beacon.ANSWER, await self.asked(port))
            for _, writer in opened:
                writer.close()

        self.run_listener(use)

    def test_beacon_cuts_who_says_nothing(self):
        port = a_free_port(socket.SOCK_STREAM)
        self.useFixture(
            fixtures.MonkeyPatch(
                'edge_sched.listen.beacon.TIMEOUT_SECONDS', 0.05
            )
        )

        async def use(listener):
            listener.attract([LOOPBACK], port)
            reader, writer = await asyncio.open_connection('127.0.0.1', port)
            self.assertEqual(b'', await reader.read())
            writer.close()

        self.run_listener(use)


class PageTestCase(base.BaseTestCase):
    def test_the_collector_reads_it_as_that_of_a_prober(self):
        clock = Clock()
        table = a_table(clock)
        connect(table, '203.0.113.', 5)
        clock.now += 80
        connect(table, '203.0.113.', 5)
        connect(table, '192.0.2.', 4)
        source = Source('syslog', table)
        source.take_line(LINE % 77)
        source.take_line(b'nonsense')
        figures = [each for each in table.figures(1000.0) if each]
        report = Report(figures, 2, 1, 7, [source], 1000.0)
        registry = CollectorRegistry()
        registry.register(ListenerCollector(lambda: report, 'lyon', '1.2'))
        text = generate_latest(registry).decode()
        read = page.read(text, 1000, 10)
        [reading] = page.harvest(read, 'lyon', 1005.0).readings
        self.assertEqual(
            ('lyon', '203.0.113.0/24', PASSIVE, 60, 10.0, 10.0, 10.0, 1005.0),
            (
                reading.vantage,
                reading.client,
                reading.source,
                reading.samples,
                reading.rtt_min_ms,
                reading.rtt_p50_ms,
                reading.rtt_p95_ms,
                reading.measured_at,
            ),
        )
        self.assertEqual(
            Hour(10.0, 10.0, None),
            (
                reading.rtt_p50_hour_ms,
                reading.rtt_p95_hour_ms,
                reading.loss_hour_ratio,
            ),
        )
        for absent in ('rtt_p99_ms', 'loss_ratio', 'pdv_ms'):
            self.assertIsNone(getattr(reading, absent))
        self.assertNotIn('203.0.113.7', text)
        for line in (
            'edge_sched_prober_info{vantage="lyon",version="1.2"} 1.0',
            'edge_sched_listener_prefixes{state="published"} 1.0',
            'edge_sched_listener_prefixes{state="withheld"} 2.0',
            'edge_sched_listener_prefixes{state="waiting"} 1.0',
            'edge_sched_listener_prefixes_pushed_out_total 7.0',
            'edge_sched_listener_source_up{source="syslog"} 0.0',
            'edge_sched_listener_connections_total{source="syslog"} 1.0',
            'edge_sched_listener_refused_total'
            '{reason="malformed",source="syslog"} 1.0',
        ):
            self.assertIn(f'{line}\n', text)
