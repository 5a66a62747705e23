# SPDX-License-Identifier: Apache-2.0

"""The client moves, and its server follows."""

import time

from demo import sample
from demo.cloud import DemoCloud
from demo.expect import expect
from demo.run import CACHE_TTL
from demo.run import Run


def follow(run: Run, nova: DemoCloud) -> None:
    """Re-point the named client, live-migrate its server, check and tell."""
    story, name = run.story, sample.VEHICLE
    (request,) = (
        request
        for request in story.requests
        if name in [end.client for end in request.ends]
    )
    (before,) = run.edge[request.name]
    if before.site is None:
        return  # That it is nowhere has failed a check already.
    print(f'{name} drives on:')
    run.point(nova, name, sample.VEHICLE_MOVES_TO)
    time.sleep(CACHE_TTL + 0.1)
    after = nova.live_migrate(before)

    measured = story.measured.renamed(**{name: sample.VEHICLE_MOVES_TO})
    # Nova moves a server within its cell.
    in_cell = [s for s in story.sites if story.cell_of(s) == before.cell]
    expected = expect(request, measured, in_cell)
    wanted = ' or '.join(sorted(expected.sites or ()))
    run.checks.that(
        after.site in (expected.sites or ()),
        f'{request.name}: should have followed to {wanted}, is at '
        f'{after.site}',
    )
    run.checks.that(
        after.site != before.site and after.cell == before.cell,
        f'{request.name}: should have left {before.site} within its cell',
    )
    seen = run.measured().renamed(**{name: sample.VEHICLE_MOVES_TO})
    print(
        f'{request.name}, live-migrated, went from {before.host} '
        f'({seen.at(before.site, name)} ms by now) to {after.host} '
        f'({seen.at(after.site or "", name)} ms).\n'
    )
