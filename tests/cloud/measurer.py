# SPDX-License-Identifier: Apache-2.0

"""Measures nothing, but says anew what was measured.

    usage: measurer.py SOURCE TARGET

Each ``*.csv`` of the folder SOURCE is a measurement file without times. Every
two seconds it is written to TARGET with the present time, for the collector's
input ``file``, so that rows stay fresh as long as the collector runs.
"""

import contextlib
import csv
import datetime
import os
import pathlib
import sys
import time

#: Chosen: as often as the collector reads.
INTERVAL_SECONDS = 2.0


def stamp(source: pathlib.Path, target: pathlib.Path) -> None:
    """Write the file with the column ``measured_at``, all at once."""
    now = datetime.datetime.now(datetime.UTC).isoformat()
    with source.open(newline='') as stream:
        reader = csv.DictReader(stream)
        lines = [line | {'measured_at': now} for line in reader]
        columns = [*(reader.fieldnames or ()), 'measured_at']
    new = target.with_suffix('.new')
    with new.open('w', newline='') as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(lines)
    os.replace(new, target)


def stamp_all(sources: pathlib.Path, targets: pathlib.Path) -> None:
    """As often as it is called; files that have gone go."""
    found = {path.name: path for path in sources.glob('*.csv')}
    for name, path in found.items():
        with contextlib.suppress(FileNotFoundError):
            stamp(path, targets / name)
    for path in targets.glob('*.csv'):
        if path.name not in found:
            path.unlink()


if __name__ == '__main__':
    while True:
        stamp_all(*map(pathlib.Path, sys.argv[1:]))
        time.sleep(INTERVAL_SECONDS)
