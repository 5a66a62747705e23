# SPDX-License-Identifier: Apache-2.0

"""Group ``[edge_sched]`` of tempest.conf: what the cloud's data say.

The tests know nothing of the cloud's measurements but what stands here. Where
an option that a test needs is not set, the test is skipped.
"""

from oslo_config import cfg

edge_sched_group = cfg.OptGroup(
    name='edge_sched', title='Latency-aware scheduling options'
)

EdgeSchedGroup = [
    cfg.StrOpt(
        'catalog_type',
        default='edge-latency',
        help='The type that the API for tenants has in the catalog.',
    ),
    cfg.StrOpt(
        'endpoint_type',
        default='public',
        choices=['public', 'internal', 'admin'],
        help='Which of its endpoints is asked.',
    ),
    cfg.BoolOpt(
        'api_available',
        default=False,
        help='Whether the API for tenants, edge-sched-api, runs and is in the '
        'catalog. Without it its tests are skipped.',
    ),
    cfg.StrOpt(
        'client',
        help='An IPv4 address from which the round-trip times of near_hosts '
        'and far_hosts are measured, with enough samples for the 95th '
        'percentile and younger than max_age for as long as the tests run. '
        'Without it all tests that place servers near a client are skipped.',
    ),
    cfg.StrOpt(
        'client_ipv6',
        help='An IPv6 address with the same near_hosts as client. Without it '
        'the test of IPv6 is skipped.',
    ),
    cfg.StrOpt(
        'client_name',
        help='The name of a shared named client with the same near_hosts as '
        'client. Without it the test of names is skipped.',
    ),
    cfg.StrOpt(
        'unmeasured_client',
        help='An address from which no host is measured, not as part of a '
        'prefix either. Without it the tests of clients that were never '
        'measured are skipped.',
    ),
    cfg.ListOpt(
        'near_hosts',
        default=[],
        help='The names of all compute hosts that are within budget_ms of '
        'client, by the 95th percentile. Tests of moves that let the '
        'scheduler choose need at least two, all of them in one cell. Without '
        'it all tests that place servers near a client are skipped.',
    ),
    cfg.ListOpt(
        'far_hosts',
        default=[],
        help='The names of compute hosts that are measured, but over '
        'budget_ms, in the cell of near_hosts. One is enough. Without it the '
        'tests of refused destinations are skipped.',
    ),
    cfg.FloatOpt(
        'budget_ms',
        default=20.0,
        min=0.001,
        help='The latency budget, in milliseconds, that near_hosts keep and '
        'no other host does.',
    ),
    cfg.FloatOpt(
        'unreachable_budget_ms',
        default=0.001,
        min=0.000001,
        help='A latency budget, in milliseconds, that no host keeps.',
    ),
    cfg.StrOpt(
        'reason_detail',
        default='figure',
        choices=['figure', 'site', 'none'],
        help='The option of this name in nova.conf: how much of its reason a '
        'refused request is told.',
    ),
]
