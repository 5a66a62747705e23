# SPDX-License-Identifier: Apache-2.0

"""Emulated networks for tests, which skip where there can be none."""

from typing import TypeVar

import testtools

from tests.emulation.errors import InaccurateError
from tests.emulation.errors import NotPossibleError
from tests.emulation.wire import Wire

W = TypeVar('W', bound=Wire)


def use(test: testtools.TestCase, wire: W) -> W:
    """Have the network until the end of the test."""
    try:
        wire.__enter__()
    except NotPossibleError as error:
        test.skipTest(str(error))
    test.addCleanup(wire.close)
    return wire


def demand_accuracy(
    test: testtools.TestCase, wire: Wire, source: str, target: str
) -> None:
    """Skip a test that would measure this machine instead of us."""
    try:
        wire.check(source, target)
    except InaccurateError as error:
        test.skipTest(str(error))
