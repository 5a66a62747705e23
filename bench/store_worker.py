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

"""How much memory a worker of nova-scheduler has for the store's answers.

A process of its own imports what such a worker does and loads our plug-ins;
then its reader answers for one client after the other, nobody twice. Its
memory is what is private and written to, after a garbage collection.
"""

import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.process import private_megabytes

NOVA = 'nova-scheduler'
PLUGINS = 'and the plug-in'


class Stage(NamedTuple):
    """Where a worker is, and what it takes there.

    :param clients: how many it has answered for
    """

    name: str
    clients: int
    megabytes: float


def stages(url: str, prefixes: int, clients: Sequence[int]) -> list[Stage]:
    """Let a worker answer for so many clients, in a process of its own.

    :param prefixes: how many the store has
    :param clients: how many at each stage, e.g. ``[1, 2000]``
    """
    done = subprocess.run(
        [
            sys.executable,
            '-m',
            'bench.store_worker',
            url,
            str(prefixes),
            *map(str, clients),
        ],
        cwd=pathlib.Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        check=True,
    )
    return [Stage(*json.loads(line)) for line in done.stdout.splitlines()]


def main(arguments: Sequence[str]) -> int:
    """Print each stage of this process, a line of JSON each."""
    url, prefixes, *clients = arguments
    for stage in _lived(url, int(prefixes), [int(each) for each in clients]):
        print(json.dumps(stage), flush=True)
    return 0


def _lived(url: str, prefixes: int, clients: Sequence[int]) -> Iterator[Stage]:
    from nova.scheduler import filters
    from nova.scheduler import manager
    from nova.scheduler import weights

    kept: list[object] = [manager]
    kept += [cls() for cls in filters.all_filters()]
    kept += [cls() for cls in weights.all_weighers()]
    yield Stage(NOVA, 0, private_megabytes())

    # Only now: what it imports is part of what it takes.
    from bench.store_population import Crowd
    from edge_sched import plugins
    from edge_sched.store.reader import Reader
    from edge_sched.store.settings import StoreSettings

    kept += [cls() for cls in plugins.all_filters()]
    kept += [cls() for cls in plugins.all_weighers()]
    # Patient, else as configured by default.
    reader = Reader(StoreSettings(url, timeout_seconds=60.0))
    yield Stage(PLUGINS, 0, private_megabytes())

    crowd = Crowd(prefixes)
    asked = 0
    for count in clients:
        while asked < count:
            reader.look_up([crowd.anyone()], '')
            asked += 1
        yield Stage(f'after {count}', count, private_megabytes())


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
