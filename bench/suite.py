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
instead of hours, judge ratios only, and run again before they miss one.
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

#: Of the short form, which is for every change.
SHORT = (
    'scheduler_pass',
    'request_share',
    'select_destinations',
    'right_site',
    'soak',
    'store_size',
)


#: How often a short benchmark is run before it misses a target. Chosen: the
#: figures of a few rounds wobble, and a bound is as near to what is measured
#: that a quarter more is too much, so that it takes bad luck three times.
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
    sections: list[Section] = []
    for name in names:
        for left in reversed(range(attempts)):
            found = run_apart(f'bench.{name}', options)
            _print(found)
            if not left or not judge(found):
                break
            print(f'Once more: {name}', flush=True)
        if options.page and any(section.checks for section in found):
            write_part(options.page, name, found, _when_and_where())
        sections += found
    return judge(sections)


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
