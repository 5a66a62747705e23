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
"""What a name is, whatever it was typed on."""

import unicodedata


def normal(name: str) -> str:
    """One form (NFC) of those that look the same.

    A letter with an accent is one character or two: some keyboards and file
    systems give the one, some the other, and a reader sees no difference.
    Every door makes names of vantages normal, so that all inside can compare
    them as they are.
    """
    return unicodedata.normalize('NFC', name)
