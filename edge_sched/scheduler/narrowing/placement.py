# SPDX-License-Identifier: Apache-2.0

"""What Placement is asked, by Nova's own query of the request and besides."""

import functools
import http
import math
import time
import urllib.parse
from collections.abc import Sequence
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

_CANDIDATES = '/allocation_candidates'

#: Of Placement, or of a proxy before it: no fault of the query.
_OVERLOADED = (
    http.HTTPStatus.TOO_MANY_REQUESTS,
    http.HTTPStatus.SERVICE_UNAVAILABLE,
    http.HTTPStatus.GATEWAY_TIMEOUT,
)


class RefusedQueryError(Exception):
    """Placement does not take the query; the message says why."""


class NoAnswerError(Exception):
    """Placement did not answer, or not in time; the message says why."""


class CutAnswerError(Exception):
    """An answer of Placement does not have all that has room."""


class Offer(NamedTuple):
    """What Placement offers of some aggregates.

    :param hosts: that have room: the providers of each at the top of a tree,
        which are its node and what others share with it, by UUID
    :param is_cut: whether there may be more
    """

    hosts: frozenset[frozenset[str]]
    is_cut: bool


class Query:
    """Nova's own of one request, for the hosts of some aggregates.

    Nothing is asked once ``ring_timeout`` has passed since it was made.

    :param context: of the request
    :param spec: as Nova's own request filters have left it
    """

    def __init__(
        self, context: nova_context.RequestContext, spec: RequestSpec
    ) -> None:
        self._context = context
        self._deadline = time.monotonic() + CONF.edge_sched.ring_timeout
        # A request for a host by name would need Nova's HostManager.
        request = functools.partial(
            utils.resources_from_request_spec, context, spec, None
        )
        first = request(enable_pinning_translate=True)
        requests = [first]
        # The second query that Nova makes for pinned CPUs, see there.
        if (
            first.cpu_pinning_requested
            and not CONF.workarounds.disable_fallback_pcpu_query
        ):
            requests.append(request(enable_pinning_translate=False))
        #: As Nova puts them, but for the aggregates.
        self.texts = [request.to_querystring() for request in requests]
        #: How many hosts Nova has Placement hand out at most.
        self.limit = limit_of(first)
        resources = first.get_request_group(None).resources
        #: How much disk of a host is asked for.
        self.disk_gb = int(resources.get(orc.DISK_GB, 0))

    @property
    def aggregates(self) -> int:
        """How many aggregates can be asked for at once, one at least."""
        longest = len(f'{_CANDIDATES}?{max(self.texts, key=len)}{member_of()}')
        fitting = (_MAX_PATH_BYTES - longest) // _AGGREGATE_BYTES
        return max(1, min(fitting, MAX_AGGREGATES))

    def count(self, aggregates: Sequence[str], nodes: int) -> int | None:
        """How many hosts of some aggregates have room.

        :param nodes: how many hosts there are: an answer has no more
        :return: ``None`` if Placement did not answer, or not in time
        :raises RefusedQueryError: if it does not take the query
        :raises CutAnswerError: if it did not hand out all, unless they are
            of one aggregate: a host may be offered in several ways, and the
            limit counts ways
        """
        try:
            hosts, is_cut = self.offer(aggregates)
        except NoAnswerError as error:
            _warn(error)
            return None
        if is_cut and len(hosts) < nodes and len(aggregates) > 1:
            raise CutAnswerError
        return len(hosts)

    def offer(self, aggregates: Sequence[str]) -> Offer:
        """The hosts of some aggregates that have room, of none: all.

        :raises NoAnswerError: if Placement does not answer, or not in time
        :raises RefusedQueryError: if it does not take the query
        """
        hosts: set[frozenset[str]] = set()
        is_cut = False
        among = member_of(*aggregates) if aggregates else ''
        for text in self.texts:
            found = self._ask(f'{_CANDIDATES}?{text}{among}', len(aggregates))
            ways = found['allocation_requests']
            provider = found['provider_summaries']
            is_cut |= len(ways) >= self.limit
            hosts |= {
                frozenset(
                    provider[uuid]['root_provider_uuid']
                    for uuid in way['allocations']
                )
                for way in ways
            }
        return Offer(frozenset(hosts), is_cut)

    def get(self, path: str, aggregates: int = 1) -> dict[str, Any] | None:
        """Ask Placement for the request, see ``get``."""
        try:
            return self._ask(path, aggregates)
        except NoAnswerError as error:
            _warn(error)
            return None

    def _ask(self, path: str, aggregates: int) -> dict[str, Any]:
        if time.monotonic() > self._deadline:
            raise NoAnswerError(
                'the search took longer than ring_timeout '
                f'({CONF.edge_sched.ring_timeout} s)'
            )
        return ask(path, aggregates, self._context.global_id)


def member_of(*aggregates: str) -> str:
    """The end of a query for hosts that are in any of some aggregates."""
    any_of_them = ','.join(aggregates)
    return f'&{urllib.parse.urlencode({"member_of": f"in:{any_of_them}"})}'


def providers_in(aggregates: Sequence[str]) -> list[str] | None:
    """The hosts that Placement has in any of some aggregates, by UUID.

    :param aggregates: as many as one query may name
    :return: ``None`` if it did not answer, or not in time
    :raises RefusedQueryError: if it does not take the query
    """
    answer = get(
        f'/resource_providers?required={os_traits.COMPUTE_NODE}'
        f'{member_of(*aggregates)}',
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
        f'&resources={orc.DISK_GB}:{disk_gb}{member_of(*others)}'
        f'&member_of=!in:{",".join(known.intersection(aggregates))}',
        len(known),
    )
    return bool(answer and answer['resource_providers'])


def get(
    url: str, aggregates: int = 1, global_request_id: str | None = None
) -> dict[str, Any] | None:
    """Ask Placement; ``None`` if it did not answer, or not in time.

    :raises RefusedQueryError: if it does not take the query
    """
    try:
        return ask(url, aggregates, global_request_id)
    except NoAnswerError as error:
        _warn(error)
        return None


def ask(
    url: str, aggregates: int = 1, global_request_id: str | None = None
) -> dict[str, Any]:
    """Ask Placement.

    :param aggregates: how many the query names: if the connection is dropped
        at several the query may be too long
    :raises NoAnswerError: if it did not answer, or not in time
    :raises RefusedQueryError: if it does not take the query
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
        raise NoAnswerError(str(error)) from error
    if answer.status_code == http.HTTPStatus.OK:
        found: dict[str, Any] = answer.json()
        return found
    if answer.status_code in _OVERLOADED:
        raise NoAnswerError(str(answer.status_code))
    said = answer.text[:_MAX_SAID]
    raise RefusedQueryError(f'{answer.status_code} {said}')


def _warn(error: NoAnswerError) -> None:
    LOG.warning('Placement does not tell which sites have room: %s', error)


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
