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

"""Judge how good the picks of edge_sched are, on measured round trips.

    usage: bench/quality.py [--dataset FILE]... [--splits N]

A data set is a file of numpy's (.npz): one matrix of round trips, or one for
each time at which all was measured again. Without ``--dataset`` it is every
such file in the folder that ``EDGE_SCHED_DATASETS`` names. Some nodes become
sites and all others clients; what is known goes through the latency store,
our request filter, filter and weighers, and those of Nova.

Prints tables in Markdown. The exit status is 1 if a target was missed, and 2
if a data set cannot be used.
"""

import argparse
import os
import pathlib
import sys
import tempfile
from collections.abc import Sequence

# Run by its path, a script finds only what is beside it.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from bench import quality_frames
from bench import quality_load
from bench import quality_matrix
from bench.configuration import configure
from bench.pages import show
from bench.quality_cloud import Sites
from bench.quality_measures import SITES
from bench.quality_measures import Array
from bench.result import Section
from demo.matrix import BadDatasetError
from demo.matrix import read_frames
from demo.matrix import read_matrix

FOLDER = 'EDGE_SCHED_DATASETS'

SKIPPED = (
    'Skipped: no data set. Name one with `--dataset`, or a folder of them in '
    f'`{FOLDER}`.'
)

#: So many there must be at least, half of them clients.
NODES = 2 * SITES

#: Ways to choose the sites. The share of good picks differs by three points
#: from one to the next where paths are noisy.
SPLITS = 5


def main(arguments: Sequence[str]) -> int:
    """Measure, print, judge."""
    options = _options(arguments)
    try:
        return show(sections(options))
    except BadDatasetError as error:
        print(f'bench/quality.py: {error}', file=sys.stderr)
        return 2


def sections(options: argparse.Namespace) -> list[Section]:
    """What there is to say of each data set.

    :param options: ``dataset`` and ``splits`` may be missing
    :raises BadDatasetError: for a file that cannot be used
    """
    paths = getattr(options, 'dataset', None) or find_datasets()
    if not paths:
        return [Section('Decision quality', SKIPPED)]
    datasets = [(path.stem, read(path)) for path in paths]
    splits = getattr(options, 'splits', SPLITS)
    found: list[Section] = []
    with tempfile.TemporaryDirectory() as folder:
        sites = Sites(SITES, configure(folder), f'{folder}/latency.sqlite')
        for name, dataset in datasets:
            if dataset.ndim == 3:
                found.append(
                    quality_frames.section(name, dataset, sites, splits)
                )
            else:
                found += [
                    quality_matrix.section(name, dataset, sites, splits),
                    quality_load.section(name, dataset, sites, splits),
                ]
    return found


def find_datasets() -> list[pathlib.Path]:
    """The files in the folder that the environment names."""
    folder = os.environ.get(FOLDER)
    return sorted(pathlib.Path(folder).glob('*.npz')) if folder else []


def read(path: pathlib.Path) -> Array:
    """A matrix, or a row of them: ``frames[time, from, to]``.

    :raises BadDatasetError: for what is neither, or too small
    """
    frames = read_frames(path)
    if frames is None:
        return read_matrix(path, NODES)
    times, nodes, _ = frames.shape
    if nodes < NODES or times < 2 * quality_frames.HOUR:
        raise BadDatasetError(
            f'{path} has {times} times {nodes} nodes; needed are '
            f'{2 * quality_frames.HOUR} times {NODES} at least'
        )
    return frames


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Judge how good the picks of edge_sched are.'
    )
    parser.add_argument(
        '--dataset',
        type=pathlib.Path,
        action='append',
        metavar='FILE',
        help='round-trip times (.npz); may be repeated; default: all in the '
        f'folder {FOLDER}',
    )
    parser.add_argument(
        '--splits',
        type=int,
        default=SPLITS,
        help='ways to choose the sites, default %(default)s',
    )
    options = parser.parse_args(arguments)
    if options.splits < 1:
        parser.error('--splits is less than 1')
    return options


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
