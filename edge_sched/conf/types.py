# SPDX-License-Identifier: Apache-2.0

"""Option types that oslo.config does not have."""

import ipaddress
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


class Prefix(types.ConfigType):
    """A prefix of addresses, ``192.0.2.0/24``; host bits are masked."""

    def __init__(self) -> None:
        super().__init__(type_name='prefix value')

    def __call__(
        self, value: Any
    ) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        try:
            return ipaddress.ip_network(value, strict=False)
        except ValueError:
            raise ValueError(f'{value!r} is not an address or a prefix') from (
                None
            )

    def _formatter(self, value: Any) -> str:
        return str(value)
