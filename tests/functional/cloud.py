# SPDX-License-Identifier: Apache-2.0

"""A whole Nova in this process, started as an operator would configure it."""

import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import fixtures
import nova.conf
from nova import test
from nova.scheduler import request_filter
from nova.tests import fixtures as nova_fixtures
from nova.tests.functional import fixtures as func_fixtures

from tests.functional import api
from tests.functional import configuration

CONF = nova.conf.CONF

T = TypeVar('T')
Conf = configuration.Conf
DEFAULT_FILTERS = configuration.DEFAULT_FILTERS


class Site(NamedTuple):
    """Hosts of one network position; a cell holds all of them."""

    cell: str
    hosts: list[str]
    zone: str | None = None


def cloud(**attributes: Any) -> Callable[[T], T]:
    """Override class attributes of NovaCloud for one test.

    ``@cloud(sites={...}, conf={'edge_sched': {'mode': 'shadow'}})``; the
    sections of ``conf`` are laid over those of the class.
    """

    def mark(test_method: T) -> T:
        test_method.cloud = attributes  # type: ignore[attr-defined]
        return test_method

    return mark


class NovaCloud(test.TestCase):
    """API over HTTP, conductor, scheduler, placement, two cells of computes.

    Only the hypervisors, Keystone, Glance, Neutron and Cinder are fakes, all
    of them nova's own.
    """

    NUMBER_OF_CELLS = 2

    #: {site: Site or (cell, [host, ...]) or (cell, [host, ...], zone)}
    sites: Mapping[str, tuple[Any, ...]] = {}
    #: With the plug-in of this project, or stock Nova.
    with_plugin = True
    #: What goes into nova.conf besides, {section: {option: value}}.
    conf: Conf = {}

    #: Seconds that Nova may take for anything.
    patience = 60.0
    #: Seconds that the plug-in gives the store and rings; 0 is its default.
    plugin_patience = 0
    #: 8 GB of RAM and 10 CPUs a host: room for some servers, not for all.
    compute_driver = 'fake.MediumFakeDriver'
    filters_function = 'edge_sched.plugins.all_filters'
    weighers_function = 'edge_sched.plugins.all_weighers'

    def setUp(self) -> None:
        method = getattr(self, self._testMethodName)
        for name, value in getattr(method, 'cloud', {}).items():
            if name == 'conf':
                value = configuration.overlay(self.conf, value)
            setattr(self, name, value)
        super().setUp()
        _quieten()
        self.folder = self.useFixture(fixtures.TempDir()).path
        #: The latency store of this test; nobody has made the file yet.
        self.store_path = os.path.join(self.folder, 'latency.sqlite')
        self.store_url = f'sqlite:///{self.store_path}'
        self._configure()
        self._restore_request_filters()
        self.useFixture(nova_fixtures.RealPolicyFixture())
        self.useFixture(nova_fixtures.NeutronFixture(self))
        self.useFixture(nova_fixtures.CinderFixture(self))
        self.glance = self.useFixture(nova_fixtures.GlanceFixture(self))
        self.placement = self.useFixture(func_fixtures.PlacementFixture()).api
        self.useFixture(nova_fixtures.AllServicesCurrent())
        self.prepare()
        self.start_service('conductor')
        self.scheduler = self.start_service('scheduler')
        self._start_api()
        #: {site: id of its aggregate}
        self.aggregates: dict[str, int] = {}
        self.start_computes(self.sites)

    def _restore_request_filters(self) -> None:
        """Nova's list, to which the plug-in appends, starts as Nova's own."""
        stock = [
            function
            for function in request_filter.ALL_REQUEST_FILTERS
            if function.__module__.startswith('nova.')
        ]
        self.useFixture(
            fixtures.MonkeyPatch(
                'nova.scheduler.request_filter.ALL_REQUEST_FILTERS', stock
            )
        )

    def prepare(self) -> None:
        """Hook: nova.conf is read, no service has started yet."""

    def wait_for(self, what: str, probe: Callable[[], Any]) -> Any:
        """Returns the first true answer of the probe."""
        deadline = time.monotonic() + self.patience
        while not (answer := probe()):
            if time.monotonic() > deadline:
                self.fail(f'waited {self.patience:g} s in vain for {what}')
            time.sleep(0.05)
        return answer

    # -- configuration ---------------------------------------------------

    def _configure(self) -> None:
        """Write a nova.conf and have oslo.config read it."""
        conf = configuration.nova_conf(self.compute_driver, self.folder)
        if self.with_plugin:
            plugin = configuration.plugin_conf(
                self.filters_function, self.weighers_function, self.store_url
            )
            conf = configuration.overlay(conf, plugin)
        if self.plugin_patience:
            patient = configuration.patient_conf(self.plugin_patience)
            conf = configuration.overlay(conf, patient)
        conf = configuration.overlay(conf, self.conf)
        self.nova_conf = os.path.join(self.folder, 'nova.conf')
        with open(self.nova_conf, 'w') as conf_file:
            conf_file.write(configuration.ini(conf))
        CONF([], project='nova', default_config_files=[self.nova_conf])
        # nova.test turns this weigher off; an operator's scheduler has it.
        self.reset_flags(
            'build_failure_weight_multiplier', group='filter_scheduler'
        )

    # -- services --------------------------------------------------------

    def _start_api(self) -> None:
        app = self.useFixture(nova_fixtures.OSAPIFixture()).app()
        self.api_url = self.useFixture(api.ApiServer(app)).url
        self.admin = self.client('admin', 'admin-project', admin=True)
        self.user = self.client('alice', 'alice-project')
        self.other_user = self.client('bob', 'bob-project')

    def client(
        self, user: str, project_id: str, admin: bool = False
    ) -> api.Client:
        """A client of the HTTP API; an admin's name has to be ``admin``."""
        return api.Client(self.api_url, user, project_id, admin)

    def start_computes(self, sites: Mapping[str, tuple[Any, ...]]) -> None:
        """Start the hosts of the sites, make and fill an aggregate for each.

        :param sites: as the class attribute
        """
        for name, fields in sites.items():
            site = Site(*fields)
            for host in site.hosts:
                self._start_compute(host, cell_name=site.cell)
            self.aggregates[name] = self.create_aggregate(
                name,
                site.hosts,
                zone=site.zone,
                metadata={'edge:site': name},
            )

    def create_aggregate(
        self,
        name: str,
        hosts: list[str],
        zone: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> int:
        """Returns the id, once the scheduler knows of the aggregate."""
        body = {'name': name, 'availability_zone': zone}
        aggregate_id = self.admin.post_aggregate({'aggregate': body})['id']
        for host in hosts:
            self.admin.add_host_to_aggregate(aggregate_id, host)
        if metadata:
            self.set_aggregate_metadata(aggregate_id, metadata)
        return int(aggregate_id)

    def set_aggregate_metadata(
        self, aggregate: int | str, metadata: Mapping[str, str | None]
    ) -> None:
        """Set keys of a site's aggregate (or of an id); None removes one."""
        if isinstance(aggregate, str):
            aggregate = self.aggregates[aggregate]
        action = {'set_metadata': {'metadata': dict(metadata)}}
        told = self.admin.post_aggregate_action(aggregate, action)
        self._wait_for_scheduler(aggregate, told)

    def _wait_for_scheduler(self, aggregate_id: int, told: Any) -> None:
        known = self.scheduler.manager.host_manager.aggs_by_id

        def is_told() -> bool:
            aggregate = known.get(aggregate_id)
            return (
                aggregate is not None
                and set(aggregate.hosts) == set(told['hosts'])
                and aggregate.metadata == told['metadata']
            )

        self.wait_for('the scheduler to know of an aggregate', is_told)


def _quieten() -> None:
    """Debug lines of our package only, and no line for every request.

    Nova's fixtures format each debug line of each library and drop it: a
    third of the time of a test.
    """
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger('edge_sched').setLevel(logging.DEBUG)
    for name in (
        'nova.api.openstack.requestlog',
        'nova.thread_pool_factory',
        'placement.requestlog',
    ):
        logging.getLogger(name).setLevel(logging.WARNING)
