# SPDX-License-Identifier: Apache-2.0

"""Three tiers, each near the one before, by what is measured between sites."""

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from demo import sample
from demo import table
from demo.checks import check_landing
from demo.expect import Expectation
from demo.expect import expect
from demo.measured import Measured
from demo.measured import site_client
from demo.story import End
from demo.story import Landing
from demo.story import Request

if TYPE_CHECKING:
    from demo.cloud import DemoCloud
    from demo.run import Run


@dataclasses.dataclass(frozen=True, slots=True)
class Tier:
    """One server, and what it needs.

    :param name: of the server
    :param budget_ms: to the tier before, or to the phone
    :param needs: what only hosts of these sites have; empty if nothing
    """

    name: str
    budget_ms: float
    needs: str = ''
    sites: tuple[str, ...] = tuple(sample.SITES)

    def near(self, who: str) -> str:
        """``203.0.113.7@20``: as the hint says it."""
        return f'{who}@{self.budget_ms:g}'


PHONE = '203.0.113.7'

TIERS = (
    Tier('web', 20),
    Tier('application', 12, 'GPU', ('paris', 'marseille')),
    Tier('database', 6, 'NVMe', ('lille', 'nice')),
)

#: By the names of the tiers.
Placed = Mapping[str, Landing]


def stack(run: 'Run', nova: 'DemoCloud') -> None:
    """Place each tier near the one before, check and tell."""
    placed: dict[str, Landing] = {}
    who = where = PHONE
    for tier in TIERS:
        landing = _create(run, nova, tier, who)
        placed[tier.name] = landing
        wanted = expected(tier, where, run.story.measured)
        check_landing(
            run.checks, run.story, tier.name, wanted, landing, stock=landing
        )
        if not landing.site:
            return  # That it is nowhere has failed a check already.
        who = f'server:{landing.server["id"]}'
        where = site_client(landing.site)
    measured = run.measured()
    print(
        'Three tiers, each near the one before; between sites it is measured, '
        'too:\n' + render(placed, measured)
    )
    sites = [landing.site or '' for landing in placed.values()]
    near_phone = nearest_to_phone(measured)
    run.checks.that(
        way_ms(measured, sites) < way_ms(measured, near_phone),
        f'tiers: the way through {sites} should be shorter than through '
        f'{near_phone}',
    )
    print(
        'From the phone through all of them and back takes '
        f'{way_ms(measured, sites):.1f} ms. Were each as near to the\nphone '
        f'as can be ({", ".join(near_phone)}), it would be '
        f'{way_ms(measured, near_phone):.1f} ms.\n'
    )


def _create(run: 'Run', nova: 'DemoCloud', tier: Tier, who: str) -> Landing:
    """A server of a flavor that goes where there is what it needs."""
    extra_specs = {}
    if tier.needs:
        trait = f'CUSTOM_{tier.needs.upper()}'
        for site in tier.sites:
            nova.give(trait, run.story.sites[site][1])
        extra_specs[f'trait:{trait}'] = 'required'
    flavor = nova.create_flavor(extra_specs, name=f'edge.{tier.name}')
    return nova.create_server({'edge:client': tier.near(who)}, flavor=flavor)


def expected(tier: Tier, where: str, measured: Measured) -> Expectation:
    """Where it has to be.

    :param where: the phone, or the site of the tier before: ``site:lyon``
    """
    request = Request(tier.name, ends=(End(where, tier.budget_ms),))
    return expect(request, measured, tier.sites)


def nearest_to_phone(measured: Measured) -> list[str]:
    """Where tiers would be if it were the phone that each has to be near."""

    def p50_ms(site: str) -> float:
        rtt = measured.at(site, PHONE)
        return rtt.p50_ms if rtt else math.inf

    return [min(tier.sites, key=p50_ms) for tier in TIERS]


def way_ms(measured: Measured, sites: Sequence[str]) -> float:
    """Median round trip from the phone through these sites, one by one."""
    clients = [PHONE, *map(site_client, sites)]
    rtts = itertools.starmap(measured.at, zip(sites, clients, strict=False))
    return sum(rtt.p50_ms if rtt else math.inf for rtt in rtts)


def render(placed: Placed, measured: Measured) -> str:
    """Which server is where, and how far from the one before."""
    tiers = table.empty(
        ['server', 'edge:client', 'hosts with', 'is on', 'cell', 'RTT']
    )
    who = where = PHONE
    for tier in TIERS:
        landing = placed[tier.name]
        site = landing.site or ''
        tiers.add_row(
            [
                tier.name,
                tier.near(who),
                f'{tier.needs}: {", ".join(tier.sites)}'
                if tier.needs
                else '-',
                landing.host,
                landing.cell,
                measured.at(site, where),
            ]
        )
        who, where = f'server:<{tier.name}>', site_client(site)
    return table.text(tiers)
