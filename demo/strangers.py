# SPDX-License-Identifier: Apache-2.0

"""First contact: phones that nobody probes, and one that nobody knows."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

import nova.conf

from demo import sample
from demo.cloud import DemoCloud
from demo.measuring import PORT
from demo.measuring import SERVING
from demo.measuring import Measuring
from demo.run import Run
from demo.story import Landing
from demo.story import hints_for
from edge_sched.listen.recent import CLIENT_SAMPLES
from edge_sched.model.latency import PASSIVE
from edge_sched.store.settings import StoreSettings
from edge_sched.store.wanted import Wanted

#: Seconds after which there is nothing more to wait for.
PATIENCE = 120.0
BUDGET_MS = 20

#: Of a carrier: as many as make their prefix public.
PHONES = [f'198.19.1.{number}' for number in range(1, 6)]
CARRIER = '198.19.1.0/24'
#: From the site that serves them.
SERVED_RTT_MS = 7.0

STRANGER = '198.19.2.7'
#: His nearest site; the others are too far.
NEAREST = 'lyon'
NEAR_MS, FAR_MS = 6.0, 45.0
TO_STRANGER = {
    site: NEAR_MS if site == NEAREST else FAR_MS for site in sample.SITES
}


def welcome(run: Run, cloud: DemoCloud) -> None:
    """Place servers near both, check and tell."""
    measuring = run.measuring
    assert measuring is not None
    if not measuring.emulated:
        print(
            'Left out: phones that a site serves, and a stranger. Both need '
            'network\nnamespaces.\n'
        )
        return
    _serve(run, measuring)
    landing = _create(cloud, PHONES[0])
    _check(run, 'phone', SERVING, landing)
    print(
        f'Nobody probes the phones of {CARRIER}. {SERVING} serves them, and '
        'the handshakes of\ntheir connections tell how far they are: a server '
        f'near one of them goes to {landing.host}.\n'
    )
    with _auditor(measuring):
        _meet(run, cloud, measuring)


def _serve(run: Run, measuring: Measuring) -> None:
    """Have all phones connect as often as counts of each."""
    site = measuring.address(SERVING)
    for address in PHONES:
        phone = measuring.join(address, {SERVING: SERVED_RTT_MS})
        for _ in range(CLIENT_SAMPLES):
            with phone.entered():
                tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            with tcp:
                tcp.settimeout(PATIENCE)
                tcp.connect((site, PORT))
    most = str(CLIENT_SAMPLES * len(PHONES))

    def are_told() -> bool:
        return any(
            (line['client'], line['source'], line['samples'])
            == (CARRIER, PASSIVE, most)
            for line in run.operator.measurements()
        )

    _wait('handshakes', are_told)


def _meet(run: Run, cloud: DemoCloud, measuring: Measuring) -> None:
    """Ask for a server near the stranger until there is one."""
    measuring.join(STRANGER, TO_STRANGER)
    refused = _create(cloud, STRANGER)
    begun = time.monotonic()
    run.checks.that(
        'is being measured, try again in' in refused.fault,
        f'stranger: should be told that he is being measured, is told '
        f'{refused.fault!r}',
    )
    landings = [refused]

    def is_accepted() -> bool:
        landings.append(_create(cloud, STRANGER))
        return landings[-1].site is not None

    _wait('a server near the stranger', is_accepted)
    took = time.monotonic() - begun
    _check(run, 'stranger', NEAREST, landings[-1])
    print(
        f'A server near {STRANGER}, whom nobody has measured, is refused:\n'
        f'{refused.fault}.\n{took:.0f} s later one is accepted, and goes to '
        f'{landings[-1].host}.\n'
    )


def _create(cloud: DemoCloud, client: str) -> Landing:
    return cloud.create_server(hints_for(client, latency_budget_ms=BUDGET_MS))


def _check(run: Run, who: str, site: str, landing: Landing) -> None:
    run.checks.that(
        landing.site == site,
        f'{who}: should be at {site}, is at {landing.site or landing.fault}',
    )


@contextlib.contextmanager
def _auditor(measuring: Measuring) -> Iterator[None]:
    """What of an auditor looks at new requests, once all sites ask for it.

    In this process, as is the database of this Nova.
    """
    # They need Nova's configuration.
    from edge_sched.auditing.wanting import Wanting
    from edge_sched.cmd.auditor import Looking
    from edge_sched.store.reader import reader

    settings = StoreSettings.from_conf(nova.conf.CONF)
    with Wanted(settings) as wanted:
        _wait(
            'sites that ask for targets',
            lambda: len(wanted.sites()) == len(measuring.paths.sites),
        )
        with Looking(Wanting(reader(settings), wanted)):
            yield


def _wait(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f'no {what} after {PATIENCE:g} s')
        time.sleep(0.2)
