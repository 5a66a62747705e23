# SPDX-License-Identifier: Apache-2.0

"""What commands print, on whatever it is printed."""

import io
import sys


def take_all_characters() -> None:
    """Let a terminal that lacks a character show its number instead.

    A name may have any; a command must not fail over it when all is done.
    """
    for stream in sys.stdout, sys.stderr:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors='backslashreplace')
