# SPDX-License-Identifier: Apache-2.0

"""What oslo.config leaves to others: whether all that is set makes sense.

It checks a value when it is read, so that the first use of an option would
be the place to hear of a bad one; and it says nothing of what no option reads.
"""

import collections
import difflib
import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from oslo_config import cfg

#: How the groups of ours begin.
_OURS = 'edge_sched'

#: Those that a file may have for other services than the one that reads it.
_GROUPS = (
    _OURS,
    'edge_sched_api',
    'edge_sched_auditor',
    'edge_sched_collector',
    'edge_sched_database',
    'edge_sched_listener',
    'edge_sched_prober',
    'edge_sched_reflector',
    'edge_sched_wanted',
)
_INPUT = 'edge_sched_input_'

#: Chosen: two letters of ten, so that a group of another project is none.
_ALIKE = 0.8

_BAD_VALUE = re.compile(
    r"Value for option \S+ from (?:.*?detail='(?P<where>.*?)'\)|.*?)"
    r' is not valid: (?P<why>.*)',
    re.DOTALL,
)


class BadOptionError(ValueError):
    """Something that is set and makes no sense, in one line.

    ``[edge_sched] max_age in /etc/nova/nova.conf: Should be ...``
    """


class _Setting(NamedTuple):
    """That something is set.

    :param where: `` in <file>``, or a variable of the environment; ``''`` if
        that is unknown
    """

    group: str
    option: str
    where: str


def check(conf: cfg.ConfigOpts) -> None:
    """Read every option once. Groups that are not registered are left alone.

    :raises BadOptionError: naming the option, where it is and what is wrong
    """
    for name in conf:
        if name.startswith(_OURS):
            check_group(conf, name)


def check_group(conf: cfg.ConfigOpts, name: str) -> None:
    """Read every option of a group once.

    :raises BadOptionError: as above; it may be of a password, so it has no
        more of a value than the type of the option says
    """
    group = conf[name]
    for option in group:
        try:
            group[option]
        except cfg.ConfigSourceValueError as error:
            found = _BAD_VALUE.fullmatch(str(error))
            where = found and found['where']
            raise BadOptionError(
                f'[{name}] {option}{f" in {where}" if where else ""}: '
                f'{found["why"] if found else error}'
            ) from None
        except cfg.Error:
            raise BadOptionError(
                f'[{name}] {option}{_where(conf, name, option)}: what follows '
                f'a dollar sign in it is no other option; a dollar sign that '
                f'is meant is written "$$"'
            ) from None


def check_names(conf: cfg.ConfigOpts) -> None:
    """Refuse what is set and no option reads.

    :raises BadOptionError: naming all of it
    """
    if found := unknown(conf):
        raise BadOptionError(' '.join(found))


def unknown(conf: cfg.ConfigOpts) -> list[str]:
    """What is set and no option reads, a line each.

    ``[edge_sched] max_agee in /etc/nova/nova.conf is no option: did you mean
    max_age?`` Groups of ours that are not registered are left to the service
    that does.
    """
    lines = []
    for setting in _settings(conf):
        group = setting.group.lower()
        if group in conf and group.startswith(_OURS):
            known = _readable(conf, group)
            if setting.option not in known:
                guess = _guess(setting.option, known)
                lines.append(
                    f'[{group}] {setting.option}{setting.where} is no '
                    f'option{guess}'
                )
        elif group not in _GROUPS and not group.startswith(_INPUT):
            guess = _guess(group, [*_GROUPS, f'{_INPUT}<name>'])
            if guess != '.' or group.startswith(_OURS):
                lines.append(
                    f'[{setting.group}]{setting.where} is no group of '
                    f'options{guess}'
                )
    return list(dict.fromkeys(lines))


def _where(conf: cfg.ConfigOpts, group: str, option: str) -> str:
    """Where an option is set: the environment wins."""
    where = ''
    for setting in _settings(conf):
        if (setting.group.lower(), setting.option) == (group, option):
            where = setting.where
    return where


def _settings(conf: cfg.ConfigOpts) -> Iterator[_Setting]:
    """Of the files that were read, and then of the environment."""
    # oslo.config hands out no names of options but those it knows.
    namespace = conf._namespace
    files = [] if namespace is None else namespace._parsed
    groups = collections.Counter(group for file in files for group in file)
    for file in files:
        for group, options in file.items():
            # Of several files with a group it knows the last.
            path = namespace and namespace._sections_to_file[group]
            where = f' in {path}' if groups[group] == 1 else ''
            for option in options:
                yield _Setting(group, option, where)
    for name in os.environ:
        group, separator, option = name.removeprefix('OS_').partition('__')
        if separator and name.startswith('OS_EDGE_SCHED'):
            yield _Setting(group.lower(), option.lower(), f' in {name}')


def _readable(conf: cfg.ConfigOpts, group: str) -> set[str]:
    """The names that oslo.config looks for, old ones included."""
    names = set()
    # What is deprecated stands nowhere else.
    for entry in conf._groups[group]._opts.values():
        option = entry['opt']
        names.add(option.dest)
        names.update(old.name for old in option.deprecated_opts if old.name)
    return names


def _guess(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name.lower(), sorted(known), 1, _ALIKE)
    return f': did you mean {close[0]}?' if close else '.'
