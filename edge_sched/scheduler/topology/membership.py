# SPDX-License-Identifier: Apache-2.0

"""Host aggregates, and what they say of hosts: for whom, and how dear.

Of those that Nova's API database has, not of ``HostState.aggregates``: a
worker that is forked again, as on SIGHUP, has the aggregates of the day the
service was started.
"""

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence

import nova.conf
from oslo_log import log as logging

from edge_sched.model.names import normal
from edge_sched.wanted.geography import BadPositionError
from edge_sched.wanted.geography import Position
from edge_sched.wanted.geography import parse_position

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

ZONE_KEY = 'availability_zone'
TENANT_KEY = 'filter_tenant_id'
MULTIPLIER_KEY = 'edge_latency_weight_multiplier'
LOCATION_KEY = 'edge:location'


@dataclasses.dataclass(frozen=True)
class Aggregate:
    """A host aggregate with metadata that matters here.

    It is a site, a zone, kept for some projects, or has a multiplier.

    :param metadata: only the keys that say so
    """

    uuid: str
    metadata: Mapping[str, str]
    hosts: Sequence[str]

    @functools.cached_property
    def site(self) -> str:
        """The name of the site that it is, or ``''``."""
        key = CONF.edge_sched.site_metadata_key
        return normal(self.metadata.get(key, ''))

    @functools.cached_property
    def zone(self) -> str:
        """The availability zone that it is, or ``''``."""
        return normal(self.metadata.get(ZONE_KEY, ''))

    @functools.cached_property
    def tenants(self) -> frozenset[str] | None:
        """The projects that it is kept for, ``None`` if for all."""
        kept = [
            value
            for key, value in self.metadata.items()
            if key.startswith(TENANT_KEY)
        ]
        if not kept:
            return None
        return frozenset(
            tenant.strip() for value in kept for tenant in value.split(',')
        )

    @functools.cached_property
    def multiplier(self) -> float | None:
        """What it says of ours, ``None`` if nothing, NaN if that is none."""
        try:
            multiplier = float(self.metadata[MULTIPLIER_KEY])
        except KeyError:
            return None
        except ValueError:
            return math.nan
        return multiplier if 0 <= multiplier < math.inf else math.nan


def tenants_of(aggregates: Sequence[Aggregate]) -> dict[str, frozenset[str]]:
    """The projects of hosts that are kept for some."""
    found: dict[str, frozenset[str]] = {}
    for aggregate in aggregates:
        if tenants := aggregate.tenants:
            for host in aggregate.hosts:
                known = found.get(host, tenants)
                # One set for all hosts that are alike.
                found[host] = known if known >= tenants else known | tenants
    return found


def multipliers_of(aggregates: Sequence[Aggregate]) -> dict[str, float]:
    """The lowest that is said of each host; the option for what is none."""
    default = CONF.edge_sched.latency_weight_multiplier
    found: dict[str, float] = {}
    for aggregate in aggregates:
        if (multiplier := aggregate.multiplier) is not None:
            if math.isnan(multiplier):
                multiplier = default
            for host in aggregate.hosts:
                found[host] = min(multiplier, found.get(host, multiplier))
    return found


def warn_of_multipliers(aggregates: Sequence[Aggregate]) -> None:
    """Name the values that are none, in one warning."""
    if bad := {
        aggregate.metadata[MULTIPLIER_KEY]
        for aggregate in aggregates
        if math.isnan(aggregate.multiplier or 0)
    }:
        LOG.warning(
            'Aggregate metadata %(key)s %(values)s is not a finite number of '
            '0 or more; %(default)s is used',
            {
                'key': MULTIPLIER_KEY,
                'values': sorted(bad),
                'default': CONF.edge_sched.latency_weight_multiplier,
            },
        )


def positions_of(aggregates: Sequence[Aggregate]) -> dict[str, Position]:
    """Where sites are; what makes no sense is named in one warning."""
    found: dict[str, Position] = {}
    bad = []
    for aggregate in aggregates:
        text = aggregate.metadata.get(LOCATION_KEY)
        if not aggregate.site or text is None:
            continue
        try:
            found[aggregate.site] = parse_position(text)
        except BadPositionError as error:
            bad.append(str(error))
    if bad:
        LOG.warning(
            'Aggregate metadata %(key)s: %(why)s; such a site is nowhere',
            {'key': LOCATION_KEY, 'why': '; '.join(sorted(bad))},
        )
    return found
