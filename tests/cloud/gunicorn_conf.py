# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""What gunicorn does for every API of the cloud; it reads this file."""

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
    """Nova reads the command line, and does not know gunicorn's options."""
    sys.argv = sys.argv[:1]
