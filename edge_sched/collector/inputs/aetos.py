# SPDX-License-Identifier: Apache-2.0

"""Driver ``aetos``: Prometheus behind Keystone.

Aetos hands on a part of the API of Prometheus: queries by GET alone, and as
of a given time since its version 2.0.0. Whoever has not the role ``admin`` or
``service`` sees the series of one project, as Ceilometer marks them: of ours
none, and no error either.
"""

from collections.abc import Callable, Mapping

import requests
from keystoneauth1 import adapter
from keystoneauth1 import exceptions
from keystoneauth1 import loading
from oslo_config import cfg

from edge_sched.collector.inputs import questions
from edge_sched.collector.inputs.promql import QUERY_PATH
from edge_sched.collector.inputs.promql import Link
from edge_sched.collector.inputs.promql_input import PromQLInput
from edge_sched.http.bounded import BoundedSession


def _keystone_opts() -> list[cfg.Opt]:
    """As in other services; those of ``auth_type`` come with its value."""
    adapter_opts = loading.get_adapter_conf_options(include_deprecated=False)
    # What Aetos is in the catalog, by its installation guide.
    cfg.set_defaults(adapter_opts, service_type='metric-storage')
    return [
        *loading.get_auth_common_conf_options(),
        # Every input has a timeout.
        *(
            opt
            for opt in loading.get_session_conf_options()
            if opt.dest != 'timeout'
        ),
        *adapter_opts,
    ]


class AetosInput(PromQLInput):
    """The Aetos that the catalog has, with one token as long as it lasts."""

    OPTS = (*_keystone_opts(), *questions.OPTS)

    def __init__(
        self,
        name: str,
        conf: cfg.ConfigOpts,
        group: str,
        mine: Callable[[str], bool],
    ) -> None:
        super().__init__(name, conf, group, mine)
        self._conf = conf
        try:
            self._auth = loading.load_auth_from_conf_options(conf, group)
        except exceptions.ClientException as error:
            raise self._bad_auth(str(error)) from error
        if self._auth is None:
            raise self._bad_auth('is not set')

    def link(self) -> Link:
        session = BoundedSession()
        keystone = loading.load_session_from_conf_options(
            self._conf, self.group, auth=self._auth, session=session
        )
        return _KeystoneLink(
            session,
            loading.load_adapter_from_conf_options(
                self._conf, self.group, session=keystone
            ),
        )

    def _bad_auth(self, why: str) -> ValueError:
        return self.bad_setting('auth_type', self.settings.auth_type, why)


class _KeystoneLink:
    """To the endpoint in the catalog, with a token."""

    errors: tuple[type[Exception], ...] = (
        OSError,
        exceptions.ClientException,
    )

    def __init__(
        self, session: BoundedSession, aetos: adapter.Adapter
    ) -> None:
        self.session = session
        self._aetos = aetos

    def send(
        self, parameters: Mapping[str, str], timeout_seconds: float
    ) -> requests.Response:
        return self._aetos.get(
            QUERY_PATH,
            params=parameters,
            timeout=timeout_seconds,
            stream=True,
            redirect=False,
            raise_exc=False,
            # It would read the answer to log it.
            log=False,
        )
