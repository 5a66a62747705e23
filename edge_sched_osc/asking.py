# SPDX-License-Identifier: Apache-2.0

"""Asking what a create would be told: the options, and the wait for it."""

import argparse
import math
from collections.abc import Callable, Iterator
from time import monotonic
from time import sleep
from typing import Any

from osc_lib.command import command

from edge_sched_osc import api
from edge_sched_osc import base
from edge_sched_osc.progress import Progress
from edge_sched_osc.shapes import Sites

#: Chosen: a site that probes whom it is told to has done so by then.
WAIT_SECONDS = 300

#: Option, parameter of the API, what it takes, what it is.
OPTIONS: tuple[tuple[str, str, str | tuple[str, ...], str], ...] = (
    (
        '--flavor',
        'flavor',
        '<flavor>',
        'Flavor (name or ID): what it says of latency counts, and whether '
        'sites have room for it is asked',
    ),
    (
        '--availability-zone',
        'availability_zone',
        '<zone>',
        'Availability zone that the server is to be in',
    ),
    (
        '--budget',
        'latency_budget_ms',
        '<ms>',
        'Round trip that is near enough, in milliseconds',
    ),
    (
        '--jitter-budget',
        'jitter_budget_ms',
        '<ms>',
        'Variation of it that is little enough, in milliseconds',
    ),
    (
        '--loss-budget',
        'loss_budget_pct',
        '<percent>',
        'Loss that is little enough, in percent',
    ),
    (
        '--percentile',
        'percentile',
        ('p50', 'p95', 'p99'),
        'Which part of round trips the budget is for',
    ),
    (
        '--budget-mode',
        'budget_mode',
        ('required', 'preferred'),
        'Whether a site over a budget is refused or only comes later',
    ),
    (
        '--unknown',
        'unknown',
        ('reject', 'allow'),
        'What a site may do that nobody measured',
    ),
    (
        '--objective',
        'objective',
        ('nearest', 'fit'),
        'Whether the nearest is best, or all within the budget are',
    ),
    (
        '--combine',
        'combine',
        ('worst', 'mean'),
        'Which of several clients ranks a site',
    ),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What ``edge site list`` and ``edge budget check`` are asked."""
    parser.add_argument(
        '--client',
        metavar='<client>',
        action='append',
        dest='clients',
        default=[],
        help='Who must be near, as in the hint edge:client: an address, a '
        'prefix, a name, site:<name>, each with @<ms> for a budget of its own '
        '(repeat option for several)',
    )
    for option, parameter, takes, what in OPTIONS:
        parser.add_argument(
            option,
            dest=parameter,
            help=what,
            **(
                {'metavar': takes}
                if isinstance(takes, str)
                else {'choices': takes}
            ),
        )
    parser.add_argument(
        '--wait',
        action='store_true',
        help='Ask again until every client has been measured, where the '
        'cloud measures whom it is asked for',
    )
    parser.add_argument(
        '--timeout',
        metavar='<seconds>',
        type=_seconds,
        default=WAIT_SECONDS,
        help='How long to --wait at most (default: %(default)s)',
    )


def ask(asker: command.Command, parsed_args: argparse.Namespace) -> Sites:
    """What a create would be told; remarks on that go to stderr.

    :raises Exception: see ``api.Client``
    """
    client = base.latency(asker)
    query = _query(parsed_args)
    with base.progress(asker) as progress:
        progress.show(
            'asking which sites have room'
            if 'flavor' in query
            else 'asking for sites'
        )
        answer = _answer(
            lambda: client.sites(query),
            parsed_args.timeout if parsed_args.wait else 0,
            progress,
        )
    for line in _remarks(answer, parsed_args):
        base.say(asker, line)
    return answer


def _query(parsed_args: argparse.Namespace) -> dict[str, Any]:
    """Parameters that are given: ``{'client': ['a', 'b']}``."""
    given = vars(parsed_args)
    query = {name: given[name] for _, name, _, _ in OPTIONS}
    query['client'] = parsed_args.clients or None
    return {name: each for name, each in query.items() if each is not None}


def _answer(
    asked: Callable[[], Sites], timeout_seconds: float, progress: Progress
) -> Sites:
    """The first answer that waits for no measurement, or else the last.

    A service that says when to come again is come to again.
    """
    until = monotonic() + timeout_seconds
    while True:
        try:
            answer = asked()
        except api.RefusedError as error:
            seconds = _within(until, error.retry_seconds)
            if seconds is None:
                raise
            what = 'the service is busy'
        else:
            seconds = _within(until, answer.retry_seconds)
            if seconds is None:
                return answer
            what = 'being measured'
        for left in range(seconds, 0, -1):
            progress.show(f'{what}: asking again in {left} s')
            sleep(1)


def _within(until: float, seconds: float | None) -> int | None:
    """How long to wait, at least a second; None for not at all."""
    if seconds is None or monotonic() + max(1, seconds) > until:
        return None
    return max(1, math.ceil(seconds))


def _remarks(answer: Sites, parsed_args: argparse.Namespace) -> Iterator[str]:
    """What is to be known of an answer besides the sites."""
    if not answer.accepted:
        yield answer.reason or 'no site is accepted'
    if answer.retry_seconds is not None:
        if parsed_args.wait:
            yield f'not all is measured after {parsed_args.timeout} s'
        elif answer.accepted:
            # Where it is not, the reason tells.
            yield f'being measured: ask again in {answer.retry_seconds} s'
    if not answer.enforced:
        yield 'this cloud only judges: it refuses nothing as yet'


def _seconds(text: str) -> int:
    """A time to wait: ``'60'``; what it raises argparse knows what to do."""
    seconds = int(text)
    if seconds < 1:
        raise ValueError(text)
    return seconds


# By this name argparse refuses another value.
_seconds.__name__ = 'number of seconds'
