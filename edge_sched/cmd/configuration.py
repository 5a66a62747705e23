# SPDX-License-Identifier: Apache-2.0

"""The configuration of a command, read as oslo.config's users know it."""

import importlib.metadata
import os
import re
from collections.abc import Callable, Sequence

from oslo_config import cfg

from edge_sched.conf import register_opts

DEFAULT_FILE = '/etc/edge_sched/edge_sched.conf'
DEFAULT_DIR = '/etc/edge_sched/edge_sched.conf.d'

#: At the end of what oslo.config says of a file: ``: 'connection'``.
_LINE = re.compile(r""": (?:'.*'|".*")$""", re.DOTALL)


def read_configuration(
    args: Sequence[str] = (),
    prog: str = 'edge-sched',
    register: Sequence[Callable[[cfg.ConfigOpts], None]] = (register_opts,),
    description: str | None = None,
) -> cfg.ConfigOpts:
    """Read files, then the environment, which wins.

    :param args: ``['--config-file', 'a.conf', '--config-dir', 'a.d']``, each
        any number of times, later ones winning; without a file the default
        one is read if it is there
    :param register: what registers the options that the program has
    :param description: for ``--help``
    :raises oslo_config.cfg.Error: if a file that was named is not there, or
        one cannot be read or makes no sense
    """
    conf = cfg.ConfigOpts()
    for each in register:
        each(conf)
    try:
        conf(
            list(args),
            project='edge_sched',
            prog=prog,
            version=f'{prog} {version()}',
            description=description,
            default_config_files=_present(DEFAULT_FILE),
            default_config_dirs=[DEFAULT_DIR],
        )
    except cfg.ConfigFileParseError as error:
        # It ends with the line, which may have a password.
        raise cfg.ConfigFileParseError(
            error.config_file, _LINE.sub('', error.msg or '')
        ) from None
    return conf


def version() -> str:
    """That of the package, e.g. ``1.2.0``."""
    try:
        return importlib.metadata.version('edge-sched')
    except importlib.metadata.PackageNotFoundError:
        return 'not installed'


def _present(path: str) -> list[str]:
    """The path unless it is missing; one that may not be read is an error."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        pass
    return [path]
