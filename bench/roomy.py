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

"""Instead of Placement, where it is not what is measured."""

from collections.abc import Sequence


class Roomy:
    """Room everywhere, at no cost; instead of ``narrow.Query``."""

    disk_gb = 0
    aggregates = 35
    was_cut = False

    def __init__(self, *arguments: object) -> None:
        self.limit = 1000

    def count(self, aggregates: Sequence[str]) -> int:
        """As many hosts as are handed out."""
        return self.limit

    def of_one_host(self, aggregates: Sequence[str]) -> None:
        """No host is looked at by itself."""
