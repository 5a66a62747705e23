# SPDX-License-Identifier: Apache-2.0

"""What may keep an emulated network from being what was asked for."""


class NotPossibleError(Exception):
    """This machine does not let the network be made; the message says why."""


class InaccurateError(Exception):
    """This machine does not keep the times that were set, says by how much."""
