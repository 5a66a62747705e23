# SPDX-License-Identifier: Apache-2.0

"""How much memory a worker of nova-scheduler has for the store's answers.

A process of its own imports what such a worker does and loads our plug-ins;
then its reader answers for one client after the other, nobody twice. Its
memory is what is private and written to, after a garbage collection.
"""

import concurrent.futures
import multiprocessing
from collections.abc import Sequence
from typing import NamedTuple

from bench.measure import private_megabytes

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
    with concurrent.futures.ProcessPoolExecutor(
        1, multiprocessing.get_context('spawn')
    ) as pool:
        return pool.submit(_lived, url, prefixes, clients).result()


def stage_names(clients: Sequence[int]) -> list[str]:
    """Of ``stages``."""
    return [NOVA, PLUGINS, *(f'after {count}' for count in clients)]


def extra_megabytes(found: Sequence[Stage]) -> float:
    """The last stage without the loaded plug-in."""
    (loaded,) = (each for each in found if each.name == PLUGINS)
    return found[-1].megabytes - loaded.megabytes


def client_growth(found: Sequence[Stage]) -> float:
    """What a client takes once the cache is full, to one before.

    :param found: the last four are after the first client, before the cache
        is full, when it is, and later
    """
    first, filling, full, last = found[-4:]
    return _each(full, last) / _each(first, filling)


def _each(before: Stage, after: Stage) -> float:
    """Megabytes a client."""
    megabytes = after.megabytes - before.megabytes
    return megabytes / (after.clients - before.clients)


def _lived(url: str, prefixes: int, clients: Sequence[int]) -> list[Stage]:
    from nova.scheduler import filters
    from nova.scheduler import manager
    from nova.scheduler import weights

    kept: list[object] = [manager]
    kept += [cls() for cls in filters.all_filters()]
    kept += [cls() for cls in weights.all_weighers()]
    found = [Stage(NOVA, 0, private_megabytes())]

    # Only now: what it imports is part of what it takes.
    from bench.store_population import Crowd
    from edge_sched import plugins
    from edge_sched.store.reader import Reader
    from edge_sched.store.settings import StoreSettings

    kept += [cls() for cls in plugins.all_filters()]
    kept += [cls() for cls in plugins.all_weighers()]
    # Patient, else as configured by default.
    reader = Reader(StoreSettings(url, timeout_seconds=60.0))
    found.append(Stage(PLUGINS, 0, private_megabytes()))

    crowd = Crowd(prefixes)
    asked = 0
    for count in clients:
        while asked < count:
            reader.look_up([crowd.anyone()], '')
            asked += 1
        found.append(Stage(f'after {count}', count, private_megabytes()))
    return found
