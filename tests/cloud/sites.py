# SPDX-License-Identifier: Apache-2.0

"""The demo's sites, with four hosts each instead of two."""

from demo import sample

#: {site: cell}
SITES = {site: cell for site, (cell, _) in sample.SITES.items()}
CELLS = tuple(dict.fromkeys(SITES.values()))
HOSTS_PER_SITE = 4
#: {host: cell}, hosts called ``<site>-<number>``
HOSTS = {
    f'{site}-{number}': cell
    for site, cell in SITES.items()
    for number in range(1, HOSTS_PER_SITE + 1)
}


def site_of(host: str) -> str:
    """``site_of('lyon-3') == 'lyon'``"""
    return host.rpartition('-')[0]


def hosts_of(site: str) -> list[str]:
    return [host for host in HOSTS if site_of(host) == site]
