# SPDX-License-Identifier: Apache-2.0

"""How ages are told, to users and operators alike."""

from edge_sched.judging.verdict import Policy


def of_outage(policy: Policy) -> str:
    """What an operator reads while measuring is down."""
    oldest = duration(policy.outage_max_age_seconds)
    return f'measuring is down: measurements are used up to an age of {oldest}'


def duration(seconds: float) -> str:
    """``40 s``, ``5 min``, ``2 h`` or ``3 d``: two of a unit at the least."""
    for unit, length in (('d', 86400), ('h', 3600), ('min', 60)):
        if seconds >= 2 * length:
            return f'{seconds // length:.0f} {unit}'
    return f'{seconds:.0f} s'


def future(age_seconds: float) -> str:
    """What is said of an age below 0; clocks are to be looked after."""
    ahead = duration(-age_seconds)
    return f'measured {ahead} in the future: check the clocks'
