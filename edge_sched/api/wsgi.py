# SPDX-License-Identifier: Apache-2.0

"""``gunicorn edge_sched.api.wsgi:application``, or any other WSGI server.

The configuration is ``/etc/edge_sched/edge_sched.conf`` and what is in
``/etc/edge_sched/edge_sched.conf.d``, or the files that the environment names
in ``EDGE_SCHED_API_CONFIG_FILES``, with ``:`` between them.
"""

import os
from typing import Any

from oslo_log import log as logging

from edge_sched import conf as edge_conf
from edge_sched.cmd.configuration import read_configuration
from edge_sched.cmd.nova.access import read_nova_configuration
from edge_sched.conf import api
from edge_sched.conf import checks

PROG = 'edge-sched-api'

FILES = 'EDGE_SCHED_API_CONFIG_FILES'


def _application() -> Any:
    """Read the configuration, ours and Nova's, and put it all together.

    :raises Exception: each with a line for an operator, which the WSGI server
        shows
    """
    args = []
    for path in filter(None, os.environ.get(FILES, '').split(':')):
        option = '--config-dir' if os.path.isdir(path) else '--config-file'
        args += [option, path]
    conf = read_configuration(
        args,
        PROG,
        [logging.register_options, edge_conf.register_opts, api.register_opts],
    )
    checks.check(conf)
    checks.check_names(conf)
    read_nova_configuration(conf.edge_sched_api.nova_config_files)
    # They need Nova.
    from nova.conf import CONF

    from edge_sched.api.deploy import application_of

    edge_conf.register_opts(CONF)
    # The scheduler's code reads the store, too: by the user of this service.
    for option, value in conf.edge_sched_database.items():
        CONF.set_override(option, value, 'edge_sched_database')
    checks.check(CONF)
    # Not before: what is raised then would be logged, and not shown.
    logging.setup(conf, 'edge_sched')
    return application_of(conf)


application = _application()
