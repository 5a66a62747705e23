# SPDX-License-Identifier: Apache-2.0

"""The answers to several questions, joined to readings. Pure."""

from collections import Counter
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import TypeAlias

from edge_sched.collector.inputs.promql import Sample
from edge_sched.collector.inputs.recipe import FIGURES
from edge_sched.collector.reading import Reading
from edge_sched.model.latency import PASSIVE
from edge_sched.model.names import normal

#: Vantage, client, project, and the value of the label that stands for the
#: vantage: a prober and a listener may be at the same one.
Key: TypeAlias = tuple[str, str, str, str]

_NO_TEXTS = ('', '')

#: A picosecond: what is beyond it is the rounding of the multiplication.
_DIGITS = 9


def claims(vantage_label: str) -> frozenset[str]:
    """Labels by which a series may say where it comes from.

    Prometheus renames a label that is scraped and that it sets itself.
    """
    return frozenset(
        {'vantage', 'exported_vantage', f'exported_{vantage_label}'}
        - {vantage_label}
    )


class Table:
    """Readings in the making, a column a figure.

    :param vantages: which vantage a value of ``vantage_label`` stands for,
        e.g. ``{'10.1.1.2:9862': 'lyon'}``; all that is known of vantages
    :param mine: whether a vantage is of this collector's shard
    :param vantage_label: likewise ``client_label`` and ``project_label``,
        where series have them
    """

    def __init__(
        self,
        vantages: Mapping[str, str],
        mine: Callable[[str], bool],
        vantage_label: str,
        client_label: str,
        project_label: str,
    ) -> None:
        self._vantages = dict(vantages)
        # Vantages that more than one value stands for.
        self._shared = len(set(vantages.values())) < len(vantages)
        self._not_mine = {name for name in vantages.values() if not mine(name)}
        self._vantage_label = vantage_label
        self._client_label = client_label
        self._project_label = project_label
        self._claims = claims(vantage_label)
        self._columns: dict[str, dict[Key, float]] = {
            figure: {} for figure in FIGURES
        }
        self._texts: dict[Key, tuple[str, str]] = {}
        self._refused: defaultdict[str, set[tuple[str, ...]]] = defaultdict(
            set
        )

    def distrust(self, claims: Iterable[Sample]) -> None:
        """Refuse whatever comes from one that takes itself for another."""
        for labels, _ in claims:
            value = normal(labels.get(self._vantage_label, ''))
            vantage = self._vantages.get(value)
            if vantage is not None and self._disagrees(labels, vantage, value):
                del self._vantages[value]

    def add(
        self,
        figure: str,
        samples: Iterable[Sample],
        scale: float = 1.0,
        offset: float = 0.0,
    ) -> None:
        """Fill a column with ``scale * number + offset``."""
        column = self._columns[figure]
        for labels, number in samples:
            key = self._key(labels)
            if key is None:
                continue
            if key in column:
                self._refused['duplicate'].add(key)
            column[key] = round(scale * number + offset, _DIGITS)

    def describe(self, samples: Iterable[Sample]) -> None:
        """Take source and address of each pair from labels."""
        for labels, _ in samples:
            key = self._key(labels)
            if key is None:
                continue
            if key in self._texts:
                self._refused['duplicate'].add(key)
            self._texts[key] = (
                labels.get('source', ''),
                labels.get('address', ''),
            )

    def by_vantage(self, samples: Iterable[Sample]) -> dict[str, float]:
        """Numbers of which there is one a vantage, e.g. ``{'lyon': 0.1}``."""
        numbers = {}
        for labels, number in samples:
            value = normal(labels.get(self._vantage_label, ''))
            vantage = self._vantages.get(value)
            if vantage is not None and vantage not in self._not_mine:
                numbers[vantage] = number
        return numbers

    def readings(self, source: str) -> Iterator[Reading]:
        """A reading for each pair of which there is any figure.

        One that is there twice is left out: there is no telling which of
        them is true. Of a prober and of a listener it is two.

        :param source: of those that have none
        """
        columns = self._columns
        wanted: set[Key] = set().union(*columns.values())
        self._refused['duplicate'] |= self._twice(wanted)
        for key in wanted - self._refused['duplicate']:
            own_source, address = self._texts.get(key, _NO_TEXTS)
            yield Reading(
                *key[:3],
                rtt_p50_ms=columns['rtt_p50'].get(key),
                rtt_p95_ms=columns['rtt_p95'].get(key),
                rtt_p99_ms=columns['rtt_p99'].get(key),
                rtt_min_ms=columns['rtt_min'].get(key),
                pdv_ms=columns['pdv'].get(key),
                loss_ratio=columns['loss_ratio'].get(key),
                samples=columns['samples'].get(key),
                measured_at=columns['measured_at'].get(key),
                source=own_source or source,
                address=address,
                rtt_p50_hour_ms=columns['rtt_p50_hour'].get(key),
                rtt_p95_hour_ms=columns['rtt_p95_hour'].get(key),
                loss_hour_ratio=columns['loss_hour_ratio'].get(key),
            )

    def refused(self) -> dict[str, int]:
        """Pairs that are left out, by reason."""
        return {
            reason: len(keys) for reason, keys in self._refused.items() if keys
        }

    def _twice(self, wanted: Set[Key]) -> set[Key]:
        """What several that are at one vantage have of one pair."""
        if not self._shared:
            return set()

        def kind(key: Key) -> tuple[str, str, str, bool]:
            source, _ = self._texts.get(key, _NO_TEXTS)
            return *key[:3], source == PASSIVE

        counts = Counter(map(kind, wanted))
        return {key for key in wanted if counts[kind(key)] > 1}

    def _key(self, labels: Mapping[str, str]) -> Key | None:
        """The pair that a series is of; none if it is left out."""
        value = normal(labels.get(self._vantage_label, ''))
        client = labels.get(self._client_label, '')
        project = labels.get(self._project_label, '')
        vantage = self._vantages.get(value)
        if vantage is None or self._disagrees(labels, vantage, value):
            self._refused['vantage'].add((value, client, project))
            return None
        if vantage in self._not_mine:
            return None
        return vantage, client, project, value

    def _disagrees(
        self, labels: Mapping[str, str], vantage: str, value: str
    ) -> bool:
        """Whether a series says that it comes from elsewhere."""
        return not self._claims.isdisjoint(labels) and any(
            normal(labels.get(claim, value)) not in (value, vantage)
            for claim in self._claims
        )
