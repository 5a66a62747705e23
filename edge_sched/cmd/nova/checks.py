# SPDX-License-Identifier: Apache-2.0

"""Runs the checks of ``edge-sched-status``."""

import logging
from collections.abc import Sequence

import nova.conf
from oslo_upgradecheck import upgradecheck

from edge_sched.cmd.nova.configuration import parse_nova_arguments
from edge_sched.status.checks import Checks

CONF = nova.conf.CONF


def run(args: Sequence[str], prog: str) -> int:
    """Read Nova's configuration and do what the arguments say.

    :param args: ``['--config-file', 'nova.conf', 'upgrade', 'check']``
    :param prog: for usage errors
    :return: 0, 1 or 2 for the worst result: success, warning or failure; 255
        if it did not come to that
    :raises oslo_config.cfg.Error: for a configuration that cannot be read
    """
    # What went wrong is told in the results; without any handler Python
    # would print Nova's tracebacks as well.
    logging.getLogger().addHandler(logging.NullHandler())
    upgradecheck.register_cli_options(CONF, Checks())
    parse_nova_arguments(args, prog)
    # As its own main() does: --json is looked for there.
    upgradecheck.CONF = CONF
    return upgradecheck.run(CONF)
