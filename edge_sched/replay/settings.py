# SPDX-License-Identifier: Apache-2.0

"""The settings that a recorded decision was made by, and others."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Self

from edge_sched.judging.verdict import Policy
from edge_sched.model.latency import MEMORIES
from edge_sched.model.latency import PERCENTILES

#: Options of ``[edge_sched]`` and where a policy has them.
_POLICY = {
    'max_age': 'max_age_seconds',
    'outage_max_age': 'outage_max_age_seconds',
    'memory': 'memory',
    'rank_percentile': 'rank_percentile',
    'reference_latency_ms': 'reference_latency_ms',
    'tie_band_ms': 'tie_band_ms',
    'fit_headroom': 'fit_headroom',
}
_CHOICES = {'memory': MEMORIES, 'rank_percentile': PERCENTILES}
#: These cannot be 0.
_DIVISORS = ('reference_latency_ms', 'tie_band_ms')

#: Chosen: far above what anybody has, which is 3.
_MOST_ATTEMPTS = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """Options of ``[edge_sched]`` by their names, and one of Nova's.

    :param policy: what verdicts and scores hang on
    :param max_attempts: of ``[scheduler]``: how good a cell is hangs on it
    """

    policy: Policy
    latency_weight_multiplier: float
    cell_latency_weight_multiplier: float
    max_attempts: int

    @classmethod
    def read(cls, recorded: Mapping[str, Any]) -> Self:
        """Read those of a record.

        :raises KeyError: if one is missing
        :raises TypeError: if one cannot be what it is
        """
        for name, value in recorded.items():
            _check(name, value)
        others = {
            field.name: recorded[field.name]
            for field in dataclasses.fields(cls)
            if field.name != 'policy'
        }
        # What does not say so is of the time before there was another.
        recorded = {'memory': 'window', **recorded}
        policy = Policy(**{of: recorded[name] for name, of in _POLICY.items()})
        return cls(policy, **others)

    def changed(self, options: Mapping[str, Any]) -> Self:
        """With other values of some options; what it does not know is left."""
        of_policy = {
            of: options[name]
            for name, of in _POLICY.items()
            if name in options
        }
        others = {
            field.name: options[field.name]
            for field in dataclasses.fields(self)
            if field.name in options
        }
        policy = dataclasses.replace(self.policy, **of_policy)
        return dataclasses.replace(self, policy=policy, **others)


#: What can be set otherwise: ``mode`` decides whether the multipliers count.
NAMES = (
    'mode',
    *_POLICY,
    'latency_weight_multiplier',
    'cell_latency_weight_multiplier',
)


def _check(name: str, value: object) -> None:
    if name in _CHOICES:
        good = value in _CHOICES[name]
    elif name == 'max_attempts':
        good = type(value) is int and 1 <= value <= _MOST_ATTEMPTS
    else:
        least = 1e-9 if name in _DIVISORS else 0
        good = (
            isinstance(value, int | float)
            and math.isfinite(value)
            and value >= least
        )
    if not good:
        raise TypeError(f'{name} is {value!r:.40}')
