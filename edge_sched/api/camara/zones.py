# SPDX-License-Identifier: Apache-2.0

"""``retrieve-closest-edge-cloud-zone``: the first site of a create."""

import math
import uuid
from collections.abc import Mapping
from typing import Any

import nova.conf
import webob

from edge_sched.api import policies
from edge_sched.api.caller import Caller
from edge_sched.api.camara.device import Device
from edge_sched.api.camara.device import IdentifierError
from edge_sched.api.camara.device import devices_of
from edge_sched.api.camara.form import ROOT
from edge_sched.api.camara.form import check_correlator
from edge_sched.api.errors import ForbiddenError
from edge_sched.api.errors import NotFoundError
from edge_sched.api.parsing import body_of
from edge_sched.api.parsing import query_of
from edge_sched.model import keys
from edge_sched.model.text import shorten
from edge_sched.scheduler.preview.preview import preview
from edge_sched.scheduler.preview.sites import Site
from edge_sched.scheduler.preview.wish import ServerWish

CONF = nova.conf.CONF

PATH = f'{ROOT}v2rc2/retrieve-closest-edge-cloud-zone'

#: Chosen at random, and never to change: ids of zones are made with it.
_NAMESPACE = uuid.UUID('f392a646-b86e-43a3-8001-a9ef86b42a94')

_MAX_NAME_LENGTH = 64


class UnknownDeviceError(NotFoundError):
    """Of none of the sites that the caller may know is anything known."""

    code = 'IDENTIFIER_NOT_FOUND'


class Zones:
    """Answers.

    :param provider: who has the zones, for whoever asks
    """

    def __init__(self, provider: str) -> None:
        self._provider = provider

    def closest(
        self, request: webob.Request, caller: Caller
    ) -> Mapping[str, Any]:
        """``POST``, the path as above."""
        caller.check(policies.SHOW_CAMARA)
        check_correlator(request)
        query_of(request, (), ())
        devices = devices_of(body_of(request))
        if CONF.edge_sched.reason_detail == 'none':
            # Whatever the device: a 404 would say that it is to blame.
            raise ForbiddenError('the operator has no zone told')
        site, device = _closest(caller, devices)
        return {
            'edgeCloudZoneId': str(zone_id(site.name)),
            'edgeCloudZoneName': shorten(site.name, _MAX_NAME_LENGTH),
            'edgeCloudProvider': self._provider,
            'device': device.identifier,
        }


def zone_id(name: str) -> uuid.UUID:
    """Of a site, as long as it has its name."""
    return uuid.uuid5(_NAMESPACE, name)


def _closest(caller: Caller, devices: list[Device]) -> tuple[Site, Device]:
    """The site, and by which identifier the device is near to it.

    :raises ApiError: if there is none
    """
    lost = False
    for device in devices:
        hints = {
            keys.CLIENT.name: [device.address],
            keys.OBJECTIVE.name: ['nearest'],
        }
        for site in preview(caller.nova_context, ServerWish(hints)).sites:
            rank_ms = site.verdict.deciding.rank_ms
            if rank_ms is not None and math.isfinite(rank_ms):
                return site, device
            lost = lost or rank_ms is not None
    if lost:
        raise IdentifierError(
            'SERVICE_NOT_APPLICABLE', 'the device answers no zone'
        )
    raise UnknownDeviceError('the device is not known in any zone')
