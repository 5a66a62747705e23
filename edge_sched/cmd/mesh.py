# SPDX-License-Identifier: Apache-2.0

"""``edge-sched reflector``: where sites answer each other's probers."""

import argparse
from typing import Any

from cliff import command
from cliff import lister

from edge_sched.cmd import arguments
from edge_sched.cmd.stores import writing
from edge_sched.probe.target import STAMP_PORT
from edge_sched.store.reflectors import Reflector


class Set(command.Command):
    """Say where a site answers the probers of the other sites.

    From then on "edge-sched target list" has it in the target file of each of
    them, as the client site:SITE. A site answers at one place: set again, it
    answers there instead.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('site', metavar='SITE')
        parser.add_argument(
            'address',
            metavar='ADDRESS',
            help='203.0.113.7 or 2001:db8::7: where its STAMP reflector '
            'listens, in the network of the traffic between sites.',
        )
        parser.add_argument(
            '--port',
            metavar='N',
            default=str(STAMP_PORT),
            help='Its UDP port (default: %(default)s).',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        reflector = Reflector(
            arguments.site_of(parsed_args.site),
            arguments.address_of(parsed_args.address),
            arguments.whole_of('--port', parsed_args.port, 1, 65_535),
        )
        with writing(self) as writer:
            writer.set_reflector(reflector)


class Unset(command.Command):
    """Forget where a site answers, so that the others do not probe it.

    What was measured stays, until it is too old. Target files have to be made
    anew.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('site', metavar='SITE')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        site = arguments.site_of(parsed_args.site)
        with writing(self) as writer:
            writer.unset_reflector(site)


class List(lister.Lister):
    """List the sites that answer probers, and where."""

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        with writing(self) as writer:
            reflectors = writer.list_reflectors()
        return ('site', 'address', 'port'), [
            (each.site, str(each.address), each.port) for each in reflectors
        ]
