# SPDX-License-Identifier: Apache-2.0

"""What a name is, whatever it was typed on."""

import unicodedata


def normal(name: str) -> str:
    """One form (NFC) of those that look the same.

    A letter with an accent is one character or two: some keyboards and file
    systems give the one, some the other, and a reader sees no difference.
    Every door makes names of vantages normal, so that all inside can compare
    them as they are.
    """
    return unicodedata.normalize('NFC', name)
