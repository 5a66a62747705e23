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

"""``edge-sched db``: the tables of the latency store."""

import argparse

from cliff import command

from edge_sched.cmd.stores import StoreProblemError
from edge_sched.cmd.stores import explained
from edge_sched.cmd.stores import settings_of
from edge_sched.store import migrate


class Sync(command.Command):
    """Make the tables of the latency store, or upgrade them.

    An SQLite file is made where it is missing, and so is its directory.
    Doing it again changes nothing.
    """

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        settings = settings_of(self)
        with explained(settings):
            path = settings.sqlite_file
            if path is not None:
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    raise StoreProblemError(
                        f'cannot make {path.parent}: {error.strerror}'
                    ) from error
            migrate.sync(settings)
        self.app.stdout.write(f'{settings.url} is at {migrate.head()}\n')
