# SPDX-License-Identifier: Apache-2.0

"""``openstack edge budget``: a question of yes or no, for scripts."""

import argparse

from osc_lib.command import command

from edge_sched_osc import asking

#: Not 1, which is an answer.
FAILED = 2


class Check(command.Command):
    """Check whether a create would find a host that is near enough.

    Prints nothing if it would. Exit status: 0 if it would; 1 if not, with the
    reason on stderr; 2 if it cannot be told.
    """

    # Only so is a token that is not given, too, an answer of ours: see run().
    auth_required = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        asking.add_options(parser)
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        try:
            self.auth_required = True
            self.app.prepare_to_run_command(self)
            return super().run(parsed_args)
        except Exception as error:
            if self.app.options.debug:
                self.log.exception(error)
            else:
                self.log.error(error)
            return FAILED

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        return 0 if asking.ask(self, parsed_args).accepted else 1
