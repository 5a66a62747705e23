# SPDX-License-Identifier: Apache-2.0

"""Who may do what, by oslo.policy; operators override it in policy.yaml."""

from collections.abc import Sequence

from oslo_config import cfg
from oslo_policy import opts
from oslo_policy import policy

READER, MEMBER, ADMIN = (
    'rule:edge_latency:project_reader',
    'rule:edge_latency:project_member',
    'role:admin',
)

LIST_SITES = 'edge_latency:sites:list'
LIST_CLIENTS = 'edge_latency:clients:list'
LIST_ALL_CLIENTS = 'edge_latency:clients:list:all_projects'
SHOW_CLIENT = 'edge_latency:clients:show'
SET_CLIENT = 'edge_latency:clients:set'
UNSET_CLIENT = 'edge_latency:clients:unset'
SHOW_SERVER = 'edge_latency:servers:show'
SHOW_CAMARA = 'edge_latency:camara:show'

_OF_PROJECT = 'project_id:%(project_id)s'


def _rule(
    name: str, check: str, what: str, method: str, path: str
) -> policy.DocumentedRuleDefault:
    return policy.DocumentedRuleDefault(
        name,
        check,
        what,
        [{'method': method, 'path': path}],
        scope_types=['project'],
    )


def list_rules() -> Sequence[policy.RuleDefault]:
    """All of them, for ``oslopolicy-sample-generator``."""
    return [
        policy.RuleDefault(
            'edge_latency:project_reader',
            f'(role:reader and {_OF_PROJECT}) or role:admin',
            'Who may read what is of a project.',
        ),
        policy.RuleDefault(
            'edge_latency:project_member',
            f'(role:member and {_OF_PROJECT}) or role:admin',
            'Who may change what is of a project.',
        ),
        _rule(
            LIST_SITES,
            READER,
            'Ask what a create would be told.',
            'GET',
            '/v1/sites',
        ),
        _rule(
            LIST_CLIENTS,
            READER,
            "List the project's names, and those that are shared.",
            'GET',
            '/v1/clients',
        ),
        _rule(
            LIST_ALL_CLIENTS,
            ADMIN,
            'List the names of all projects.',
            'GET',
            '/v1/clients?all_projects=true',
        ),
        _rule(
            SHOW_CLIENT,
            READER,
            'Show what a name points at.',
            'GET',
            '/v1/clients/{name}',
        ),
        _rule(
            SET_CLIENT,
            MEMBER,
            "Point a name of the project's own somewhere.",
            'PUT',
            '/v1/clients/{name}',
        ),
        _rule(
            UNSET_CLIENT,
            MEMBER,
            "Forget a name of the project's own.",
            'DELETE',
            '/v1/clients/{name}',
        ),
        _rule(
            SHOW_SERVER,
            READER,
            'Show how a server stands to its clients.',
            'GET',
            '/v1/servers/{id}',
        ),
        _rule(
            SHOW_CAMARA,
            READER,
            "Ask for the zone closest to a device, in CAMARA's form.",
            'POST',
            '/simple-edge-discovery/v2rc2/retrieve-closest-edge-cloud-zone',
        ),
    ]


def enforcer(conf: cfg.ConfigOpts) -> policy.Enforcer:
    """Who decides, by these rules and what the operator has overridden."""
    opts.set_defaults(conf)
    found = policy.Enforcer(conf)
    found.register_defaults(list_rules())
    return found


def sample_enforcer() -> policy.Enforcer:
    """What ``oslopolicy-*`` tools work on."""
    conf = cfg.ConfigOpts()
    conf([], project='edge_sched', default_config_files=[])
    return enforcer(conf)
