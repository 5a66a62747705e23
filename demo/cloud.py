# SPDX-License-Identifier: Apache-2.0

"""The demo's Nova: that of the functional tests, run by hand.

Importing this module settles Nova's concurrency mode: native threads.
"""

import contextlib
import logging
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from demo.story import Landing
from demo.story import Request
from demo.story import Sites
from tests.functional import cloud
from tests.functional import moves
from tests.functional import servers


class _Case(moves.MovesMixin, cloud.NovaCloud):
    """A test case that nothing runs: its set-up and clean-ups are used."""

    def __init__(self, settings: Mapping[str, Any], log: logging.Handler):
        super().__init__()
        self._settings = settings
        self._log = log

    def runTest(self) -> None:
        """testtools asks for the method of this name."""

    def setUp(self) -> None:
        for name, value in self._settings.items():
            setattr(self, name, value)
        super().setUp()

    def prepare(self) -> None:
        # Nova's fixtures have taken the handlers of the root logger away.
        logging.getLogger().addHandler(self._log)
        self.addCleanup(logging.getLogger().removeHandler, self._log)


class DemoCloud:
    """A Nova of two cells, as a context manager.

    Prints nothing; all logs and warnings go to a file. One at a time, but
    several after one another: stock Nova, then Nova with the plug-in.
    """

    def __init__(
        self,
        with_plugin: bool,
        sites: Sites,
        log_file: str = 'demo.log',
        conf: cloud.Conf | None = None,
        store_url: str | None = None,
    ) -> None:
        """Nothing starts yet.

        :param log_file: appended to
        :param conf: of nova.conf, {section: {option: value}}
        :param store_url: the latency store; by default a SQLite file that
            goes away with the cloud, ``self.store_url``
        """
        conf = dict(conf or {})
        if store_url:
            conf['edge_sched_database'] = {'connection': store_url}
        self.with_plugin = with_plugin
        self.sites = sites
        self.log_file = os.path.abspath(log_file)
        self._settings = {
            'with_plugin': with_plugin,
            'sites': sites,
            'conf': conf,
        }
        self._given_store_url = store_url
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(_logs_to(self.log_file))
            self._case = _Case(self._settings, log)
            stack.callback(self._case.doCleanups)
            self._case.setUp()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def store_url(self) -> str:
        return self._given_store_url or str(self._case.store_url)

    @property
    def project_id(self) -> str:
        """The project whose servers these are."""
        return str(self._case.user.project_id)

    def create_flavor(
        self, extra_specs: Mapping[str, str] | None = None, **options: Any
    ) -> str:
        """Returns its id; options: ``name``, ``ram``, ``vcpus``, ``disk``."""
        return self._case.create_flavor(extra_specs, **options)

    def create_server(
        self, hints: Mapping[str, Any] | None = None, **options: Any
    ) -> Landing:
        """Options: ``flavor``, ``zone``, ``image``, ``host``."""
        return self._landing(self._case.create_server(hints, **options))

    def create_servers(
        self, hints: Mapping[str, Any] | None = None, **options: Any
    ) -> list[Landing]:
        """Several by one request; ``count`` and the options above."""
        created = self._case.create_servers(hints, **options)
        return [self._landing(server) for server in created]

    def create(self, request: Request, group: str = '') -> list[Landing]:
        """What a story asks for.

        :param group: id of a server group; by default a new one, if the
            request wants to be in one
        """
        hints = dict(request.hints or {})
        if request.group:
            hints['group'] = group or self.create_group(request.group)
        return self.create_servers(
            hints or None, flavor=request.flavor, count=request.count
        )

    def create_group(self, policy: str) -> str:
        """Returns the id of a server group."""
        body = {'name': policy, 'policy': policy}
        return str(self._case.user.post_server_groups(body)['id'])

    def give(self, trait: str, hosts: Iterable[str]) -> None:
        """Have Placement know that hosts have something that others lack."""
        placement = self._case.placement
        placement.put(f'/traits/{trait}', {}, version='1.6')
        for host in hosts:
            url = f'/resource_providers?name={host}'
            (provider,) = placement.get(url).body['resource_providers']
            url = f'/resource_providers/{provider["uuid"]}/traits'
            body = placement.get(url, version='1.6').body
            body['traits'].append(trait)
            placement.put(url, body, version='1.6')

    def mark(self, hosts: Iterable[str], *, down: bool) -> None:
        """Say that hosts are down, as an operator does, or no longer."""
        admin = self._case.admin
        for host in hosts:
            (service,) = admin.get_services(binary='nova-compute', host=host)
            admin.put_service_force_down(service['id'], down)

    def is_up(self, landing: Landing) -> bool:
        """Whether Nova thinks that the server's host is up by now."""
        return bool(self._case.show(landing.server)['host_status'] == 'UP')

    def favour(self, host: str, busy: str) -> None:
        """Leave stock Nova in no doubt where its next server goes.

        On empty hosts that are all alike it goes anywhere. So one is kept
        busy by a server, and the RAM of another counts a little more.
        """
        self._case.create_server(zone=f'nova:{busy}')
        self._case.create_aggregate(
            'favoured', [host], metadata={'ram_weight_multiplier': '1.1'}
        )

    def live_migrate(
        self, landing: Landing, host: str | None = None
    ) -> Landing:
        """Nova chooses the host if none is given."""
        return self._landing(self._case.live_migrate(landing.server, host))

    def delete(self, landing: Landing) -> None:
        """Returns when the server is gone."""
        self._case.delete_server(landing.server)

    def log_lines(self, text: str) -> list[str]:
        """Lines of Nova's logs, INFO and above, with this text."""
        return self._case.log_lines(text)

    def _landing(self, server: servers.Server) -> Landing:
        return Landing(
            server,
            server[servers.HOST],
            self._case.cell_of(server),
            self._case.fault(server),
        )


@contextlib.contextmanager
def _logs_to(path: str) -> Iterator[logging.Handler]:
    """Have the root logger, and warnings, write to this file alone."""
    handler = logging.FileHandler(path)
    handler.setFormatter(
        logging.Formatter('%(asctime)s %(levelname)s %(name)s %(message)s')
    )
    handler.setLevel(logging.INFO)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    root.handlers = [handler]
    logging.captureWarnings(True)
    with warnings.catch_warnings():
        try:
            yield handler
        finally:
            logging.captureWarnings(False)
            root.handlers = handlers
            root.setLevel(level)
            handler.close()
