# SPDX-License-Identifier: Apache-2.0

"""What an audit with the strategy may be told. Pure."""

from collections.abc import Mapping
from typing import Any

from edge_sched.judging.moves import Rule

#: Whether a server came straight back is looked for in so many seconds.
#: Chosen: loads come again after a day, and what is older says nothing of the
#: paths of today.
REMEMBERED_SECONDS = 86_400

LIVE, COLD = 'live', 'cold'

_DEFAULTS = Rule()

#: Watcher fills in the defaults and refuses what does not fit.
SCHEMA: dict[str, Any] = {
    'properties': {
        'max_moves': {
            'description': 'The largest number of servers to move',
            'type': 'integer',
            'minimum': 1,
            'maximum': 1000,
            'default': _DEFAULTS.max_moves,
        },
        'cooldown': {
            'description': 'How long a server stays where it was '
            'moved, seconds',
            'type': 'number',
            'minimum': 0,
            'maximum': REMEMBERED_SECONDS,
            'default': _DEFAULTS.cooldown_seconds,
        },
        'min_over_ratio': {
            'description': 'The least share of the last hour that a '
            'server was over its budget',
            'type': 'number',
            'minimum': 0,
            'maximum': 1,
            'default': _DEFAULTS.min_over_ratio,
        },
        'min_gain_ratio': {
            'description': 'By which share of its budget the best '
            'other site is nearer, at least',
            'type': 'number',
            'minimum': 0,
            'default': _DEFAULTS.min_gain_ratio,
        },
        'max_age': {
            'description': 'How old what the auditor found may be, seconds',
            'type': 'number',
            'minimum': 1,
            'default': _DEFAULTS.max_age_seconds,
        },
        'migration_type': {
            'description': 'How to move: live, or cold, which stops '
            'the server for as long as it takes',
            'type': 'string',
            'enum': [LIVE, COLD],
            'default': LIVE,
        },
    },
    'additionalProperties': False,
}


def rule_of(given: Mapping[str, Any]) -> Rule:
    """The rule by the parameters of an audit, which may lack any."""
    return Rule(
        given.get('max_moves', _DEFAULTS.max_moves),
        given.get('cooldown', _DEFAULTS.cooldown_seconds),
        given.get('min_over_ratio', _DEFAULTS.min_over_ratio),
        given.get('min_gain_ratio', _DEFAULTS.min_gain_ratio),
        given.get('max_age', _DEFAULTS.max_age_seconds),
    )


def migration_type_of(given: Mapping[str, Any]) -> str:
    """``live`` or ``cold``."""
    return str(given.get('migration_type', LIVE))
