# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

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
