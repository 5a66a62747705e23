# SPDX-License-Identifier: Apache-2.0

"""How a command gets at Nova, which need not be where it is installed."""

import argparse
from collections.abc import Sequence


class NoNovaError(Exception):
    """Nova cannot be imported here; the message says why."""


def add_nova_configuration(parser: argparse.ArgumentParser) -> None:
    """Add ``--nova-config-file``, for ``read_nova_configuration``."""
    parser.add_argument(
        '--nova-config-file',
        metavar='PATH',
        action='append',
        default=[],
        help='A nova.conf that names the API database, or a directory of such '
        'files; can be repeated. By default what Nova reads.',
    )


def read_nova_configuration(files: Sequence[str] = ()) -> None:
    """Make Nova's objects usable in this process.

    :param files: files and directories, by default those that Nova reads
    :raises NoNovaError: if Nova is not installed
    :raises Exception: see ``edge_sched.cmd.nova.configuration``, each with a
        line for an operator
    """
    try:
        from edge_sched.cmd.nova import configuration
    except ImportError as error:
        raise NoNovaError(
            f'Nova cannot be used here ({error}): run this where Nova is '
            'installed'
        ) from error
    configuration.read_nova_configuration(files)
