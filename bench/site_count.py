# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""What the plug-in costs by the number of sites that the hosts are at.

A site is judged once, however many hosts it has. So what a request costs
depends on both, and hosts of which each is a site are the dearest.
"""

from collections.abc import Mapping, Sequence

from bench import region
from bench import report
from bench import store
from bench import subjects
from bench.measure import Round
from bench.measure import measure
from bench.measure import median
from bench.measure import total
from bench.result import Check
from bench.result import Section
from bench.subjects import Bench
from edge_sched.scheduler.region import REGION

HOSTS = report.TARGET_HOSTS

#: Hosts a site, and what the filter may cost of ComputeFilter there. Chosen:
#: little more than is measured, so that a quarter more is too much.
SHAPES: Mapping[Sequence[int], float] = {
    region.SITE_SIZES: 0.2,
    (5,): 0.3,
    (1,): 0.6,
}

#: What all of ours may cost of the default filters and all weighers of Nova.
SHARE_TARGET = 0.08

SHOWN = (
    subjects.COMPUTE_FILTER,
    subjects.DEFAULT_FILTERS,
    subjects.ALL_WEIGHERS,
    subjects.OUR_FILTER,
    subjects.EMPTY_PASS,
    subjects.OUR_PASS,
)


def section(
    folder: str, default_filters: Sequence[str], rounds: int
) -> Section:
    """Measure at each number of sites.

    :param folder: for the stores
    """
    measured: dict[int, list[Round]] = {}
    targets: dict[int, float] = {}
    for sizes, target in SHAPES.items():
        hosts = region.build(HOSTS, sizes)
        sites = len(hosts.sites)
        store.fill(f'{folder}/latency-{HOSTS}-{sites}.sqlite', hosts.sites)
        REGION.forget()
        timed = [
            subject
            for subject in Bench(hosts).subjects(default_filters)
            if subject.name in SHOWN
        ]
        measured[sites] = measure(timed, rounds)
        targets[sites] = target
    return shown(measured, targets)


def shown(
    measured: Mapping[int, Sequence[Round]], targets: Mapping[int, float]
) -> Section:
    """The table of costs, and whether each is little enough.

    :param measured: by the number of sites
    :param targets: of the filter, likewise
    """
    rows = [['us/host', *(f'{sites} sites' for sites in measured)]]
    for name in SHOWN:
        rows.append(
            [
                name,
                *(
                    f'{1e6 * median(rounds, total(name)) / HOSTS:.2f}'
                    for rounds in measured.values()
                ),
            ]
        )
    checks = []
    for sites, rounds in measured.items():
        for criterion, target in (
            (report.FILTER, targets[sites]),
            (report.SHARE, SHARE_TARGET),
        ):
            checks.append(
                Check(
                    f'{criterion.name}, {sites} sites',
                    median(rounds, criterion.formula),
                    target,
                )
            )
    return Section(
        f'{HOSTS} hosts at few sites and at many',
        'As above, with sites of 10 to 50 hosts, of 5 and of one.\n\n'
        + report.table(rows),
        checks,
    )
