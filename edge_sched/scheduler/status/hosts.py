# SPDX-License-Identifier: Apache-2.0

"""The compute hosts: what speaks for each of them, and by which name."""

import collections
from collections.abc import Collection, Iterable, Sequence

from oslo_upgradecheck.upgradecheck import Result

from edge_sched.scheduler.status.finding import Finding
from edge_sched.scheduler.status.finding import count
from edge_sched.scheduler.status.finding import failure
from edge_sched.scheduler.status.finding import listed
from edge_sched.scheduler.status.finding import result
from edge_sched.scheduler.status.finding import share
from edge_sched.scheduler.status.finding import warning
from edge_sched.scheduler.topology.membership import VantageNames


def judge_coverage(
    hosts: Sequence[VantageNames],
    order: Sequence[str],
    measured: Collection[str],
    site_key: str,
) -> Result:
    """Whether every host can be judged.

    :param order: the kinds of vantages that count, ``['host', 'site']``
    :param measured: the vantages that have a row
    :param site_key: the aggregates' metadata that says their site
    """
    if not hosts:
        none = warning(
            'No compute host is mapped to a cell. Run:',
            '$ nova-manage cell_v2 discover_hosts',
        )
        return result([none], '')
    to_do = _set_site(site_key)
    findings = [
        *_unmeasured(hosts, order, measured, to_do),
        *(_sites(hosts, to_do) if 'site' in order else ()),
    ]
    return result(
        findings,
        f'Something was measured from a vantage point of each of '
        f'{count(len(hosts), "compute host")}.',
    )


def _unmeasured(
    hosts: Sequence[VantageNames],
    order: Sequence[str],
    measured: Collection[str],
    to_do: str,
) -> Iterable[Finding]:
    """Hosts that are unknown to every request."""
    blind = [
        _host(host)
        for host in hosts
        if not any(name in measured for name in _names(host, order))
    ]
    if not blind:
        return
    find = failure if len(blind) == len(hosts) else warning
    yield find(
        f'Nothing was measured from any vantage point of '
        f'{share(len(blind), len(hosts))} compute hosts, so that they are '
        f'unknown, and rejected where a budget is required: {listed(blind)}. '
        'Measure from them, or say at which site they are:',
        to_do,
    )
    known = {name for host in hosts for name in _names(host, order)}
    if strange := set(measured) - known:
        yield warning(
            'Measured, but no vantage point of any compute host: '
            f'{listed(strange)}. If it is a slip of the pen, run:',
            '$ edge-sched vantage rename WRONG RIGHT',
        )


def _sites(hosts: Sequence[VantageNames], to_do: str) -> Iterable[Finding]:
    """Hosts in no site, where sites are used, or in several."""
    homeless = [_host(host) for host in hosts if not host['site']]
    if homeless and len(homeless) < len(hosts):
        yield warning(
            f'{share(len(homeless), len(hosts))} compute hosts are in no '
            f'site, while others are: {listed(homeless)}. Put each into an '
            'aggregate of a site:',
            to_do,
            '$ openstack aggregate add host AGGREGATE HOST',
        )
    torn = [
        f'{_host(host)} ({listed(host["site"])})'
        for host in hosts
        if len(host['site']) > 1
    ]
    if torn:
        yield warning(
            f'{count(len(torn), "compute host")} in more than one site: '
            f'{listed(torn)}. The first by name that has a measurement of '
            'the client decides. If it is not on purpose, run:',
            '$ openstack aggregate remove host AGGREGATE HOST',
        )


def judge_names(
    hosts: Sequence[VantageNames], order: Sequence[str], site_key: str
) -> Result:
    """Whether a name means one thing: vantages are one flat name space.

    A site, a zone and a cell of the same hosts may share a name.
    """
    findings = []
    if clashing := _clashing(hosts, order):
        findings.append(
            warning(
                'Each of these is the name of two things, which are not of '
                'the same hosts, and what is measured from one counts for '
                'the other: '
                f'{listed(clashing)}. Call the site otherwise:',
                _set_site(site_key),
                '$ edge-sched vantage rename OLD NEW',
            )
        )
    sites = {site for host in hosts for site in host['site']}
    odd = [
        f"'{site}'"
        for site in sites
        if not site.isprintable() or site != site.strip()
    ]
    if odd and 'site' in order:
        findings.append(
            failure(
                'No measurement can be stored of a site whose name has '
                'blanks at an end or characters that do not print: '
                f'{listed(odd)}. Call it otherwise:',
                _set_site(site_key),
            )
        )
    return result(findings, 'No name means two things.')


def _clashing(
    hosts: Sequence[VantageNames], order: Sequence[str]
) -> list[str]:
    """``['lyon (site, zone)']``."""
    kinds_of = collections.Counter(
        name
        for kind in order
        for name in {name for host in hosts for name in host[kind] if name}
    )
    shared = {name for name, kinds in kinds_of.items() if kinds > 1}
    members: dict[str, dict[str, set[str]]] = {name: {} for name in shared}
    for host in hosts:
        for kind in order:
            for name in shared.intersection(host[kind]):
                members[name].setdefault(kind, set()).add(_host(host))
    return [
        f'{name} ({", ".join(sorted(by_kind, key=order.index))})'
        for name, by_kind in members.items()
        if len(set(map(frozenset, by_kind.values()))) > 1
    ]


def _set_site(site_key: str) -> str:
    return f'$ openstack aggregate set --property {site_key}=SITE AGGREGATE'


def _host(host: VantageNames) -> str:
    return host['host'][0]


def _names(host: VantageNames, order: Sequence[str]) -> Iterable[str]:
    return (name for kind in order for name in host[kind] if name)
