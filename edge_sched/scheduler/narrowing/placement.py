# SPDX-License-Identifier: Apache-2.0

"""What Placement is asked, by Nova's own query of the request and besides."""

import functools
import http
import math
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import nova.conf
import os_resource_classes as orc
import os_traits
from keystoneauth1 import exceptions as keystoneauth_exceptions
from nova import context as nova_context
from nova import utils as nova_utils
from nova.objects.request_spec import RequestSpec
from nova.scheduler import utils
from nova.scheduler.client.report import SAME_SUBTREE_VERSION
from nova.scheduler.client.report import SchedulerReportClient
from oslo_log import log as logging

from edge_sched.scheduler.narrowing.rings import MAX_AGGREGATES
from edge_sched.scheduler.nova_internals import limit_of
from edge_sched.scheduler.nova_internals import report_client

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: How long a path with its query may be. By default uWSGI drops requests of
#: more than 4096 bytes, in which the query is twice behind a proxy that speaks
#: its protocol. All but path and token took 559 bytes (measured, uWSGI 2.0.31
#: behind its own router). A token has about 250; what is left, twice the
#: longest query taken off, are 480 bytes for what another proxy adds.
_MAX_PATH_BYTES = 1400

#: Of a UUID and an encoded comma.
_AGGREGATE_BYTES = 39

#: What is kept of an error, which may have the query in it twice.
_MAX_SAID = 200

_CANDIDATES = '/allocation_candidates?'

#: Parameters of a query that one provider alone may meet.
_OF_ONE_HOST = frozenset(
    ('limit', 'member_of', 'required', 'resources', 'root_required')
)

#: Of Placement, or of a proxy before it: no fault of the query.
_OVERLOADED = (
    http.HTTPStatus.TOO_MANY_REQUESTS,
    http.HTTPStatus.SERVICE_UNAVAILABLE,
    http.HTTPStatus.GATEWAY_TIMEOUT,
)


class RefusedQueryError(Exception):
    """Placement does not take the query; the message says why."""


class OneHost(NamedTuple):
    """What Nova's query demands of a host.

    :param terms: parameters of a query of providers, but for resources
    :param amounts: of each resource class, ``{'VCPU': 2}``
    """

    terms: Sequence[tuple[str, str]]
    amounts: Mapping[str, int]


class Query:
    """Nova's own of one request, for the hosts of some aggregates.

    :param context: of the request
    :param spec: as Nova's own request filters have left it
    """

    def __init__(
        self, context: nova_context.RequestContext, spec: RequestSpec
    ) -> None:
        self._context = context
        # A request for a host by name would need Nova's HostManager.
        request = functools.partial(
            utils.resources_from_request_spec, context, spec, None
        )
        first = request(enable_pinning_translate=True)
        self._requests = [first]
        # The second query that Nova makes for pinned CPUs, see there.
        if (
            first.cpu_pinning_requested
            and not CONF.workarounds.disable_fallback_pcpu_query
        ):
            self._requests.append(request(enable_pinning_translate=False))
        #: How many hosts Nova has Placement hand out at most.
        self.limit = limit_of(first)
        resources = first.get_request_group(None).resources
        #: How much disk of a host is asked for.
        self.disk_gb = int(resources.get(orc.DISK_GB, 0))
        self._required = [
            list(request.get_request_group(None).aggregates)
            for request in self._requests
        ]
        #: Whether Placement handed out as much as it may, at the last count.
        self.was_cut = False

    @property
    def aggregates(self) -> int:
        """How many aggregates can be asked for at once, one at least."""
        longest = max(
            len(f'{_CANDIDATES}{request.to_querystring()}&member_of=in%3A')
            for request in self._requests
        )
        fitting = (_MAX_PATH_BYTES - longest) // _AGGREGATE_BYTES
        return max(1, min(fitting, MAX_AGGREGATES))

    def count(self, aggregates: Sequence[str]) -> int | None:
        """How many hosts of some aggregates have room.

        :return: ``None`` if Placement did not answer, or not in time
        :raises RefusedQueryError: if it does not take the query
        """
        self.was_cut = False
        hosts: set[frozenset[str]] = set()
        for number in range(len(self._requests)):
            found = get(
                f'{_CANDIDATES}{self._for(aggregates, number)}',
                len(aggregates),
                self._context.global_id,
            )
            if found is None:
                return None
            ways = found['allocation_requests']
            self.was_cut |= len(ways) >= self.limit
            hosts |= _hosts(ways, found['provider_summaries'])
        return len(hosts)

    def of_one_host(self, aggregates: Sequence[str]) -> OneHost | None:
        """What a host of some aggregates must be, and have by itself.

        :return: ``None`` if more is asked, like a device of the host
        """
        asked = urllib.parse.parse_qs(self._for(aggregates))
        if 'resources' not in asked or asked.keys() - _OF_ONE_HOST:
            return None
        terms = [('member_of', each) for each in asked['member_of']]
        traits = [*asked.get('required', ()), *asked.get('root_required', ())]
        if traits:
            terms.append(('required', ','.join(traits)))
        (resources,) = asked['resources']
        amounts = [each.split(':') for each in resources.split(',')]
        return OneHost(terms, {name: int(amount) for name, amount in amounts})

    def _for(self, aggregates: Sequence[str], number: int = 0) -> str:
        """The first query, or the second for pinned CPUs."""
        request = self._requests[number]
        group = request.get_request_group(None)
        group.aggregates = [*self._required[number], list(aggregates)]
        querystring: str = request.to_querystring()
        return querystring


def providers_in(aggregates: Sequence[str]) -> int | None:
    """How many hosts Placement has in any of some aggregates.

    :param aggregates: as many as one query may name
    :return: ``None`` if it did not answer, or not in time
    :raises RefusedQueryError: if it does not take the query
    """
    providers = hosts_in(aggregates)
    return None if providers is None else len(providers)


def hosts_in(aggregates: Sequence[str]) -> list[str] | None:
    """The UUIDs of those, see ``providers_in``."""
    any_of_them = ','.join(aggregates)
    answer = get(
        f'/resource_providers?required={os_traits.COMPUTE_NODE}'
        f'&member_of=in:{any_of_them}',
        len(aggregates),
    )
    if answer is None:
        return None
    return [each['uuid'] for each in answer['resource_providers']]


def lends_disk(host: str, disk_gb: int, aggregates: Sequence[str]) -> bool:
    """Whether a host has disk of a provider that is in none of aggregates.

    Placement leaves out all that a provider shares which is not in the
    aggregates that a query asks for, though the host is.

    :param host: UUID of its provider
    """
    answer = get(f'/resource_providers/{host}/aggregates')
    known = set(answer['aggregates'] if answer else ())
    if not (others := known.difference(aggregates)):
        return False
    answer = get(
        f'/resource_providers?required={os_traits.MISC_SHARES_VIA_AGGREGATE}'
        f'&resources={orc.DISK_GB}:{disk_gb}&member_of=in:{",".join(others)}'
        f'&member_of=!in:{",".join(known.intersection(aggregates))}',
        len(known),
    )
    return bool(answer and answer['resource_providers'])


def get(
    url: str, aggregates: int = 1, global_request_id: str | None = None
) -> dict[str, Any] | None:
    """Ask Placement; ``None`` if it did not answer, or not in time.

    :param aggregates: how many the query names: if the connection is dropped
        at several the query may be too long
    """
    try:
        answer = client().get(
            url,
            version=SAME_SUBTREE_VERSION,
            global_request_id=global_request_id,
        )
    except keystoneauth_exceptions.ClientException as error:
        dropped = isinstance(error, keystoneauth_exceptions.ConnectFailure)
        if dropped and aggregates > 1:
            raise RefusedQueryError(str(error)[:_MAX_SAID]) from error
        LOG.warning('Placement does not tell which sites have room: %s', error)
        return None
    if answer.status_code in _OVERLOADED:
        LOG.warning(
            'Placement does not tell which sites have room: %d',
            answer.status_code,
        )
        return None
    if answer.status_code != http.HTTPStatus.OK:
        said = answer.text[:_MAX_SAID]
        raise RefusedQueryError(f'{answer.status_code} {said}')
    found: dict[str, Any] = answer.json()
    return found


def _hosts(
    requests: Sequence[dict[str, dict[str, object]]],
    summaries: dict[str, dict[str, str]],
) -> set[frozenset[str]]:
    """The hosts of allocation candidates, each by its root providers."""
    return {
        frozenset(
            summaries[provider]['root_provider_uuid']
            for provider in request['allocations']
        )
        for request in requests
    }


@functools.cache
def client() -> SchedulerReportClient:
    """Nova's client, with a bound on how long it waits.

    Nova's own has none by default. Made on first use, which is in a worker.
    """
    adapter = nova_utils.get_ksa_adapter('placement')
    adapter.session.timeout = min(
        adapter.session.timeout or math.inf, CONF.edge_sched.ring_timeout
    )
    adapter.connect_retries = adapter.status_code_retries = 0
    return report_client(adapter)
