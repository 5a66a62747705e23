# SPDX-License-Identifier: Apache-2.0

"""Nova's own configuration, for a command that is no service of Nova's.

    read_nova_configuration()
    RequestSpec.get_by_instance_uuid(get_admin_context(), uuid)

Import this module in the function that needs it: it cannot be had where Nova
is not installed (``edge_sched.cmd.nova.access`` says so in one line).
"""

import os
import warnings
from collections.abc import Sequence

import nova.conf
import sqlalchemy as sa

from edge_sched.store import timeouts

CONF = nova.conf.CONF


class NoApiDatabaseError(Exception):
    """What was read does not say where Nova's API database is."""


def read_nova_configuration(files: Sequence[str] = ()) -> None:
    """Make Nova's objects usable: API database, cells, our own options.

    Nothing is started and no database is asked yet.

    :param files: files and directories of ``*.conf`` files, later ones
        winning; by default what Nova reads, ``/etc/nova/nova.conf`` mostly
    :raises oslo_config.cfg.Error: if one is not there, cannot be read or
        makes no sense
    :raises NoApiDatabaseError: if there is no ``[api_database] connection``
    """
    args = []
    for path in files:
        option = '--config-dir' if os.path.isdir(path) else '--config-file'
        args += [option, path]
    parse_nova_arguments(args)
    if not CONF.api_database.connection:
        read = ', '.join(CONF.config_file) or 'no nova.conf was found'
        raise NoApiDatabaseError(
            f'[api_database] connection is not set ({read}): give the '
            'nova.conf of a host that has it, as those of nova-api and '
            'nova-conductor do'
        )


def parse_nova_arguments(args: Sequence[str], prog: str | None = None) -> None:
    """Read Nova's configuration as ``nova-manage`` does.

    :param args: ``['--config-file', 'a.conf', '--config-dir', 'a.d']`` and
        whatever else is registered on ``nova.conf.CONF``
    :param prog: for usage errors, by default that of the process
    :raises oslo_config.cfg.Error: as above
    """
    with warnings.catch_warnings():
        # A library of Nova's imports eventlet if it is there, which then
        # says at length that it is deprecated. Nobody uses it here.
        warnings.simplefilter('ignore')
        from nova import config
        from nova import objects
        from nova import rpc
    for group in 'api_database', 'database':
        _fail_at_once(group)
    # Nor wait for ever: threads that do are all that cells are asked by.
    sa.event.listen(sa.Engine, 'do_connect', timeouts.bound)
    config.parse_args(['', *args], init_rpc=False, prog=prog)
    # A cell is read with the URL of its message queue, which may refer to
    # [DEFAULT] transport_url: this registers it, and connects to nothing.
    rpc.get_transport_url()
    objects.register_all()


def _fail_at_once(group: str) -> None:
    """Do not try again for 100 s, which is Nova's default, as services do."""
    # Imported above, or there would be no such options.
    CONF.set_override('max_retries', 0, group)
