# SPDX-License-Identifier: Apache-2.0

"""The checks by name."""

import textwrap
import time

import nova.conf
from oslo_upgradecheck import upgradecheck
from oslo_upgradecheck.upgradecheck import Result

from edge_sched.conf.checks import unknown
from edge_sched.status import feeding
from edge_sched.status import filters
from edge_sched.status import hosts
from edge_sched.status import latency_store
from edge_sched.status import narrowing
from edge_sched.status import options
from edge_sched.status import validators
from edge_sched.status import weighers
from edge_sched.status.facts import Facts
from edge_sched.status.finding import INDENT
from edge_sched.status.finding import result
from edge_sched.status.unseen import Unseen
from edge_sched.status.unseen import judged
from edge_sched.status.unseen import seen

CONF = nova.conf.CONF

#: That of oslo.upgradecheck.
_WIDTH = 60


class Checks(upgradecheck.UpgradeCommands):
    """``upgrade check``: reads, judges, and changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._facts = Facts()

    def _get_details(self, upgrade_check_result: Result) -> str:
        """Wrap sentences, and leave lines to copy whole."""
        lines = []
        for line in (upgrade_check_result.details or '').splitlines():
            if line.startswith(INDENT):
                lines.append(line)
            else:
                lines += textwrap.wrap(
                    line,
                    _WIDTH,
                    break_long_words=False,
                    break_on_hyphens=False,
                )
        return '\n'.join(lines)

    def _check_validators(self) -> Result:
        return validators.judge_validators(validators.load_validators())

    def _check_filter(self) -> Result:
        def judge(_: object) -> Result:
            loaded = self._facts.filters
            if isinstance(loaded, Unseen):
                return filters.judge_unloaded_filters(loaded.why)
            return filters.judge_filter(
                loaded,
                CONF.filter_scheduler.available_filters,
                CONF.filter_scheduler.enabled_filters,
            )

        return judged(judge, self._facts.options)

    def _check_weighers(self) -> Result:
        loaded = seen(weighers.load_weighers, 'the weighers cannot be loaded')
        if isinstance(loaded, Unseen):
            return weighers.judge_unloaded_weighers(loaded.why)
        return weighers.judge_weighers(
            loaded, CONF.filter_scheduler.weight_classes
        )

    def _check_request_filter(self) -> Result:
        return judged(
            lambda _: filters.judge_request_filter(
                filters.has_request_filter(),
                CONF.filter_scheduler.available_filters,
            ),
            self._facts.filters,
        )

    def _check_options(self) -> Result:
        if isinstance(self._facts.options, Unseen):
            return options.judge_bad_options(self._facts.bad_option)
        cells = None
        if not isinstance(self._facts.hosts, Unseen):
            cells = len({host['cell'] for host in self._facts.hosts})
        return options.judge_options(self._facts.options, cells, unknown(CONF))

    def _check_narrowing(self) -> Result:
        read, nodes = self._facts.options, self._facts.nodes
        if (
            not isinstance(read, Unseen)
            and not isinstance(nodes, Unseen)
            and narrowing.narrows(
                read.narrow_candidates, read.max_placement_results, nodes
            )
        ):
            return judged(narrowing.judge_mirror, self._facts.mirror)
        return judged(
            lambda read, nodes: narrowing.judge_limit(
                read.max_placement_results, nodes
            ),
            read,
            nodes,
        )

    def _check_store(self) -> Result:
        def judge(_: object) -> Result:
            store = self._facts.store
            if isinstance(store, Unseen):
                return latency_store.judge_unreadable_store(store.why)
            return latency_store.judge_store(store)

        return judged(judge, self._facts.options)

    def _check_sharing(self) -> Result:
        store = self._facts.store
        if isinstance(store, latency_store.Store) and not store.is_file:
            return result((), 'The latency store is a database server.')
        return judged(
            lambda _, schedulers: latency_store.judge_sharing(schedulers),
            store,
            self._facts.schedulers,
        )

    def _check_freshness(self) -> Result:
        return judged(
            lambda found: feeding.judge_freshness(
                found, CONF.edge_sched.max_age
            ),
            self._facts.freshness,
        )

    def _check_collectors(self) -> Result:
        return judged(
            lambda found: feeding.judge_collectors(
                found.heartbeats, time.time(), CONF.edge_sched.max_age
            ),
            self._facts.survey,
        )

    def _check_coverage(self) -> Result:
        return judged(
            lambda found, what: hosts.judge_coverage(
                found,
                CONF.edge_sched.vantage_order,
                what.vantages,
                CONF.edge_sched.site_metadata_key,
            ),
            self._facts.hosts,
            self._facts.survey,
        )

    def _check_names(self) -> Result:
        return judged(
            lambda found: hosts.judge_names(
                found,
                CONF.edge_sched.vantage_order,
                CONF.edge_sched.site_metadata_key,
            ),
            self._facts.hosts,
        )

    _upgrade_checks = (
        ('Flavor extra specs in nova-api', _check_validators),
        ('Filter', _check_filter),
        ('Weighers', _check_weighers),
        ('Request filter', _check_request_filter),
        ('Options', _check_options),
        ('What Placement is asked for', _check_narrowing),
        ('Latency store', _check_store),
        ('Latency store of all controllers', _check_sharing),
        ('Fresh measurements', _check_freshness),
        ('Collectors', _check_collectors),
        ('Vantage points of hosts', _check_coverage),
        ('Names', _check_names),
    )
