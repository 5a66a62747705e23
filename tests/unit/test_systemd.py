# SPDX-License-Identifier: Apache-2.0

"""The unit files that come with the services."""

import configparser
import importlib.metadata
import pathlib

from oslotest import base

#: A WSGI application, which is no command.
API = 'edge-sched-api'
UNITS = pathlib.Path(__file__).parents[2] / 'etc' / 'systemd'


class SystemdUnitsTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.units = {}
        for path in UNITS.glob('*.service'):
            unit = configparser.ConfigParser(strict=True, interpolation=None)
            unit.optionxform = str  # type: ignore[assignment,method-assign]
            unit.read(path)
            self.units[path.stem] = unit

    def test_each_service_has_a_unit_that_runs_it(self) -> None:
        services = {
            script.name
            for script in importlib.metadata.distribution(
                'edge-sched'
            ).entry_points.select(group='console_scripts')
        } - {'edge-sched', 'edge-sched-status'}
        self.assertEqual(services | {API}, set(self.units))
        for name in services:
            self.assertEqual(
                f'/usr/bin/{name}',
                self.units[name]['Service']['ExecStart'],
            )

    def test_the_api_is_served_with_its_own_configuration(self) -> None:
        service = self.units[API]['Service']
        words = service['ExecStart'].replace('\\\n', ' ').split()
        self.assertEqual('/usr/bin/gunicorn', words[0])
        self.assertEqual('edge_sched.api.wsgi:application', words[-1])
        variable, _, path = service['Environment'].partition('=')
        # Nothing is imported of it here: that would read a configuration.
        source = UNITS.parents[1] / 'edge_sched' / 'api' / 'wsgi.py'
        self.assertIn(f"FILES = '{variable}'", source.read_text())
        self.assertEqual('/etc/edge_sched/api.conf', path)

    def test_none_begins_before_the_clock_is_right(self) -> None:
        for name, unit in self.units.items():
            for key in ('Wants', 'After'):
                self.assertIn(
                    'time-sync.target', unit['Unit'][key].split(), name
                )

    def test_only_what_needs_a_capability_has_one(self) -> None:
        wanted = {
            'edge-sched-prober': 'CAP_NET_RAW',
            'edge-sched-reflector': 'CAP_NET_BIND_SERVICE',
            'edge-sched-collector': '',
            'edge-sched-listener': '',
            'edge-sched-auditor': '',
            API: '',
        }
        for name, unit in self.units.items():
            service = unit['Service']
            self.assertEqual(
                wanted[name], service['CapabilityBoundingSet'], name
            )
            self.assertEqual('yes', service['NoNewPrivileges'], name)

    def test_none_takes_the_memory_of_the_others(self) -> None:
        wanted = {
            'edge-sched-prober': '512M',
            'edge-sched-reflector': '256M',
            'edge-sched-collector': '2G',
            'edge-sched-listener': '512M',
            'edge-sched-auditor': '1G',
            API: '2G',
        }
        self.assertEqual(
            wanted,
            {
                name: unit['Service'].get('MemoryMax')
                for name, unit in self.units.items()
            },
        )
