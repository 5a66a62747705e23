# SPDX-License-Identifier: Apache-2.0

"""What is wrong with the inputs, told when it begins and when it is over."""

from collections.abc import Collection, Set

from oslo_log import log as logging

from edge_sched.model.text import readable

LOG = logging.getLogger(__name__)

#: Told of one input at a time: chosen, half a screen; the rest is a number.
_MAX_TOLD = 10

#: Of one failure: chosen, the longest URL and vantage that there may well be,
#: and what is wrong there.
_FAILURE_LENGTH = 500


class Complaints:
    """Remembers what was told, so that a dead prober fills no log."""

    def __init__(self) -> None:
        self._told: dict[str, Set[str]] = {}

    def keep(self, names: Collection[str]) -> None:
        """Forget what was told of other inputs."""
        self._told = {
            name: told for name, told in self._told.items() if name in names
        }

    def note(self, name: str, failures: Set[str]) -> None:
        """Tell what is new.

        :param name: of the input
        :param failures: all that is wrong with it now, each a text that stays
            the same while it lasts; strangers may have a say in it
        """
        failures = {readable(each, _FAILURE_LENGTH) for each in failures}
        before = self._told.get(name, frozenset())
        self._told[name] = failures
        new = sorted(failures - before)
        for failure in new[:_MAX_TOLD]:
            LOG.warning('Input %s: %s', name, failure)
        if len(new) > _MAX_TOLD:
            LOG.warning(
                'Input %s: %d more failures', name, len(new) - _MAX_TOLD
            )
        if before and not failures:
            LOG.info('Input %s: nothing fails any more', name)
