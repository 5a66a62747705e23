# SPDX-License-Identifier: Apache-2.0

"""The latency store: is it there, current and shared rightly?"""

import dataclasses
import itertools
from collections.abc import Sequence

from oslo_upgradecheck.upgradecheck import Result

from edge_sched.status.cloud import Schedulers
from edge_sched.status.finding import failure
from edge_sched.status.finding import listed
from edge_sched.status.finding import result
from edge_sched.status.finding import warning
from edge_sched.store import migrate
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.migrate import Revision
from edge_sched.store.settings import StoreSettings

_CONNECTION = (
    '[edge_sched_database]',
    'connection = mysql+pymysql://edge_sched:SECRET@CONTROLLER/edge_sched'
    '?charset=utf8mb4',
)
_SYNC = '$ edge-sched db sync'


@dataclasses.dataclass(frozen=True, slots=True)
class Store:
    """What can be told of the store without its rows.

    :param url: without its password
    :param is_file: whether it is of SQLite
    :param revision: of its tables, ``None`` if it has none
    :param is_newer: whether only a newer release knows that
    :param pending: the steps that are still to be done
    :param error: why it cannot be used, else ``''``
    """

    url: str
    is_file: bool
    revision: str | None = None
    is_newer: bool = False
    pending: Sequence[Revision] = ()
    error: str = ''


def read_store(settings: StoreSettings) -> Store:
    """Connect and read the revision, within ``store_timeout``.

    :raises StoreUnavailableError: if the connection is no URL
    """
    url = settings.url
    store = Store(str(url), url.get_backend_name() == 'sqlite')
    try:
        path = settings.sqlite_file
        if path is not None and not path.exists():
            return dataclasses.replace(store, error='there is no such file')
        revision = migrate.current(settings)
    except (OSError, StoreUnavailableError) as error:
        return dataclasses.replace(store, error=str(error))
    return dataclasses.replace(
        store,
        revision=revision,
        is_newer=migrate.is_newer(revision),
        pending=migrate.pending(revision),
    )


def judge_unreadable_store(why: str) -> Result:
    """That it was not even tried, as the options or the URL are bad."""
    return result(
        [
            failure(
                f'The latency store cannot be used: {why}. Write into '
                'nova.conf where it is:',
                *_CONNECTION,
            )
        ],
        '',
    )


def judge_store(store: Store) -> Result:
    """Whether nova-scheduler can look anything up."""
    name = f'The latency store {store.url}'
    fine = f'{name} is at revision {store.revision}.'
    phases = [phase for phase, _ in itertools.groupby(store.pending, _phase)]
    if store.error:
        finding = failure(
            f'{name} cannot be used by this user: {store.error}. Write into '
            'nova.conf where it is, and make its tables:',
            *_CONNECTION,
            _SYNC,
        )
    elif store.revision is None:
        finding = failure(f'{name} has no tables. Run:', _SYNC)
    elif store.is_newer:
        finding = warning(
            f'{name} is at revision {store.revision}, of a newer release. '
            'That is as it should be in the middle of a rolling upgrade; '
            'upgrade the package here.'
        )
    elif 'expand' in phases:
        # What comes after the last addition is for after the upgrade.
        steps = phases[:-1] if phases[-1] == 'contract' else phases
        finding = failure(
            f'{name} is at revision {store.revision}, which is too old for '
            'this release. Run, before nova-scheduler is restarted:',
            *(f'{_SYNC} --{phase}' for phase in steps),
        )
    elif phases:
        finding = warning(
            f'{name} still has what only an older release needs. When '
            'nothing of that runs any more, run:',
            f'{_SYNC} --contract',
        )
    else:
        return result((), fine)
    return result([finding], fine)


def _phase(step: Revision) -> str:
    return step.phase


def judge_sharing(schedulers: Schedulers) -> Result:
    """Whether all controllers see the one file that the store is."""
    findings = []
    if len(schedulers.hosts) > 1:
        findings.append(
            failure(
                'The latency store is a file, and nova-scheduler runs on '
                f'{listed(schedulers.hosts)}, each with a file of its own. '
                'Use a database server, and write into nova.conf of each '
                'and into edge_sched.conf:',
                *_CONNECTION,
            )
        )
    elif schedulers.silent:
        findings.append(
            warning(
                'The latency store is a file, which is right for a single '
                'nova-scheduler; whether there are more cannot be seen, '
                f'since these cells do not answer: {listed(schedulers.silent)}'
            )
        )
    return result(
        findings, 'The latency store is a file, for one nova-scheduler.'
    )
