# SPDX-License-Identifier: Apache-2.0

"""``edge-sched``: what an operator does with the latency store.

Exit status: 0; 1 for bad input, a bad configuration and a store that cannot
be used, with the reason on stderr; 130 and 141 for an interrupt and a closed
pipe, as of shells.
"""

import argparse
import functools
import logging
import sys
from collections.abc import Sequence
from typing import Any

from cliff import app
from cliff import commandmanager
from oslo_config import cfg

from edge_sched.cmd.configuration import DEFAULT_FILE
from edge_sched.cmd.configuration import read_configuration
from edge_sched.cmd.configuration import version
from edge_sched.cmd.terminal import take_all_characters
from edge_sched.conf import checks

NAMESPACE = 'edge_sched.cli'

#: They log a failure, some with a traceback, before they raise it; the
#: command says it in one line. oslo_service says what it loads for Nova.
NOISY = (
    'alembic',
    'edge_sched',
    'nova',
    'oslo_config',
    'oslo_db',
    'oslo_service',
    'sqlalchemy',
    'stevedore',
)


class _ConfigArgument(argparse.Action):
    """Keeps files and directories in the order they were given in."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        given = getattr(namespace, self.dest)
        setattr(namespace, self.dest, [*given, self.option_strings[0], values])


class Shell(app.App):
    """The application."""

    NAME = 'edge-sched'
    LOG = logging.getLogger(NAME)

    def __init__(
        self, command_manager: commandmanager.CommandManager | None = None
    ) -> None:
        super().__init__(
            description='Keep the latency store of the edge_sched scheduler '
            'plug-in.',
            version=version(),
            command_manager=command_manager
            or commandmanager.CommandManager(NAMESPACE),
            # So that --help after a command is about the command.
            deferred_help=True,
        )

    @functools.cached_property
    def conf(self) -> cfg.ConfigOpts:
        """The configuration; read by the first who asks, not for help.

        :raises oslo_config.cfg.Error: see ``read_configuration``
        :raises BadOptionError: for what is set and makes no sense
        """
        conf = read_configuration(self.options.config_args)
        checks.check(conf)
        checks.check_names(conf)
        return conf

    def build_option_parser(
        self,
        description: str | None,
        version: str | None,
        argparse_kwargs: dict[str, Any] | None = None,
    ) -> argparse.ArgumentParser:
        """Add oslo.config's own options to those of every cliff program."""
        parser = super().build_option_parser(
            description,
            version,
            {'prog': self.NAME, 'allow_abbrev': False}
            | (argparse_kwargs or {}),
        )
        for option, metavar, what in (
            ('--config-file', 'PATH', f'A file to read, not {DEFAULT_FILE}.'),
            ('--config-dir', 'DIR', 'A directory of *.conf files to read.'),
        ):
            parser.add_argument(
                option,
                metavar=metavar,
                action=_ConfigArgument,
                dest='config_args',
                default=[],
                help=f'{what} Can be repeated; what is read later wins.',
            )
        return parser

    def configure_logging(self) -> None:
        super().configure_logging()
        if not self.options.debug:
            for name in NOISY:
                logging.getLogger(name).setLevel(logging.CRITICAL)

    def interact(self) -> None:
        """There is no command on the line, and no shell to open either."""
        self.LOG.error("no command is given; see '%s --help'", self.NAME)

    def run_subcommand(self, argv: list[str]) -> int:
        try:
            self.command_manager.find_command(argv)
        except ValueError:
            self.LOG.error(
                "%(command)r is not a command; see '%(prog)s --help'",
                {'command': ' '.join(argv), 'prog': self.NAME},
            )
            return 1
        return super().run_subcommand(argv)


def main(
    argv: Sequence[str] | None = None,
    command_manager: commandmanager.CommandManager | None = None,
) -> int:
    """Run one command; the exit status.

    :param argv: ``['--config-file', 'a.conf', 'client', 'list']``; by default
        the arguments of the process
    :param command_manager: by default the commands that are installed
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    take_all_characters()
    try:
        return Shell(command_manager).run(arguments)
    except SystemExit as leaving:
        # argparse leaves with 2 after a usage error, which is bad input too.
        return 1 if leaving.code else 0


if __name__ == '__main__':
    sys.exit(main())
