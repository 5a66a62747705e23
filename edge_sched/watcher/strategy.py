# SPDX-License-Identifier: Apache-2.0

"""The strategy ``edge_budget``: move servers that are over their budget.

Who is to be moved says ``judging/moves.py``, and who of them may not what only
Watcher knows (``movable.py``). Where they go is left to nova-scheduler, so to
our filter: the action has no destination.
"""

import collections
import copy
import time
from collections.abc import Mapping, Sequence
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging
from watcher.decision_engine.strategy.strategies import base

from edge_sched import conf
from edge_sched.judging.moves import PastMove
from edge_sched.judging.moves import choose_moves
from edge_sched.model.latency import age_seconds
from edge_sched.model.latency import is_fresh
from edge_sched.model.standing import OVER
from edge_sched.model.standing import ServerStanding
from edge_sched.model.text import readable
from edge_sched.store.errors import StoreError
from edge_sched.store.settings import StoreSettings
from edge_sched.store.standings import read_standings
from edge_sched.watcher.movable import why_not
from edge_sched.watcher.parameters import REMEMBERED_SECONDS
from edge_sched.watcher.parameters import SCHEMA
from edge_sched.watcher.parameters import migration_type_of
from edge_sched.watcher.parameters import rule_of
from edge_sched.watcher.past import PastUnknownError
from edge_sched.watcher.past import read_past

CONF = cfg.CONF
LOG = logging.getLogger(__name__)

#: Of what Watcher keeps of an audit.
_STATUS_LENGTH = 255


class EdgeBudget(base.UnclassifiedStrategy):
    """Move servers that are over their latency budget, for long, elsewhere.

    A server is moved if it is over the budget that it was created with, was so
    for a share of the last hour, and another site is nearer by a share of the
    budget. It was not moved lately, did not come straight back from where it
    was moved, would not go straight back, is not locked nor excluded, and is
    in the scope of the audit. The worst come first, and a few at a time.

    This goes by what ``edge-sched-auditor`` found. If that found nothing yet,
    or is dead, or if Nova does not tell where servers were, nothing is moved,
    and the status message of the audit says why.
    """

    @classmethod
    def get_name(cls) -> str:
        """As it is called in audit templates."""
        return 'edge_budget'

    @classmethod
    def get_display_name(cls) -> str:
        """As it is shown."""
        return 'Servers within their latency budgets'

    @classmethod
    def get_translatable_display_name(cls) -> str:
        """The same: it comes in one language."""
        return cls.get_display_name()

    @classmethod
    def get_config_opts(cls) -> list[cfg.Opt]:
        """None: it asks no metrics of Watcher's sources."""
        return []

    @classmethod
    def get_schema(cls) -> dict[str, Any]:
        """The parameters of an audit, times in seconds."""
        # Watcher writes into it what it fills in.
        return copy.deepcopy(SCHEMA)

    def pre_execute(self) -> None:
        """Have the model of the cluster, or fail as other strategies do."""
        self._pre_execute()

    def do_execute(self, audit: Any = None) -> None:
        """Add an action for each server that is to be moved."""
        try:
            self._say(audit, *self._plan())
        except (StoreError, PastUnknownError) as error:
            self._say(audit, logging.WARNING, f'nothing is moved: {error}')

    def post_execute(self) -> None:
        """Nothing more is to be done."""

    def _plan(self) -> tuple[int, str]:
        """Fill the solution; how much of a matter it is, and what to say."""
        conf.register_opts(CONF)
        now = time.time()
        rule = rule_of(self.input_parameters)
        standings = read_standings(StoreSettings.from_conf(CONF))
        newest = max(
            (each.hour.audited_at for each in standings), default=None
        )
        if newest is None:
            return logging.WARNING, _dead('no server has been audited')
        age = age_seconds(newest, now)
        if not is_fresh(age, rule.max_age_seconds):
            return logging.WARNING, _dead(
                f'the last audit is {age:.0f} s old, max_age is '
                f'{rule.max_age_seconds:g} s'
            )
        over = [each for each in standings if each.verdict == OVER]
        movable, kept = self._movable(over)
        past: Mapping[str, Sequence[PastMove]] = {}
        # Nova is asked once, and only if anything hangs on it.
        if choose_moves(movable, past, now, rule).moves:
            past = read_past(
                now - REMEMBERED_SECONDS, CONF.edge_sched.site_metadata_key
            )
        choice = choose_moves(movable, past, now, rule)
        for standing in choice.moves:
            self._add(standing)
        kept.update(choice.kept)
        return logging.INFO, _summary(len(choice.moves), len(over), kept)

    def _movable(
        self, over: Sequence[ServerStanding]
    ) -> tuple[list[ServerStanding], collections.Counter[str]]:
        """Those that Watcher may move, and how many not, by why."""
        # By one, as the model logs a traceback for each that it has not.
        instances = self.compute_model.get_all_instances()
        migration_type = migration_type_of(self.input_parameters)
        movable, kept = [], collections.Counter[str]()
        for standing in over:
            instance = instances.get(standing.server)
            if why := why_not(
                standing, instance, self.compute_model, migration_type
            ):
                kept[why] += 1
            else:
                movable.append(standing)
        return movable, kept

    def _add(self, standing: ServerStanding) -> None:
        instance = self.compute_model.get_instance_by_uuid(standing.server)
        LOG.info(
            'Server %(server)s is to leave %(site)s: %(judged).1f ms, budget '
            '%(budget).1f ms, over for %(share).0f%% of the last hour; '
            '%(best)s has %(best_ms).1f ms',
            {
                'server': standing.server,
                'site': readable(standing.site),
                'judged': standing.judged_ms,
                'budget': standing.budget_ms,
                'share': 100 * standing.hour.over_ratio,
                'best': readable(standing.best_site or ''),
                'best_ms': standing.best_ms,
            },
        )
        self.solution.add_action(
            action_type=self.MIGRATION,
            resource_id=standing.server,
            input_parameters={
                'migration_type': migration_type_of(self.input_parameters),
                'source_node': standing.host,
                'resource_name': instance.name,
            },
        )

    @staticmethod
    def _say(audit: Any, level: int, message: str) -> None:
        """Log it, and have Watcher keep it with the audit."""
        LOG.log(level, 'edge_budget: %s', message)
        if audit is not None:
            # Watcher saves it together with the state that comes next.
            audit.status_message = message[:_STATUS_LENGTH]


def _dead(what: str) -> str:
    return f'nothing is moved: {what}; is edge-sched-auditor at work?'


def _summary(moved: int, over: int, kept: collections.Counter[str]) -> str:
    """``2 of 7 servers over budget are to move; locked: 4, excluded: 1``."""
    text = f'{moved} of {over} servers over budget are to move'
    reasons = ', '.join(f'{why}: {n}' for why, n in kept.most_common())
    return f'{text}; {reasons}' if reasons else text
