# SPDX-License-Identifier: Apache-2.0

"""What the drivers that read by PromQL have in common."""

import abc
import dataclasses
import functools
import re
import threading
from collections.abc import Callable, Collection, Iterator

from oslo_config import cfg

from edge_sched.collector.inputs.base import Input
from edge_sched.collector.inputs.base import InputError
from edge_sched.collector.inputs.parallel import in_parallel
from edge_sched.collector.inputs.promql import Link
from edge_sched.collector.inputs.promql import Queries
from edge_sched.collector.inputs.promql import Sample
from edge_sched.collector.inputs.recipe import FIGURES
from edge_sched.collector.inputs.recipe import REQUIRED
from edge_sched.collector.inputs.recipe import Recipe
from edge_sched.collector.inputs.recipes import RECIPES
from edge_sched.collector.inputs.table import Table
from edge_sched.collector.inputs.table import claims
from edge_sched.collector.reading import Harvest
from edge_sched.http.deadline import Deadline

#: Options that take the place of what a recipe has under the same name.
_TEXTS = ('vantage_label', 'client_label', 'project_label', 'source')

#: Label matchers, as in the braces of a PromQL selector.
_QUOTED = r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`[^`]*`'
_MATCHER = (
    rf'\s*(?:[a-zA-Z_]\w*|{_QUOTED})\s*(?:=~|!~|!=|=)\s*(?:{_QUOTED})\s*'
)
_MATCHERS = re.compile(rf'\s*|{_MATCHER}(?:,{_MATCHER})*(?:,\s*)?', re.ASCII)

#: Columns that are no figures.
_INFO = 'info'
_SKEW = 'skew'

#: Labels that Prometheus sets for each target, over what the target says:
#: https://prometheus.io/docs/concepts/jobs_instances/
_SET_BY_PROMETHEUS = frozenset({'instance', 'job'})

#: One answer is parsed while the next is waited for. Chosen: more at a time
#: would only be more at a time for Prometheus.
_AT_A_TIME = 2


class PromQLInput(Input):
    """One Prometheus, or what stands before it, is one source.

    If any question fails the whole round does: a row without its loss is
    another row.
    """

    def __init__(
        self,
        name: str,
        conf: cfg.ConfigOpts,
        group: str,
        mine: Callable[[str], bool],
    ) -> None:
        super().__init__(name, conf, group, mine)
        self._recipe = self._tailored(RECIPES[self.settings.recipe])
        self._vantages = self.read_named('vantage')

    def vantages(self) -> Collection[str]:
        return {v for v in self._vantages.values() if self.mine(v)}

    @abc.abstractmethod
    def link(self) -> Link:
        """The way to the server, for one question."""

    def collect(self, deadline: Deadline) -> Iterator[Harvest]:
        queries = Queries(self.link, self.limits, deadline)
        recipe = self._recipe
        table = Table(
            self._vantages,
            self.mine,
            recipe.vantage_label,
            recipe.client_label,
            recipe.project_label,
        )
        if recipe.claim:
            table.distrust(queries.vector(recipe.claim))
        skews: dict[str, float] = {}
        for column, samples in self._answers(queries, deadline):
            if column in REQUIRED and not samples:
                raise InputError(
                    f'{column} has no series: is it scraped, and may we see '
                    'it?'
                )
            if column == _SKEW:
                skews = table.by_vantage(samples)
            elif column == _INFO:
                table.describe(samples)
            elif column == 'measured_at':
                table.add(column, samples, offset=-queries.ahead_seconds)
            else:
                table.add(column, samples, self._scale(column))
        yield Harvest(
            list(table.readings(recipe.source)),
            table.refused(),
            {
                vantage: ahead + queries.ahead_seconds
                for vantage, ahead in skews.items()
            },
        )

    def questions(self) -> dict[str, str]:
        """What a round asks for, by column."""
        recipe = self._recipe
        asked = {**recipe.expressions, _INFO: recipe.info, _SKEW: recipe.skew}
        return {column: text for column, text in asked.items() if text}

    def _answers(
        self, queries: Queries, deadline: Deadline
    ) -> Iterator[tuple[str, Iterator[Sample]]]:
        """Each column, as the answers come.

        :raises InputError: for the first question that fails; the others are
            not asked any more
        """
        failed = threading.Event()

        def ask(column: str) -> Iterator[Sample] | InputError:
            if failed.is_set():
                return iter(())
            try:
                return queries.vector(questions[column])
            except InputError as error:
                failed.set()
                return error

        questions = self.questions()
        for column, answer in in_parallel(
            list(questions), ask, _AT_A_TIME, deadline
        ):
            if answer is None:
                raise InputError(f'{questions[column]}: not asked in time')
            if isinstance(answer, InputError):
                raise answer
            yield column, answer

    def _scale(self, figure: str) -> float:
        in_time = figure.startswith('rtt') or figure == 'pdv'
        return float(self.settings.scale_ms) if in_time else 1.0

    def _tailored(self, recipe: Recipe) -> Recipe:
        """The recipe as the options change it."""
        settings = self.settings
        if settings.step > settings.window:
            raise self.bad_setting(
                'step', settings.step, f'is above window, {settings.window}'
            )
        texts = {
            option: settings[option]
            for option in _TEXTS
            if settings[option] is not None
        }
        recipe = dataclasses.replace(recipe, **texts)
        expressions = {}
        for figure in FIGURES:
            own = settings[figure]
            text = recipe.expressions.get(figure) if own is None else own
            if text:
                expressions[figure] = text
            elif figure in REQUIRED:
                raise self.bad_setting(figure, own, 'is no PromQL expression')
        self._check_match(recipe, expressions.values())
        filled = functools.partial(self._filled, recipe)
        return dataclasses.replace(
            recipe,
            expressions={
                figure: filled(text) for figure, text in expressions.items()
            },
            info=filled(recipe.info),
            claim=filled(recipe.claim),
            skew=filled(recipe.skew),
        )

    def _check_match(
        self, recipe: Recipe, expressions: Collection[str]
    ) -> None:
        """Refuse what is none, and to believe whoever has a label."""
        match = self.settings.match
        if not _MATCHERS.fullmatch(match):
            raise self.bad_setting(
                'match',
                match,
                'is no list of label matchers, e.g. job=~"edge-.*",az="x"',
            )
        if (
            recipe.vantage_label not in _SET_BY_PROMETHEUS
            and not match.strip()
            and any('{match}' in text for text in expressions)
        ):
            raise self.bad_setting(
                'match',
                match,
                f'selects no series: {recipe.vantage_label!r} is a label '
                'that any target may have; name the jobs in which Prometheus '
                'sets it, e.g. job=~"edge-.*"',
            )

    def _filled(self, recipe: Recipe, expression: str) -> str:
        labels = {
            recipe.vantage_label,
            recipe.client_label,
            recipe.project_label,
            *claims(recipe.vantage_label),
        }
        for placeholder, text in (
            ('{match}', self.settings.match),
            ('{window}', f'{self.settings.window}s'),
            ('{step}', f'{self.settings.step}s'),
            # Before Prometheus 3 both ends of a range are in it.
            ('{moment}', f'{self.settings.step * 1000 - 1}ms'),
            ('{by}', ', '.join(sorted(labels - {''}))),
        ):
            expression = expression.replace(placeholder, text)
        return expression
