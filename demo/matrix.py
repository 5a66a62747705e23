# SPDX-License-Identifier: Apache-2.0

"""Round-trip times that someone has measured, from a file of numpy's.

A file has one matrix, or one for each time at which all was measured again.
"""

import contextlib
import math
import pathlib
import re
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[Any, np.dtype[np.float64]]


class BadDatasetError(Exception):
    """Why a file cannot be used."""


#: The unit of an array that has it in its name, as ``rtt_10ms``.
UNIT = re.compile(r'_(\d+)ms')

#: Others, which are not taken for it.
_OTHER_UNIT = re.compile(r'_(ns|us|usec|micros|s|sec|secs|seconds)$', re.I)

#: In the name of an array that is what is wanted.
_WANTED = re.compile('rtt|latency|delay|ping|ms', re.I)


def read_matrix(path: pathlib.Path, nodes: int) -> 'Matrix':
    """Round trips in ms, ``matrix[from, to]``; inf where none was measured.

    Takes the array of the most nodes that is a square matrix, or the upper
    triangle of one without its diagonal, row by row; of several that whose
    name says that it is of round trips, or else the first. What stands beside
    it, names and ids of nodes mostly, makes no such matrix.

    :param nodes: how many there must be
    :raises BadDatasetError: if there is no such array, or in another unit
    """
    np = _numpy()
    matrices = [
        (len(matrix), bool(_WANTED.search(name)), name, matrix)
        for name, array in _arrays(path).items()
        if (matrix := _square(array)) is not None
    ]
    size, _, name, matrix = max(
        matrices, key=lambda found: found[:2], default=(0, False, '', None)
    )
    if matrix is None or size < nodes:
        raise BadDatasetError(
            f'{path} has no square matrix, nor the upper triangle of one, '
            f'of at least {nodes} nodes'
        )
    matrix *= _unit_ms(path, name)
    rtt_ms: Matrix = np.where(matrix > 0, matrix, np.inf)
    return rtt_ms


def read_frames(path: pathlib.Path) -> 'Matrix | None':
    """Round trips in ms at many times, ``frames[time, from, to]``.

    Takes the first array in the file that is a row of square matrices. nan
    where nothing was measured.

    :return: ``None`` if there is no such array
    :raises BadDatasetError: if the file cannot be read
    """
    np = _numpy()
    for name, array in _arrays(path).items():
        if array.ndim == 3 and array.shape[1] == array.shape[2]:
            figures = array * _unit_ms(path, name)
            frames: Matrix = np.where(figures > 0, figures, np.nan)
            return frames
    return None


def _numpy() -> Any:
    try:
        import numpy as np
    except ImportError:
        raise BadDatasetError('--dataset needs numpy') from None
    return np


def _arrays(path: pathlib.Path) -> 'dict[str, np.ndarray[Any, Any]]':
    """What is in the file, by name."""
    np = _numpy()
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {}
            for name in arrays.files:
                # Objects, as names may be, are no figures, and not read.
                with contextlib.suppress(ValueError):
                    found[name] = arrays[name]
            return found
    except OSError as error:
        raise BadDatasetError(f'{path}: {error.strerror or error}') from error
    except (
        ValueError,
        AttributeError,
        TypeError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise BadDatasetError(f'{path} is no .npz file') from error


def _unit_ms(path: pathlib.Path, name: str) -> float:
    """The milliseconds in the unit of an array.

    :raises BadDatasetError: if its name has another one
    """
    if other := _OTHER_UNIT.search(name):
        raise BadDatasetError(
            f'{path}: {name} is in {other[1]}, and round trips are read in '
            'ms: save it in ms, under another name'
        )
    unit = UNIT.search(name)
    return float(unit[1]) if unit else 1.0


def _square(array: 'np.ndarray[Any, Any]') -> 'Matrix | None':
    import numpy as np

    # Neither names nor dates, nor a mask.
    if array.dtype.kind not in 'iuf':
        return None
    if array.ndim == 2 and array.shape[0] == array.shape[1]:
        return array.astype(float)
    size = (1 + math.isqrt(1 + 8 * array.size)) // 2
    if array.ndim != 1 or size * (size - 1) // 2 != array.size:
        return None
    matrix = np.zeros((size, size))
    matrix[np.triu_indices(size, 1)] = array
    return matrix + matrix.T
