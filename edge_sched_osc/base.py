# SPDX-License-Identifier: Apache-2.0

"""What the commands share."""

import argparse
from typing import cast

from osc_lib.command import command

from edge_sched_osc import api
from edge_sched_osc.progress import Progress


def latency(of: command.Command) -> api.Client:
    """The API, of which the command's token and endpoint are.

    :raises Exception: see ``plugin.make_client``
    """
    # Put there by OpenStackClient, under the name that the plug-in has.
    manager = of.app.client_manager
    return cast(api.Client, getattr(manager, 'edge_latency'))  # noqa: B009


def progress(of: command.Command) -> Progress:
    """On stderr, unless the user wants it quiet."""
    quiet = of.app.options.verbose_level == 0
    return Progress(of.app.stderr, quiet=quiet)


def say(of: command.Command, line: str) -> None:
    """A line beside what is printed."""
    of.app.stderr.write(f'{line}\n')


def add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'name', metavar='<name>', help='Name of the client: vehicle-42'
    )
