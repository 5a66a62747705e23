# SPDX-License-Identifier: Apache-2.0

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
