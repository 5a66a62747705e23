# SPDX-License-Identifier: Apache-2.0

"""``[edge_sched_wanted]``, as a file has it."""

import tempfile

from oslo_config import cfg
from oslotest import base

from edge_sched import conf as edge_conf
from edge_sched.conf import checks
from edge_sched.conf.wanted import permitted
from edge_sched.model.client import parse_prefix
from edge_sched.wanted.permitted import Gateway
from edge_sched.wanted.permitted import Permitted


def read(*lines):
    conf = cfg.ConfigOpts()
    edge_conf.register_opts(conf)
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as file:
        file.write('\n'.join(('[edge_sched_wanted]', *lines)))
        file.flush()
        conf(['--config-file', file.name], default_config_files=[])
        checks.check(conf)
        return conf


class WantedConfTest(base.BaseTestCase):
    def test_nobody_is_wanted_by_default(self):
        self.assertEqual(Permitted(), permitted(read()))

    def test_what_a_file_says(self):
        found = permitted(
            read(
                'allow = 8.8.0.0/16, 2a00::/16',
                'deny = 8.8.8.8',
                'gateway = 8.8.4.0/22 192.0.2.1',
                'gateway = 2a00::/16 2a00::1 stamp 12.5',
                'gateway = 2a00::/16 2a00::1 stamp:8620',
                'gateway = 8.8.4.0/22 192.0.2.1 3',
            )
        )
        ipv4, ipv6 = parse_prefix('8.8.4.0/22'), parse_prefix('2a00::/16')
        self.assertEqual(
            Permitted(
                (parse_prefix('8.8.0.0/16'), ipv6),
                (parse_prefix('8.8.8.8'),),
                (
                    Gateway(ipv4, '192.0.2.1'),
                    Gateway(ipv6, '2a00::1', 'stamp', 862, 12.5),
                    Gateway(ipv6, '2a00::1', 'stamp', 8620),
                    Gateway(ipv4, '192.0.2.1', access_ms=3.0),
                ),
            ),
            found,
        )

    def test_what_makes_no_sense_is_refused_by_name(self):
        for line, why in (
            ('allow = 8.8.4.0/25', 'is longer than /24'),
            ('allow = 2a00::/57', 'is longer than /56'),
            ('allow = all', "'all' is not an address or a prefix"),
            ('deny = 8.8.8.8/33', 'is not an address or a prefix'),
            ('max_clients = 0', 'max_clients'),
            ('max_clients = 10001', 'max_clients'),
            ('gateway = 8.8.4.0/24', 'PREFIX ADDRESS [PROBE] [ACCESS_MS]'),
            ('gateway = 8.8.4.0/24 a', "'a' does not appear to be"),
            ('gateway = 8.8.4.0/24 ::1 tcp', 'tcp'),
            ('gateway = 8.8.4.0/24 ::1 nan', 'is not 0 to 10000 ms'),
            ('gateway = 8.8.4.0/24 ::1 -1', 'is not 0 to 10000 ms'),
            ('gateway = 8.8.4.0/24 ::1 stamp:65536', 'has no port'),
            ('gateway = 8 ::1 stamp', "'8' is not an address or a prefix"),
        ):
            with self.subTest(line):
                error = self.assertRaises(checks.BadOptionError, read, line)
                self.assertIn('[edge_sched_wanted] ', str(error))
                self.assertIn(why, str(error))
