# SPDX-License-Identifier: Apache-2.0

"""The options: their names and defaults are what operators have written."""

from keystoneauth1 import loading
from oslo_config import cfg
from oslotest import base

from edge_sched import conf as edge_conf
from edge_sched.cmd.options import list_opts
from edge_sched.conf import checks
from edge_sched.conf.policy import policy_of
from edge_sched.judging.verdict import Policy

#: As the design promises them.
DEFAULTS = {
    'mode': 'enforce',
    'narrow_candidates': 'auto',
    'hints': 'any',
    'latency_weight_multiplier': 3000.0,
    'cell_latency_weight_multiplier': 10.0,
    'vantage_order': ['host', 'site', 'zone', 'cell'],
    'ring_hosts': 100,
    'ring_timeout': 5,
    'site_metadata_key': 'edge:site',
    'max_age': 900,
    'outage_max_age': 21600,
    'memory': 'hour',
    'rank_percentile': 'p50',
    'default_percentile': 'p95',
    'reference_latency_ms': 20.0,
    'tie_band_ms': 1.0,
    'same_site_rtt_ms': 0.5,
    'fit_headroom': 0.1,
    'on_evacuate': 'relax',
    'on_store_failure': 'reject',
    'record_detail': 'short',
    'reason_detail': 'figure',
    'cache_ttl': 10,
    'membership_ttl': 60,
    'store_timeout': 2,
    'store_retry_after': 30,
}

#: Of ``[edge_sched_wanted]``: nobody is, until an operator says who may be.
WANTED_DEFAULTS = {
    'allow': [],
    'deny': [],
    'max_clients': 1000,
    'gateway': None,
    'named': True,
    'interval': 5,
    'geo_database': None,
}

#: Options that other services have in the same words, by keystoneauth.
KEYSTONE = {
    option.name
    for option in (
        *loading.get_auth_common_conf_options(),
        *loading.get_session_conf_options(),
        *loading.get_adapter_conf_options(),
    )
} - {'timeout'}


class ConfTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf = cfg.ConfigOpts()
        edge_conf.register_opts(self.conf)
        self.conf([], default_config_files=[])

    def test_options_that_go_say_why(self) -> None:
        going = {
            option.name: option.deprecated_reason
            for _, options in list_opts()
            for option in options
            if option.deprecated_for_removal
        }
        self.assertEqual(
            {'rank_percentile', 'reference_latency_ms', 'max_overflow'},
            going.keys(),
        )
        self.assertNotIn(None, going.values())

    def test_names_and_defaults(self) -> None:
        self.assertEqual(DEFAULTS, dict(self.conf.edge_sched.items()))
        self.assertEqual(
            WANTED_DEFAULTS, dict(self.conf.edge_sched_wanted.items())
        )
        self.assertEqual(
            'sqlite:////var/lib/edge_sched/latency.sqlite',
            self.conf.edge_sched_database.connection,
        )

    def test_registering_twice_is_no_error(self) -> None:
        edge_conf.register_opts(self.conf)

    def test_two_configurations_do_not_share_values(self) -> None:
        other = cfg.ConfigOpts()
        edge_conf.register_opts(other)
        other([], default_config_files=[])
        other.set_override('max_age', 7, group='edge_sched')
        self.assertEqual(900, self.conf.edge_sched.max_age)

    def test_every_option_says_what_it_does(self) -> None:
        for group, options in list_opts():
            self.assertTrue(group.help)
            for option in options:
                if option.name not in KEYSTONE:
                    self.assertGreater(len(option.help), 80, option.name)

    def test_defaults_of_the_options_are_those_of_the_policy(self) -> None:
        self.assertEqual(Policy(), policy_of(self.conf))

    def test_what_is_out_of_range_is_refused(self) -> None:
        checks.check(self.conf)
        for name, value in (
            ('mode', 'maybe'),
            ('latency_weight_multiplier', 'nan'),
            ('latency_weight_multiplier', '-1'),
            ('vantage_order', 'host,moon'),
            ('max_age', '0'),
            ('memory', 'day'),
            ('outage_max_age', '-1'),
            ('fit_headroom', '1.5'),
            ('same_site_rtt_ms', '0'),
            ('same_site_rtt_ms', 'nan'),
            ('on_evacuate', 'panic'),
            ('record_detail', 'long'),
            ('reason_detail', 'all'),
            ('cache_ttl', '-1'),
        ):
            with self.subTest(f'{name} = {value}'):
                self.assertRaises(
                    ValueError,
                    self.conf.set_override,
                    name,
                    value,
                    group='edge_sched',
                )
