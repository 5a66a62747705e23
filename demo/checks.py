# SPDX-License-Identifier: Apache-2.0

"""The expectations of the demo, counted."""

from demo.expect import Expectation
from demo.story import Landing
from demo.story import Story


class Checks:
    """Counts what holds and names what does not."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed: list[str] = []

    def that(self, holds: bool, what: str) -> None:
        """``checks.that(host == 'lyon-1', 'camera is on lyon-1')``."""
        if holds:
            self.passed += 1
        else:
            self.failed.append(what)


def check_stock(checks: Checks, name: str, stock: Landing) -> None:
    """Stock Nova takes no notice of our keys and boots all there is."""
    checks.that(
        stock.host is not None,
        f'{name}: stock Nova should have booted it: {stock.fault}',
    )


def check_landing(
    checks: Checks,
    story: Story,
    name: str,
    expected: Expectation,
    landing: Landing,
    stock: Landing,
) -> None:
    """One server of Nova with the plug-in."""
    if expected.sites is None:
        checks.that(
            landing.host == stock.host,
            f'{name}: should be on {stock.host} as with stock Nova, is on '
            f'{landing.host}',
        )
    elif expected.sites:
        wanted = ' or '.join(sorted(expected.sites))
        checks.that(
            landing.site in expected.sites,
            f'{name}: should be at {wanted}, is at '
            f'{landing.site or landing.fault}',
        )
    else:
        _check_refusal(checks, story, name, expected, landing)
    if landing.site:
        cell = story.cell_of(landing.site)
        checks.that(
            landing.cell == cell,
            f'{name}: {landing.host} is in {cell}, not in {landing.cell}',
        )


def _check_refusal(
    checks: Checks,
    story: Story,
    name: str,
    expected: Expectation,
    landing: Landing,
) -> None:
    checks.that(
        landing.host is None,
        f'{name}: should have been refused, is on {landing.host}',
    )
    for part in expected.words:
        checks.that(
            part in landing.fault,
            f'{name}: the reason should have {part!r}: {landing.fault!r}',
        )
    cells = {story.cell_of(site) for site in story.sites}
    leaked = [word for word in (*story.hosts, *cells) if word in landing.fault]
    checks.that(not leaked, f'{name}: the reason tells of {", ".join(leaked)}')


def check_spread(checks: Checks, name: str, landings: list[Landing]) -> None:
    """Servers that may be anywhere within budget do not crowd one site."""
    sites = {landing.site for landing in landings}
    checks.that(len(sites) > 1, f'{name}: all of them are at {sites}')


def check_cells(checks: Checks, story: Story, landings: list[Landing]) -> None:
    """Nearness goes before cells: both have got servers."""
    used = {landing.cell for landing in landings if landing.host}
    cells = {story.cell_of(site) for site in story.sites}
    checks.that(
        used == cells, f'servers should be in {sorted(cells)}: {sorted(used)}'
    )
