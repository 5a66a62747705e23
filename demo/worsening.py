# SPDX-License-Identifier: Apache-2.0

"""A path gets worse, and the next server goes elsewhere."""

import dataclasses
import time

from demo import sample
from demo.cloud import DemoCloud
from demo.expect import expect
from demo.run import Run
from demo.story import Landing
from demo.story import Request
from tests.emulation.path import Path

#: Seconds, with the fast settings (see the measuring guide).
SOON = 10.0
#: Seconds after which there is nothing more to wait for.
PATIENCE = 60.0

CLIENT = '203.0.113.0/24'
MORE_MS = 25.0


def worsen(run: Run, nova: DemoCloud) -> None:
    """Make the best path slow, then the next best lossy; check and tell."""
    measuring = run.measuring
    assert measuring is not None
    request = sample.GAME
    for what, change in (
        (
            f'takes {MORE_MS:g} ms more',
            lambda path: dataclasses.replace(
                path, rtt_ms=path.rtt_ms + MORE_MS
            ),
        ),
        (
            'loses every packet',
            lambda path: dataclasses.replace(path, loss_ratio=1.0),
        ),
    ):
        before = nova.create_server(request.hints, flavor=request.flavor)
        site = before.site or ''
        path: Path = measuring.paths.paths[site, CLIENT]
        measuring.change(site, CLIENT, change(path))
        changed_at = time.monotonic()
        print(f'The path from {site} to {CLIENT} {what} now.', flush=True)
        after, asked_at = _next_elsewhere(nova, request, site)
        took = asked_at - changed_at
        _check(run, request, site, after, took)
        print(
            f'{request.name}, asked for anew {took:.1f} s after the path '
            f'changed, goes to {after.host}.\n'
        )


def _next_elsewhere(
    nova: DemoCloud, request: Request, site: str
) -> tuple[Landing, float]:
    """Ask for servers until one is not at the site.

    :return: where that is, and when it was asked for: a busy machine takes
        seconds for a server, which says nothing of measuring
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        asked_at = time.monotonic()
        landing = nova.create_server(request.hints, flavor=request.flavor)
        if landing.site != site or asked_at > deadline:
            return landing, asked_at


def _check(
    run: Run, request: Request, site: str, after: Landing, took: float
) -> None:
    assert run.measuring is not None
    measured = run.measuring.paths.measured(run.story.measured.names)
    expected = expect(request, measured, run.story.sites)
    wanted = ' or '.join(sorted(expected.sites or ()))
    run.checks.that(
        after.site in (expected.sites or ()),
        f'{request.name}: should have left {site} for {wanted}, is at '
        f'{after.site or after.fault}',
    )
    run.checks.that(
        took <= SOON,
        f'{request.name}: left {site} after {took:.1f} s, which is more than '
        f'{SOON:g} s',
    )
