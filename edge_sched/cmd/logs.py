# SPDX-License-Identifier: Apache-2.0

"""Logs that commands read."""

import contextlib
from collections.abc import Iterator
from typing import TextIO

from edge_sched.cmd import arguments
from edge_sched.model.text import shorten
from edge_sched.replay.lines import Found
from edge_sched.replay.lines import bounded
from edge_sched.replay.lines import records_of

STDIN = '-'

#: Ends what --help says of a log.
HELP = 'also as of journalctl -o json; - is standard input.'


def records_in(path: str, stdin: TextIO) -> Iterator[Found]:
    """The decision records in a log.

    :raises BadArgumentError: if it cannot be read
    """
    try:
        with _opened(path, stdin) as log:
            yield from records_of(bounded(log))
    except OSError as error:
        raise arguments.BadArgumentError(
            f'{shorten(path)}: {error.strerror}'
        ) from None


@contextlib.contextmanager
def _opened(path: str, stdin: TextIO) -> Iterator[TextIO]:
    if path == STDIN:
        yield stdin
        return
    with open(path, encoding='utf-8', errors='replace') as log:
        yield log
