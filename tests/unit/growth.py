# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""What something holds, to see that it does not grow."""

import gc
import types
from collections.abc import Iterator


def reachable(value: object) -> Iterator[object]:
    """All that a value holds; of classes, functions and modules nothing."""
    seen: dict[int, object] = {}
    left = [value]
    while left:
        each = left.pop()
        if id(each) in seen or isinstance(
            each, type | types.FunctionType | types.ModuleType
        ):
            continue
        seen[id(each)] = each
        yield each
        left += gc.get_referents(each)


def size(value: object) -> int:
    """How many objects it holds."""
    return sum(1 for _ in reachable(value))
