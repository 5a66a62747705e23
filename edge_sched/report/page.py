# SPDX-License-Identifier: Apache-2.0

"""The page: all that is on it, and the HTML of it."""

import dataclasses
import functools
from collections.abc import Sequence

import jinja2

from edge_sched.judging.scoring import Standing
from edge_sched.report import drawing
from edge_sched.report import texts
from edge_sched.report.drawing import Panel
from edge_sched.report.drawing import Piece
from edge_sched.report.freshness import Freshness
from edge_sched.report.freshness import Site
from edge_sched.report.groups import Groups
from edge_sched.report.heat import HeatMap
from edge_sched.report.refusals import Refused
from edge_sched.report.standings import Servers


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """What an operator is shown.

    :param made_at: UTC epoch seconds
    :param unjudged: what could not be judged, a line each
    :param refused: ``None`` if there was no log
    """

    made_at: float
    servers: Servers
    unjudged: Sequence[str]
    heat: HeatMap
    freshness: Freshness
    groups: Groups
    refused: Refused | None = None


def render(page: Page) -> str:
    """One HTML file that needs nothing else."""
    return _ascii(_templates().get_template('page.html').render(page=page))


def draw(panel: Panel) -> str:
    """One panel of the map, as an SVG file of its own."""
    return _ascii(_templates().get_template('panel.svg').render(panel=panel))


def _ascii(markup: str) -> str:
    """The same in any encoding, as of a terminal or an old mail program."""
    return markup.encode('ascii', 'xmlcharrefreplace').decode()


def _verdicts(servers: Servers) -> list[Piece]:
    return drawing.bar(
        [(s.name.lower(), servers.counts[s]) for s in reversed(Standing)]
    )


def _states(site: Site) -> list[Piece]:
    return drawing.bar(
        [('fresh', site.fresh), ('stale', site.stale), ('never', site.never)]
    )


@functools.cache
def _templates() -> jinja2.Environment:
    # Names of clients, servers and sites come from strangers.
    made = jinja2.Environment(
        loader=jinja2.PackageLoader('edge_sched.report'),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        'age': texts.age,
        'budget': texts.budget,
        'counted': texts.counted,
        'ms': texts.milliseconds,
        'time': texts.time_utc,
    }
    made.globals |= {
        'drawing': drawing,
        'nothing': texts.NONE,
        'panels': drawing.panels,
        'states': _states,
        'verdicts': _verdicts,
    }
    return made
