# SPDX-License-Identifier: Apache-2.0

"""The store, the services and their configuration."""

import json
import os
import pathlib
import signal
import stat
import subprocess
import time

from keystoneauth1 import loading
from oslo_config import cfg
from oslo_log import log as logging
from oslotest import base as oslotest_base

from edge_sched import conf as edge_conf
from edge_sched.cmd.configuration import read_configuration
from edge_sched.conf import api as api_conf
from edge_sched.conf import auditor as auditor_conf
from edge_sched.conf import checks
from edge_sched.conf import prober as prober_conf
from edge_sched.conf import reflector as reflector_conf
from edge_sched.probe.target import Rates
from edge_sched.probe.target_file import read_targets
from tests.devstack import base

#: Seconds that something is waited for (chosen: it takes milliseconds).
PATIENCE = 30


class ServicesTest(base.DevStackTestCase):
    def read(self, *register: object) -> cfg.ConfigOpts:
        """edge_sched.conf as a service reads it, every option checked."""
        conf = read_configuration(
            ['--config-file', str(self.edge_sched_conf)],
            register=[
                logging.register_options,
                edge_conf.register_opts,
                *register,
            ],
        )
        checks.check(conf)
        checks.check_names(conf)
        return conf

    def connection(self) -> str:
        """The URL of the store, which nova.conf has as well."""
        url: str = self.read().edge_sched_database.connection
        nova_conf = base.ini(self.nova_conf)
        self.assertEqual(url, nova_conf['edge_sched_database']['connection'])
        return url

    @property
    def uwsgi_conf(self) -> pathlib.Path:
        return self.edge_sched_conf.with_name('edge-sched-api-uwsgi.ini')

    def command_line(self, service: str) -> str:
        return (
            f'{self.world}/venv/bin/{service} '
            f'--config-file {self.edge_sched_conf}'
        )

    def test_mysql(self) -> None:
        self.run_moments()
        self.assertTrue(
            self.connection().startswith(
                'mysql+pymysql://root:secret@127.0.0.1/edge_sched?'
            )
        )
        self.assertIn('CREATE DATABASE edge_sched', self.calls('mysql')[-1])
        self.assertEqual(
            [
                f'--config-file {self.edge_sched_conf} db sync',
                f'--config-file {self.edge_sched_conf} '
                'client set sample-client 203.0.113.7 --shared',
            ],
            self.calls('edge-sched'),
        )

    def test_postgresql(self) -> None:
        self.user_writes(ENABLED_SERVICES='key,postgresql,n-sch')
        self.run_moments()
        self.assertTrue(self.connection().startswith('postgresql://root:'))
        self.assertTrue(self.calls('createdb')[-1].endswith('edge_sched'))
        self.assertEqual([], self.calls('mysql'))

    def test_the_configuration_is_the_services_own(self) -> None:
        self.user_writes(EDGE_SCHED_MODE='shadow')
        for _ in range(2):
            self.run_moments()
            self.assertEqual(
                0o600, stat.S_IMODE(self.edge_sched_conf.stat().st_mode)
            )
            self.assertEqual('shadow', self.read().edge_sched.mode)
            self.assertEqual(
                'shadow', base.ini(self.nova_conf)['edge_sched']['mode']
            )

    def test_the_sample_can_be_asked_for_at_once(self) -> None:
        url = f'sqlite:///{self.world}/latency.sqlite'
        self.user_writes(EDGE_SCHED_CONNECTION=url)
        self.run_moments()
        self.assertEqual(url, self.connection())
        self.assertEqual([], self.calls('mysql'))
        collector, *arguments = self.units()['edge-sched-collector'].split()
        subprocess.run(
            [base.script(os.path.basename(collector)), *arguments, '--once'],
            check=True,
            timeout=base.TIMEOUT,
            capture_output=True,
        )
        near_paris = {'paris': 'within', 'lyon': 'over'}
        for client, verdicts in (
            ('203.0.113.7', near_paris),
            ('2001:db8:a::7', near_paris),
            ('sample-client', near_paris),
            ('site:lyon', {'paris': 'over'}),
            ('site:paris', {'lyon': 'over'}),
        ):
            shown = subprocess.run(
                [
                    base.script('edge-sched'),
                    *arguments,
                    'latency',
                    'show',
                    client,
                    '--budget=20',
                    '--percentile=p99',
                    '--format=json',
                ],
                check=True,
                timeout=base.TIMEOUT,
                capture_output=True,
            ).stdout
            self.assertEqual(
                verdicts,
                {row['vantage']: row['verdict'] for row in json.loads(shown)},
            )

    def test_services(self) -> None:
        self.run_moments()
        self.assertEqual(
            {
                'edge-sched-collector': self.command_line(
                    'edge-sched-collector'
                ),
                'edge-sched-auditor': self.command_line('edge-sched-auditor'),
                'edge-sched-api': (
                    f'{self.world}/venv/bin/uwsgi '
                    '--procname-prefix edge-sched-api '
                    f'--ini {self.uwsgi_conf} --venv {self.world}/venv'
                ),
                'edge-sched-sample': (
                    f'/bin/bash {base.ROOT}/devstack/tools/keep-fresh.sh '
                    f'{self.state}/measurements/sample.csv'
                ),
            },
            self.units(),
        )

    def test_the_auditor_reads_the_configuration_of_nova(self) -> None:
        self.run_moments()
        conf = self.read(auditor_conf.register_opts)
        self.assertEqual(
            [str(self.nova_conf)], conf.edge_sched_auditor.nova_config_files
        )

    def test_the_api_is_registered_and_served(self) -> None:
        for _ in range(2):
            self.run_moments()
        self.assertEqual(['edge-sched'] * 2, self.calls('create_service_user'))
        self.assertEqual(
            ['edge-sched edge-latency Edge latency'] * 2,
            self.calls('get_or_create_service'),
        )
        self.assertEqual(
            ['edge-latency RegionOne https://192.0.2.10/edge-latency'] * 2,
            self.calls('get_or_create_endpoint'),
        )
        self.assertEqual(
            ['/edge-latency edge-sched-api'] * 2, self.calls('ProxyPass')
        )
        self.assertEqual(
            'edge_sched.api.wsgi:application',
            base.ini(self.uwsgi_conf)['uwsgi']['module'],
        )
        unit = base.ini(self.world / 'units/devstack@edge-sched-api.service')
        self.assertIn(
            f'EDGE_SCHED_API_CONFIG_FILES={self.edge_sched_conf}',
            unit['Service']['Environment'],
        )

    def test_the_api_knows_nova_and_keystone(self) -> None:
        self.run_moments()
        conf = self.read(api_conf.register_opts)
        self.assertEqual(
            [str(self.nova_conf)], conf.edge_sched_api.nova_config_files
        )
        # As keystonemiddleware takes it up; nobody is asked yet.
        loading.register_auth_conf_options(conf, 'keystone_authtoken')
        user = loading.load_auth_from_conf_options(conf, 'keystone_authtoken')
        self.assertEqual('https://192.0.2.10/identity', user.auth_url)
        self.assertEqual(
            'edge-sched', user.get_cache_id_elements()['username']
        )

    def test_prober_and_reflector(self) -> None:
        self.user_writes(
            EDGE_SCHED_PROBER='yes', EDGE_SCHED_REFLECTOR_PORT='8863'
        )
        self.run_moments()
        for service in 'edge-sched-prober', 'edge-sched-reflector':
            self.assertEqual(self.command_line(service), self.units()[service])
        conf = self.read(
            prober_conf.register_opts, reflector_conf.register_opts
        )
        (target,) = read_targets(conf.edge_sched_prober.target_file, Rates())
        self.assertEqual('192.0.2.10', str(target.address))
        self.assertEqual(8863, target.port)
        self.assertEqual(8863, conf.edge_sched_reflector.port)
        self.assertIn(target.address, conf.edge_sched_reflector.allow[0])
        written = base.ini(self.edge_sched_conf)
        self.assertEqual(
            'file,openmetrics', written['edge_sched_collector']['inputs']
        )
        self.assertEqual(
            'paris http://127.0.0.1:9862/metrics',
            written['edge_sched_input_openmetrics']['prober'],
        )

    def test_a_collector_without_inputs_is_not_started(self) -> None:
        self.user_writes(EDGE_SCHED_SAMPLE='False')
        self.run_moments(*base.STACK[:4])
        users = self.edge_sched_conf.read_text()
        self.run_moments('stack extra')
        self.assertEqual(
            {'edge-sched-auditor', 'edge-sched-api'}, set(self.units())
        )
        self.edge_sched_conf.write_text(
            users + '\n[edge_sched_collector]\ninputs = aetos\n'
        )
        self.run_moments('stack extra')
        self.assertIn('edge-sched-collector', set(self.units()))

    def test_a_service_that_the_user_disabled_is_not_started(self) -> None:
        self.user_writes(
            DISABLED_SERVICES='edge-sched-collector,edge-sched-auditor,'
            'edge-sched-api'
        )
        self.run_moments()
        self.assertEqual({'edge-sched-sample'}, set(self.units()))
        # Nor is it in the catalog, or in Apache's way.
        self.assertFalse(self.uwsgi_conf.exists())
        for call in (
            'ProxyPass',
            'create_service_user',
            'get_or_create_service',
            'get_or_create_endpoint',
        ):
            self.assertEqual([], self.calls(call))
        self.assertNotIn(
            'keystone_authtoken', base.ini(self.edge_sched_conf).sections()
        )

    def test_unstack_and_clean_leave_nothing(self) -> None:
        self.user_writes(EDGE_SCHED_PROBER='True')
        self.run_moments()
        started = self.units()
        self.assertEqual(6, len(started))
        nova_conf = self.nova_conf.read_bytes()
        self.run_moments('unstack')
        self.assertEqual(
            {f'stop devstack@{service}.service' for service in started},
            {c for c in self.calls('systemctl') if c.startswith('stop ')},
        )
        self.run_moments('unstack', 'clean')
        self.assertEqual(['edge-sched-api'], self.calls('disable_apache_site'))
        self.assertFalse(self.state.exists())
        self.assertFalse(self.edge_sched_conf.parent.exists())
        self.assertEqual(nova_conf, self.nova_conf.read_bytes())

    def test_clean_where_nothing_was_stacked(self) -> None:
        self.run_moments('unstack', 'clean')
        self.assertFalse(self.state.exists())


class ServicesOnTreeTest(base.OnTree, ServicesTest):
    """With the functions of a real DevStack."""


class KeepFreshTest(oslotest_base.BaseTestCase):
    def test_it_touches_and_leaves_no_process(self) -> None:
        path = self.create_tempfiles([('sample', '')], ext='.csv')[0]
        os.utime(path, (0, 0))
        keeper = subprocess.Popen(
            ['bash', base.ROOT / 'devstack/tools/keep-fresh.sh', path],
            start_new_session=True,
        )
        self.addCleanup(keeper.kill)
        deadline = time.monotonic() + PATIENCE
        while os.stat(path).st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertGreater(os.stat(path).st_mtime, 0)
        keeper.send_signal(signal.SIGTERM)
        keeper.wait(PATIENCE)
        while _is_there(keeper.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertFalse(_is_there(keeper.pid))


def _is_there(group: int) -> bool:
    """Whether a process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
