# SPDX-License-Identifier: Apache-2.0

"""Who asks, by tokens of Keystone's: keystonemiddleware, in bounds."""

from typing import Any

from keystoneauth1 import exceptions
from keystoneauth1 import loading
from keystonemiddleware import auth_token
from keystonemiddleware import opts
from oslo_config import cfg
from oslo_log import log as logging

from edge_sched.api.errors import AwayError
from edge_sched.conf.checks import BadOptionError

LOG = logging.getLogger(__name__)

_GROUP = 'keystone_authtoken'

#: For an answer of Keystone's; the middleware waits for ever by default, and
#: tries again once. Chosen: many times what validating a token takes.
TIMEOUT_SECONDS = 5


def with_keystone(application: Any, conf: cfg.ConfigOpts) -> Any:
    """By tokens of Keystone's, as ``[keystone_authtoken]`` says.

    :raises BadOptionError: if it says nothing: each request would fail
    """
    # As the middleware registers them itself.
    conf.register_opts(dict(opts.list_auth_token_opts())[_GROUP], _GROUP)
    loading.register_auth_conf_options(conf, _GROUP)
    group = conf[_GROUP]
    if not (group.auth_type or group.auth_section):
        raise BadOptionError(
            f'[{_GROUP}] auth_type is not set: by what tokens are checked, '
            'password mostly'
        )
    conf.set_default('http_connect_timeout', TIMEOUT_SECONDS, _GROUP)
    return _told_if_away(
        auth_token.AuthProtocol(application, {'oslo_config_config': conf})
    )


def _told_if_away(application: Any) -> Any:
    """For when Keystone hangs, or something else answers in its place.

    The middleware knows but of refusals.
    """

    def answered(environ: Any, start_response: Any) -> Any:
        try:
            return application(environ, start_response)
        except exceptions.ClientException as error:
            LOG.warning('Keystone is away: %s', error)
            raise AwayError('the identity service is away') from error

    return answered
