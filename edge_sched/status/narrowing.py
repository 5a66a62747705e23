# SPDX-License-Identifier: Apache-2.0

"""What Placement hands out of a large cloud, and what it knows of sites."""

from collections.abc import Iterator
from typing import NamedTuple

from oslo_upgradecheck.upgradecheck import Result

from edge_sched.scheduler.narrowing.placement import providers_in
from edge_sched.scheduler.narrowing.rings import MAX_AGGREGATES
from edge_sched.scheduler.topology.topology import read_topology
from edge_sched.status.finding import result
from edge_sched.status.finding import share
from edge_sched.status.finding import warning


class Mirror(NamedTuple):
    """The hosts of sites that Placement can be asked for.

    :param hosts: of aggregates that are sites
    :param missing: how many of them it does not have there
    """

    hosts: int
    missing: int


def read_mirror() -> Mirror:
    """Count what Nova and Placement have in the aggregates of sites.

    :raises RuntimeError: if Placement does not answer
    """
    topology = read_topology()
    areas = topology.areas(frozenset())
    sites = sorted({area.aggregate for area in areas} - {''})
    hosts = missing = 0
    for batch in _batches(sites):
        members = frozenset().union(*(topology.hosts_in[a] for a in batch))
        providers = providers_in(batch)
        if providers is None:
            raise RuntimeError('no answer')
        nodes = topology.count_nodes(members)
        hosts += nodes
        missing += max(0, nodes - len(providers))
    return Mirror(hosts, missing)


def count_nodes() -> int:
    """How many hosts Placement may hand out: Ironic's count by their nodes."""
    return read_topology().node_count


def narrows(narrow_candidates: str, limit: int, hosts: int) -> bool:
    """Whether requests are narrowed to near sites.

    :param limit: ``[scheduler] max_placement_results``
    """
    return narrow_candidates == 'always' or (
        narrow_candidates == 'auto' and hosts > limit
    )


def judge_limit(limit: int, hosts: int) -> Result:
    """Whether Placement hands out all hosts, where nothing is narrowed."""
    findings = []
    if hosts > limit:
        findings.append(
            warning(
                f'max_placement_results is {limit}, and there are {hosts} '
                'compute hosts: Placement leaves out the rest before '
                'anything is judged, near hosts too, and mostly the same '
                'ones. Write into nova.conf:',
                '[edge_sched]',
                'narrow_candidates = auto',
            )
        )
    return result(
        findings,
        f'Placement may offer all compute hosts: {hosts}, with '
        f'max_placement_results = {limit}.',
    )


def judge_mirror(mirror: Mirror) -> Result:
    """Whether Placement can be asked for all hosts of sites."""
    findings = []
    if mirror.missing:
        findings.append(
            warning(
                'Placement does not have '
                f'{share(mirror.missing, mirror.hosts)} hosts of sites in '
                'their aggregates, so that requests which are narrowed to '
                'near sites are not offered them. Put the further nodes of '
                'hosts with several in yourself; for the others run:',
                '$ nova-manage placement sync_aggregates',
            )
        )
    return result(
        findings,
        'Requests are narrowed to near sites, and Placement knows of all '
        f'their hosts: {mirror.hosts}.',
    )


def _batches(aggregates: list[str]) -> Iterator[list[str]]:
    """As many at a time as one query may name."""
    for first in range(0, len(aggregates), MAX_AGGREGATES):
        yield aggregates[first : first + MAX_AGGREGATES]
