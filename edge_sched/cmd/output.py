# SPDX-License-Identifier: Apache-2.0

"""Files that commands write: whole, or not at all."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from typing import TextIO

from edge_sched.cmd import arguments
from edge_sched.model.text import shorten

STDOUT = '-'


@contextlib.contextmanager
def written(path: str, stdout: TextIO) -> Iterator[TextIO]:
    """A stream that becomes the file once all went well.

    What is there already stays if anything fails, and its mode does anyway. A
    link stays one; a pipe or a device is written to as it is.

    :raises BadArgumentError: if it cannot be opened
    """
    if path == STDOUT:
        yield stdout
        return
    with contextlib.ExitStack() as on_failure:
        real = os.path.realpath(path)
        is_file = os.path.isfile(real) or not os.path.exists(real)
        # Beside it: only so can it take its place at once.
        new = f'{real}.{secrets.token_hex(4)}' if is_file else real
        try:
            stream = open(new, 'x' if is_file else 'w', encoding='utf-8')
        except OSError as error:
            raise arguments.BadArgumentError(
                f'{shorten(path)}: {error.strerror}'
            ) from None
        if is_file:
            on_failure.callback(os.unlink, new)
        with stream:
            if os.path.isfile(real):
                # Before anything is in it that not all may read.
                shutil.copymode(real, new)
            yield stream
        if is_file:
            os.replace(new, real)
        on_failure.pop_all()
