# SPDX-License-Identifier: Apache-2.0

"""An option type that oslo.config does not have."""

import math
from typing import Any

from oslo_config import types


class FiniteFloat(types.Float):
    """A float that is a number: ``nan`` and ``inf`` parse, but are none.

    ``nan`` passes both bounds of ``types.Float``, since it compares false
    with everything, and would leave the order of hosts undefined.
    """

    def __call__(self, value: Any) -> int | float | None:
        number = super().__call__(value)
        if number is not None and not math.isfinite(number):
            raise ValueError('Should be a finite number')
        return number
