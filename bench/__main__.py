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

    usage: python -m bench [--short] [--page FILE] [NAME...]

The exit status is 1 if a target is missed. With ``--short`` they take minutes
instead of hours and judge ratios only. ``--page`` writes the figures, with
plots of how they grow, as a Markdown page of the documentation.
"""

import argparse
import concurrent.futures
import importlib
import multiprocessing
import os
import pathlib
import platform
import sys
from collections.abc import Sequence

from bench.pages import judge
from bench.pages import markdown
from bench.pages import write_page
from bench.result import Section

#: Modules with ``sections(options)``, in the order of the page.
SUITE = (
    'scheduler_pass',
    'select_destinations',
    'right_site',
    'whereabouts',
    'threads',
    'store_size',
    'quality',
)

#: Of the short form, which is for every change.
SHORT = ('scheduler_pass', 'select_destinations', 'right_site', 'store_size')

INTRODUCTION = """# Benchmarks

What the plug-in costs and how well it chooses, measured by `make bench` on
{machine}. What counts is the ratios, which come from one run each in which
what is compared takes turns; the times are those of that machine.

`make bench-page` repeats all of it and writes this page anew. `make
bench-short` takes some minutes and judges the ratios that every change is held
to. Each part also runs alone: `python -m bench.threads`."""


def run(name: str, options: argparse.Namespace) -> list[Section]:
    """Run one module of the suite; in a process that does nothing else."""
    module = importlib.import_module(f'bench.{name}')
    found: list[Section] = module.sections(options)
    return found


def main(arguments: Sequence[str]) -> int:
    """Run, print, judge, and write the page if asked."""
    parser = argparse.ArgumentParser(prog='python -m bench')
    parser.add_argument('--short', action='store_true')
    parser.add_argument('--page', type=pathlib.Path)
    parser.add_argument('names', nargs='*', choices=[[], *SUITE])
    options = parser.parse_args(arguments)
    names = options.names or (SHORT if options.short else SUITE)
    sections: list[Section] = []
    for name in names:
        # Each configures Nova in its own way, and leaves a heap behind.
        with concurrent.futures.ProcessPoolExecutor(
            1, multiprocessing.get_context('spawn')
        ) as pool:
            found = pool.submit(run, name, options).result()
        for section in found:
            print(markdown(section), end='\n\n', flush=True)
        sections += found
    if options.page:
        introduction = INTRODUCTION.format(machine=_machine())
        write_page(options.page, introduction, sections)
    return judge(sections)


def _machine() -> str:
    return (
        f'{os.cpu_count()} cores ({platform.machine()}), '
        f'Python {platform.python_version()}'
    )


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
