# SPDX-License-Identifier: Apache-2.0

"""``openstack edge server``: how a server stands to its clients."""

import argparse
import uuid
from typing import Any

from osc_lib.command import command

from edge_sched_osc import base
from edge_sched_osc import columns


class Show(command.ShowOne):
    """Show how a server stands to its clients now, and what would be better.

    By what was measured last; the server is not touched.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'server', metavar='<server>', help='Server (name or ID)'
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        with base.progress(self) as progress:
            progress.show('asking for the server')
            found = base.latency(self).server(self._id_of(parsed_args.server))
        shown = found._asdict() | {
            'asks': columns.Asks(found.asks),
            'judged_ms': columns.milliseconds(found.judged_ms),
            'best_ms': columns.milliseconds(found.best_ms),
        }
        return tuple(shown), columns.cells(
            parsed_args.formatter, shown.values()
        )

    def _id_of(self, server: str) -> str:
        """The id of a server, whose name only Nova knows."""
        try:
            return str(uuid.UUID(server))
        except ValueError:
            compute = self.app.client_manager.sdk_connection.compute
            return str(compute.find_server(server, ignore_missing=False).id)
