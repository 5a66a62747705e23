# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

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
