# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Round-trip times that someone has measured, from a file of numpy's.

A file has one matrix, or one for each time at which all was measured again.
"""

import math
import pathlib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[Any, np.dtype[np.float64]]


class BadDatasetError(Exception):
    """Why a file cannot be used."""


#: The unit of an array that has it in its name, as ``rtt_10ms``.
UNIT = re.compile(r'_(\d+)ms')


def read_matrix(path: pathlib.Path, nodes: int) -> 'Matrix':
    """Round trips in ms, ``matrix[from, to]``; inf where none was measured.

    Takes the first array in the file that is a square matrix, or the upper
    triangle of one without its diagonal, row by row.

    :param nodes: how many there must be
    :raises BadDatasetError: if there is no such array
    """
    np = _numpy()
    matrices = [_square(array) for array in _arrays(path).values()]
    matrix = next((m for m in matrices if m is not None), None)
    if matrix is None or len(matrix) < nodes:
        raise BadDatasetError(
            f'{path} has no square matrix, nor the upper triangle of one, '
            f'of at least {nodes} nodes'
        )
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
            unit = UNIT.search(name)
            figures = array * float(unit[1] if unit else 1)
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
            return {name: arrays[name] for name in arrays.files}
    except OSError as error:
        raise BadDatasetError(f'{path}: {error.strerror or error}') from error
    except (ValueError, AttributeError, TypeError) as error:
        raise BadDatasetError(f'{path} is no .npz file') from error


def _square(array: 'np.ndarray[Any, Any]') -> 'Matrix | None':
    import numpy as np

    if array.ndim == 2 and array.shape[0] == array.shape[1]:
        return array.astype(float)
    size = (1 + math.isqrt(1 + 8 * array.size)) // 2
    if array.ndim != 1 or size * (size - 1) // 2 != array.size:
        return None
    matrix = np.zeros((size, size))
    matrix[np.triu_indices(size, 1)] = array
    return matrix + matrix.T
