# SPDX-License-Identifier: Apache-2.0

"""What gunicorn does for every API of the cloud; it reads this file."""

import os
import shlex
import sys

workers = 1
worker_class = 'gthread'
timeout = 120
graceful_timeout = 5
# A connection for each request. One that is kept may be closed just as its
# client sends the next one; and nova-scheduler connects before it forks, so
# that its workers would read each other's answers on one that lives.
keepalive = 0
# A socket in the home folder for a tool that nobody uses here.
control_socket_disable = True


def post_fork(server, worker):
    """Nova and Watcher read the command line as if it were theirs."""
    sys.argv[1:] = shlex.split(os.environ.get('WSGI_ARGUMENTS', ''))
