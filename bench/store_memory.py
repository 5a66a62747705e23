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

"""What a worker of nova-scheduler takes for the answers of the store."""

from collections.abc import Sequence

from bench.report import table
from bench.result import Check
from bench.result import Section
from bench.store_result import Result
from bench.store_worker import PLUGINS
from bench.store_worker import Stage

#: Clients that a worker answers for. By half of the first stage nothing is
#: warming up any more, and by the third the cache of answers is full.
CLIENTS = (1, 1000, 2000, 8000)
SHORT_CLIENTS = (1, 1000, 2000, 4000)

#: What a worker may take for the plug-in's answers.
MAX_MEGABYTES = 20.0

#: Of what a client takes that comes before the cache is full. Chosen: one that
#: comes after should take nothing, but memory is not measured to the byte.
MAX_GROWTH = 0.1


def section(results: Sequence[Result]) -> Section:
    """The table of megabytes, and whether they are bounded."""
    measured = [
        (result.title, size.prefixes, size.stages)
        for result in results
        for size in result.sizes
        if size.stages
    ]
    rows = [
        [
            'private MB',
            'prefixes',
            *(stage.name for stage in measured[0][2]),
            'extra',
        ]
    ]
    checks = []
    for title, prefixes, stages in measured:
        rows.append(
            [
                title,
                str(prefixes),
                *(f'{stage.megabytes:.1f}' for stage in stages),
                f'{extra_megabytes(stages):.1f}',
            ]
        )
        checks += [
            Check(
                f'{title}, {prefixes} prefixes: extra MB of a worker',
                extra_megabytes(stages),
                MAX_MEGABYTES,
                beside=f'Nova {stages[0].megabytes:.0f}',
            ),
            Check(
                f'{title}, {prefixes} prefixes: a client more, cache full / '
                'not full',
                growth(stages),
                MAX_GROWTH,
            ),
        ]
    text = (
        'A process imports what a worker of nova-scheduler does, loads the '
        'plug-in, and its reader answers for so many clients, each a new one, '
        'with the cache as it is by default. Private and dirty memory, after '
        'a garbage collection; extra is the last figure without that of the '
        'loaded plug-in.\n\n' + table(rows)
    )
    return Section('Memory of a worker', text, checks)


def extra_megabytes(stages: Sequence[Stage]) -> float:
    """The last stage without the loaded plug-in."""
    (loaded,) = (each for each in stages if each.name == PLUGINS)
    return stages[-1].megabytes - loaded.megabytes


def growth(stages: Sequence[Stage]) -> float:
    """What a client takes once the cache is full, to one before.

    :param stages: the last four are after the first client, before the cache
        is full, when it is, and later
    """
    first, filling, full, last = stages[-4:]
    return _each(full, last) / _each(first, filling)


def _each(before: Stage, after: Stage) -> float:
    """Megabytes a client."""
    clients = after.clients - before.clients
    return (after.megabytes - before.megabytes) / clients
