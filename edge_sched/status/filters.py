# SPDX-License-Identifier: Apache-2.0

"""The filter and the request filter, as nova-scheduler would have them."""

from collections.abc import Iterable, Sequence

import nova.conf
from nova.scheduler import filters
from oslo_upgradecheck.upgradecheck import Result

from edge_sched.scheduler.nova_internals import request_filters
from edge_sched.scheduler.records import FILTER_NAME
from edge_sched.scheduler.request_filter import edge_latency
from edge_sched.status.finding import Finding
from edge_sched.status.finding import failure
from edge_sched.status.finding import listed
from edge_sched.status.finding import result
from edge_sched.status.finding import warning
from edge_sched.status.loading import SECTION
from edge_sched.status.loading import judge_unloaded
from edge_sched.status.loading import load
from edge_sched.status.loading import name_of

CONF = nova.conf.CONF

OURS = f'edge_sched.scheduler.filters.{FILTER_NAME}'
_NOVAS = 'nova.scheduler.filters.all_filters'
_ALL = 'edge_sched.plugins.all_filters'


def load_filters() -> list[str]:
    """What ``available_filters`` gives, in its order.

    :raises Exception: see ``load``
    """
    return load(
        filters.HostFilterHandler(), CONF.filter_scheduler.available_filters
    )


def has_request_filter() -> bool:
    """Whether loading the filters has put ours in Nova's list."""
    return edge_latency in (request_filters() or ())


def judge_filter(
    loaded: Sequence[str], available: Sequence[str], enabled: Sequence[str]
) -> Result:
    """Whether the filter is there, is ours, and is the last one.

    :param loaded: classes in the order of ``available_filters``
    """
    findings = list(_available(loaded, available, enabled))
    last = [name for name in enabled if name != FILTER_NAME] + [FILTER_NAME]
    setting = (SECTION, f'enabled_filters = {",".join(last)}')
    if FILTER_NAME not in enabled:
        findings.append(
            failure(
                f'{FILTER_NAME} is not in enabled_filters, so that nothing '
                'of edge_sched has an effect. Write into nova.conf:',
                *setting,
            )
        )
    elif list(enabled) != last:
        findings.append(
            warning(
                f'{FILTER_NAME} is not the last of enabled_filters, or there '
                'more than once: it judges hosts that other filters reject, '
                'and the reason it tells may be wrong. Write into nova.conf:',
                *setting,
            )
        )
    return result(findings, f'{FILTER_NAME} is enabled, as the last filter.')


def judge_unloaded_filters(why: str) -> Result:
    """What to say if they cannot be loaded."""
    return judge_unloaded(
        'available_filters', why, _available_lines([_NOVAS, _ALL])
    )


def judge_request_filter(in_force: bool, available: Sequence[str]) -> Result:
    """Whether bad hints are refused before Placement is asked."""
    findings = []
    if not in_force and _ALL not in available:
        findings.append(
            warning(
                f'{_ALL} is not in available_filters, and it alone '
                'puts the request filter in place: bad hints are refused '
                'only after Placement was asked. Write into nova.conf:',
                *_available_lines([*available, _ALL]),
            )
        )
    elif not in_force:
        findings.append(
            warning(
                'This Nova has no list of request filters to add to: bad '
                'hints are refused only after Placement was asked. There is '
                'nothing to write; the filter does the work.'
            )
        )
    return result(findings, 'The request filter is in force.')


def _available(
    loaded: Sequence[str], available: Sequence[str], enabled: Sequence[str]
) -> Iterable[Finding]:
    """What is wrong with ``available_filters``."""
    namesakes = [path for path in loaded if name_of(path) == FILTER_NAME]
    if OURS not in namesakes:
        yield failure(
            f'{FILTER_NAME} is in none of available_filters. Write into '
            'nova.conf:',
            *_available_lines([*available, _ALL]),
        )
    elif namesakes[-1] != OURS:
        others = [name for name in available if name != _ALL]
        yield failure(
            f'{namesakes[-1]} has the name of our filter, and Nova takes the '
            'last of a name. Write into nova.conf:',
            *_available_lines([*others, _ALL]),
        )
    elif clashing := set(namesakes) - {OURS}:
        yield warning(
            f'{listed(clashing)} has the name of our filter, which counts '
            'because it comes later in available_filters. Keep it there.'
        )
    known = {FILTER_NAME, *(name_of(path) for path in loaded)}
    if unknown := set(enabled) - known:
        yield failure(
            f'nova-scheduler does not start: {listed(unknown)} of '
            'enabled_filters is in none of available_filters, whose first '
            "line replaces Nova's own default. Write into nova.conf, and "
            'add a line for filters of other packages:',
            *_available_lines([_NOVAS, *available, _ALL]),
        )


def _available_lines(names: Iterable[str]) -> list[str]:
    lines = [f'available_filters = {name}' for name in dict.fromkeys(names)]
    return [SECTION, *lines]
