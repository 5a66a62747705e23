# SPDX-License-Identifier: Apache-2.0

"""Benchmarks, one after the other, judged, and the page that tells of them.

With ``--short`` they take minutes instead of hours, judge with some slack, and
run again before they miss a target. ``--page`` writes the figures, with plots
of how they grow, as parts of a page of the documentation.
"""

import argparse
import datetime
import importlib
import os
import pathlib
import platform
import sys
from collections.abc import Sequence

from bench.measure import apart
from bench.result import Section
from bench.result import write_part
from demo.matrix import BadDatasetError

#: Modules with ``sections(options)``, in the order of the page; and, of those
#: with a short form, which is for every change, how much more than a target it
#: allows. What a pass costs at a thousand sites is a few percent below its
#: target, so that a quarter more is a miss. Of the others few rounds wobble by
#: a tenth and more (measured).
SUITE = {
    'scheduler_pass': 1.1,
    'request_share': 1.25,
    'select_destinations': 1.25,
    'right_site': 1.25,
    'soak': 1.0,
    'store': 1.25,
    'quality': None,
    'wired': None,
    'loss': None,
    'wanted': None,
    'moves': None,
    'together': 1.0,
    'together_cost': None,
    'refusals': 1.0,
    'strangers': None,
    'prober': None,
    'listening': None,
    'audit': 1.0,
    'asking': None,
}

#: How often a short benchmark is run before it misses a target: on a machine
#: that is busy for a while it takes bad luck three times.
SHORT_ATTEMPTS = 3


def main(arguments: Sequence[str]) -> int:
    """Run, print, judge, and write the page if asked.

    :return: 1 if a target is missed, 2 if a data set is of no use
    """
    options = _options(arguments)
    attempts = SHORT_ATTEMPTS if options.short else 1
    status = 0
    for name in options.names:
        slack = SUITE[name] or 1.0 if options.short else 1.0
        for left in reversed(range(attempts)):
            try:
                # Each configures Nova in its own way, and leaves a heap.
                found = apart(_run, f'bench.{name}', options)
            except BadDatasetError as error:
                print(f'{name}: {error}', file=sys.stderr)
                return 2
            missed = _show(found, slack)
            if not left or not missed:
                break
            print(f'Once more: {name}', flush=True)
        is_told = any(section.checks for section in found)
        if options.page and is_told:
            write_part(options.page, name, found, _when_and_where())
        status |= missed
    return status


def _run(module: str, options: argparse.Namespace) -> list[Section]:
    found: list[Section] = importlib.import_module(module).sections(options)
    return found


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='python -m bench',
        description='Measure what the plug-in costs and how well it chooses.',
    )
    parser.add_argument(
        'names', nargs='*', metavar='NAME', help=', '.join(SUITE)
    )
    # Short figures are not for the documentation.
    form = parser.add_mutually_exclusive_group()
    form.add_argument('--short', action='store_true', help='only to judge')
    form.add_argument('--page', type=pathlib.Path, metavar='FOLDER')
    parser.add_argument(
        '--dataset',
        type=pathlib.Path,
        action='append',
        metavar='FILE',
        help='round-trip times for quality, moves and together (.npz); may be '
        'repeated; default: all in the folder EDGE_SCHED_DATASETS',
    )
    options = parser.parse_args(arguments)
    for unknown in set(options.names).difference(SUITE):
        parser.error(f'{unknown} is none of {", ".join(SUITE)}')
    if not options.names:
        options.names = [
            name for name, slack in SUITE.items() if slack or not options.short
        ]
    return options


def _show(sections: Sequence[Section], slack: float) -> int:
    """Print sections and what was missed; 1 if anything was."""
    missed = []
    for section in sections:
        print(section.markdown(), end='\n\n', flush=True)
        missed += [each for each in section.checks if not each.holds(slack)]
    for check in missed:
        print(f'Missed: {check.name} is {check.figure:.3g}, {check.wanted}')
    return 1 if missed else 0


def _when_and_where() -> str:
    today = datetime.datetime.now(datetime.UTC).date()
    return (
        f'*{today}, {os.cpu_count()} cores ({platform.machine()}), '
        f'Python {platform.python_version()}*'
    )
