# SPDX-License-Identifier: Apache-2.0

"""A path gets worse, and the next server goes elsewhere."""

import dataclasses
import time
from collections.abc import Callable

from demo import sample
from demo.cloud import DemoCloud
from demo.expect import expect
from demo.run import Run
from demo.story import Landing
from demo.story import Request
from tests.emulation.path import Path

#: Seconds after which there is nothing more to wait for: many times what it
#: takes on an idle machine. How soon it has to be is for tests/e2e to say.
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
        site = _best_site(run, nova, request)
        if not site:
            return
        path: Path = measuring.paths.paths[site, CLIENT]
        measuring.change(site, CLIENT, change(path))
        changed_at = time.monotonic()
        print(f'The path from {site} to {CLIENT} {what} now.', flush=True)
        after, asked_at = _ask_until(
            lambda landing, left=site: landing.site != left, nova, request
        )
        _check_is_best(run, request, after)
        print(
            f'{request.name}, asked for anew {asked_at - changed_at:.1f} s '
            f'after the path changed, goes to {after.host}.\n'
        )


def _best_site(run: Run, nova: DemoCloud, request: Request) -> str:
    """Where its servers go once all paths are measured as they are now.

    :return: ``''`` if none could be placed
    """
    best = _expected_sites(run, request)
    landing, _ = _ask_until(
        lambda landing: landing.site in best, nova, request
    )
    _check_is_best(run, request, landing)
    return landing.site or ''


def _ask_until(
    is_there: Callable[[Landing], bool], nova: DemoCloud, request: Request
) -> tuple[Landing, float]:
    """Ask for servers until one is where it should be.

    :return: where the last one is, and when it was asked for: a busy machine
        takes seconds for a server, which says nothing of measuring
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        asked_at = time.monotonic()
        landing = nova.create_server(request.hints, flavor=request.flavor)
        if is_there(landing) or asked_at > deadline:
            return landing, asked_at


def _check_is_best(run: Run, request: Request, landing: Landing) -> None:
    best = _expected_sites(run, request)
    run.checks.that(
        landing.site in best,
        f'{request.name}: should be at {" or ".join(sorted(best))}, is at '
        f'{landing.site or landing.fault}',
    )


def _expected_sites(run: Run, request: Request) -> frozenset[str]:
    assert run.measuring is not None
    measured = run.measuring.paths.measured(run.story.measured.names)
    return expect(request, measured, run.story.sites).sites or frozenset()
