# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""All benchmarks, one after the other, and the page that tells of them.

    usage: python -m bench [--short | --page FOLDER] [NAME...]

The exit status is 1 if a target is missed. With ``--short`` they take minutes
instead of hours, judge ratios only, with some slack, and run again before they
miss one.
``--page`` writes the figures, with plots of how they grow, as parts of a page
of the documentation.
"""

import argparse
import concurrent.futures
import datetime
import importlib
import multiprocessing
import os
import pathlib
import platform
from collections.abc import Sequence

from bench.pages import judge
from bench.pages import markdown
from bench.pages import write_part
from bench.result import Section

#: Modules with ``sections(options)``, in the order of the page.
SUITE = (
    'scheduler_pass',
    'request_share',
    'select_destinations',
    'right_site',
    'ring_hosts',
    'whereabouts',
    'threads',
    'soak',
    'store_size',
    'quality',
)

#: Of the short form, which is for every change, and what it allows more than a
#: target. What a pass costs at a thousand sites is a few percent below its
#: target, so that a quarter more is a miss. Of the others few rounds wobble by
#: a tenth and more (measured).
SHORT = {
    'scheduler_pass': 1.1,
    'request_share': 1.25,
    'select_destinations': 1.25,
    'right_site': 1.25,
    'soak': 1.0,
    'store_size': 1.25,
}


#: How often a short benchmark is run before it misses a target: on a machine
#: that is busy for a while it takes bad luck three times.
SHORT_ATTEMPTS = 3


def run_apart(module: str, options: argparse.Namespace) -> list[Section]:
    """Run a module of the suite in a process of its own.

    Each configures Nova in its own way, and leaves a heap behind.
    """
    with concurrent.futures.ProcessPoolExecutor(
        1, multiprocessing.get_context('spawn')
    ) as pool:
        return pool.submit(_run, module, options).result()


def _run(module: str, options: argparse.Namespace) -> list[Section]:
    found: list[Section] = importlib.import_module(module).sections(options)
    return found


def main(arguments: Sequence[str]) -> int:
    """Run, print, judge, and write the page if asked."""
    options = _options(arguments)
    names = options.names or (SHORT if options.short else SUITE)
    attempts = SHORT_ATTEMPTS if options.short else 1
    status = 0
    for name in names:
        slack = SHORT.get(name, 1.0) if options.short else 1.0
        for left in reversed(range(attempts)):
            found = run_apart(f'bench.{name}', options)
            _print(found)
            missed = judge(found, slack)
            if not left or not missed:
                break
            print(f'Once more: {name}', flush=True)
        if options.page and any(section.checks for section in found):
            write_part(options.page, name, found, _when_and_where())
        status |= missed
    return status


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='python -m bench')
    # Short figures are not for the documentation.
    form = parser.add_mutually_exclusive_group()
    form.add_argument('--short', action='store_true', help='in minutes')
    form.add_argument(
        '--page', type=pathlib.Path, metavar='FOLDER', help='to write to'
    )
    parser.add_argument(
        'names', nargs='*', type=_name, metavar='NAME', help=', '.join(SUITE)
    )
    return parser.parse_args(arguments)


def _name(text: str) -> str:
    if text not in SUITE:
        raise argparse.ArgumentTypeError(
            f'no benchmark is named {text!r}; there are {", ".join(SUITE)}'
        )
    return text


def _print(sections: Sequence[Section]) -> None:
    for section in sections:
        print(markdown(section), end='\n\n', flush=True)


def _when_and_where() -> str:
    today = datetime.datetime.now(datetime.UTC).date()
    return (
        f'*{today}, {os.cpu_count()} cores ({platform.machine()}), '
        f'Python {platform.python_version()}*'
    )
