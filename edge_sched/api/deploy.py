# SPDX-License-Identifier: Apache-2.0

"""The service put together: from the configuration to a WSGI application."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import oslo_middleware
from oslo_config import cfg

from edge_sched.api import policies
from edge_sched.api.application import Application
from edge_sched.api.camara.form import ROOT
from edge_sched.api.camara.form import Correlator
from edge_sched.api.camara.form import camara_form
from edge_sched.api.camara.zones import Zones
from edge_sched.api.clients import Clients
from edge_sched.api.faults import Faults
from edge_sched.api.identity import with_keystone
from edge_sched.api.limits import Limiter
from edge_sched.api.servers import Servers
from edge_sched.api.sites import Sites
from edge_sched.api.versions import Versions
from edge_sched.auditing.asks import Asks
from edge_sched.store.reader import reader
from edge_sched.store.settings import StoreSettings
from edge_sched.store.standings import Standings
from edge_sched.store.wanted import Wanted
from edge_sched.store.writer import Writer

#: Tells who asks: a WSGI application around another.
Authenticates = Callable[[Any, cfg.ConfigOpts], Any]


def application_of(
    conf: cfg.ConfigOpts, authenticated: Authenticates = with_keystone
) -> Any:
    """The service.

    Nothing is opened before the first request, so that a server may fork
    after this.

    :param conf: of this service; Nova's own has been read
    """
    group = conf.edge_sched_api
    provider = group.camara_provider
    settings = StoreSettings.from_conf(conf)
    store = reader(settings)
    application = Application(
        policies.enforcer(conf),
        Limiter(group.requests_per_minute),
        Sites(
            group.placement_queries,
            functools.cache(lambda: Asks(store, Wanted(settings))),
        ),
        Clients(
            functools.cache(lambda: Writer(settings)),
            group.max_clients_per_project,
            {4: group.shortest_ipv4_prefix, 6: group.shortest_ipv6_prefix},
        ),
        Servers(store, functools.cache(lambda: Standings(settings))),
        Zones(provider) if provider else None,
    )
    known = authenticated(application, conf)
    answers: Any = Faults(Versions(known))
    if provider:
        camara = Correlator(Faults(known, camara_form))
        answers = _with(answers, camara, lambda path: path.startswith(ROOT))
    return oslo_middleware.HTTPProxyToWSGI(
        oslo_middleware.RequestId(with_health(answers, conf)), conf
    )


def with_health(application: Any, conf: cfg.ConfigOpts) -> Any:
    """Answers ``/healthcheck``, past all else, for load balancers."""
    health = oslo_middleware.Healthcheck(None, conf)
    return _with(application, health, lambda path: path == '/healthcheck')


def _with(
    application: Any, other: Any, is_others: Callable[[str], bool]
) -> Any:
    """Some paths are answered by another application."""

    def chosen(environ: Mapping[str, Any], start_response: Any) -> Any:
        is_other = is_others(environ.get('PATH_INFO', ''))
        return (other if is_other else application)(environ, start_response)

    return chosen
