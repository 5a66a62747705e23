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

"""What a benchmark of the suite does when it is run alone."""

import argparse
from collections.abc import Callable, Sequence

from bench.pages import show
from bench.result import Section

Sections = Callable[[argparse.Namespace], list[Section]]
AddOptions = Callable[[argparse.ArgumentParser], None]


def run_alone(
    sections: Sections,
    description: str,
    add_options: AddOptions | None = None,
    arguments: Sequence[str] | None = None,
) -> int:
    """Measure, print, judge; the exit status is 1 if a target is missed.

    :param sections: what the benchmark finds, with its options
    :param description: the text of its module, of which the first line counts
    :param add_options: adds what it takes besides ``--short``
    :param arguments: those of the command line if left out
    """
    parser = argparse.ArgumentParser(
        description=description.partition('\n')[0]
    )
    parser.add_argument(
        '--short',
        action='store_true',
        help='fewer and smaller, in minutes: only to judge',
    )
    if add_options is not None:
        add_options(parser)
    return show(sections(parser.parse_args(arguments)))
