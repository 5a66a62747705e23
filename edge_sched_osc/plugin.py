# SPDX-License-Identifier: Apache-2.0

"""What OpenStackClient loads: ``openstack.cli.extension``."""

import argparse
from typing import TypeVar

from osc_lib import clientmanager
from osc_lib import exceptions

from edge_sched_osc import api

ParserT = TypeVar('ParserT', bound=argparse.ArgumentParser)

API_NAME = 'edge_latency'
#: Of clouds.yaml. There is one version, so there is no option of the command.
API_VERSION_OPTION = 'os_edge_latency_api_version'
API_VERSIONS = ('1',)
DEFAULT_API_VERSION = '1'


def make_client(instance: clientmanager.ClientManager) -> api.Client:
    """What ``client_manager.edge_latency`` is, once it is asked for.

    :raises Exception: what osc-lib and keystoneauth raise if there is no
        token, or no endpoint in the catalog
    """
    endpoint = instance.get_endpoint_for_service_type(
        api.SERVICE_TYPE,
        region_name=instance.region_name,
        interface=instance.interface,
    )
    if endpoint is None:
        raise exceptions.CommandError(
            f'there is no endpoint of {api.SERVICE_TYPE} in this cloud'
        )
    return api.Client(instance.session, endpoint)


def build_option_parser(parser: ParserT) -> ParserT:
    """Of options to all commands there are none."""
    return parser
