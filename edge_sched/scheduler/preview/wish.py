# SPDX-License-Identifier: Apache-2.0

"""The request that a create would be, before Nova's request filters."""

import dataclasses
from collections.abc import Mapping, Sequence

import nova.conf
import os_traits
from nova import context as nova_context
from nova import exception
from nova import objects
from nova.objects.request_spec import RequestSpec
from nova.pci import request as pci_request
from nova.virt import hardware
from oslo_utils import uuidutils

CONF = nova.conf.CONF


class BadWishError(Exception):
    """No such flavor or zone, or what Nova makes nothing of; it is named."""


@dataclasses.dataclass(frozen=True, slots=True)
class ServerWish:
    """A server as somebody may ask for it.

    :param hints: ``{'edge:client': ['203.0.113.7']}``
    :param flavor: id or name, ``None`` if it is open
    :param zone: an availability zone, ``None`` for what Nova takes then: any,
        unless the operator says which
    """

    hints: Mapping[str, Sequence[str]]
    flavor: str | None = None
    zone: str | None = None


def request_of(
    context: nova_context.RequestContext, wish: ServerWish
) -> RequestSpec:
    """As nova-api makes it of a server without ports and with any image.

    :param context: of the project that asks; a flavor that it may not use
        does not exist
    :raises BadWishError: naming the flavor, or the zone
    :raises Exception: what Nova's API database fails with
    """
    if wish.zone is not None and not _is_zone(context, wish.zone):
        raise BadWishError(f'there is no availability zone {wish.zone!r}')
    image = objects.ImageMeta.from_dict({})
    numa, devices = None, objects.InstancePCIRequests(requests=[])
    if wish.flavor is None:
        flavor = _nothing()
    else:
        flavor = _flavor(context, wish.flavor)
        try:
            numa = hardware.numa_get_constraints(flavor, image)
            devices = pci_request.get_pci_requests_from_flavor(flavor)
        except exception.NovaException as error:
            raise BadWishError(f'flavor {wish.flavor!r}: {error}') from error
    spec = RequestSpec.from_components(
        context,
        uuidutils.generate_uuid(),
        {},
        flavor,
        numa,
        devices,
        {'scheduler_hints': {k: list(v) for k, v in wish.hints.items()}},
        None,
        wish.zone or CONF.default_schedule_zone,
    )
    if wish.flavor is None:
        # Placement is not asked. Nova's filter that sees to this asks each
        # cell how old its computes are.
        spec.root_required.add(os_traits.OWNER_NOVA)
    return spec


def _flavor(
    context: nova_context.RequestContext, flavor: str
) -> 'objects.Flavor':
    """By its id, as nova-api has it, or by its name, as users have it."""
    for find in objects.Flavor.get_by_flavor_id, objects.Flavor.get_by_name:
        try:
            return find(context, flavor)
        except (
            exception.FlavorNotFound,
            exception.FlavorNotFoundByName,
        ):
            continue
    raise BadWishError(f'there is no flavor {flavor!r}')


def _is_zone(context: nova_context.RequestContext, zone: str) -> bool:
    """Whether hosts may be in it: that of an aggregate, or of all others."""
    return zone == CONF.default_availability_zone or bool(
        objects.AggregateList.get_by_metadata(
            context, key='availability_zone', value=zone
        )
    )


def _nothing() -> 'objects.Flavor':
    """That of a server that takes no room."""
    return objects.Flavor(
        memory_mb=0,
        vcpus=0,
        root_gb=0,
        ephemeral_gb=0,
        swap=0,
        extra_specs={},
    )
