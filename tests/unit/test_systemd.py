# SPDX-License-Identifier: Apache-2.0

"""The unit files that come with the services."""

import configparser
import importlib.metadata
import pathlib

from oslotest import base

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
        self.assertEqual(services, set(self.units))
        for name, unit in self.units.items():
            self.assertEqual(
                f'/usr/bin/{name}', unit['Service']['ExecStart'], name
            )

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
        }
        self.assertEqual(
            wanted,
            {
                name: unit['Service'].get('MemoryMax')
                for name, unit in self.units.items()
            },
        )
