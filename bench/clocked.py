# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""How long Nova is busy with each of its plug-ins, without changing Nova."""

import collections
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any


class Clocked(list[Any]):
    """A list that clocks what is done with each item.

    Nova goes through its filters, weighers and request filters one by one.
    What passes between one and the next is the time of the one, with all that
    Nova's handler does for it.

    :param clock: CPU time of the process, as look-ups may use threads
    """

    def __init__(
        self,
        items: Iterable[Any],
        clock: Callable[[], float] = time.process_time,
    ) -> None:
        super().__init__(items)
        self._clock = clock
        #: Since the beginning, by the name of the class or function.
        self.seconds: dict[str, float] = collections.defaultdict(float)

    def __iter__(self) -> Iterator[Any]:
        for item in super().__iter__():
            start = self._clock()
            try:
                yield item
            finally:
                self.seconds[_name(item)] += self._clock() - start


def _name(item: Any) -> str:
    return getattr(item, '__name__', type(item).__name__)
