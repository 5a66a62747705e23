# SPDX-License-Identifier: Apache-2.0

"""The store of a command, and what to do if it cannot be used."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import cast

from cliff import command

from edge_sched.auditing.pace import PATIENCE_SECONDS
from edge_sched.cmd.shell import Shell
from edge_sched.model.names import normal
from edge_sched.store import migrate
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.settings import StoreSettings
from edge_sched.store.writer import Writer

_REMEDY = 'run "edge-sched db sync"'


class StoreProblemError(Exception):
    """Why the store cannot be used, in one line for an operator."""


def settings_of(cmd: command.Command) -> StoreSettings:
    """The store that the configuration of a command names."""
    return StoreSettings.from_conf(cast(Shell, cmd.app).conf)


def patient_settings_of(cmd: command.Command) -> StoreSettings:
    """The same, for an audit."""
    return patient(settings_of(cmd))


def patient(settings: StoreSettings) -> StoreSettings:
    """For an audit, which has time and looks each client up once."""
    return dataclasses.replace(
        settings,
        timeout_seconds=PATIENCE_SECONDS,
        cache_ttl_seconds=0,
    )


@contextlib.contextmanager
def writing(cmd: command.Command) -> Iterator[Writer]:
    """A writer into the store of a command.

    :raises StoreProblemError: if the store cannot be used
    """
    settings = settings_of(cmd)
    with explained(settings), Writer(settings) as writer:
        yield writer


def stored_vantage(writer: Writer, text: str) -> str:
    """The vantage that is stored by a name, in whatever form it is.

    Of several that look the same it is the one that was typed.
    """
    if text.isascii():
        return text
    name = normal(text)
    stored = {vantage.name for vantage in writer.list_vantages()}
    alike = sorted(each for each in stored if normal(each) == name)
    return text if text in alike else next(iter(alike), name)


@contextlib.contextmanager
def explained(settings: StoreSettings) -> Iterator[None]:
    """Say what to do about a store that cannot be used.

    :raises StoreProblemError: instead of ``StoreUnavailableError``
    """
    try:
        yield
    except StoreUnavailableError as error:
        raise StoreProblemError(_why(settings, error)) from error


def _why(settings: StoreSettings, error: StoreUnavailableError) -> str:
    try:
        path = settings.sqlite_file
        if path is not None and not path.exists():
            return f'there is no latency store at {path}: {_REMEDY}'
        revision = migrate.current(settings)
    except (OSError, StoreUnavailableError):
        # No more to be learned than what went wrong first.
        revision = migrate.head()
    if revision is None:
        return f'the latency store has no tables: {_REMEDY}'
    if migrate.is_newer(revision):
        return (
            f'the latency store is at revision {revision}, of a newer '
            f'release: {error}'
        )
    if any(step.phase == 'expand' for step in migrate.pending(revision)):
        return (
            f'the latency store is at revision {revision}, not '
            f'{migrate.head()}: {_REMEDY}'
        )
    return f'the latency store cannot be used: {error}'
