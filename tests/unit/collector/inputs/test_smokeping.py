# SPDX-License-Identifier: Apache-2.0

"""What the recipe for native histograms makes of live scrapes.

They have no text format, so a target speaks protocol buffers here:
https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
"""

import http.server
import math
import struct
import threading
import time

from oslotest import base

from edge_sched.collector import door
from edge_sched.collector.inputs.prometheus import PrometheusInput
from tests.unit.collector import prometheus
from tests.unit.collector.inputs import queried

#: Requests a scrape, and the bucket of 9 ms and of 40 ms: bucket i ends at
#: 2 ** (i / 8) seconds in schema 3.
REQUESTS = 20
SCHEMA = 3
FAST, SLOW = -54, -37

PATIENCE_SECONDS = 60.0


def varint(number):
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def zigzag(number):
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def integer(field, number):
    return varint(field << 3) + varint(number)


def signed(field, number):
    return varint(field << 3) + zigzag(number)


def double(field, number):
    return varint(field << 3 | 1) + struct.pack('<d', number)


def message(field, *parts):
    body = b''.join(parts)
    return varint(field << 3 | 2) + varint(len(body)) + body


def text(field, value):
    return message(field, value.encode())


def family(name, kind, *metrics):
    body = b''.join([text(1, name), integer(3, kind), *metrics])
    return varint(len(body)) + body


def metric(host, value):
    return message(4, message(1, text(1, 'host'), text(2, host)), value)


def counter(number):
    return message(3, double(1, number))


def histogram(fast, slow):
    """So many answers in the two buckets."""
    return message(
        7,
        integer(1, fast + slow),
        double(2, 0.009 * fast + 0.04 * slow),
        signed(5, SCHEMA),
        double(6, 1e-9),
        integer(7, 0),
        message(12, signed(1, FAST), integer(2, 1)),
        message(12, signed(1, SLOW - FAST - 1), integer(2, 1)),
        message(13, zigzag(fast), zigzag(slow - fast)),
    )


class Target(http.server.BaseHTTPRequestHandler):
    """Each scrape finds 20 more requests of each host.

    ``LOST`` of them have no answer, and one of the others took 40 ms.
    """

    LOST = {'192.0.2.1': 0, '192.0.2.2': 1, '192.0.2.3': 12}

    def do_GET(self):
        self.server.scrapes += 1
        scrapes = self.server.scrapes
        body = family(
            'smokeping_requests_total',
            0,
            *(metric(host, counter(REQUESTS * scrapes)) for host in self.LOST),
        ) + family(
            'smokeping_response_duration_seconds',
            4,
            *(
                metric(
                    host,
                    histogram((REQUESTS - 1 - lost) * scrapes, scrapes),
                )
                for host, lost in self.LOST.items()
            ),
        )
        self.send_response(200)
        self.send_header(
            'Content-Type',
            'application/vnd.google.protobuf; '
            'proto=io.prometheus.client.MetricFamily; encoding=delimited',
        )
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class TestSmokepingNative(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        target = http.server.HTTPServer(('127.0.0.1', 0), Target)
        target.scrapes = 0
        self.addCleanup(target.server_close)
        threading.Thread(target=target.serve_forever, daemon=True).start()
        self.addCleanup(target.shutdown)
        address = f'127.0.0.1:{target.server_port}'
        try:
            server = prometheus.Prometheus(
                scrape_configs=[
                    {
                        'job_name': 'smokeping',
                        'scrape_interval': '1s',
                        'static_configs': [{'targets': [address]}],
                    }
                ],
                features=['native-histograms'],
            )
        except prometheus.NotInstalledError as error:
            self.skipTest(str(error))
        self.addCleanup(server.close)
        self.input = queried.make(
            PrometheusInput,
            url=server.url,
            recipe='smokeping_native',
            vantage=[f'lyon {address}'],
            window=30,
            step=1,
        )

    def collect(self):
        """Once there are enough scrapes for a rate."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            readings = queried.collect(self.input).readings
            if readings and all(r.rtt_p50_ms for r in readings):
                return {
                    reading.client: door.admit(
                        reading, time.time(), 0.0
                    ).latency
                    for reading in readings
                }
            self.assertLess(time.monotonic(), deadline, readings)
            time.sleep(0.2)

    def assertBucket(self, bucket, rtt_ms):
        self.assertLess(1000 * 2 ** ((bucket - 1) / 8) - 1e-6, rtt_ms)
        self.assertLess(rtt_ms, 1000 * 2 ** (bucket / 8) + 1e-6)

    def test_quantiles_are_of_requests(self):
        found = self.collect()
        for host in ('192.0.2.1', '192.0.2.2'):
            self.assertBucket(FAST, found[host].rtt_p50_ms)
        self.assertBucket(SLOW, found['192.0.2.1'].rtt_p99_ms)
        # One of 20 is lost: p95 is the slow one.
        self.assertBucket(SLOW, found['192.0.2.2'].rtt_p95_ms)
        self.assertAlmostEqual(0.05, found['192.0.2.2'].loss_ratio)
        self.assertEqual(math.inf, found['192.0.2.2'].rtt_p99_ms)
        self.assertEqual(math.inf, found['192.0.2.3'].rtt_p50_ms)
        self.assertAlmostEqual(0.6, found['192.0.2.3'].loss_ratio)
