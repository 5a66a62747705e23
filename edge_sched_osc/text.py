# SPDX-License-Identifier: Apache-2.0

"""What others wrote, made fit for a terminal. Pure."""

from typing import Any


def readable(text: str) -> str:
    r"""A text on one line, with nothing that a terminal obeys.

    ``'lyon\x1b[2J'`` is ``'lyon\\x1b[2J'``; blanks and line ends are one
    blank each.
    """
    return ''.join(
        each if each.isprintable() else each.encode('unicode_escape').decode()
        for each in ' '.join(text.split())
    )


def cleaned(value: Any) -> Any:
    """A document of JSON with all of its texts readable."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, list):
        return [cleaned(each) for each in value]
    if isinstance(value, dict):
        return {readable(key): cleaned(each) for key, each in value.items()}
    return value
