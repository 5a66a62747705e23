# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Timing on a machine that others use as well: what counts is ratios.

The clock is the CPU time of the thread, but for subjects that wait for another
process. The subjects take turns, in a rotated order, so that a slow minute
hits all of them, and figures are compared within a round before the median of
the rounds is taken.
"""

import contextlib
import dataclasses
import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

T = TypeVar('T')

#: The seconds of each subject in one round, ``{'RAMWeigher': 0.009}``.
Round: TypeAlias = Mapping[str, float]

#: What is made of a round, such as the ratio of two subjects.
Formula: TypeAlias = Callable[[Round], float]


@dataclasses.dataclass(frozen=True)
class Subject:
    """Something that is timed.

    :param prepare: what it needs anew each time; returns what is timed
    :param clock: seconds; ``time.perf_counter`` where another process works
    """

    name: str
    prepare: Callable[[], Callable[[], object]]
    clock: Callable[[], float] = time.thread_time

    def seconds(self) -> float:
        """One turn."""
        run = self.prepare()
        start = self.clock()
        run()
        return self.clock() - start


def measure(subjects: Sequence[Subject], rounds: int) -> list[Round]:
    """Let the subjects take turns, once more than asked to warm up."""
    names = [subject.name for subject in subjects]
    measured = []
    with no_garbage_collection():
        for number in range(rounds + 1):
            spent = {
                subject.name: subject.seconds()
                for subject in rotated(subjects, number)
            }
            measured.append({name: spent[name] for name in names})
    return measured[1:]


def rotated(subjects: Sequence[T], by: int) -> list[T]:
    """The subjects in another order: ``abcd`` by 1 is ``bcda``."""
    first = by % len(subjects)
    return [*subjects[first:], *subjects[:first]]


def median(rounds: Sequence[Round], formula: Formula) -> float:
    """The median over the rounds of what is made of each."""
    return statistics.median(formula(each) for each in rounds)


def total(*names: str) -> Formula:
    """The seconds of some subjects together."""
    return lambda each: sum(each[name] for name in names)


def ratio(over: Formula, under: Formula) -> Formula:
    """One formula by another."""
    return lambda each: over(each) / under(each)


def less(whole: Formula, part: Formula) -> Formula:
    """One formula without another."""
    return lambda each: whole(each) - part(each)


@contextlib.contextmanager
def no_garbage_collection() -> Iterator[None]:
    """A full collection walks all hosts, and would hit one subject only."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
