# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""A real Placement in this process, with its database in a file.

Nova's client talks HTTP to it, only that no socket is in between.
"""

import contextlib
from collections.abc import Iterator

import fixtures
import nova.conf
from keystoneauth1 import loading
from nova.scheduler.client import report
from oslo_config import fixture as config_fixture
from placement.tests.functional.fixtures import placement as for_others
from requests import adapters

from edge_sched.scheduler.placement import client

CONF = nova.conf.CONF

_TOKEN = 'admin'


class _Fixture(for_others.PlacementFixture):
    """What Placement ships for the tests of others, but with a file."""

    def __init__(self, path: str) -> None:
        super().__init__(token=_TOKEN)
        self._path = path

    def _configure_placement(
        self, conf_fixture: config_fixture.Config
    ) -> None:
        conf_fixture.config(
            connection=f'sqlite:///{self._path}', group='placement_database'
        )


@contextlib.contextmanager
def running(path: str) -> Iterator[None]:
    """Placement with an empty database, and Nova configured to ask it."""
    with _Fixture(path) as placement:
        # What stands in for the socket knows no options of sockets.
        placement.useFixture(
            fixtures.MonkeyPatch(
                'keystoneauth1.session.TCPKeepAliveAdapter.init_poolmanager',
                adapters.HTTPAdapter.init_poolmanager,
            )
        )
        CONF.register_opts(
            loading.get_auth_plugin_conf_options('admin_token'), 'placement'
        )
        for name, value in (
            ('auth_type', 'admin_token'),
            ('endpoint', placement.endpoint),
            ('token', _TOKEN),
        ):
            CONF.set_override(name, value, 'placement')
        _forget_clients()
        yield


def _forget_clients() -> None:
    """Both know where an earlier Placement of this process was."""
    report.PLACEMENTCLIENT = None
    client.cache_clear()
