# SPDX-License-Identifier: Apache-2.0

"""``python -m demo [--dataset FILE]``: servers near their clients."""

import argparse
import pathlib
import shutil
import sys
import tempfile
import traceback

from demo import dataset
from demo import sample
from demo.matrix import BadDatasetError
from demo.moving import follow
from demo.replicas import survive
from demo.run import Run
from demo.strangers import welcome
from demo.tiers import stack
from demo.worsening import worsen


def main() -> int:
    """Returns the exit status."""
    arguments = _parser().parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix='edge-sched-'))
    try:
        checks = _run(arguments.dataset, folder).checks
    except (BadDatasetError, KeyboardInterrupt) as error:
        print(f'demo: {error or "interrupted"}')
        shutil.rmtree(folder)
        return 1
    except Exception:
        traceback.print_exc()
        print(f'demo: broke off; the logs of Nova are in {folder}')
        return 1
    if checks.failed:
        print('\n'.join(f'FAILED  {what}' for what in checks.failed))
        print(
            f'demo: {checks.passed} checks passed, {len(checks.failed)} '
            f'failed; the logs of Nova are in {folder}'
        )
        return 1
    print(f'demo: {checks.passed} checks passed')
    shutil.rmtree(folder)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m demo',
        description='Place servers near their clients, on a real Nova in '
        'this process.',
    )
    parser.add_argument(
        '--dataset',
        type=pathlib.Path,
        metavar='FILE',
        help='a matrix of round-trip times in ms (.npz): its nodes become '
        'sites and clients',
    )
    return parser


def _run(matrix: pathlib.Path | None, folder: pathlib.Path) -> Run:
    """Everything, up to the last line."""
    story = dataset.story(matrix, folder) if matrix else sample.story()
    run = Run(story, folder)
    with run.store():
        run.on_stock_nova()
        with run.with_plugin() as nova:
            run.prepare(nova)
            run.boot(nova)
            run.check()
            run.show()
            if not matrix:
                follow(run, nova)
                survive(run, nova)
                stack(run, nova)
                worsen(run, nova)
                welcome(run, nova)
    return run


if __name__ == '__main__':
    sys.exit(main())
