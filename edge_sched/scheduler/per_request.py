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

"""What is known of a request, kept for as long as the request lives."""

import threading
import weakref
from typing import Generic, TypeVar

from nova.objects.request_spec import RequestSpec

T = TypeVar('T')


class PerRequest(Generic[T]):
    """Values by RequestSpec: the same object passes through all stages.

    Nova's request filters, filters and weighers of one request are given one
    RequestSpec object. A value goes when it does, so nothing is left behind
    by a request that ended between two stages.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: weakref.WeakKeyDictionary[RequestSpec, T] = (
            weakref.WeakKeyDictionary()
        )

    def get(self, spec: RequestSpec) -> T | None:
        """The value of a request, if it has one."""
        with self._lock:
            return self._values.get(spec)

    def put(self, spec: RequestSpec, value: T) -> None:
        """Give a request a value."""
        with self._lock:
            self._values[spec] = value

    def pop(self, spec: RequestSpec) -> T | None:
        """Take the value of a request away."""
        with self._lock:
            return self._values.pop(spec, None)
