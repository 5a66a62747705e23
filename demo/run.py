# SPDX-License-Identifier: Apache-2.0

"""Run a story on stock Nova, then on Nova with the plug-in."""

import contextlib
import pathlib
import statistics
import time
from collections.abc import Iterator

from demo import checks as check
from demo import table
from demo.checks import Checks
from demo.cloud import DemoCloud
from demo.commands import Operator
from demo.expect import expect
from demo.measured import Measured
from demo.measuring import Measuring
from demo.story import Landing
from demo.story import Request
from demo.story import Story

#: Whom sites may probe because somebody names him.
STRANGERS = '198.19.2.0/24'
#: Seconds that the scheduler keeps what it has read of the store; short, as
#: the demo waits for as long after it has re-pointed a client.
CACHE_TTL = 1
CONF = {
    'edge_sched': {'cache_ttl': str(CACHE_TTL)},
    'edge_sched_wanted': {'allow': STRANGERS, 'interval': '1'},
}

#: Probes in a window, which a budget at p95 asks for.
SAMPLES = 64
#: Seconds until all windows are full (chosen: they take 8 once the services
#: run).
PATIENCE = 90.0

Landings = dict[str, list[Landing]]


class Run:
    """One story, from the first packet to the table.

    :ivar measuring: what measures, unless a file is imported
    :ivar stock: what stock Nova made of the requests, by their names
    :ivar edge: what Nova with the plug-in made of them
    """

    def __init__(self, story: Story, folder: pathlib.Path) -> None:
        self.story = story
        self.checks = Checks()
        self.stock: Landings = {}
        self.edge: Landings = {}
        self.operator = Operator(folder)
        self.measuring: Measuring | None = None
        self._folder = folder
        self._log_file = str(folder / 'nova.log')

    @contextlib.contextmanager
    def store(self) -> Iterator[None]:
        """The latency store, and what fills it if it is not a file."""
        self.operator.run('db', 'sync')
        if self.story.paths is None:
            yield
            return
        with Measuring(
            self.story.paths, self.operator, self._folder
        ) as self.measuring:
            print()
            yield

    def on_stock_nova(self) -> None:
        """Boot everything without the plug-in."""
        with self._cloud(with_plugin=False) as nova:
            self.stock = self._boot(
                nova, (*self.story.requests, *self.story.on_stock)
            )

    def with_plugin(self) -> DemoCloud:
        """Nova with the plug-in, not up yet."""
        return self._cloud(with_plugin=True)

    def _cloud(self, with_plugin: bool) -> DemoCloud:
        return _AnnouncedCloud(
            with_plugin=with_plugin,
            log_file=self._log_file,
            sites=self.story.sites,
            conf=CONF if with_plugin else None,
            store_url=self.operator.store_url if with_plugin else None,
        )

    def prepare(self, nova: DemoCloud) -> None:
        """What an operator does: named clients, measurements."""
        for name in self.story.measured.names:
            self.point(nova, name, self.story.measured.names[name])
        csv = self.story.csv
        if csv is not None:
            self.operator.run(
                'measurement', 'import', csv.name, cwd=csv.parent
            )
        if self.story.paths is not None:
            self._wait_until_measured()
        print()

    def _wait_until_measured(self) -> None:
        """Until windows are full, without what the start of it all did."""
        assert self.measuring is not None
        expected = self.story.measured
        deadline = time.monotonic() + PATIENCE
        while missing := set(expected.rows) - {
            path
            for path, rtt in self.measured(SAMPLES).rows.items()
            if rtt.agrees(expected.rows[path])
        }:
            self.measuring.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f'not measured as they are: {missing}')
            time.sleep(0.5)
        print(f'{len(expected.rows)} paths measured, {SAMPLES} probes each')

    def measured(self, samples: int = 0) -> Measured:
        """What the store has, of so many samples or more."""
        return Measured.of_lines(
            (
                line
                for line in self.operator.measurements()
                if int(line['samples'] or 0) >= samples
            ),
            self.story.measured.names,
        )

    def point(self, nova: DemoCloud, name: str, prefix: str) -> None:
        """Say where a named client is."""
        owner = ['--shared']
        if name in self.story.owned:
            owner = ['--project', nova.project_id]
        self.operator.run('client', 'set', name, prefix, *owner)

    def boot(self, nova: DemoCloud) -> None:
        """Boot everything with the plug-in."""
        self.edge = self._boot(nova, self.story.requests)

    def _boot(
        self, nova: DemoCloud, requests: tuple[Request, ...]
    ) -> Landings:
        start = time.monotonic()
        for name, extra_specs in self.story.flavors.items():
            nova.create_flavor(extra_specs, name=name, ram=512)
        if self.story.favoured:
            busy = self.story.hosts[0]
            nova.favour(self.story.favoured, busy=busy)
            print(
                f'{busy} is kept busy and {self.story.favoured} favoured a '
                'little, so that a server\nwithout a client has one place '
                'to go'
            )
        landings = {request.name: nova.create(request) for request in requests}
        count = sum(len(of_request) for of_request in landings.values())
        took = time.monotonic() - start
        print(f'{count} servers asked for in {took:.1f} s\n', flush=True)
        return landings

    def check(self) -> None:
        """Compare every server with what the measurements ask for."""
        for request in self.story.requests:
            for row in self._rows_of(request):
                check.check_stock(self.checks, row.name, row.stock)
                check.check_landing(
                    self.checks,
                    self.story,
                    row.name,
                    row.expected,
                    row.edge,
                    row.stock,
                )
            if request.fit:
                check.check_spread(
                    self.checks, request.name, self.edge[request.name]
                )
        landings = [row.edge for row in self.rows()]
        check.check_cells(self.checks, self.story, landings)

    def rows(self) -> Iterator[table.Row]:
        for request in self.story.requests:
            yield from self._rows_of(request)

    def _rows_of(self, request: Request) -> Iterator[table.Row]:
        expected = expect(request, self.story.measured, self.story.sites)
        for name, stock, edge in zip(
            request.server_names,
            self.stock[request.name],
            self.edge[request.name],
            strict=True,
        ):
            yield table.Row(name, request, expected, stock, edge)

    def show(self) -> None:
        """Print the table and what it comes to."""
        for name, extra_specs in self.story.flavors.items():
            if extra_specs:
                keys = ' '.join(f'{k}={v}' for k, v in extra_specs.items())
                print(f'flavor {name}: {keys}')
        measured = self.measured()
        print(table.render(self.rows(), measured))
        stock, edge = [], []
        for row in self.rows():
            if row.edge.site and row.expected.sites:
                stock += _medians(measured, row.request, row.stock)
                edge += _medians(measured, row.request, row.edge)
        if not edge:
            return
        print(
            f'\nMedian p50 between clients and servers: '
            f'{statistics.median(edge):.1f} ms; on stock Nova, this time:\n'
            f'{statistics.median(stock):.1f} ms. It draws lots among equal '
            'hosts.\n'
        )


def _medians(
    measured: Measured, request: Request, landing: Landing
) -> list[float]:
    found = [
        measured.at(landing.site or '', end.client) for end in request.ends
    ]
    return [rtt.p50_ms for rtt in found if rtt]


class _AnnouncedCloud(DemoCloud):
    """Says how many hosts are up, and after how long."""

    def __enter__(self) -> '_AnnouncedCloud':
        what = 'Nova with edge_sched' if self.with_plugin else 'Stock Nova'
        start = time.monotonic()
        super().__enter__()
        sites = self.sites.values()
        print(
            f'{what}: {sum(len(hosts) for _, hosts in sites)} hosts at '
            f'{len(sites)} sites in {len({cell for cell, _ in sites})} '
            f'cells, up in {time.monotonic() - start:.1f} s',
            flush=True,
        )
        return self
